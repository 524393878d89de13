/** In which form an attention is computed. */
import { kernelTarget } from '../../../src/fused-kernels/target';
import { attentionForm } from '../../../src/patterns/rules/attention-form';
import { defaultFacts, gpuTarget, softwareTarget } from '../fused-kernels/target';

const sizesOf = (heads: number, queries: number, keys: number, depth = 64, width = depth) => ({
  heads,
  queries,
  keys,
  depth,
  width,
});
const whole = { kind: 'whole' };
const composed = { kind: 'composed' };
const partsOf = (keysPerPart: number) => ({ kind: 'parts', keysPerPart });

test.each([
  ['as many queries as keys', sizesOf(8, 512, 512), gpuTarget, whole],
  ['a query, few keys', sizesOf(8, 1, 255), gpuTarget, whole],
  ['a query, many keys', sizesOf(8, 1, 2048), gpuTarget, partsOf(128)],
  ['more keys than there may be parts', sizesOf(8, 1, 65536), gpuTarget, partsOf(1024)],
  ['heads that keep the device busy', sizesOf(1024, 1, 2048), gpuTarget, partsOf(1024)],
  [
    'heads that keep a smaller one busy',
    sizesOf(64, 1, 2048),
    kernelTarget(defaultFacts, 'intel'),
    partsOf(768),
  ],
  ['16 queries', sizesOf(8, 16, 2048), gpuTarget, partsOf(128)],
  ['17 queries', sizesOf(8, 17, 2048), gpuTarget, whole],
  ['a query on a processor', sizesOf(8, 1, 2048), softwareTarget, whole],
  ['a head of 256', sizesOf(8, 512, 512, 256), gpuTarget, whole],
  ['a head of 260', sizesOf(8, 512, 512, 260), gpuTarget, composed],
  ['values of 260', sizesOf(8, 1, 2048, 64, 260), softwareTarget, composed],
])('%s', (_name, sizes, target, form) => {
  expect(attentionForm(sizes, target)).toMatchObject(form);
});
