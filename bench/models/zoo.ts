/**
 * The real models that are measured: where they come from, what goes in, and what one warm
 * inference costs on the stock `webgpu` backend. Graph models first, then layers models.
 */
import type { InputContent, InputSpec, ModelEntry, PackageSource, StockCost } from './types';

const PACKAGES = {
  '@vladmandic/human@3.3.6':
    'sha512-Nr5mPfq1gQ+uKeXY5uM3Fj8UxvF5CEh2s6txM5wRThqaW0mF9huooOuZSrT8hhGho0hGaXLFdAwfD/2+teCv6A==',
  'nsfwjs@4.4.0':
    'sha512-krC1fgeTLXtZwgdpKJ0jm7hqv0gTSRQQRL+FhOaxaJ9Wj92t42BO3csO2odwgTAgZgf2RvkwPtp0R8Aa7dc+MA==',
  '@spotify/basic-pitch@1.0.1':
    'sha512-SAxiFi9ZnyhGdhWEOS9YVhdunZiKzI3I5zOccZzDzQRr4s00Ii9lphqlPMMfby3iYa7TSupB2g8yuu1kJ6gL+Q==',
  '@upscalerjs/default-model@1.0.0':
    'sha512-D17cokQBpciTBrlFuY5WtS7TH0WE3h5m44PYiPPCSq1jlWjG9BvH5/rnm9AhQPV6TT3Bqbg5GAPV8/qpR47/hQ==',
  '@upscalerjs/models@0.9.0':
    'sha512-R71fAmtSGWJ/BboVj1XADfT946SV+H0Ex5QMttK0cX2wfFGSRDqYR5uOkMZRtcnl3z4xvigNOwSX1a8BnCR8DA==',
  '@upscalerjs/maxim-denoising@0.1.0':
    'sha512-5dPkqYC1b9C8O+7trTjnB/mXf/N7jxI69B2tT97sqPclYQ5cWThAifn7KHXyzyyLeUfuM4lxqbPS/qMMr6p0eA==',
  '@vscode/vscode-languagedetection@1.0.23':
    'sha512-Ywk6vXC81nUHvc9WX3uFJG/UHFLXDYJgNeUVirBLJGvmchXHdapsGeAYclNqO1thQLmykmJhSouIZV+JJS8o1A==',
} as const;

const fromPackage = (name: keyof typeof PACKAGES, file: string): PackageSource => ({
  package: name,
  integrity: PACKAGES[name],
  file,
});

const human = (file: string) => fromPackage('@vladmandic/human@3.3.6', `models/${file}.json`);

const image = (low: number, high: number): InputContent => ({ kind: 'image', low, high });

const float = (name: string, shape: number[], content: InputContent): InputSpec[] => [
  { name, shape, dtype: 'float32', content },
];

const int = (name: string, shape: number[], content: InputContent): InputSpec[] => [
  { name, shape, dtype: 'int32', content },
];

const cost = (dispatches: number, floor: number, depthwisePointwise: number): StockCost => ({
  dispatches,
  floor,
  depthwisePointwise,
});

export const ZOO: readonly ModelEntry[] = [
  {
    name: 'liveness',
    format: 'graph',
    source: human('liveness'),
    inputs: float('conv2d_1_input', [1, 32, 32, 3], image(0, 1)),
    execute: 'sync',
    stock: cost(21, 9, 0),
  },
  {
    name: 'emotion',
    format: 'graph',
    source: human('emotion'),
    inputs: float('input_1', [1, 64, 64, 1], image(-1, 1)),
    execute: 'sync',
    stock: cost(24, 17, 4),
  },
  {
    name: 'antispoof',
    format: 'graph',
    source: human('antispoof'),
    inputs: float('conv2d_input', [1, 128, 128, 3], image(0, 1)),
    execute: 'sync',
    stock: cost(12, 8, 0),
  },
  {
    name: 'blazeface',
    format: 'graph',
    source: human('blazeface'),
    inputs: float('input', [1, 256, 256, 3], image(-1, 1)),
    execute: 'sync',
    stock: cost(136, 72, 32),
  },
  {
    name: 'facemesh',
    format: 'graph',
    source: human('facemesh'),
    inputs: float('input_1', [1, 192, 192, 3], image(0, 1)),
    execute: 'sync',
    stock: cost(114, 62, 24),
  },
  {
    name: 'iris',
    format: 'graph',
    source: human('iris'),
    inputs: float('input_1', [1, 64, 64, 3], image(0, 1)),
    execute: 'sync',
    stock: cost(146, 87, 26),
  },
  {
    name: 'handlandmark-lite',
    format: 'graph',
    source: human('handlandmark-lite'),
    inputs: float('input_1', [1, 224, 224, 3], image(0, 1)),
    execute: 'sync',
    stock: cost(145, 53, 0),
  },
  {
    name: 'movenet-lightning',
    format: 'graph',
    source: human('movenet-lightning'),
    inputs: int('input', [1, 192, 192, 3], image(0, 255)),
    execute: 'sync',
    stock: cost(131, 79, 24),
  },
  {
    name: 'faceres',
    format: 'graph',
    source: human('faceres'),
    inputs: float('input_1', [1, 224, 224, 3], image(0, 255)),
    execute: 'sync',
    stock: cost(155, 32, 0),
  },
  {
    name: 'centernet',
    format: 'graph',
    source: human('centernet'),
    inputs: float('tower_0/images', [1, 512, 512, 3], image(0, 255)),
    execute: 'sync',
    stock: cost(411, 244, 14),
  },
  {
    name: 'handtrack',
    format: 'graph',
    source: human('handtrack'),
    inputs: int('input_tensor', [1, 320, 320, 3], image(0, 255)),
    execute: 'async',
    stockFails: 'loops that read tensors back synchronously',
  },
  {
    name: 'meet',
    format: 'graph',
    source: { bundled: 'meet/meet.json' },
    inputs: float('input_1', [1, 144, 256, 3], image(0, 1)),
    execute: 'sync',
    stock: cost(229, 68, 0),
  },
  {
    name: 'magika',
    format: 'graph',
    source: { bundled: 'magika/model.json' },
    inputs: int('xs_0', [1, 2048], { kind: 'bytes' }),
    execute: 'async',
    stock: { ...cost(68, 11, 0), honestFloor: 9 },
  },
  {
    name: 'basic-pitch',
    format: 'graph',
    source: fromPackage('@spotify/basic-pitch@1.0.1', 'model/model.json'),
    inputs: float('input_2', [1, 43844, 1], { kind: 'audio' }),
    execute: 'sync',
    stock: {
      ...cost(182, 35, 0),
      honestFloor: 36,
      aboveFloor: {
        dispatches: 1,
        reason:
          'eight shifted copies of the spectrogram are stored side by side: both convolutions that read ' +
          'them, 3×39 and 5×5, load eight channels as two vec4 for each of their 117 and 25 taps, ' +
          'where reading through the shifts is eight loads with bounds checks',
      },
    },
  },
  {
    name: 'nsfw-mobilenet_v2_mid',
    format: 'graph',
    source: fromPackage('nsfwjs@4.4.0', 'dist/models/mobilenet_v2_mid/model.min.js'),
    encoding: 'nsfwjs',
    inputs: float('input', [1, 224, 224, 3], image(0, 1)),
    execute: 'sync',
    stock: cost(68, 55, 17),
  },
  {
    name: 'vscode-languagedetection',
    format: 'graph',
    source: fromPackage('@vscode/vscode-languagedetection@1.0.23', 'model/model.json'),
    inputs: [{ name: 'Placeholder', shape: [1], dtype: 'string', content: { kind: 'text' } }],
    execute: 'async',
    stockFails: 'string kernels that stock webgpu lacks',
  },
  {
    name: 'maxim-denoising',
    format: 'graph',
    source: fromPackage('@upscalerjs/maxim-denoising@0.1.0', 'models/model.json'),
    inputs: float('xs_0', [1, 64, 64, 3], { kind: 'image', low: 0, high: 1 }),
    execute: 'sync',
    topologyOnly: true,
  },
  {
    name: 'nsfw-mobilenet_v2',
    format: 'layers',
    source: fromPackage('nsfwjs@4.4.0', 'dist/models/mobilenet_v2/model.min.js'),
    encoding: 'nsfwjs',
    inputs: float('input_1', [1, 224, 224, 3], image(0, 1)),
    execute: 'sync',
    stock: cost(197, 57, 0),
  },
  {
    name: 'upscaler-default-x2',
    format: 'layers',
    source: fromPackage('@upscalerjs/default-model@1.0.0', 'models/model.json'),
    inputs: float('LR', [1, 64, 64, 3], image(0, 255)),
    execute: 'sync',
    stock: cost(24, 12, 0),
  },
  {
    name: 'upscaler-div2k-2x',
    format: 'layers',
    source: fromPackage('@upscalerjs/models@0.9.0', 'models/div2k/005-2x/model.json'),
    inputs: float('LR', [1, 64, 64, 3], image(0, 255)),
    execute: 'sync',
    stock: cost(126, 48, 0),
  },
];

/** The entries of these names; without names, the graph models that run. */
export function selectModels(names: readonly string[]): ModelEntry[] {
  if (names.length === 0) {
    return ZOO.filter((entry) => entry.format === 'graph' && !entry.topologyOnly);
  }
  return names.map((name) => {
    const entry = ZOO.find((candidate) => candidate.name === name);
    if (entry) return entry;
    throw new Error(`No model named "${name}". Known: ${ZOO.map((e) => e.name).join(', ')}`);
  });
}
