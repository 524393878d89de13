/** The pattern language of fusion rules. */
export {
  any,
  below,
  constant,
  exactly,
  named,
  near,
  oneOf,
  op,
  optional,
  scalar,
  scalarValue,
  single,
  type Bindings,
  type OpOptions,
  type Pattern,
} from './pattern';
