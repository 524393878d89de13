/** Judges `webgpu-fused` and stock `webgpu` by float64. */
import { explain } from '../../../src/graph-model';
import { answerOf, errorsOf, type AccuracyCase } from './case';

/** Errors of one case, in ulp of the largest element of each part. */
export interface Judgement {
  readonly entry: AccuracyCase;
  readonly stock: readonly number[];
  readonly fused: readonly number[];
  /** Labels of the kernels that ours took. */
  readonly labels: readonly string[];
}

/** Runs a case on both backends; `use` makes one the current one. */
export async function judge(
  entry: AccuracyCase,
  use: (backend: string) => Promise<void>,
): Promise<Judgement> {
  await use('webgpu');
  const stock = errorsOf(entry, await answerOf(entry));
  await use('webgpu-fused');
  let labels: string[] = [];
  const answer = await answerOf(entry, (model) => {
    const kernels = explain(model).regions.flatMap(({ plan }) => plan?.kernels ?? []);
    labels = kernels.map(({ label }) => label);
  });
  return { entry, stock, fused: errorsOf(entry, answer), labels };
}

/** What is wrong: parts whose error is above stock's and above rounding, a form that was missed. */
export function faultsOf({ entry, stock, fused, labels }: Judgement): string[] {
  const where = `${entry.form}, ${entry.size}`;
  const worse = entry.parts.flatMap(({ name, floor }, i) =>
    fused[i] <= Math.max(stock[i], floor)
      ? []
      : [`${where}, ${name}: ${fused[i].toFixed(1)} ulp, stock ${stock[i].toFixed(1)}`],
  );
  const { kernel } = entry;
  const isMissed = kernel !== null && !labels.some((label) => label.includes(kernel));
  return isMissed ? [...worse, `${where}: no ${kernel} in ${labels.join(', ')}`] : worse;
}
