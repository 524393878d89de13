import { evaluate, type Expr } from '../../../src/ir/expression';
import { ACCURACY } from '../../../src/verify/reference/accuracy';

const SMALLEST_NORMAL = 2 ** -126;
const LARGEST = 3.4028234663852886e38;

/** The largest divisor for which WGSL bounds the error of a quotient. */
export const LARGEST_DIVISOR = 2 ** 126;
const DIVIDES: ReadonlySet<string> = new Set(['RealDiv', 'Atan2']);

const isDenormal = (x: number) => x !== 0 && Math.abs(x) < SMALLEST_NORMAL;

/**
 * What an argument may count as. WGSL lets a device take a denormal for zero, in any operation;
 * lavapipe's log takes it for the smallest normal number.
 */
const readings = (x: number) =>
  isDenormal(x) ? [x, Math.sign(x) * 0, Math.sign(x) * SMALLEST_NORMAL] : [x];

function combinations(columns: readonly (readonly number[])[]): number[][] {
  let rows: number[][] = [[]];
  for (const column of columns)
    rows = rows.flatMap((row) => column.map((value) => [...row, value]));
  return rows;
}

const clampInfinity = (x: number) => Math.min(Math.max(x, -LARGEST), LARGEST);

/** What is known of the device at hand. */
export interface DeviceTraits {
  /** See `flushesLargeDivisors`, which asks it: a quotient by more than 2^126 may be 0, or NaN for ∞. */
  readonly flushesLargeDivisors: boolean;
}

/** Whether a device's result is right for an op applied to inputs, with what `evaluate` says. */
export function isRight(
  expr: Expr,
  kernel: string,
  args: readonly number[],
  actual: number,
  device: DeviceTraits,
) {
  const tolerance = ACCURACY[kernel];
  const isUnbounded =
    device.flushesLargeDivisors && DIVIDES.has(kernel) && Math.abs(args[1]) > LARGEST_DIVISOR;
  if (isUnbounded && (Number.isFinite(args[0]) ? actual === 0 : Number.isNaN(actual))) return true;
  const answers = combinations(args.map(readings)).map((row) => ({
    row,
    expected: evaluate(expr, row),
  }));
  const near = answers.some(({ row, expected }) => {
    if (Object.is(actual, expected) || actual === expected) return true;
    if (Number.isNaN(actual) || Number.isNaN(expected)) return false;
    if (!tolerance || expr.type !== 'float32') {
      return expr.type === 'float32' && Math.abs(actual - expected) < SMALLEST_NORMAL;
    }
    // A result near the largest float32 may overflow on one side only.
    const error = Math.abs(clampInfinity(actual) - clampInfinity(expected));
    return error <= tolerance(row, expected) || error < SMALLEST_NORMAL;
  });
  if (near || answers.length === 1) return near;
  const finite = answers.map(({ expected }) => expected);
  return actual >= Math.min(...finite) && actual <= Math.max(...finite);
}
