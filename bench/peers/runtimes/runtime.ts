/** What a runtime has to offer to be compared. */
import type { Workload } from '../workloads';

/** A workload that is ready to run. */
export interface OpenWorkload {
  /** Uploads the input, runs, reads the output back. */
  run(): Promise<Float32Array>;
}

export interface Runtime {
  open(workload: Workload): Promise<OpenWorkload>;
}
