import type { External } from '../../../src/eager/pending';
import { Steadiness } from '../../../src/eager/steadiness';

const number = (scalar: number): External =>
  ({ scalar, data: { lazy: {} } }) as unknown as External;
const tensor = (dataId: object): External =>
  ({ scalar: undefined, data: { lazy: { dataId } } }) as unknown as External;

test('counts the runs for which a value was the same', () => {
  const [a, b, weight] = [{}, {}, {}];
  const steadiness = new Steadiness();
  for (const data of [a, b, a]) steadiness.note([tensor(data), tensor(weight), number(NaN)]);
  expect([0, 1, 2].map((at) => steadiness.runsOf(at))).toEqual([1, 3, 3]);
});

test('a number that changed once is an input for good, a tensor is not', () => {
  const weights = [{}, {}];
  const steadiness = new Steadiness();
  steadiness.note([number(0), tensor(weights[0])]);
  steadiness.note([number(-0), tensor(weights[1])]);
  for (let run = 0; run < 9; run++) steadiness.note([number(-0), tensor(weights[1])]);
  expect([0, 1].map((at) => steadiness.runsOf(at))).toEqual([0, 10]);
});

test('after a restart everything has to prove itself anew', () => {
  const steadiness = new Steadiness();
  for (let run = 0; run < 5; run++) steadiness.note([number(1)]);
  steadiness.restart();
  expect(steadiness.runsOf(0)).toBe(0);
  steadiness.note([number(1)]);
  expect(steadiness.runsOf(0)).toBe(1);
});
