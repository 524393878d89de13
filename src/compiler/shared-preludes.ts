/**
 * Plans of constant parts: that of a model is the same for every size of its inputs, so plans for several sizes are
 * given one, and whoever runs them computes it once.
 */
import { attrsKey } from '../ir/attrs-key';
import { numberKey } from '../ir/expression';
import type { ConstantData, Graph, Value } from '../ir/graph';
import { LruMap } from '../ir/lru-map';
import type { Steps } from '../ir/steps';
import type { Plan } from './plan';

/** Plans remembered for a target, while somebody has them. */
const MAX_PLANS = 256;

/** Elements up to this many tell a constant that the host alone knows. */
const MAX_LISTED = 256;

const remembered = new WeakMap<object, LruMap<string, WeakRef<Plan>>>();

/**
 * The plan of a constant part, made by `plan` unless there is one of the same nodes over the same constants.
 * @param label tells models and their regions apart, whose nodes have other names.
 */
export function* sharedPrelude(
  part: Graph,
  target: object,
  label: string,
  plan: () => Steps<Plan>,
): Steps<Plan> {
  const isOfWeights = part.nodes.some(({ inputs }) => inputs.some(isWeight));
  // A few numbers cost nothing; and who they belong to, nobody could tell.
  if (!isOfWeights) return yield* plan();
  const plans = remembered.get(target) ?? new LruMap({ entries: MAX_PLANS });
  remembered.set(target, plans);
  const key = `${label}\n${keyOf(part)}`;
  const known = plans.get(key)?.deref();
  if (known) return known;
  const made = yield* plan();
  plans.set(key, new WeakRef(made));
  return made;
}

function isWeight({ constant }: Value): boolean {
  return constant?.handle !== undefined;
}

function keyOf({ nodes, outputs }: Graph): string {
  const numbers = new Map<Value, number>();
  const describe = (value: Value): string => {
    const known = numbers.get(value);
    if (known !== undefined) return String(known);
    numbers.set(value, numbers.size);
    const { dtype, shape, constant } = value;
    return `${numbers.size - 1}${dtype}[${shape}]${constant ? identityOf(constant) : ''}`;
  };
  const lines = nodes.map(
    ({ kernel, inputs, attrs, outputs: results }) =>
      `${kernel}(${inputs.map(describe).join()})${attrsKey(attrs)}${results.map(describe).join()}`,
  );
  return `${lines.join('\n')}\n${outputs.map(describe).join()}`;
}

const identities = new WeakMap<ConstantData, number>();
let identityCount = 0;

/** A weight is told by who it is, which whoever runs a plan guards; a few numbers by what they are. */
function identityOf(constant: ConstantData): string {
  const { host, handle } = constant;
  if (host && handle === undefined && host.length <= MAX_LISTED) {
    return `{${Array.from(host, numberKey).join()}}`;
  }
  let identity = identities.get(constant);
  if (identity === undefined) identities.set(constant, (identity = identityCount++));
  return `#${identity}`;
}
