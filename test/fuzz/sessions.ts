/**
 * Sessions of an app: several models that live side by side, each called with images of sizes that change, results that
 * are read at once, later, after others were made of them, or never. What shares memory, is replayed, or was planned
 * for another size has to give `cpu`'s answers.
 */
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { capture } from '../../src/index';
import { AnySizeWriter } from '../support/any-size-models';
import { CHANNELS, GROWS, LAYERS } from './any-size-layers';
import { assertAlive, checkAnswers, resultOf, type Result } from './compare';
import type { Kind } from './kind';

interface Layer {
  readonly name: string;
  readonly n: number;
}

/** A model, by its layers; what comes after layer `also` is an output as well. */
interface Network {
  readonly layers: readonly Layer[];
  readonly also: number;
}

const ACTS = ['call', 'again', 'chain', 'captured', 'step', 'read', 'drop'] as const;

/** What the app does next, steered by numbers. */
interface Act {
  readonly act: (typeof ACTS)[number];
  /** Which model, and which of the tensors that are there. */
  readonly which: number;
  readonly size: readonly [batch: number, height: number, width: number];
}

interface Session {
  readonly networks: readonly Network[];
  readonly acts: readonly Act[];
}

/** Layers of which images grow, twice at most. */
function bounded(layers: readonly Layer[]): Layer[] {
  let grown = 0;
  return layers.filter(({ name }) => !GROWS.has(name) || ++grown <= 2);
}

function load({ layers, also }: Network) {
  const w = new AnySizeWriter();
  let x = w.placeholder('x', 'float32', [-1, -1, -1, CHANNELS]);
  const refs = bounded(layers).map(({ name, n }) => (x = LAYERS[name](w, x, n)));
  return {
    model: w.load(),
    outputs: [...new Set([refs[refs.length - 1], refs[also % refs.length]])],
  };
}

const wave = (shape: readonly number[], seed: number): tf.Tensor =>
  tf.tensor(
    Array.from({ length: tf.util.sizeFromShape([...shape]) }, (_, i) => Math.sin(i * 1.7 + seed)),
    [...shape],
  );

/** Eager code over an image of any size. */
const chain = (x: tf.Tensor): tf.Tensor =>
  tf.tidy(() => {
    const y = tf.relu(tf.add(tf.mul(x, 0.7), 0.1));
    return tf.sub(tf.tanh(y), tf.mean(y, -1, true));
  });

/**
 * A step of gradient descent on the mean of (xW)², written out: what `cpu`'s answer moves by is not known through a tape.
 */
function step(image: tf.Tensor, weight: tf.Variable): tf.Scalar {
  return tf.tidy(() => {
    const x = tf.reshape<tf.Rank.R2>(image, [-1, CHANNELS]);
    const y = tf.matMul(x, weight);
    const gradient = tf.matMul(x, y, true, false);
    weight.assign(tf.sub(weight, tf.mul(gradient, 0.1 / x.shape[0])));
    return tf.mean(tf.square(y));
  });
}

/** Results get smaller on the way, so that no chain of calls ends in infinities. */
const tamed = (x: tf.Tensor): tf.Tensor => tf.tidy(() => tf.tanh(x));

async function run({ networks, acts }: Session): Promise<Result[]> {
  const loaded = networks.map(load);
  const captured = capture((x: tf.Tensor) => tf.tidy(() => tf.softmax(tf.mul(chain(x), 3))));
  const weight = tf.variable(wave([CHANNELS, CHANNELS], 5));
  const live: tf.Tensor[] = [];
  const losses: tf.Scalar[] = [];
  const results: Result[] = [];
  const pick = (which: number): tf.Tensor => live[which % live.length];
  const call = (which: number, x: tf.Tensor): void => {
    const { model, outputs } = loaded[which % loaded.length];
    const made = [model.execute({ x }, outputs)].flat();
    live.push(...made.map(tamed));
    tf.dispose(made);
  };
  try {
    for (const { act, which, size } of acts) {
      if (act === 'call' || live.length === 0) {
        const x = wave([...size, CHANNELS], which);
        call(which, x);
        x.dispose();
      } else if (act === 'again') {
        if (pick(which).size < 2000) call(which, pick(which));
      } else if (act === 'chain') live.push(chain(pick(which)));
      else if (act === 'captured') live.push(captured(pick(which)));
      else if (act === 'step') losses.push(step(pick(which), weight));
      else if (act === 'read') results.push(await resultOf(pick(which)));
      else live.splice(which % live.length, 1)[0].dispose();
    }
    results.push(...(await Promise.all([...live, ...losses, weight].map(resultOf))));
    return results;
  } finally {
    tf.dispose([...live, ...losses, weight]);
    captured.dispose();
    for (const { model } of loaded) model.dispose();
  }
}

async function check(session: Session): Promise<number> {
  if ((await checkAnswers(() => run(session))) === 'refused') throw new Error('cpu refuses this');
  await assertAlive();
  return session.networks.reduce((sum, { layers }) => sum + layers.length, 0);
}

const text = ({ networks, acts }: Session): string =>
  [
    ...networks.map(
      ({ layers, also }, i) =>
        `model ${i}: ${bounded(layers)
          .map(({ name, n }) => `${name} ${n}`)
          .join(', ')}; also ${also}`,
    ),
    ...acts.map(({ act, which, size }) => `  ${act} ${which}${act === 'call' ? ` [${size}]` : ''}`),
  ].join('\n');

const extent = fc.constantFrom(1, 2, 3, 4, 5, 7, 8);

export const sessions: Kind<Session> = {
  name: 'sessions',
  inputs: fc
    .record({
      networks: fc.array(
        fc.record({
          layers: fc.array(
            fc.record({ name: fc.constantFrom(...Object.keys(LAYERS)), n: fc.nat(7) }),
            { minLength: 2, maxLength: 7, size: 'max' },
          ),
          also: fc.nat(6),
        }),
        { minLength: 1, maxLength: 3, size: 'max' },
      ),
      acts: fc.array(
        fc.record({
          act: fc.oneof(
            { weight: 5, arbitrary: fc.constant('call' as const) },
            ...ACTS.map((act) => ({ weight: 1, arbitrary: fc.constant(act) })),
          ),
          which: fc.nat(12),
          size: fc.tuple(fc.constantFrom(1, 1, 2, 3), extent, extent),
        }),
        { minLength: 4, maxLength: 16, size: 'max' },
      ),
    })
    .map((session) => Object.assign(session, { toString: () => text(session) })),
  check,
};
