/** Requests the device the backend runs on, and lets go of it. */
import { env } from '@tensorflow/tfjs-core';

/** Limits worth having at whatever the adapter offers. */
const LIMITS = [
  'maxBufferSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
] as const;

const FEATURES: readonly GPUFeatureName[] = [
  'timestamp-query',
  'bgra8unorm-storage',
  'shader-f16',
  'subgroups',
];

export interface RequestedDevice {
  readonly device: GPUDevice;
  readonly info: GPUAdapterInfo | undefined;
}

/** What is known of a device. It is kept apart from backends: `lost` may never settle. */
export interface DeviceState {
  lost: GPUDeviceLostInfo | null;
  /** Backends that run on it. */
  users: number;
  /** Whether it was requested here, and by nobody else. */
  isOwn: boolean;
}

const states = new WeakMap<GPUDevice, DeviceState>();
let external: RequestedDevice | undefined;

/**
 * Runs the backend on a device of the app's own, to share buffers with it. Call it before
 * `setBackend`. The device's limits and features decide which kernels can be used.
 */
export function useDevice(device: GPUDevice, info?: GPUAdapterInfo): void {
  stateOf(device).isOwn = false;
  external = { device, info: info ?? device.adapterInfo };
}

/**
 * Asks for a device with every useful feature and limit that the adapter has.
 * @throws Error if WebGPU or an adapter is missing, saying how to get one.
 */
export async function requestDevice(): Promise<RequestedDevice> {
  if (external) return external;
  const gpu = typeof navigator === 'undefined' ? undefined : navigator.gpu;
  if (!gpu) {
    throw new Error(
      '[webgpu-fused] setBackend: got no navigator.gpu; needs WebGPU. Use a browser that has it, on ' +
        "a page served from https or localhost; in Node, install the npm package 'webgpu'.",
    );
  }
  const powerPreference = env().get('WEBGPU_USE_LOW_POWER_GPU') ? 'low-power' : 'high-performance';
  const adapter = await gpu.requestAdapter({ powerPreference });
  if (!adapter) {
    throw new Error(
      '[webgpu-fused] setBackend: got no WebGPU adapter; needs a GPU or a software driver. Check ' +
        'chrome://gpu, or on Linux without a GPU install Mesa 25 (lavapipe) and set VK_ICD_FILENAMES.',
    );
  }
  const requiredLimits: Record<string, number> = {};
  for (const limit of LIMITS) requiredLimits[limit] = adapter.limits[limit];
  const requiredFeatures = FEATURES.filter((feature) => adapter.features.has(feature));
  const device = await adapter.requestDevice({ requiredFeatures, requiredLimits });
  stateOf(device).isOwn = true;
  return { device, info: adapter.info };
}

/** Notes that a backend runs on a device, until {@link releaseDevice}. */
export function holdDevice(device: GPUDevice): DeviceState {
  const state = stateOf(device);
  state.users++;
  return state;
}

/** Destroys the device of a backend that is going away, if it was requested for backends only. */
export function releaseDevice(device: GPUDevice): void {
  const state = stateOf(device);
  if (--state.users === 0 && state.isOwn) device.destroy();
}

function stateOf(device: GPUDevice): DeviceState {
  const known = states.get(device);
  if (known) return known;
  const state: DeviceState = { lost: null, users: 0, isOwn: false };
  states.set(device, state);
  void device.lost.then((info) => {
    state.lost = info;
  });
  return state;
}
