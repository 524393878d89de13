/** Requests the device the backend runs on, and lets go of it. */
import { env } from '@tensorflow/tfjs-core';
import { NoWebGPUError } from './failed-backend';

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

/** Why a device answers no more. */
export type DeviceLoss = Pick<GPUDeviceLostInfo, 'reason' | 'message'>;

/** What is known of a device. It is kept apart from backends: `lost` may never settle. */
export interface DeviceState {
  lost: DeviceLoss | null;
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
 *
 * @throws Error if it is no `GPUDevice`, or one that is lost already.
 */
export function useDevice(device: GPUDevice, info?: GPUAdapterInfo): void {
  const given = device as Partial<GPUDevice> | null | undefined;
  if (!given?.queue || !given.limits || typeof given.createBuffer !== 'function') {
    throw new Error(
      `[webgpu-fused] useDevice: got ${nameOf(device)}; needs a GPUDevice. Pass what ` +
        'await adapter.requestDevice() gives.',
    );
  }
  const state = stateOf(device);
  if (state.lost) {
    throw new Error(
      `[webgpu-fused] useDevice: got a device that was lost (${state.lost.reason}: ` +
        `${state.lost.message}); needs one that works. Request another.`,
    );
  }
  state.isOwn = false;
  external = { device, info: info ?? device.adapterInfo };
}

/** A value as errors name it. */
function nameOf(value: unknown): string {
  if (value === null || typeof value !== 'object') return String(value);
  return `an object of class ${value.constructor?.name ?? 'unknown'}`;
}

/**
 * Asks for a device with every useful feature and limit that the adapter has.
 * @throws NoWebGPUError if WebGPU or an adapter is missing, saying how to get one.
 */
export async function requestDevice(): Promise<RequestedDevice> {
  if (external) {
    const { lost } = stateOf(external.device);
    if (!lost) return external;
    throw new Error(
      `[webgpu-fused] setBackend: got the device of useDevice(), which was lost (${lost.reason}: ` +
        `${lost.message}); needs one that works. Call useDevice() with another.`,
    );
  }
  const gpu = typeof navigator === 'undefined' ? undefined : navigator.gpu;
  if (!gpu) throw withoutWebGPU(MISSING_GPU[runtime()]);
  const powerPreference = env().get('WEBGPU_USE_LOW_POWER_GPU') ? 'low-power' : 'high-performance';
  const adapter = await gpu.requestAdapter({ powerPreference });
  if (!adapter) throw withoutWebGPU(MISSING_ADAPTER[runtime()]);
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

type Runtime = 'node' | 'page' | 'insecure page';

function runtime(): Runtime {
  const scope = globalThis as { document?: unknown; WorkerGlobalScope?: unknown };
  const isPage = scope.document !== undefined || scope.WorkerGlobalScope !== undefined;
  if (!isPage) return 'node';
  return globalThis.isSecureContext === false ? 'insecure page' : 'page';
}

/** What was got, what is needed, what to do. */
type Lines = Readonly<Record<Runtime, readonly [got: string, needs: string, cure: string]>>;

const MISSING_GPU: Lines = {
  page: [
    'a browser without navigator.gpu',
    'WebGPU',
    'Use Chrome or Edge 113, Safari 26, Firefox 141 or newer, and see that it is not switched off.',
  ],
  'insecure page': [
    'a page without navigator.gpu that is not a secure context',
    'WebGPU, which browsers give to secure pages only',
    'Serve the page from https or from localhost.',
  ],
  node: [
    'a runtime without navigator.gpu',
    'WebGPU, in Node from the npm package webgpu',
    "Run npm install webgpu, and import 'tfjs-backend-webgpu-fused/node' instead.",
  ],
};

const PAGE_ADAPTER = [
  'no WebGPU adapter',
  'a GPU that the browser lets pages use',
  'Look at chrome://gpu (about:support in Firefox): drivers may be blocked, or acceleration off.',
] as const;

const MISSING_ADAPTER: Lines = {
  page: PAGE_ADAPTER,
  'insecure page': PAGE_ADAPTER,
  node: [
    'no WebGPU adapter',
    'a GPU with a driver for Vulkan, Metal or Direct3D 12, or a software driver',
    'On Linux without a GPU install Mesa 25 (lavapipe), or name a driver in VK_ICD_FILENAMES.',
  ],
};

function withoutWebGPU([got, needs, cure]: Lines[Runtime]): NoWebGPUError {
  return new NoWebGPUError(`[webgpu-fused] setBackend: got ${got}; needs ${needs}. ${cure}`);
}

function stateOf(device: GPUDevice): DeviceState {
  const known = states.get(device);
  if (known) return known;
  const state: DeviceState = { lost: null, users: 0, isOwn: false };
  states.set(device, state);
  void device.lost.then((info) => {
    state.lost = info;
  });
  // The event comes too late for whoever reads in the same task: a browser answers with zeros.
  const destroy = device.destroy.bind(device);
  device.destroy = () => {
    state.lost ??= { reason: 'destroyed', message: 'device.destroy() was called.' };
    destroy();
  };
  return state;
}
