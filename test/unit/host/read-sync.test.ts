import { missingForCanvas, needsEventPump, readBufferSync } from '../../../src/host/read-sync';

/** A class of canvases that gives out contexts of some kinds. */
function canvasWith(...kinds: string[]) {
  return class {
    getContext(kind: string): object | null {
      return kinds.includes(kind) ? {} : null;
    }
  };
}

const scope = globalThis as { OffscreenCanvas?: unknown; GPUBufferUsage?: unknown; GPUMapMode?: unknown }; // prettier-ignore

afterEach(() => {
  delete scope.OffscreenCanvas;
  delete scope.GPUBufferUsage;
  delete scope.GPUMapMode;
});

test.each([
  ['a browser', canvasWith('2d', 'webgpu', 'webgl2'), null],
  ['Node', undefined, 'no OffscreenCanvas'],
  ['Deno', canvasWith('webgpu', 'bitmaprenderer'), 'an OffscreenCanvas without a 2d context'],
  ['Node with a canvas package', canvasWith('2d'), 'an OffscreenCanvas without a webgpu context'],
])('what is missing to read through a canvas: %s', (_runtime, canvas, missing) => {
  expect(missingForCanvas(canvas)).toBe(missing);
  scope.OffscreenCanvas = canvas;
  expect(needsEventPump()).toBe(missing !== null);
});

test('a canvas that throws is none', () => {
  const throwing = class {
    constructor() {
      throw new Error('not implemented');
    }
    getContext = () => null;
  };
  expect(missingForCanvas(throwing)).toBe('an OffscreenCanvas without a webgpu context');
});

test('without canvas and events, dataSync says what is needed and what to do', () => {
  scope.OffscreenCanvas = canvasWith('webgpu');
  scope.GPUBufferUsage = {};
  scope.GPUMapMode = {};
  const destroyed = jest.fn();
  const staging = {
    mapAsync: () => new Promise(() => undefined),
    mapState: 'pending',
    destroy: destroyed,
  };
  const device = {
    createBuffer: () => staging,
    createCommandEncoder: () => ({ copyBufferToBuffer: () => undefined, finish: () => undefined }),
    queue: { submit: () => undefined },
  };
  expect(() => readBufferSync(device as unknown as GPUDevice, { size: 4 } as GPUBuffer)).toThrow(
    /without a 2d context; needs one with webgpu and 2d contexts, or the npm package webgpu.*await tensor.data\(\)/,
  );
  expect(destroyed).toHaveBeenCalled();
});
