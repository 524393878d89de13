/** GPU time of compute passes: by timestamps where the device has them, else by waiting for it. */

const BYTES_PER_TIMESTAMP = 8;

export class PassClock {
  private readonly queries: GPUQuerySet | null = null;
  private readonly resolved: GPUBuffer | null = null;
  private readonly readable: GPUBuffer | null = null;

  constructor(private readonly device: GPUDevice) {
    if (!device.features.has('timestamp-query')) return;
    const size = 2 * BYTES_PER_TIMESTAMP;
    this.queries = device.createQuerySet({ type: 'timestamp', count: 2 });
    this.resolved = device.createBuffer({
      size,
      usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
    });
    this.readable = device.createBuffer({
      size,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
  }

  /** True where the GPU tells the time itself; else what it takes to be asked is part of each time. */
  get hasTimestamps(): boolean {
    return this.queries !== null;
  }

  /** Microseconds that the GPU takes for one pass. */
  async time(encode: (pass: GPUComputePassEncoder) => void): Promise<number> {
    const { device, queries, resolved, readable } = this;
    const encoder = device.createCommandEncoder();
    const timestampWrites = queries && {
      querySet: queries,
      beginningOfPassWriteIndex: 0,
      endOfPassWriteIndex: 1,
    };
    const pass = encoder.beginComputePass(timestampWrites ? { timestampWrites } : {});
    encode(pass);
    pass.end();
    if (!queries || !resolved || !readable) {
      await device.queue.onSubmittedWorkDone();
      const start = performance.now();
      device.queue.submit([encoder.finish()]);
      await device.queue.onSubmittedWorkDone();
      return (performance.now() - start) * 1000;
    }
    encoder.resolveQuerySet(queries, 0, 2, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, readable, 0, readable.size);
    device.queue.submit([encoder.finish()]);
    await readable.mapAsync(GPUMapMode.READ);
    const [begin, end] = new BigUint64Array(readable.getMappedRange().slice(0));
    readable.unmap();
    // A clock that was set back while the pass ran says nothing.
    return Math.max(0, Number(end - begin) / 1000);
  }

  dispose(): void {
    this.queries?.destroy();
    this.resolved?.destroy();
    this.readable?.destroy();
  }
}
