/** The picture of the demo: both sides of each photograph, with what was seen in it. */
import { decode } from 'jpeg-js';
import { demoPage, type Comparison } from '../../examples/demo/page';

const SIZE = 32;

function compare(findings: Comparison['fused']['findings']): string {
  const rgb = new Uint8Array(SIZE * SIZE * 3).fill(200);
  const picture = { name: 'grey', width: SIZE, height: SIZE, rgb };
  const stock = { findings, dispatches: 40, milliseconds: 30 };
  const fused = { findings, dispatches: 10, milliseconds: 12 };
  return demoPage([{ title: 'A <task>', picture, stock, fused, fusion: 'Conv2D → Relu' }]);
}

test('boxes are drawn over the photograph, with times and dispatches', () => {
  const box = { text: 'cat & dog 99%', x: 1, y: 2, width: 3, height: 4 };
  const page = compare({ lines: ['a line'], boxes: [box] });
  expect(page.match(/<rect x="1" y="2" width="3" height="4"/g)).toHaveLength(2);
  expect(page).toContain('cat &#38; dog 99%');
  expect(page).toContain('A &#60;task&#62;');
  expect(page).toContain('10 dispatches, 12.0 ms <b>2.50×</b>');
  expect(page).toContain('<pre>Conv2D → Relu</pre>');
});

test('before stock has looked, its side waits, nothing is timed, and the page loads itself again', () => {
  const picture = { name: 'grey', width: SIZE, height: SIZE, rgb: new Uint8Array(SIZE * SIZE * 3) };
  const boxes = [{ text: 'cat 99%', x: 1, y: 2, width: 3, height: 4 }];
  const fused = { findings: { lines: [], boxes }, dispatches: 10, milliseconds: NaN };
  const page = demoPage([{ title: 'A task', picture, fused }], true);
  expect(page.match(/<rect/g)).toHaveLength(1);
  expect(page).toContain('<strong>webgpu</strong> compiles its shaders');
  expect(page).toContain('<strong>webgpu-fused</strong> 10 dispatches\n');
  expect(page).not.toMatch(/ ms|NaN/);
  expect(page).toContain('http-equiv="refresh"');
  expect(compare({ lines: [] })).not.toContain('http-equiv="refresh"');
});

test('what is not in a mask is dark', () => {
  const values = Float32Array.from({ length: 4 }, (_, i) => i % 2);
  const page = compare({ lines: ['person: 50%', '##'], mask: { width: 2, height: 2, values } });
  const [, image] = /base64,([^"]+)"/.exec(page) ?? [];
  const { data } = decode(Buffer.from(image, 'base64'), { useTArray: true });
  expect(data[0]).toBeLessThan(80);
  expect(data[4 * (SIZE - 1)]).toBeGreaterThan(180);
  expect(page).toContain('<br>person: 50%');
  expect(page).not.toContain('##');
});
