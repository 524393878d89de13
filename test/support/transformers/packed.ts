/**
 * A text encoder that computes no padding: `Where` finds the tokens of all sentences, dense layers run on
 * these alone, and `ScatterNd` and `SparseToDense` bring them back into rows for attention.
 */
import { BlockWriter, type BlockOptions } from './writer';

/** The token that stands for none. */
export const PADDING = 0;

/** ids [batch, tokens] int32 → y [batch, width]: the mean of what each sentence's tokens became. */
export function packedEncoder(options: BlockOptions, vocabulary: number): BlockWriter {
  const w = new BlockWriter(options);
  const { batch, tokens, width, heads, hidden } = options;
  const ids = w.placeholder('ids', 'int32', [batch, tokens]);
  const places = w.op('Where', [w.op('NotEqual', [ids, w.ints(PADDING)])]);
  const packed = w.op('GatherNd', [ids, places]);
  const embedded = w.op('GatherV2', [w.weight([vocabulary, width]), packed, w.ints(0)]);
  const inner = w.op('Tanh', [w.dense(embedded, width, hidden)]);
  const rows = w.op('AddV2', [embedded, w.dense(inner, hidden, width)]);
  const whole = w.op('ScatterNd', [places, rows, w.ints([batch, tokens, width])]);
  const present = w.op('SparseToDense', [
    ...[places, w.ints([batch, tokens]), w.constant(1), w.constant(0)],
  ]);

  const flat = w.reshape(whole, [batch * tokens, width]);
  const split = (x: string): string =>
    w.transpose(w.reshape(x, [batch, tokens, heads, w.headSize]), [0, 2, 1, 3]);
  const [q, k, v] = [0, 1, 2].map(() => split(w.dense(flat, width, width)));
  const scores = w.op('Mul', [w.batchMatMul(q, k, true), w.constant(1 / Math.sqrt(w.headSize))]);
  const absent = w.op('Sub', [w.reshape(present, [batch, 1, 1, tokens]), w.constant(1)]);
  const masked = w.op('AddV2', [scores, w.op('Mul', [absent, w.constant(1e9)])]);
  const mixed = w.transpose(w.batchMatMul(w.op('Softmax', [masked]), v), [0, 2, 1, 3]);
  const encoded = w.op('AddV2', [whole, w.reshape(mixed, [batch, tokens, width])]);
  const kept = w.op('Mul', [encoded, w.reshape(present, [batch, tokens, 1])]);
  const sum = w.op('Sum', [kept, w.ints([1])]);
  const count = w.op('Sum', [present, w.ints([1])]);
  w.node('y', 'RealDiv', [sum, w.reshape(count, [batch, 1])]);
  return w;
}
