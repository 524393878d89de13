/** Bitmaps where there is no browser: pixels that WebGPU takes from JavaScript instead of from the page. */

/** A bitmap of given pixels, four bytes each. */
export class PlainBitmap {
  constructor(
    readonly width: number,
    readonly height: number,
    readonly data: Uint8Array<ArrayBuffer>,
  ) {}
}

/** Pixels that are the same everywhere, opaque or not. */
export function bitmap(width: number, height: number, seed = 1): ImageBitmap {
  const data = new Uint8Array(4 * width * height);
  let state = seed;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    data[i] = state >>> 24;
  }
  return new PlainBitmap(width, height, data) as unknown as ImageBitmap;
}

/** Makes tfjs and the device take {@link PlainBitmap}s for bitmaps; what is returned takes that back. */
export function allowBitmaps(): () => void {
  const scope = globalThis as { ImageBitmap?: unknown };
  const { prototype } = GPUQueue;
  const original = Object.getOwnPropertyDescriptor(prototype, 'copyExternalImageToTexture');
  scope.ImageBitmap = PlainBitmap;
  Object.defineProperty(prototype, 'copyExternalImageToTexture', {
    configurable: true,
    value(
      this: GPUQueue,
      { source }: { source: PlainBitmap },
      { texture }: GPUTexelCopyTextureInfo,
    ) {
      const { width, height, data } = source;
      this.writeTexture({ texture }, data, { bytesPerRow: 4 * width }, [width, height]);
    },
  });
  return () => {
    delete scope.ImageBitmap;
    if (original) Object.defineProperty(prototype, 'copyExternalImageToTexture', original);
  };
}
