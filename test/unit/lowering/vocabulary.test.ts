/** Every kernel of tfjs and every op of its converter: lowered, or left to tfjs with a reason. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lazyKernels } from '../../../src/eager/kernels';
import { importedOps } from '../../../src/graph-model/import';
import { scalarOps } from '../../../src/ir/expression';
import { LAUNCHES_NOTHING, whyLeft } from '../../../src/lowering/left-to-tfjs';

/** What a file of tfjs's names, without its source map. */
function namesIn(file: string, pattern: RegExp): string[] {
  const [text] = readFileSync(file, 'utf8').split('//# sourceMappingURL');
  return [...text.matchAll(pattern)].map(([, name]) => name);
}

function folderOf(name: string): string {
  return dirname(require.resolve(`@tensorflow/${name}/package.json`));
}

const kernels = namesIn(join(folderOf('tfjs-core'), 'dist/kernel_names.js'), /= '(\w+)';/g);
const opLists = join(folderOf('tfjs-converter'), 'dist/operations/op_list');
const ops = readdirSync(opLists)
  .filter((file) => file.endsWith('.js'))
  .flatMap((file) => namesIn(join(opLists, file), /'tfOpName': '(\w+)'/g));

const queued = new Set(lazyKernels.map(({ kernel }) => kernel));
const imported = new Set(importedOps);

test('tfjs says what kernels and ops it has', () => {
  expect(kernels.length).toBeGreaterThan(150);
  expect(ops.length).toBeGreaterThan(200);
});

test.each(kernels)('kernel %s is lowered, or left to tfjs for a reason', (kernel) => {
  const lowered = queued.has(kernel) || LAUNCHES_NOTHING.has(kernel) || imported.has(kernel);
  expect(lowered).toBe(whyLeft(kernel) === undefined);
});

test.each(ops)('op %s is imported, or left to tfjs for a reason', (op) => {
  expect(imported.has(op)).toBe(whyLeft(op) === undefined);
});

test.each(kernels.filter((kernel) => ops.includes(kernel)))(
  '%s has one form for graphs and for eager code',
  (name) => {
    const eager = queued.has(name) || LAUNCHES_NOTHING.has(name) || COMPOSED.has(name);
    expect(imported.has(name)).toBe(eager);
  },
);

/** Kernels that no backend has: tfjs composes them of others, which are lowered. */
const COMPOSED: ReadonlySet<string> = new Set(['MatrixBandPart']);

test('every scalar op is in both tables', () => {
  for (const kernel of scalarOps.keys()) expect(queued).toContain(kernel);
  const aliases: Readonly<Record<string, string>> = { Multiply: 'Mul' };
  for (const kernel of scalarOps.keys()) {
    const known = imported.has(aliases[kernel] ?? kernel);
    // tf.step is no op of TensorFlow's.
    expect([kernel, known]).toEqual([kernel, kernel !== 'Step']);
  }
});
