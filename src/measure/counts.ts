/** What the GPU was asked to do between two moments. */
export interface GpuCounts {
  dispatches: number;
  submits: number;
  passes: number;
  bindGroups: number;
  pipelines: number;
  buffersCreated: number;
  bytesCreated: number;
  /** `writeBuffer` calls: uniforms mostly, and uploads. */
  bufferWrites: number;
  bytesWritten: number;
  /** Of the `writeBuffer` calls, those to uniform buffers. */
  uniformWrites: number;
  /** Copies from buffer to buffer on the GPU; up- and downloads excluded. */
  copies: number;
  /**
   * Bytes through global memory: per dispatch, the bytes of the distinct storage ranges bound; and
   * twice the bytes of each copy on the GPU.
   */
  trafficBytes: number;
  /** The most bytes that buffers held at once, those from before included. */
  peakBytes: number;
  /** Dispatches and bytes by the label of their pipeline. */
  programs: Record<string, ProgramCounts>;
}

/** The dispatches of one program. */
export interface ProgramCounts {
  dispatches: number;
  trafficBytes: number;
}

/** All zero, but for the bytes that are allocated already. */
export function emptyCounts(allocatedBytes: number): GpuCounts {
  return {
    dispatches: 0,
    submits: 0,
    passes: 0,
    bindGroups: 0,
    pipelines: 0,
    buffersCreated: 0,
    bytesCreated: 0,
    bufferWrites: 0,
    bytesWritten: 0,
    uniformWrites: 0,
    copies: 0,
    trafficBytes: 0,
    peakBytes: allocatedBytes,
    programs: {},
  };
}
