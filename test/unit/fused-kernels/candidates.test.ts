import { chooseCandidate, shapeClass } from '../../../src/fused-kernels/candidates';
import type { Choice } from '../../../src/fused-kernels/target';
import { gpuTarget } from './target';

const ranked = [{ name: 'wide' }, { name: 'narrow' }, { name: 'flat' }];

describe('a family takes', () => {
  test("its rule's pick, if nothing was measured", () => {
    expect(chooseCandidate(gpuTarget, 'product', 'rows 8', ranked)).toBe(ranked[0]);
  });

  test('what was measured to be fastest, of what is legal', () => {
    const asked: Choice[] = [];
    const choose = (choice: Choice): string => {
      asked.push(choice);
      return 'flat';
    };
    const target = { ...gpuTarget, choose };
    expect(chooseCandidate(target, 'product', 'rows 8', ranked)).toBe(ranked[2]);
    expect(asked).toEqual([
      { family: 'product', shape: 'rows 8', candidates: ['wide', 'narrow', 'flat'] },
    ]);
    expect(chooseCandidate(target, 'product', 'rows 8', ranked.slice(0, 2))).toBe(ranked[0]);
  });

  test('nothing, where nothing is legal', () => {
    expect(() => chooseCandidate(gpuTarget, 'product', 'rows 8', [])).toThrow(
      'product rows 8: no candidate is legal here',
    );
  });
});

test('classes of shapes: exact while small, then four to a power of two', () => {
  expect(shapeClass({ rows: 7, columns: 16 })).toBe('rows 7, columns 16');
  expect(shapeClass({ rows: 17 })).toBe(shapeClass({ rows: 19 }));
  expect(shapeClass({ rows: 19 })).not.toBe(shapeClass({ rows: 20 }));
  expect(shapeClass({ rows: 1000 })).toBe('rows 896');
  expect(shapeClass({ rows: 1024 })).toBe('rows 1024');
});
