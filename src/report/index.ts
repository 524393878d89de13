/** Reports: what was fused and what was not, and why, as text and as charts of notebooks. */
export type {
  ChoiceRecord,
  InvocationRecord,
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
export {
  chart,
  chartKernels,
  chartLifetimes,
  chartSavings,
  table,
  type Display,
  type Shown,
  type TableRow,
} from './charts';
