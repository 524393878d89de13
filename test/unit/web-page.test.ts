/** The page of the demo: what goes into models, and what is counted of them. */
import { placePicture } from '../../examples/demo/resample';
import { pose } from '../../examples/demo/tasks/pose';
import { parseShapes } from '../../examples/web/own-model';
import { encodeBytes } from '../../examples/web/subjects';
import { Tally } from '../../examples/web/tally';

test('a file is read by its ends; what is missing has a code of its own', () => {
  const long = encodeBytes(Uint8Array.from({ length: 3000 }, (_, i) => i % 251));
  expect(long).toHaveLength(2048);
  expect([long[0], long[1023], long[1024], long[2047]]).toEqual([0, 19, 219, 238]);
  const short = encodeBytes(Uint8Array.of(7, 8));
  expect([short[0], short[1], short[2], short[2045], short[2046], short[2047]]).toEqual([
    ...[7, 8, 256, 256, 7, 8],
  ]);
});

test('shapes are read as the program reads them, and what is none is named', () => {
  expect(parseShapes(' image=1,224,224,3  ids=1,8 ')).toEqual(
    new Map([
      ['image', [1, 224, 224, 3]],
      ['ids', [1, 8]],
    ]),
  );
  expect(() => parseShapes('image=1,x')).toThrow('got "image=1,x"; needs name=1,224,224,3');
});

test('a picture lies in the middle of a letterbox, and the way back is that of its pixels', () => {
  const size = { width: 100, height: 100, low: 0, high: 1, letterbox: true };
  const placed = placePicture({ width: 400, height: 200 }, size);
  expect(placed).toMatchObject({ left: 0, top: 25, width: 100, height: 50 });
  expect(placed.toPicture(0, 25)).toEqual([0, 0]);
  expect(placed.toPicture(100, 75)).toEqual([400, 200]);
});

test('a pose has the joints that the model is sure of, and limbs between two of those', async () => {
  const values = new Float32Array(17 * 3);
  const place = (joint: number, y: number, x: number, score: number): void =>
    values.set([y, x, score], joint * 3);
  place(5, 0.25, 0.5, 0.9); // left shoulder
  place(7, 0.5, 0.5, 0.8); // left elbow
  place(9, 0.75, 0.5, 0.1); // left wrist, hidden
  const outputs = [{ name: 'pose', shape: [1, 1, 17, 3], dtype: 'float32' as const, values }];
  const fitted = { values, toPicture: (x: number, y: number): [number, number] => [2 * x, 2 * y] };
  const { points, limbs, lines } = await pose.describe(outputs, fitted);
  expect(lines).toEqual(['left shoulder 90% at (192, 96)', 'left elbow 80% at (192, 192)']);
  expect(limbs).toEqual([[points?.[0], points?.[1]]]);
});

test('medians are of the last thirty frames; what a backend cannot do is kept', () => {
  const tally = new Tally();
  for (let frame = 0; frame < 40; frame++) {
    tally.add('webgpu', { frameMs: frame, jsMs: 1, dispatches: 9, bytes: frame });
  }
  tally.note('wasm', { error: 'it has no such kernel' });
  expect(tally.standing('webgpu')).toEqual({ frameMs: 24.5, jsMs: 1, dispatches: 9, bytes: 39 });
  expect(tally.standing('wasm')).toEqual({ error: 'it has no such kernel' });
  expect(tally.standing('webgl')).toEqual({});
  tally.clear();
  expect(tally.standings().every(([, standing]) => Object.keys(standing).length === 0)).toBe(true);
});
