/** One case in a process of its own. */
import { prepareGpu } from '../harness/prepare-gpu';
import { caseNamed } from './case-named';
import { measureCase, type CaseResult, type CaseSettings } from './measure';

/** Measures a case on both sides. */
export interface CaseTask extends CaseSettings {
  kind: 'case';
  name: string;
}

export function measureCaseTask(task: CaseTask): Promise<CaseResult> {
  prepareGpu();
  return measureCase(caseNamed(task.name), task);
}
