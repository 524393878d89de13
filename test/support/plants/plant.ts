/** Faults planted into rules and shaders, one at a time. */
import type { FusedKernel } from '../../../src/fused-kernels/kernel';
import type { GraphBuilder } from '../../../src/ir/builder';
import type { Value } from '../../../src/ir/graph';
import type { FusionRule } from '../../../src/patterns/rule';

/** Turns a result around, so that it has the right shape and dtype, and the wrong elements. */
function spoil(build: GraphBuilder, value: Value): Value {
  const axis = value.shape.findIndex((dim) => dim > 1);
  if (axis >= 0) return build.op('Reverse', [value], { dims: [axis] });
  return build.op(value.dtype === 'bool' ? 'LogicalNot' : 'Neg', [value]);
}

/** Makes a rule rewrite to something else; returns what takes that back. */
export function spoilRule(rule: FusionRule): () => void {
  const { rewrite } = rule;
  rule.rewrite = (match, build, found) => {
    const result = rewrite.call(rule, match, build, found);
    if (!Array.isArray(result)) return spoil(build, result as Value);
    const [[old, by], ...others] = result as [Value, Value][];
    return [[old, spoil(build, by)], ...others];
  };
  return () => {
    rule.rewrite = rewrite;
  };
}

/** What replaces what in a shader, in statements that are no heads of loops. */
const MUTATIONS: readonly (readonly [string, string])[] = [
  [' + ', ' - '],
  [' - ', ' + '],
  [' * ', ' + '],
  [' / ', ' * '],
  ['fma(', 'dot('],
  ['max(', 'min('],
  ['min(', 'max('],
  [' > ', ' < '],
  ['0.0', '1.0'],
];

/** Every shader that differs from `wgsl` by one operator or constant of its main function. */
export function mutantsOf(wgsl: string): string[] {
  const lines = wgsl.split('\n');
  const start = lines.findIndex((line) => line.startsWith('fn main'));
  const mutants: string[] = [];
  lines.forEach((line, at) => {
    if (at <= start || /^\s*(for|while|loop|let n|@)/.test(line)) return;
    for (const [from, to] of MUTATIONS) {
      for (let found = line.indexOf(from); found >= 0; found = line.indexOf(from, found + 1)) {
        const changed = line.slice(0, found) + to + line.slice(found + from.length);
        mutants.push(lines.map((other, i) => (i === at ? changed : other)).join('\n'));
      }
    }
  });
  return mutants;
}

/** Has a family write other shaders; returns what takes that back. */
export function spoilFamily(family: FusedKernel, change: (wgsl: string) => string): () => void {
  const { generate } = family;
  family.generate = (request) => {
    const program = generate.call(family, request);
    return { ...program, wgsl: change(program.wgsl) };
  };
  return () => {
    family.generate = generate;
  };
}

/** Doubles what a shader stores. */
export const doubleStores = (wgsl: string): string =>
  wgsl.replace(/^(\s*\w+\[[^=]*\] = )(.*);$/gm, '$1($2) + ($2);');
