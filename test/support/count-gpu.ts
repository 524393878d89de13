/** What a program asks of WebGPU, counted at the API: the same for every backend. */
export interface GpuCalls {
  readonly dispatches: number;
  readonly submits: number;
}

/** Runs `run` and counts. */
export async function countGpu(run: () => Promise<unknown>): Promise<GpuCalls> {
  const dispatches = jest.spyOn(GPUComputePassEncoder.prototype, 'dispatchWorkgroups');
  const submits = jest.spyOn(GPUQueue.prototype, 'submit');
  try {
    await run();
    return { dispatches: dispatches.mock.calls.length, submits: submits.mock.calls.length };
  } finally {
    dispatches.mockRestore();
    submits.mockRestore();
  }
}
