/** A fault planted in every kernel family, one by one, is found and named. */
import '@tensorflow/tfjs-backend-cpu';
import { fusedKernels } from '../../../src/fused-kernels/index';
import { registerWebGPUFused } from '../../../src/backend/register';
import { FAMILY_CASES } from '../../support/plants/cases';
import { plantedGraph } from '../../support/plants/judge-plant';
import { doubleStores, spoilFamily } from '../../support/plants/plant';

registerWebGPUFused();

test('every family has a case', () => {
  expect(Object.keys(FAMILY_CASES).sort()).toEqual(fusedKernels.map(({ name }) => name).sort());
});

test.each(fusedKernels.map((family) => [family.name, family] as const))(
  '%s',
  async (name, family) => {
    const planted = await plantedGraph({ adapter: 'software', ...FAMILY_CASES[name] });
    expect(planted.families()).toContain(name);
    expect(await planted.judge()).toEqual([]);
    const restore = spoilFamily(family, doubleStores);
    try {
      const found = await planted.judge();
      expect(found.length).toBeGreaterThan(0);
      for (const { kind, family: named, nodes, wgsl } of found) {
        expect({ kind, named, nodes }).toEqual({ kind: 'kernel', named: name, nodes: ['node'] });
        expect(wgsl).toMatch(/^\/\/ fused: /);
      }
    } finally {
      restore();
    }
  },
);
