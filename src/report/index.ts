/** Reports: what was fused and what was not, and why. */
export type {
  ChoiceRecord,
  KernelRecord,
  PartRecord,
  PlaceRecord,
  PlanRecord,
  RefusalRecord,
  RewriteRecord,
  RuleStatistics,
  ValueRecord,
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
