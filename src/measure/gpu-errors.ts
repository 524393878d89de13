/** Errors that WebGPU reports by itself (invalid shaders and commands, lost devices). */
import { observe } from './observe';

const gpuErrors: string[] = [];

/** Collects the errors of every device that is made from now on. */
export function watchDevices(): void {
  observe(GPUAdapter, 'requestDevice', (_, __, promise) => {
    void promise.then(watchDevice, () => undefined);
  });
}

function watchDevice(device: GPUDevice): void {
  device.addEventListener('uncapturederror', ({ error }) => gpuErrors.push(error.message));
  void device.lost.then(({ reason, message }) => gpuErrors.push(`lost (${reason}): ${message}`));
}

/** The errors so far, and forgets them. */
export function takeGpuErrors(): string[] {
  return gpuErrors.splice(0);
}
