import { getKernel, registerKernel, type KernelFunc } from '@tensorflow/tfjs-core';
import { mirrorKernels } from '../../../src/host/kernel-mirror';

const NAMES = Array.from({ length: 20 }, (_, i) => `Kernel${i}`);
const kernelOf = (name: string): KernelFunc | undefined =>
  getKernel(name, 'webgpu-fused')?.kernelFunc;

/** Registers kernels for `webgpu`, as a bundle does; tfjs warns of each that exists. */
function load(names: readonly string[], kernelFunc: KernelFunc): void {
  for (const kernelName of names) registerKernel({ kernelName, backendName: 'webgpu', kernelFunc });
}

const stock: KernelFunc = () => [];
let warn: jest.SpyInstance<void, unknown[]>;
/** What this package said. */
const said = (): unknown[] =>
  warn.mock.calls.map(([line]) => line).filter((line) => String(line).includes('[webgpu-fused]'));

beforeAll(() => {
  load(NAMES, stock);
  expect(mirrorKernels('webgpu-fused')).toBe(true);
  expect(mirrorKernels('webgpu-fused')).toBe(false);
});

beforeEach(() => {
  warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
});

afterEach(() => warn.mockRestore());

test('a kernel that an app adds, or puts in place of one, is ours too', async () => {
  const own: KernelFunc = () => [];
  load(['Kernel0', 'KernelOfApp'], own);
  expect(kernelOf('Kernel0')).toBe(own);
  expect(kernelOf('KernelOfApp')).toBe(own);
  expect(kernelOf('Kernel1')).toBe(stock);
  await Promise.resolve();
  load(['Kernel0'], stock);
  expect(kernelOf('Kernel0')).toBe(stock);
  expect(said()).toEqual([]);
});

test('the kernels of another copy of stock take the place of none, and are named once', async () => {
  for (let copy = 0; copy < 2; copy++) {
    await Promise.resolve();
    const other: KernelFunc = () => [];
    load([...NAMES, `KernelOfCopy${copy}`], other);
    for (const name of NAMES) expect(kernelOf(name)).toBe(stock);
    expect(kernelOf(`KernelOfCopy${copy}`)).toBe(other);
  }
  expect(said()).toEqual([
    expect.stringMatching(/got those of webgpu once more.*Fused kernels stay/),
  ]);
});

test('after a copy, what an app registers is ours again', async () => {
  load(NAMES, () => []);
  await Promise.resolve();
  const own: KernelFunc = () => [];
  load(['Kernel3'], own);
  expect(kernelOf('Kernel3')).toBe(own);
});
