/** Tables and charts of notebooks: what they show, and the text beside it. */
import { chart, chartKernels, chartLifetimes, chartSavings, table } from '../../../src/report';
import type { Display, PlanRecord, Shown } from '../../../src/report';

const shownBy = (display: Display): Shown =>
  (display as unknown as Record<symbol, () => Shown>)[Symbol.for('Jupyter.display')]();

const specOf = (display: Display) =>
  shownBy(display)['application/vnd.vegalite.v5+json'] as {
    $schema: string;
    data: { values: Record<string, unknown>[] };
  };

const kernel = (family: string, bytes: number) =>
  ({ family, label: 'A → B', bytes, origins: ['a', 'b'] }) as unknown as PlanRecord['kernels'][0];

test('a table has a column for each key, as HTML that hides nothing and as text', () => {
  const display = table([
    { op: 'a < b', times: 2 },
    { op: 'c', times: 1 },
  ]);
  expect(shownBy(display)['text/html']).toContain('<td>a &#60; b</td><td>2</td>');
  expect(String(display)).toBe('op | times\na < b | 2\nc | 1');
  expect(String(table([]))).toBe('');
});

test('a chart is a specification with its data in it', () => {
  const display = chart({ mark: 'bar' }, [{ x: 1 }], 'one');
  expect(specOf(display)).toMatchObject({ mark: 'bar', data: { values: [{ x: 1 }] } });
  expect(specOf(display).$schema).toMatch(/vega-lite\/v5/);
  expect(shownBy(display)['text/plain']).toBe('one');
});

test('savings: dispatches and megabytes of both sides', () => {
  const display = chartSavings({
    dispatches: { before: 136, after: 40 },
    bytes: { before: 156e6, after: 41.1e6 },
  });
  expect(specOf(display).data.values.map(({ value }) => value)).toEqual([136, 156, 40, 41.1]);
});

test('kernels: one bar a dispatch, in their order', () => {
  const display = chartKernels({ kernels: [kernel('conv2d', 2e6), kernel('map', 1234)] });
  const values = specOf(display).data.values;
  expect(values.map(({ dispatch, family, MB }) => [dispatch, family, MB])).toEqual([
    [1, 'conv2d', 2],
    [2, 'map', 0.001],
  ]);
  expect(String(display)).toBe('2 dispatches: 1 conv2d, 1 map');
});

test('lifetimes: intermediates stand on their slab, others are left out', () => {
  const value = { name: 'v', shape: [1], dtype: 'float32', bytes: 1e6 };
  const display = chartLifetimes({
    values: [
      { ...value, kind: 'input' },
      { ...value, kind: 'intermediate', place: { slab: 1, offset: 5e5, first: 2, last: 3 } },
    ],
    memory: { slabs: [2e6, 3e6], allocated: 5e6, lowerBound: 1e6, unshared: 8e6 },
  });
  expect(specOf(display).data.values).toEqual([
    { name: 'v', slab: 'slab 2', from: 2, to: 4, low: 2.5, high: 3.5 },
  ]);
  expect(String(display)).toBe('1 intermediates on 2 slabs: 5 MB, 8 MB unshared');
});
