import {
  installEventPump,
  missingForCanvas,
  needsEventPump,
  readBufferSync,
} from '../../../src/host/read-sync';

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

describe('dataSync without a canvas', () => {
  const staging = {
    mapAsync: (): Promise<void> => new Promise(() => undefined),
    mapState: 'pending',
    destroy: jest.fn(),
    getMappedRange: () => new Float32Array([7]).buffer,
  };
  let verdict: Promise<GPUError | null> = Promise.resolve(null);
  const device = {
    createBuffer: () => staging,
    createCommandEncoder: () => ({ copyBufferToBuffer: () => undefined, finish: () => undefined }),
    queue: { submit: () => undefined },
    pushErrorScope: () => undefined,
    popErrorScope: () => verdict,
  };
  const read = (): ArrayBuffer =>
    readBufferSync(device as unknown as GPUDevice, { size: 4 } as GPUBuffer);
  /** What is delivered as Dawn delivers it: by a function without a text. */
  const deliver = (event: () => void): void => {
    setImmediate(event.bind(null));
  };

  beforeEach(() => {
    scope.OffscreenCanvas = canvasWith('webgpu');
    scope.GPUBufferUsage = {};
    scope.GPUMapMode = {};
    staging.mapState = 'pending';
    staging.destroy.mockClear();
  });

  afterEach(() => expect(staging.destroy).toHaveBeenCalledTimes(1));

  test('says what is needed and what to do where there are no events either', () => {
    expect(read).toThrow(
      /without a 2d context; needs one with webgpu and 2d contexts, or the npm package webgpu.*await tensor.data\(\)/,
    );
  });

  test('reads while it waits', () => {
    installEventPump();
    staging.mapAsync = () => {
      deliver(() => deliver(() => (staging.mapState = 'mapped')));
      return Promise.resolve();
    };
    expect(new Float32Array(read())).toEqual(new Float32Array([7]));
  });

  test('says that the driver did not copy', () => {
    installEventPump();
    verdict = Promise.resolve({ message: 'used in submit while destroyed' } as GPUError);
    staging.mapAsync = () => {
      deliver(() => (staging.mapState = 'mapped'));
      return Promise.resolve();
    };
    expect(read).toThrow(/got no elements from the device; needs one that works/);
    verdict = Promise.resolve(null);
  });

  test('says that the device failed, and leaves no rejection behind', async () => {
    installEventPump();
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    staging.mapAsync = () => {
      deliver(() => (staging.mapState = 'unmapped'));
      return Promise.reject(new Error('the device was lost'));
    };
    expect(read).toThrow(/dataSync: got no elements from the device; needs one that works/);
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  test('gives up a device that needs longer than two minutes, and says so', () => {
    installEventPump();
    const again = (): void => deliver(again);
    staging.mapAsync = () => {
      again();
      return new Promise(() => undefined);
    };
    let now = 0;
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => (now += 1000));
    expect(read).toThrow(/got no answer from the device for 120 s.*await tensor.data\(\)/);
    clock.mockRestore();
    jest.spyOn(globalThis, 'setImmediate').mockImplementation(() => ({}) as NodeJS.Immediate);
  });
});
