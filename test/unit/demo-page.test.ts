/** The picture of the demo: both sides of each photograph, with what was seen in it. */
import { decode } from 'jpeg-js';
import { demoPage, type Comparison } from '../../examples/demo/page';

const SIZE = 32;

function compare(findings: Comparison['stock']['findings']): string {
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
