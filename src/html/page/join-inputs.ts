/**
 * Inputs as they are drawn: beside what reads them, and those of the same readers as one. A step of training reads
 * dozens of weights on its way forth, back, and when it updates them.
 */
import type { GraphUnit, Units } from './units';

/** Boxes of a flow in which one of the inputs may stand for what all of them read. */
const NEAR = 4;

export function joinInputs(units: Units): Units {
  const places = new Map(units.all.map((unit, at) => [unit, at]));
  const placeOf = (unit: GraphUnit): number => places.get(unit) as number;
  const readers = new Map<GraphUnit, GraphUnit[]>();
  for (const [from, to] of units.flows) {
    if (from.kind === 'input') readers.set(from, [...(readers.get(from) ?? []), to]);
  }
  /** Inputs by the readers that they are drawn beside. */
  const drawn = new Map<string, { inputs: GraphUnit[]; beside: GraphUnit[] }>();
  for (const [input, all] of readers) {
    all.sort((a, b) => placeOf(a) - placeOf(b));
    for (let first = 0; first < all.length;) {
      const end = all.findIndex((unit) => placeOf(unit) > placeOf(all[first]) + NEAR);
      const beside = all.slice(first, end < 0 ? undefined : end);
      const key = beside.map(({ id }) => id).join('\n');
      const same = drawn.get(key) ?? { inputs: [], beside };
      drawn.set(key, same);
      same.inputs.push(input);
      first += beside.length;
    }
  }
  const inputs: GraphUnit[] = [];
  const flows = units.flows.filter(([from]) => from.kind !== 'input');
  for (const [key, { inputs: same, beside }] of drawn) {
    const isPlain = same.length > 1 || beside[0].flush !== undefined;
    const names = same.map(({ title }) => (isPlain ? title.split('/').at(-1) : title));
    const unit = { ...same[0], id: `in ${key}`, title: names.join(', ') };
    inputs.push(unit);
    flows.push(...beside.map((reader) => [unit, reader] as const));
  }
  const rest = units.all.filter((unit) => !readers.has(unit));
  return { ...units, all: [...rest, ...inputs], flows };
}
