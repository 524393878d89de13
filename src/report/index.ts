/** Reports: what was fused and what was not, and why. */
export type {
  ChoiceRecord,
  KernelRecord,
  PlanRecord,
  RefusalRecord,
  RewriteRecord,
  RuleStatistics,
} from './record';
export {
  formatBytes,
  formatCapture,
  formatChoice,
  formatDispatches,
  formatKernels,
  formatPlan,
  formatRefusals,
  type ReportSubject,
} from './text';
