/** How long the browser's own methods take that make a texture of a canvas, a bitmap or a video. */

/** Wraps them; only one at a time. */
export class CopyClock {
  private ms = 0;
  private readonly restores = [
    this.watch(CanvasRenderingContext2D.prototype, 'drawImage'),
    this.watch(GPUQueue.prototype, 'copyExternalImageToTexture'),
    this.watch(GPUDevice.prototype, 'importExternalTexture'),
  ];

  /** Counts from zero again. */
  start(): void {
    this.ms = 0;
  }

  /** Milliseconds since `start`. */
  read(): number {
    return this.ms;
  }

  uninstall(): void {
    for (const restore of this.restores) restore();
  }

  private watch<T extends object>(prototype: T, name: keyof T): () => void {
    const original = prototype[name];
    const call = original as (...args: unknown[]) => unknown;
    const timed = (self: T, args: unknown[]): unknown => {
      const start = performance.now();
      try {
        return call.apply(self, args);
      } finally {
        this.ms += performance.now() - start;
      }
    };
    prototype[name] = function (this: T, ...args: unknown[]) {
      return timed(this, args);
    } as T[keyof T];
    return () => {
      prototype[name] = original;
    };
  }
}
