/**
 * What of a group its shader depends on, as text, so that equal kernels are written once: a group is
 * described from what it stores down to the buffers that it loads, and values are numbered as they
 * are met. Names and identities of values do not matter.
 */
import type { Storage } from '../fused-kernels/wgsl/inliner';
import { attrsKey } from '../ir/attrs-key';
import { numberKey } from '../ir/expression';
import type { Node, Value } from '../ir/graph';
import type { KernelGroup } from '../ir/kernel-group';

/** Where a value is stored, said as data as well. */
export interface Stored extends Storage {
  /** How its coordinates differ from the buffer's: `axis+begin`, for each concatenation it is part of. */
  readonly shift: string;
}

export interface StructuralKey {
  readonly text: string;
  /** The values that the text speaks of, by number. */
  readonly values: readonly Value[];
}

/** Indices up to this many are told by what they are, more of them by who they are. */
const MAX_LISTED = 256;

/** The key of a group: with equal keys, families write equal shaders over corresponding values. */
export function structuralKey(
  group: KernelGroup,
  placementOf: (value: Value) => Stored | null,
): StructuralKey {
  const numbers = new Map<Value, number>();
  const described = new Set<Node>();
  const members = new Set(group.members);
  const text: string[] = [];

  const number = (value: Value): { n: number; isNew: boolean } => {
    const known = numbers.get(value);
    if (known !== undefined) return { n: known, isNew: false };
    numbers.set(value, numbers.size);
    return { n: numbers.size - 1, isNew: true };
  };
  const typeOf = ({ dtype, shape }: Value): string => `${dtype}[${shape}]`;
  const place = (value: Value): string => {
    const { buffer, shift } = placementOf(value) as Stored;
    if (buffer === value) return '';
    const { n, isNew } = number(buffer);
    return `@${n}${isNew ? typeOf(buffer) : ''}${shift}`;
  };
  const describe = (node: Node): void => {
    if (described.has(node)) return;
    described.add(node);
    const inputs = node.inputs.map((value) => {
      const { producer } = value;
      // Kernels look at what is stored as at what is computed here where it is of their own group.
      if (producer && (members.has(producer) || !placementOf(value))) {
        describe(producer);
        return number(value).n;
      }
      const { n, isNew } = number(value);
      return isNew ? `${n}${typeOf(value)}${place(value)}${constantKey(value)}` : n;
    });
    const outputs = node.outputs.map((value) => `${number(value).n}${typeOf(value)}`);
    text.push(`${outputs.join()}=${node.kernel}(${inputs.join()})${attrsKey(node.attrs)}`);
  };

  for (const node of group.members) {
    describe(node);
    text.push(node === group.anchor ? 'anchor' : 'member');
  }
  for (const value of group.stores) text.push(`store ${number(value).n}${place(value)}`);
  return { text: text.join('\n'), values: [...numbers.keys()] };
}

const identities = new WeakMap<Value, number>();
let identityCount = 0;

/** What kernels look at of a constant's elements: those of scalars, and whether indices are inside. */
function constantKey(value: Value): string {
  const host = value.constant?.host;
  if (!host || (host.length !== 1 && value.dtype !== 'int32')) return '';
  if (host.length <= MAX_LISTED) return `{${Array.from(host, numberKey).join()}}`;
  if (!identities.has(value)) identities.set(value, identityCount++);
  return `{#${identities.get(value)}}`;
}
