/** Reports: what was fused and what was not, and why. */
export type {
  KernelRecord,
  PlanRecord,
  RefusalRecord,
  RewriteRecord,
  RuleStatistics,
} from './record';
export {
  formatBytes,
  formatCapture,
  formatDispatches,
  formatKernels,
  formatPlan,
  formatRefusals,
  type ReportSubject,
} from './text';
