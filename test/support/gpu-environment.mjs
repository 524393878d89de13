// A Jest environment with WebGPU. Dawn is loaded outside the tests' realm, once, and one GPU lives
// as long as the process; each test file gets the GPU classes, and devices of its own.
import { TestEnvironment as NodeEnvironment } from 'jest-environment-node';
import { globals } from 'webgpu';
import { installWebGPU } from '../../tools/gpu/install-webgpu.mjs';
import { loseOnDevice } from './lossy-wgsl/lossy.mjs';

/** Arrays that Dawn hands out or accepts are of the outer realm: tests must use the same. */
const SHARED_CLASSES = {
  ArrayBuffer,
  SharedArrayBuffer,
  DataView,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
};

const nodeSetImmediate = globalThis.setImmediate;

/**
 * The record of the test file that runs now, and what its devices lose on purpose.
 *
 * @type {{devices: GPUDevice[], errors: string[], losses: import('./lossy-wgsl/lossy.mjs').Loss[]}}
 */
let record = { devices: [], errors: [], losses: [] };

/** @type {GPU | undefined} */
let gpu;

/** Notes each device and its uncaptured errors, whoever requests it. */
function watchDevices() {
  const { prototype } = /** @type {{GPUAdapter: {prototype: GPUAdapter}}} */ (globals).GPUAdapter;
  const { requestDevice } = prototype;
  prototype.requestDevice = async function (descriptor) {
    const device = await requestDevice.call(this, descriptor);
    const { devices, errors, losses } = record;
    devices.push(device);
    if (losses.length > 0) loseOnDevice(device, losses, (problem) => errors.push(problem));
    device.addEventListener('uncapturederror', ({ error }) => {
      errors.push(`${error.constructor.name}: ${error.message}`);
    });
    return device;
  };
}

export default class GpuEnvironment extends NodeEnvironment {
  /**
   * @param {import('@jest/environment').JestEnvironmentConfig} config of a project whose option
   *   `losses` says what its devices lose (see `lossy-wgsl`)
   * @param {import('@jest/environment').EnvironmentContext} context
   */
  constructor(config, context) {
    super(config, context);
    const { losses = [] } = config.projectConfig.testEnvironmentOptions;
    this.losses = /** @type {import('./lossy-wgsl/lossy.mjs').Loss[]} */ (losses);
  }

  /** @override */
  async setup() {
    await super.setup();
    Object.assign(this.global, SHARED_CLASSES);
    if (!gpu) {
      gpu = installWebGPU({ scope: this.global });
      watchDevices();
      if (!(await gpu.requestAdapter())) {
        throw new Error(
          'No WebGPU adapter. Run these tests with `npm run test:gpu`, or any command through ' +
            '`node tools/with-gpu.mjs`, which finds or fetches one.',
        );
      }
    } else {
      installWebGPU({ scope: this.global, gpu });
    }
    record = { devices: [], errors: [], losses: this.losses };
    this.global.gpuRecord = record;

    // Dawn calls the outer realm's setImmediate, looked up at each call: a test or a source that
    // wraps the inner one is to see those calls, too.
    this.global.setImmediate = nodeSetImmediate;
    /** @type {(callback: (...args: unknown[]) => void, ...args: unknown[]) => NodeJS.Immediate} */
    const forward = (callback, ...args) =>
      (this.global?.setImmediate ?? nodeSetImmediate)(callback, ...args);
    globalThis.setImmediate = Object.assign(forward, nodeSetImmediate);
  }

  /** @override */
  async teardown() {
    for (const device of record.devices) device.destroy();
    await new Promise((resolve) => nodeSetImmediate(resolve));
    globalThis.setImmediate = nodeSetImmediate;
    await super.teardown();
  }
}
