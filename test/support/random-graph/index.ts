/**
 * Random graphs of primitives. A recipe is a list of numbers that any of which makes some valid
 * graph, so that fast-check can shrink it by leaving steps out.
 *
 * Exact graphs compute with whole numbers small enough that every order of summation gives the
 * same: results must be equal. The others carry a bound on the error through every step.
 */
import fc from 'fast-check';
import type { DType, Graph, Shape } from '../../../src/ir/graph';
import { RefusedError } from '../../../src/ir/infer';
import { exactAnchors, smoothAnchors } from './anchors';
import { composites } from './composites';
import { Draft, type Family, type Tracked } from './draft';
import { exactElementwise, smoothElementwise } from './elementwise';
import { movementFamilies } from './movement';

export { randomInput } from './draft';

export interface Recipe {
  readonly inputs: readonly { readonly shape: Shape; readonly dtype: DType }[];
  /** Which kind of step, and the numbers that decide the rest. */
  readonly steps: readonly (readonly number[])[];
  /** Which values are asked for, besides those that nothing else reads. */
  readonly outputs: readonly number[];
}

export interface RandomGraph {
  readonly graph: Graph;
  /** Largest error that each output may have. */
  readonly errors: readonly number[];
}

/** Values that nothing reads and that are answered; older ones are dead. */
const MAX_LEAVES = 3;

type Group = readonly [weight: number, families: readonly Family[]];

const exactGroups: readonly Group[] = [
  [4, exactElementwise],
  [3, movementFamilies],
  [2, exactAnchors],
];
const smoothGroups: readonly Group[] = [
  [4, smoothElementwise],
  [2, movementFamilies],
  [2, smoothAnchors],
  [1, composites],
];

function familyOf(groups: readonly Group[], [kind, which]: readonly number[]): Family {
  const tickets = groups.flatMap(([weight, families]) =>
    Array.from({ length: weight }, () => families),
  );
  const families = tickets[kind % tickets.length];
  return families[which % families.length];
}

/** Follows a recipe. Steps that do not fit are left out. */
export function buildRandomGraph(recipe: Recipe, exact: boolean): RandomGraph {
  const draft = new Draft(exact);
  for (const { shape, dtype } of recipe.inputs) draft.input(shape, dtype);
  for (const step of recipe.steps) {
    draft.begin(step.slice(2));
    const added = attempt(draft, familyOf(exact ? exactGroups : smoothGroups, step));
    if (added && !draft.values.some(({ value }) => value === added.value)) draft.values.push(added);
  }
  const asked = recipe.outputs.map((pick) => draft.values.at(-1 - (pick % draft.values.length)));
  const wanted = [...draft.leaves().slice(0, MAX_LEAVES), ...asked];
  const outputs = [...new Set(wanted.filter((tracked) => tracked !== undefined))];
  draft.b.graph.outputs = outputs.map(({ value }) => value);
  return { graph: draft.b.graph, errors: outputs.map(({ error }) => error) };
}

/** What the family makes of the draft; null where the IR has no form for it. */
function attempt(draft: Draft, family: Family): Tracked | null {
  try {
    return family(draft);
  } catch (error) {
    if (error instanceof RefusedError) return null;
    throw error;
  }
}

const dims = fc.constantFrom(1, 2, 3, 4, 5, 8);
const shapes = fc.oneof(
  fc.array(dims, { minLength: 0, maxLength: 3 }),
  fc.tuple(fc.constantFrom(1, 2), dims, dims, fc.constantFrom(1, 3, 4, 8)),
  fc.array(fc.constantFrom(1, 2, 3), { minLength: 5, maxLength: 6 }),
);

/** Recipes of up to `maxSteps` steps. */
export function recipes(exact: boolean, maxSteps = 25): fc.Arbitrary<Recipe> {
  const dtype = exact
    ? fc.constantFrom<DType>('float32', 'float32', 'float32', 'int32', 'bool')
    : fc.constant<DType>('float32');
  return fc.record({
    inputs: fc.array(fc.record({ shape: shapes, dtype }), { minLength: 1, maxLength: 4 }),
    steps: fc.array(fc.array(fc.nat(1000), { minLength: 2, maxLength: 12, size: 'max' }), {
      minLength: 3,
      maxLength: maxSteps,
      size: 'max',
    }),
    outputs: fc.array(fc.nat(12), { maxLength: 2 }),
  });
}
