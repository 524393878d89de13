import { chooseConstants } from '../../../src/eager/constant-externals';
import type { LazyData } from '../../../src/eager/pending';
import type { Signature } from '../../../src/eager/signature';
import { Stream } from '../../../src/eager/stream';

/** A tensor from outside, or a number. */
function given(element?: number): LazyData {
  const lazy = { dataId: {}, invocation: null, holds: 0, hidden: false, slot: -1, stream: -1 };
  const values = element === undefined ? null : [element];
  return { lazy, values, dtype: 'float32', shape: [], refCount: 1 } as unknown as LazyData;
}

class Program {
  readonly stream = new Stream();

  /** Calls a kernel; its result is wanted unless `isInner`. */
  call(kernel: string, inputs: LazyData[], isInner = false): LazyData {
    const signature = { id: 1, kernel: { kernel }, outputs: [{}] } as unknown as Signature;
    const invocation = this.stream.add(signature, inputs);
    const output = given();
    output.refCount = isInner ? 0 : 1;
    this.stream.addOutput(invocation, output, 4);
    return output;
  }

  /** Positions of the externals chosen where all are steady, or those given. */
  choose(steady = this.stream.externals.map((_, at) => at)): number[] {
    return [...chooseConstants(this.stream, new Set(steady))].sort();
  }
}

test('weights and numbers are constants; the data, read first, are not, though they stay the same', () => {
  const program = new Program();
  const product = program.call('BatchMatMul', [given(), given()], true);
  const scaled = program.call('Multiply', [product, given(0.5)], true);
  program.call('Add', [scaled, given()]);
  expect(program.choose()).toEqual([1, 2, 3]);
  expect(program.choose([1, 2])).toEqual([1, 2]);
});

test('of several results, none depends on constants alone', () => {
  const program = new Program();
  const [a, b] = [given(), given()];
  program.call('BatchMatMul', [a, given()]);
  program.call('BatchMatMul', [b, given()]);
  expect(program.choose()).toEqual([1, 3]);
});

test('where there is no tensor, a number is the data', () => {
  const program = new Program();
  program.call('Add', [given(1), given(2)]);
  expect(program.choose()).toEqual([1]);
});

test('tensors of which nothing would become stay inputs, numbers do not', () => {
  const program = new Program();
  program.call('Add', [program.call('Multiply', [given(), given()], true), given(3)]);
  expect(program.choose()).toEqual([2]);
});

test('what depends on weights alone is worth being computed once', () => {
  const program = new Program();
  const x = given();
  const factor = program.call('Rsqrt', [given()], true);
  program.call('Multiply', [x, factor]);
  // The weight was read first, so it would be taken for the data if x did not change.
  expect(program.choose([0])).toEqual([0]);
});

test('kernels that nobody wants anything of any more do not count', () => {
  const program = new Program();
  const weight = given();
  const dead = program.call('BatchMatMul', [given(), weight], true);
  (dead.lazy.invocation as { wanted: number }).wanted = 0;
  program.call('Multiply', [given(), weight]);
  expect(program.choose([1])).toEqual([]);
});
