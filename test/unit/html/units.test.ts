/** What the report draws: every node of a model has its box, and boxes are where they do not overlap. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import { PlanningRuntime } from '../../../src/cli/planning-runtime';
import { hookOf, installGraphModelHook, optimize } from '../../../src/graph-model';
import type { Box } from '../../../src/html/page/arrange';
import { layoutUnits } from '../../../src/html/page/layout';
import { unitsOf, type Units } from '../../../src/html/page/units';
import { reportData } from '../../../src/html/report-data';
import { residualGraphModel } from '../../support/residual-graph-model';
import { softwareTarget } from '../fused-kernels/target';

const BLOCKS = 5;

let units: Units;
let shaders: number;

beforeAll(async () => {
  await tf.setBackend('cpu');
  installGraphModelHook({
    backendName: 'cpu',
    runtime: new PlanningRuntime(softwareTarget),
    isEnabled: () => true,
  });
  const { json, weights } = residualGraphModel(BLOCKS);
  const stored = json as tf.io.ModelJSON;
  const model = await loadGraphModel({
    load: () =>
      tf.io.getModelArtifactsForJSON(stored, async (manifest) => [
        manifest.flatMap((group) => group.weights),
        weights.slice().buffer,
      ]),
  });
  const told = await optimize(model);
  const data = reportData(told, { title: 'test', subtitle: '' });
  units = unitsOf(data);
  shaders = data.shaders.length;
  hookOf(model)?.remove();
});

test('a model is planned without a device: a box for each dispatch, and one for the input', () => {
  expect(units.all.map(({ title }) => title)).toEqual([
    'image',
    ...Array.from({ length: BLOCKS }, () => 'Conv2D → Add → Relu6 → Add'),
    expect.stringContaining('Mean'),
    expect.stringContaining('MatMul'),
    'Softmax',
  ]);
  expect(shaders).toBe(4);
});

test('every node has its box, and boxes follow each other as values flow', () => {
  for (const { name } of units.nodes.values()) expect(units.homes.get(name)).toBeDefined();
  const flows = units.flows.map(([from, to]) => [units.all.indexOf(from), units.all.indexOf(to)]);
  expect(flows).toEqual(
    expect.arrayContaining([
      [0, 1],
      [1, 2],
      [BLOCKS, BLOCKS + 1],
    ]),
  );
  for (const [from, to] of flows) expect(from).toBeLessThan(to);
});

test.each([
  ['closed', false],
  ['open', true],
])('%s boxes do not overlap, and nodes lie inside theirs', (_what, isOpen) => {
  const layout = layoutUnits(units, new Set(isOpen ? units.all : []), { width: 900, height: 500 });
  const boxes = [...layout.units.values()];
  boxes.forEach((a, at) => {
    for (const b of boxes.slice(at + 1)) expect(overlap(a, b)).toBe(false);
  });
  expect(layout.nodes.size).toBe(isOpen ? units.nodes.size : 0);
  for (const [node, box] of layout.nodes) {
    const home = units.homes.get(node.name);
    const outer = home && layout.units.get(home);
    expect(outer && inside(box, outer)).toBe(true);
  }
  expect(layout.edges.length).toBeGreaterThanOrEqual(units.flows.length);
});

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function inside(inner: Box, outer: Box): boolean {
  return (
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height
  );
}
