/** Which class an adapter is, by what WebGPU implementations say of real ones. */
import {
  ADAPTER_CLASSES,
  type AdapterClass,
  type AdapterInfo,
  classifyAdapter,
  deviceFacts,
  isAdapterClass,
  kernelTarget,
} from '../../../src/fused-kernels/target';
import { defaultFacts } from './target';

const adapters: readonly [AdapterClass, AdapterInfo][] = [
  ['software', { vendor: 'mesa', architecture: 'software', device: 'llvmpipe-llvm-15-0-6' }],
  ['software', { vendor: 'google', architecture: 'swiftshader' }],
  ['software', { vendor: 'microsoft', architecture: 'warp' }],
  ['software', { vendor: '0x1414', description: 'Microsoft Basic Render Driver' }],
  ['software', { vendor: 'amd', isFallbackAdapter: true }],
  ['nvidia', { vendor: 'nvidia', architecture: 'ampere' }],
  ['nvidia', { vendor: 'nvidia', architecture: '', description: 'NVIDIA H200' }],
  ['nvidia', { vendor: String(0x10de), device: '9999' }],
  ['nvidia', { vendor: '', description: 'GeForce RTX 3060' }],
  ['amd', { vendor: 'amd', architecture: 'rdna-3' }],
  ['amd', { vendor: 'amd', architecture: 'rdna-2', description: 'AMD Radeon RX 6800 XT' }],
  ['amd', { vendor: '4098', device: '29772', description: 'AMD Radeon RX 7900 XTX' }],
  ['amd-integrated', { vendor: 'amd', description: 'AMD Radeon(TM) Graphics' }],
  ['amd-integrated', { vendor: 'amd', description: 'AMD Radeon 780M Graphics (RADV PHOENIX)' }],
  ['amd-integrated', { vendor: 'amd', description: 'AMD Custom GPU 0405 (RADV VANGOGH)' }],
  ['amd-integrated', { vendor: 'amd', description: 'AMD Radeon(TM) Vega 8 Graphics' }],
  ['intel', { vendor: 'intel', architecture: 'gen-12lp' }],
  ['intel', { vendor: 'intel', architecture: 'xe-lpg', description: 'Intel(R) Graphics' }],
  ['intel-discrete', { vendor: 'intel', architecture: 'gen-12hp' }],
  ['intel-discrete', { vendor: 'intel', architecture: 'xe-2hpg' }],
  ['intel-discrete', { vendor: '32902', description: 'Intel(R) Arc(TM) A770 Graphics' }],
  ['apple', { vendor: 'apple', architecture: 'metal-3' }],
  ['qualcomm', { vendor: 'qualcomm', architecture: 'adreno-7xx' }],
  ['arm', { vendor: 'arm', architecture: 'valhall' }],
  ['arm', { description: 'Mali-G78' }],
  ['imagination', { vendor: 'img-tec', architecture: 'd-series' }],
  ['samsung', { vendor: 'samsung', architecture: 'rdna-2' }],
  ['unknown', { vendor: 'broadcom', architecture: 'v3d' }],
  ['unknown', { vendor: '', architecture: '', device: '', description: '' }],
  ['unknown', {}],
];

test.each(adapters)('%s: %j', (expected, info) => {
  expect(classifyAdapter(info)).toBe(expected);
});

test('an adapter that gives no information is an unknown GPU', () => {
  expect(classifyAdapter(undefined)).toBe('unknown');
});

test('every class is found by some adapter, and by its name', () => {
  expect(new Set(adapters.map(([name]) => name))).toEqual(new Set(ADAPTER_CLASSES));
  expect(ADAPTER_CLASSES.every(isAdapterClass)).toBe(true);
  expect(isAdapterClass('toString')).toBe(false);
});

test.each(ADAPTER_CLASSES)('%s plans with no more than the device has', (name) => {
  const small = { ...defaultFacts, maxWorkgroupMemory: 8192, maxInvocations: 128 };
  expect(kernelTarget(small, name)).toMatchObject({
    adapterClass: name,
    workgroupMemory: 8192,
    maxInvocations: 128,
  });
  const large = { ...defaultFacts, maxWorkgroupMemory: 65536 };
  expect(kernelTarget(large, name).workgroupMemory).toBeLessThanOrEqual(49152);
});

describe('facts of a device', () => {
  const limits = {
    maxComputeWorkgroupsPerDimension: 65535,
    maxStorageBuffersPerShaderStage: 16,
    maxStorageBufferBindingSize: 2 ** 31 - 4,
    maxBufferSize: 2 ** 30,
    maxComputeInvocationsPerWorkgroup: 1024,
    maxComputeWorkgroupSizeX: 512,
    maxComputeWorkgroupStorageSize: 32768,
  };
  const adapterInfo = { subgroupMinSize: 32, subgroupMaxSize: 64 };

  test('are its limits', () => {
    expect(deviceFacts({ limits, adapterInfo, features: new Set(['subgroups']) })).toEqual({
      maxWorkgroupsPerDimension: 65535,
      maxStorageBuffers: 16,
      maxBindingBytes: 2 ** 30,
      maxInvocations: 512,
      maxWorkgroupMemory: 32768,
      subgroupSizes: [32, 64],
    });
  });

  test('and no subgroups without the feature, or where their sizes are not told', () => {
    expect(deviceFacts({ limits, adapterInfo, features: new Set() }).subgroupSizes).toBeNull();
    const features = new Set(['subgroups']);
    expect(deviceFacts({ limits, features }).subgroupSizes).toBeNull();
  });
});
