/** GraphDef as `model.json` spells it: nodes, references to their outputs, attributes in either encoding. */
import type { DType } from '../ir/graph';

/** A node of a TensorFlow GraphDef, as `model.json` spells it. */
export interface NodeDef {
  readonly name: string;
  readonly op: string;
  /** `name`, `name:k`, `name:output:k`, or `^name` for an input that only orders execution. */
  readonly input?: readonly string[];
  readonly attr?: Readonly<Record<string, AttrValue>>;
}

/** A TensorFlow GraphDef, as far as the rewriter reads it. */
export interface GraphDef {
  readonly node: readonly NodeDef[];
  readonly library?: { readonly function?: readonly FunctionDef[] };
  readonly versions?: unknown;
}

/** A function of the library, the body of TF2 control flow. */
export interface FunctionDef {
  readonly signature: { readonly name: string };
  readonly nodeDef?: readonly NodeDef[];
}

type Text = string | readonly number[];
type Numeric = number | string;
interface ShapeAttr {
  readonly unknownRank?: boolean;
  readonly dim?: readonly { readonly size: Numeric }[];
}

/** One attribute; int64 numbers are written as text, strings in base64. */
export interface AttrValue {
  readonly s?: Text;
  readonly i?: Numeric;
  readonly f?: Numeric;
  readonly b?: boolean;
  readonly type?: Numeric;
  readonly shape?: ShapeAttr;
  readonly tensor?: unknown;
  readonly list?: {
    readonly s?: readonly Text[];
    readonly i?: readonly Numeric[];
    readonly f?: readonly Numeric[];
  };
}

/** An input of a node, taken apart. */
export interface InputRef {
  readonly node: string;
  /** Which output of the node. */
  readonly index: number;
  /** Orders execution only. */
  readonly control: boolean;
  /** Names the output (`name:output:k`), which only tfjs's op table can resolve to an index. */
  readonly named: boolean;
  /** What to look the value up by: see {@link refKey}; for a named output, the text itself. */
  readonly key: string;
}

/** Takes an input of a node apart. */
export function parseInput(input: string): InputRef {
  // Most inputs are the only output of a node.
  if (!input.includes(':') && !input.startsWith('^')) {
    return { node: input, index: 0, control: false, named: false, key: input };
  }
  const control = input.startsWith('^');
  const text = control ? input.slice(1) : input;
  const parts = text.split(':');
  const index = parts.length === 1 ? 0 : Number(parts[parts.length - 1]);
  const named = parts.length > 2;
  return { node: parts[0], index, control, named, key: named ? text : refKey(parts[0], index) };
}

/** The name under which values are kept: `name` for output 0, `name:k` for the others. */
export function refKey(node: string, index: number): string {
  return index === 0 ? node : `${node}:${index}`;
}

function decodeText(text: Text): string {
  // tfjs compares attribute strings in lower case, so this does too.
  const decoded = typeof text === 'string' ? atob(text) : String.fromCharCode(...text);
  return decoded.toLowerCase();
}

function toNumber(value: Numeric): number {
  return typeof value === 'number' ? value : Number.parseInt(value, 10);
}

export function stringAttr(node: NodeDef, name: string): string | undefined {
  const text = node.attr?.[name]?.s;
  return text === undefined ? undefined : decodeText(text);
}

export function numberAttr(node: NodeDef, name: string): number | undefined {
  const attr = node.attr?.[name];
  const value = attr?.i ?? attr?.f;
  return value === undefined ? undefined : toNumber(value);
}

export function boolAttr(node: NodeDef, name: string): boolean {
  return node.attr?.[name]?.b ?? false;
}

export function numbersAttr(node: NodeDef, name: string): number[] | undefined {
  const attr = node.attr?.[name];
  if (!attr) return undefined;
  const { f, i } = attr.list ?? {};
  return (f?.length ? f : (i ?? [])).map(toNumber);
}

export function stringsAttr(node: NodeDef, name: string): string[] | undefined {
  return node.attr?.[name]?.list?.s?.map(decodeText);
}

/** dtypes that tfjs gives to TensorFlow's types; it keeps other numbers in these three. */
const TYPES: Readonly<Record<string, DType>> = {
  DT_FLOAT: 'float32',
  DT_HALF: 'float32',
  DT_DOUBLE: 'float32',
  DT_INT32: 'int32',
  DT_INT64: 'int32',
  DT_INT8: 'int32',
  DT_UINT8: 'int32',
  DT_BOOL: 'bool',
};

const TYPE_NAMES: Readonly<Record<number, string>> = {
  1: 'DT_FLOAT',
  2: 'DT_DOUBLE',
  3: 'DT_INT32',
  4: 'DT_UINT8',
  6: 'DT_INT8',
  9: 'DT_INT64',
  10: 'DT_BOOL',
  19: 'DT_HALF',
};

/** The dtype of a type attribute; undefined if it is absent, or a type the IR does not have. */
export function dtypeAttr(node: NodeDef, name: string): DType | undefined {
  const type = node.attr?.[name]?.type;
  if (type === undefined) return undefined;
  return TYPES[typeof type === 'number' ? TYPE_NAMES[type] : type];
}

/** A shape attribute with -1 for unknown dimensions; undefined if the rank is unknown. */
export function shapeAttr(node: NodeDef, name: string): number[] | undefined {
  const shape = node.attr?.[name]?.shape;
  if (!shape || shape.unknownRank) return undefined;
  return (shape.dim ?? []).map(({ size }) => toNumber(size));
}
