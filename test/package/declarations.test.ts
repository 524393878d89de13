/** What the published types speak of, and nothing of the inside besides. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const SPOKEN_OF: Readonly<Record<string, readonly string[]>> = {
  'the backend, without what only this package calls': [
    ...['BACKEND_NAME', 'LazyBackend', 'PlanDevice', 'WebGPUFusedBackend'],
    ...['Converter', 'RegisterOptions', 'aliasWebGPU', 'register', 'useDevice', 'version'],
  ],
  'graph models': [
    ...['CaptureExplanation', 'ModelExplanation', 'NodeFate', 'OptimizeOptions'],
    ...['RefusalExplanation', 'RegionExplanation', 'ReplayedMemory', 'StockCost', 'WarmupOptions'],
    ...['WarmupProgress', 'WarmupReport', 'explain', 'optimize', 'warmup'],
    ...['CompilationExplanation', 'OpenShape', 'NewShaderRecord', 'NewShapeRecord', 'TextRecord'],
  ],
  tuning: ['TunedChoice', 'TuningJson', 'exportTuning', 'importTuning'],
  'eager code and captured calls': [
    ...['CaptureStatus', 'Captured', 'FlushReason', 'FlushTrace', 'LeftAlone', 'ReplayMemory'],
    ...['Trace', 'capture', 'lastTrace'],
  ],
  'operations by name': [
    ...['ActivationName', 'AttentionOptions', 'DenseLayer', 'Input', 'NormOptions'],
    ...['ResidualNormOptions', 'SumAndNorm', 'attention', 'layerNorm', 'mlp', 'rmsNorm'],
  ],
  rules: ['FusionRule', 'Match', 'Replacement', 'RuleTarget', 'registerFusion'],
  patterns: [
    ...['Bindings', 'OpOptions', 'Pattern', 'any', 'below', 'constant', 'exactly', 'named'],
    ...['near', 'oneOf', 'op', 'optional', 'scalar', 'scalarValue', 'single'],
  ],
  'graphs, which rules are about': [
    ...[
      'Attrs',
      'ConstantData',
      'DType',
      'Graph',
      'GraphBuilder',
      'HostData',
      'Magnitudes',
      'Node',
    ],
    ...['Shape', 'Value', 'ValueSpec'],
  ],
  records: [
    ...[
      'CaptureRecord',
      'ChoiceRecord',
      'InvocationRecord',
      'KernelRecord',
      'MemoryRecord',
      'PartRecord',
      'PlaceRecord',
      'PlanRecord',
      'RefusalRecord',
    ],
    ...['RewriteRecord', 'RuleStatistics', 'ValueRecord'],
  ],
};

const DECLARED = /^(?:declare )?(?:abstract )?(?:class|interface|type|function|const) (\w+)/gm;

/** An entry's declarations and those of all chunks that they are in. */
function filesOf(entry: string, extension: string, seen = new Set<string>()): Set<string> {
  if (seen.has(entry)) return seen;
  seen.add(entry);
  const chunks = readFileSync(entry, 'utf8').matchAll(/from '(\.[^']+)'/g);
  for (const [, chunk] of chunks) {
    filesOf(join(dirname(entry), chunk.replace(/\.[mc]?js$/, `.d.${extension}`)), extension, seen);
  }
  return seen;
}

/** Names that the declarations have, but for the members of `pattern` once more. */
function namesIn(extension: string): string[] {
  const texts = [...filesOf(`dist/index.d.${extension}`, extension)].map((file) =>
    readFileSync(file, 'utf8'),
  );
  const names = texts.flatMap((text) => [...text.matchAll(DECLARED)].map(([, name]) => name));
  return [...new Set(names)].filter((name) => !name.startsWith('index_')).sort();
}

test.each(['ts', 'cts'])('declarations (.d.%s)', (extension) => {
  expect(namesIn(extension)).toEqual(Object.values(SPOKEN_OF).flat().sort());
});
