/** The input of a workload, the same for every runtime. */
import { seededNumbers } from '../../test/support/small-graph-model';

export function inputValues(shape: readonly number[]): Float32Array {
  return seededNumbers(
    1,
    shape.reduce((product, size) => product * size),
  );
}
