/** Finds a case, or a workload of the peers as one. */
import { asCase, WORKLOADS } from '../peers/workloads';
import { CASES, type TransformerCase } from './cases';

/** @throws Error if there is none of this name. */
export function caseNamed(name: string): TransformerCase {
  const found = [...CASES, ...WORKLOADS.map(asCase)].find((one) => one.name === name);
  if (!found) throw new Error(`There is no case "${name}".`);
  return found;
}
