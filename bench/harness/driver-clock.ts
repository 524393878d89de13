/** Time that WebGPU itself takes to make shaders and pipelines, which is not JavaScript's. */

type Method = (...args: unknown[]) => unknown;

const METHODS = [
  'createShaderModule',
  'createComputePipeline',
  'createComputePipelineAsync',
  'createPipelineLayout',
  'createBindGroupLayout',
] as const;

export class DriverClock {
  private spent = 0;

  /** Milliseconds since the last {@link reset}. */
  get milliseconds(): number {
    return this.spent;
  }

  reset(): void {
    this.spent = 0;
  }

  /** Wraps the calls that make pipelines, for good. */
  install(): void {
    const prototype = GPUDevice.prototype as unknown as Record<string, Method>;
    for (const name of METHODS) {
      const original = prototype[name];
      const note = (ms: number): void => void (this.spent += ms);
      prototype[name] = function (this: unknown, ...args: unknown[]): unknown {
        const start = performance.now();
        try {
          return original.apply(this, args);
        } finally {
          note(performance.now() - start);
        }
      };
    }
  }
}
