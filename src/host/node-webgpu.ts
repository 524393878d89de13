/**
 * WebGPU in Node, as a page has it: `navigator.gpu` and the classes, from the npm package `webgpu`
 * (Dawn). To be evaluated before stock `webgpu`, which looks for it once. What is there already stays.
 */
import { create, globals } from 'webgpu';

function provide(target: object, name: string, value: unknown): void {
  if (name in target) return;
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
}

for (const [name, value] of Object.entries(globals as object)) provide(globalThis, name, value);
// Node has a navigator since version 21.
provide(globalThis, 'navigator', { userAgent: 'Node.js' });
provide(globalThis.navigator, 'gpu', create([]));
