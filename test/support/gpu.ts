/** What test files of the `gpu` project share: the devices in use, and their uncaptured errors. */

interface GpuRecord {
  devices: GPUDevice[];
  errors: string[];
}

declare global {
  var gpuRecord: GpuRecord;
}

/** Every device that this test file has requested so far, in order. */
export function devices(): readonly GPUDevice[] {
  return gpuRecord.devices;
}

/** The device that was requested last: that of the backend in use, as a rule. */
export function device(): GPUDevice {
  const last = gpuRecord.devices.at(-1);
  if (!last) throw new Error('No device yet: call `await useBackend(...)` first.');
  return last;
}

/** Waits until all devices have done their work and told their errors. */
export async function settle(): Promise<void> {
  for (const one of gpuRecord.devices) {
    // A lost device settles at once.
    await Promise.race([one.queue.onSubmittedWorkDone(), one.lost]);
  }
  await new Promise((resolve) => setTimeout(resolve, 0));
}

/** Takes the errors that no scope captured since the last call; a test that causes some asks here. */
export async function takeGpuErrors(): Promise<string[]> {
  await settle();
  return gpuRecord.errors.splice(0);
}

/** Makes a registered backend the current one, ready to use; throws when it is not there. */
export async function useBackend(tf: TensorFlow, name: string): Promise<void> {
  const ok = await tf.setBackend(name);
  if (!ok) throw new Error(`The backend ${name} failed to initialise.`);
  await tf.ready();
  if (tf.getBackend() !== name) throw new Error(`The backend is ${tf.getBackend()}, not ${name}.`);
}

type TensorFlow = Pick<
  typeof import('@tensorflow/tfjs-core'),
  'setBackend' | 'ready' | 'getBackend'
>;
