/**
 * The GPT of `@genai-fi/nanogpt`, its own code: forward passes, and steps of its trainer.
 *
 * The package bundles a copy of tfjs-core, but engine, kernels and gradients are global to the
 * process: the copy finds ours and runs on it. Some kernels the package has twice, as WGSL for
 * `webgpu` and in plain tfjs ops for backends without shaders. Here `webgpu-fused` always gets the
 * plain ones; stock gets them too (the same program on both), or what the package made for it.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { fetchPackage } from '../models/packages';
import type { OpenWorkload, Workload } from './workload';

const SOURCE = {
  package: '@genai-fi/nanogpt@1.3.0',
  integrity:
    'sha512-exZmEjaE4/cJpQ1jVBVBW9FSvpSFcopwUgmvUoY5W1xvFbVIVhUSmutb+s82q6yVg8QuKQFMNhE9TofE38ZuFQ==',
};

/** Kernels that exist in plain ops as well, for `cpu`. */
const IN_PLAIN_OPS = ['RMSNorm', 'RMSNormGrad', 'Rope', 'AttentionMask', 'Gelu', 'GeluGrad'];

const CONFIG = {
  modelType: 'GenAI_NanoGPT_v1',
  ...{ vocabSize: 64, blockSize: 32, nLayer: 2, nHead: 4, nEmbed: 64, mlpFactor: 4, useRope: true },
};
const BATCH = 4;
const TRAINING = { learningRate: 3e-3, warmupSteps: 0 };

interface Model {
  forward(options: { training: boolean }, ids: tf.Tensor): tf.Tensor;
  dispose(): void;
}

interface Trainer {
  trainStep(state: object, batch: { xs: tf.Tensor; ys: tf.Tensor }): tf.Scalar;
  dispose(): void;
}

interface Package {
  createModel(config: typeof CONFIG): Model;
  readonly Trainer: new (model: Model, tokenizer: undefined, options: typeof TRAINING) => Trainer;
  /** What the package registers for `webgpu`. */
  readonly shaders: readonly tf.KernelConfig[];
}

let loaded: Promise<Package> | undefined;

async function loadPackage(): Promise<Package> {
  const folder = join(await fetchPackage(SOURCE), 'dist');
  const load = async (file: string): Promise<unknown> =>
    import(pathToFileURL(join(folder, file)).href);
  // Its copy of tfjs was bundled for browsers, and looks for Node's modules in vain.
  tf.env().set('IS_NODE', false);
  try {
    const models = (await load('models/factory.js')) as { default: Package['createModel'] };
    const trainers = (await load('training/BasicTrainer.js')) as { default: Package['Trainer'] };
    await load('ops/webgpu/index.js');
    return {
      createModel: models.default,
      Trainer: trainers.default,
      shaders: IN_PLAIN_OPS.map((name) => kernelOf(name, 'webgpu')),
    };
  } finally {
    tf.env().set('IS_NODE', true);
  }
}

function kernelOf(name: string, backend: string): tf.KernelConfig {
  const config = tf.getKernel(name, backend);
  if (!config) throw new Error(`The package registers no ${name} for ${backend}.`);
  return config;
}

/** Makes kernels those of the active backend. */
function useKernels(configs: readonly tf.KernelConfig[]): void {
  const backendName = tf.getBackend();
  for (const config of configs) {
    tf.unregisterKernel(config.kernelName, backendName);
    tf.registerKernel({ ...config, backendName });
  }
}

/** A model with weights that are the same on every backend, and what it reads. */
class Session {
  readonly ids = tokens(0);
  readonly targets = tokens(1);
  readonly model: Model;
  /** The package names its variables: each model needs a registry of its own. */
  private readonly variables: Record<string, tf.Variable> = {};
  private readonly others = tf.engine().state.registeredVariables;

  constructor(createModel: Package['createModel']) {
    this.activate();
    this.model = createModel(CONFIG);
    // Most weights are made by the first pass.
    this.model.forward({ training: false }, this.ids).dispose();
    Object.values(this.variables).forEach((variable, seed) => {
      if (variable.rank < 2) return;
      tf.tidy(() => variable.assign(tf.randomNormal(variable.shape, 0, 0.08, 'float32', seed + 1)));
    });
  }

  activate(): void {
    tf.engine().state.registeredVariables = this.variables;
  }

  dispose(): void {
    this.model.dispose();
    tf.dispose([this.ids, this.targets]);
    tf.engine().state.registeredVariables = this.others;
  }
}

function tokens(from: number): tf.Tensor {
  const length = BATCH * CONFIG.blockSize;
  const text = Int32Array.from(
    { length },
    (_, i) => ((i + from) * (i + from + 3)) % CONFIG.vocabSize,
  );
  return tf.tensor2d(text, [BATCH, CONFIG.blockSize], 'int32');
}

function workload(
  name: string,
  details: Partial<Workload> & Pick<Workload, 'group'>,
  stockKernels: 'plain' | 'shaders',
  start: (pack: Package, session: Session) => Omit<OpenWorkload, 'dispose'> & { end?(): void },
): Workload {
  return {
    name,
    ...details,
    async open() {
      const pack = await (loaded ??= loadPackage());
      const plain = IN_PLAIN_OPS.map((kernel) => kernelOf(kernel, 'cpu'));
      const isStock = tf.getBackend() === 'webgpu';
      useKernels(isStock && stockKernels === 'shaders' ? pack.shaders : plain);
      const session = new Session(pack.createModel);
      const program = start(pack, session);
      return {
        run() {
          session.activate();
          return program.run();
        },
        dispose() {
          program.end?.();
          session.dispose();
        },
      };
    },
  };
}

const forward: Parameters<typeof workload>[3] = (_pack, { model, ids }) => ({
  run: () => [model.forward({ training: false }, ids)],
});

const training: Parameters<typeof workload>[3] = ({ Trainer }, { model, ids, targets }) => {
  const trainer = new Trainer(model, undefined, TRAINING);
  return {
    run: () => [trainer.trainStep({}, { xs: ids, ys: targets })],
    end: () => trainer.dispose(),
  };
};

export const nanogpt: readonly Workload[] = [
  workload('nanogpt, forward', { group: 'model' }, 'plain', forward),
  workload('nanogpt, training step', { group: 'training' }, 'plain', training),
  workload('nanogpt against its own shaders, forward', { group: 'model' }, 'shaders', forward),
  workload(
    'nanogpt against its own shaders, training step',
    { group: 'training', share: 1 },
    'shaders',
    training,
  ),
];
