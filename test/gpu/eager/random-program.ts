/**
 * Random eager programs: a list of steps over a growing list of tensors. A step names its operands
 * by number, taken modulo what there is, so that every part of a program is a program.
 */
import * as fc from 'fast-check';
import { resident, tf } from './support';

/** What a running program has. */
interface State {
  readonly tensors: tf.Tensor[];
  readonly variable: tf.Variable;
  /** Everything that was read, in order. */
  readonly read: number[][];
}

export interface Step {
  /** How the step reads in a counterexample. */
  readonly text: string;
  run(state: State): Promise<void> | void;
}

const UNARY: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  tanh: tf.tanh,
  sigmoid: tf.sigmoid,
  relu: tf.relu,
  neg: tf.neg,
  abs: tf.abs,
  softmax: (x) => tf.softmax(x),
  scale: (x) => tf.mul(x, 0.5),
  clip: (x) => tf.clipByValue(x, -0.75, 0.5),
  transpose: (x) => tf.transpose(x),
  flatten: (x) => tf.reshape(x, [-1]),
  rows: (x) => tf.reshape(x, [x.shape[x.rank - 1], -1]),
  expand: (x) => tf.expandDims(x, 0),
  squeeze: (x) => (x.rank > 1 ? tf.squeeze(x) : tf.clone(x)),
  clone: (x) => tf.clone(x),
  sum: (x) => tf.sum(x, 0, true),
  mean: (x) => tf.mean(x, x.rank - 1, true),
  half: (x) => tf.slice(x, [0], [Math.ceil(x.shape[0] / 2)]),
  pad: (x) =>
    tf.pad(
      x,
      x.shape.map((): [number, number] => [1, 0]),
    ),
  reverse: (x) => tf.reverse(x, 0),
  twice: (x) => tf.concat([x, x], 0),
  cumsum: (x) => tf.cumsum(x, 0),
  inTidy: (x) => tf.tidy(() => tf.sub(tf.tanh(tf.mul(x, 3)), tf.scalar(0.25))),
};

const BINARY: Readonly<Record<string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor>> = {
  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  maximum: tf.maximum,
  minimum: tf.minimum,
};

/** Tensors may not grow without bound. */
const MAX_SIZE = 400;

function pick(state: State, at: number): tf.Tensor {
  return state.tensors[at % state.tensors.length];
}

function push(state: State, make: () => tf.Tensor): void {
  const made = make();
  if (made.size > MAX_SIZE || made.rank > 4 || made.rank === 0) made.dispose();
  else state.tensors.push(made);
}

function broadcast(a: tf.Tensor, b: tf.Tensor): boolean {
  try {
    tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
    return true;
  } catch {
    return false;
  }
}

async function read(state: State, tensor: tf.Tensor): Promise<void> {
  state.read.push(Array.from(await tensor.data()));
}

const at = fc.nat({ max: 12 });

const step = fc.oneof<fc.WeightedArbitrary<Step>[]>(
  {
    weight: 10,
    arbitrary: fc
      .record({ op: fc.constantFrom(...Object.keys(UNARY)), x: at })
      .map(({ op, x }) => ({
        text: `${op}(t${x})`,
        run: (state) => push(state, () => UNARY[op](pick(state, x))),
      })),
  },
  {
    weight: 8,
    arbitrary: fc
      .record({ op: fc.constantFrom(...Object.keys(BINARY)), a: at, b: at })
      .map(({ op, a, b }) => ({
        text: `${op}(t${a}, t${b})`,
        run(state) {
          const [x, y] = [pick(state, a), pick(state, b)];
          if (broadcast(x, y)) push(state, () => BINARY[op](x, y));
        },
      })),
  },
  {
    weight: 2,
    arbitrary: at.map((x) => ({
      text: `gram(t${x})`,
      run: (state) =>
        push(state, () =>
          tf.tidy(() => {
            const m = tf.reshape(pick(state, x), [pick(state, x).shape[0], -1]);
            return tf.tanh(tf.matMul(m, m, false, true));
          }),
        ),
    })),
  },
  {
    weight: 4,
    arbitrary: at.map((x) => ({
      text: `dispose(t${x})`,
      run(state) {
        if (state.tensors.length > 1) {
          state.tensors.splice(x % state.tensors.length, 1)[0].dispose();
        }
      },
    })),
  },
  {
    weight: 2,
    arbitrary: at.map((x) => ({
      text: `read(t${x})`,
      run: (state) => read(state, pick(state, x)),
    })),
  },
  { weight: 1, arbitrary: fc.constant({ text: 'await', run: () => Promise.resolve() }) },
  {
    weight: 3,
    arbitrary: at.map((x) => ({
      text: `v.assign(tanh(v + mean(t${x})))`,
      run(state) {
        const { variable } = state;
        variable.assign(tf.tidy(() => tf.tanh(tf.add(variable, tf.mean(pick(state, x))))));
      },
    })),
  },
  {
    weight: 2,
    arbitrary: fc.constant({
      text: 'mul(v, 2)',
      run: (state) => push(state, () => tf.mul(state.variable, 2)),
    }),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({ x: at, op: fc.constantFrom('tanh', 'softmax', 'sigmoid', 'mean', 'pad') })
      .map(({ x, op }) => ({
        text: `grad(t => sum(${op}(t) * t))(t${x})`,
        run: (state) =>
          push(state, () =>
            tf.tidy(() =>
              tf.grad((t) => tf.sum(tf.square(UNARY[op](tf.mul(t, t)))))(pick(state, x)),
            ),
          ),
      })),
  },
);

/** A program; as text, one step a line. */
export const program = fc
  .array(step, { minLength: 1, maxLength: 24 })
  .map((steps) =>
    Object.assign(steps, { toString: () => steps.map(({ text }) => text).join('\n') }),
  );

/** Runs a program on the current backend; what was read, and how many tensors it left. */
export async function runProgram(
  steps: readonly Step[],
): Promise<{ read: number[][]; tensors: number; dataIds: number }> {
  const before = { tensors: tf.memory().numTensors, dataIds: tf.backend().numDataIds() };
  const state: State = {
    tensors: [resident([4, 6], 1), resident([6], 2), resident([4, 1], 3)],
    variable: tf.variable(resident([6], 4)),
    read: [],
  };
  for (const { run } of steps) await run(state);
  const tensors = tf.memory().numTensors - before.tensors;
  for (const tensor of state.tensors) await read(state, tensor);
  await read(state, state.variable);
  tf.dispose([...state.tensors, state.variable]);
  return { read: state.read, tensors, dataIds: tf.backend().numDataIds() - before.dataIds };
}
