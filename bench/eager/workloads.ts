/** All workloads, in the order of the criteria. */
import { chains } from './chains';
import { cnn } from './cnn';
import { gpt } from './gpt';
import { layersModels } from './models';
import { nanogpt } from './nanogpt';
import { overhead } from './overhead';
import { recurrent } from './recurrent';
import { textTraining } from './text-training';
import { unet } from './unet';
import type { Workload } from './workload';
import { writtenOut } from './written-out';

export const workloads: readonly Workload[] = [
  ...chains,
  ...cnn,
  ...recurrent,
  ...textTraining,
  ...layersModels,
  ...unet,
  ...gpt,
  ...nanogpt,
  ...writtenOut,
  ...overhead,
];

/**
 * Workloads whose names contain one of `parts`; all without any.
 *
 * @throws Error for a part that no name contains.
 */
export function selectWorkloads(parts: readonly string[]): Workload[] {
  const unknown = parts.find((part) => !workloads.some(({ name }) => name.includes(part)));
  if (unknown !== undefined) throw new Error(`There is no workload "${unknown}"; see --list.`);
  return workloads.filter(
    ({ name }) => parts.length === 0 || parts.some((part) => name.includes(part)),
  );
}

export function workloadNamed(name: string): Workload {
  const found = workloads.find((workload) => workload.name === name);
  if (!found) throw new Error(`There is no workload "${name}".`);
  return found;
}
