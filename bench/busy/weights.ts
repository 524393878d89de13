/** Weights from a seed, small enough that no layer grows its input much, the same on every side. */
import { seededNumbers } from '../../test/support/small-graph-model';
import { elements } from '../kernels/case';

/** One set of weights after the other, by the order in which they are asked for. */
export class WeightSource {
  private seed = 1;

  /** Numbers of standard deviation `size`, or near it, around `around`. */
  next(shape: readonly number[], size: number, around = 0): Float32Array {
    const numbers = seededNumbers(this.seed++, elements(shape));
    const width = size * Math.sqrt(3);
    for (let i = 0; i < numbers.length; i++) numbers[i] = around + numbers[i] * width;
    return numbers;
  }
}
