import { apply, evaluate, input, scalarOps } from '../../../src/ir/expression';
import { argumentColumns, opCases } from '../../unit/expression/cases';
import { classifyAdapter } from '../../../src/fused-kernels/target';
import { flushesLargeDivisors } from './large-divisors';
import { requestDevice, runExpression } from './run-expression';
import { isRight, type DeviceTraits } from './tolerance';

/** Quotients that cpu rounds to the 53 bits of a double before it wraps them to an int32. */
const differsFromCpu = (kernel: string, [a, b]: readonly number[]) =>
  kernel === 'FloorDiv' && Math.abs(a / b) > 2 ** 53;

const OPS = [...scalarOps.values()].map((op) => [op.kernel, op] as const);

describe('WGSL of every op, for special and random values', () => {
  let device: GPUDevice;
  let traits: DeviceTraits;
  beforeAll(async () => {
    device = await requestDevice();
    traits = { flushesLargeDivisors: await flushesLargeDivisors(device) };
  });

  test('a processor divides by any number', () => {
    if (classifyAdapter(device.adapterInfo) !== 'software') return;
    expect(traits.flushesLargeDivisors).toBe(false);
  });

  test.each(OPS)('%s', async (kernel, op) => {
    for (const { types, attrs } of opCases(op)) {
      const columns = argumentColumns(types);
      const inputs = types.map((type, i) => input(i, type));
      const expr = apply(op, inputs, attrs);
      for (const width of [1, 4] as const) {
        const actual = await runExpression(device, expr, types, columns, width);
        actual.forEach((value, row) => {
          const args = columns.map((column) => column[row]);
          if (differsFromCpu(kernel, args) || isRight(expr, kernel, args, value, traits)) return;
          throw new Error(
            `${kernel} ${JSON.stringify(attrs)} (${types}), width ${width}, of (${args}): ` +
              `${value}, not ${evaluate(expr, args)}`,
          );
        });
      }
    }
  });
});
