/** Dense chains, as Keras writes `Sequential` models of Dense layers. */
import { BlockWriter } from './writer';

export type Activation = 'gelu' | 'linear';

/** `rows` rows through dense layers of these widths, with erf GELU or nothing in between. */
export function writeMlp(
  rows: number,
  widths: readonly number[],
  activation: Activation = 'gelu',
): BlockWriter {
  const [width] = widths;
  const w = new BlockWriter({ batch: 1, tokens: rows, width, heads: 1, hidden: width, layers: 1 });
  let x = w.placeholder('x', 'float32', [rows, width]);
  for (let i = 1; i < widths.length; i++) {
    x = w.dense(x, widths[i - 1], widths[i]);
    if (activation === 'gelu' && i + 1 < widths.length) x = w.geluErf(x);
  }
  w.node('y', 'Identity', [x]);
  return w;
}
