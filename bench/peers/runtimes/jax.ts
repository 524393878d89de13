/** jax-js on its WebGPU device, in Node. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { jaxFunction, type Jax } from '../dialects/jax';
import { inputValues } from '../input';
import { peerFolder } from '../packages';
import type { Runtime } from './runtime';

export const jax: Runtime = {
  async open({ input, network }) {
    const url = pathToFileURL(join(peerFolder('@jax-js/jax'), 'dist', 'index.js')).href;
    const library = (await import(url)) as Jax;
    const devices = await library.init('webgpu');
    if (!devices.includes('webgpu')) throw new Error('jax-js finds no WebGPU device.');
    library.defaultDevice('webgpu');
    const network_ = jaxFunction(library, network);
    const values = inputValues(input);
    return {
      async run() {
        const y = network_(library.numpy.array(values, { shape: input }));
        return y.data();
      },
    };
  },
};
