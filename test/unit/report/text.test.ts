import type { PlanRecord, RefusalRecord } from '../../../src/report/record';
import { formatDispatches, formatPlan, formatRefusals } from '../../../src/report/text';

const refusal = (reason: string, rule = 'rule', nodes: string[] = ['a/node']): RefusalRecord => ({
  rule,
  nodes,
  reason,
});

describe('dispatches', () => {
  it.each([
    [65, 219, 'about 219 kernels as single ops → 65 dispatches'],
    [1, 3, 'about 3 kernels as single ops → 1 dispatch'],
    [7, undefined, '7 dispatches'],
  ])('%i of %p', (after, before, text) => {
    expect(formatDispatches(after, before)).toBe(text);
  });
});

describe('refusals', () => {
  it('that differ only in names are one line with an example', () => {
    const used = (name: string) => refusal(`Add (${name}) is used by Mul as well`, 'fold-scale');
    const lines = formatRefusals([
      refusal('it would load 25 operands an element', 'prologue'),
      used('tower/MobilenetV3/expanded_conv_6/expand/BatchNorm'),
      used('tower/MobilenetV3/expanded_conv_7/expand/BatchNorm'),
      used('add'),
      refusal('its operand %7 is computed by another kernel', 'epilogue', ['conv/first']),
      refusal('its operand %9 is computed by another kernel', 'epilogue', ['conv/second']),
      refusal('runs after block_1/where, which has effects', 'region'),
      refusal('runs after block_2/where, which has effects', 'region'),
    ]);
    expect(lines).toEqual([
      '3×  fold-scale  Add (…) is used by Mul as well; e.g. …/expand/BatchNorm',
      '2×  epilogue    its operand … is computed by another kernel; e.g. conv/first',
      '2×  region      runs after …, which has effects; e.g. block_1/where',
      '1×  prologue    it would load 25 operands an element',
    ]);
  });

  it('that are equal keep the name', () => {
    const same = refusal('Add (StatefulPartitionedCall/MagikaV2/Dense_0/AddV2) is an output');
    expect(formatRefusals([same, same])).toEqual([
      '2×  rule  Add (…/MagikaV2/Dense_0/AddV2) is an output',
    ]);
    expect(formatRefusals([refusal('%3 is stored already')])).toEqual([
      '1×  rule  … is stored already',
    ]);
  });

  it('that differ in anything else are lines of their own, up to a limit', () => {
    const refused = Array.from({ length: 15 }, (_, i) => refusal(`recomputing it ${i} times`));
    const lines = formatRefusals([...refused, refused[14]]);
    expect(lines).toHaveLength(13);
    expect(lines[0]).toBe('2×  rule  recomputing it 14 times');
    expect(lines[12]).toBe('… and 3 more');
    expect(formatRefusals(refused, 20)).toHaveLength(15);
    expect(formatRefusals([])).toEqual([]);
  });
});

test('a plan is a table that says what was estimated', () => {
  const record = {
    kernels: [
      { label: 'Conv2D → Add', family: 'conv2d', origins: ['a'], bytes: 2e6 },
      { label: 'Conv2D → Add', family: 'conv2d', origins: ['b'], bytes: 1e6 },
    ],
    refused: [refusal('it is too large')],
    dispatches: 2,
    bytes: 3e6,
    capture: { kept: 1, rebound: 1, submits: 1 },
    memory: { slabs: [5e5], allocated: 5e5, lowerBound: 5e5, unshared: 2e6 },
  } as unknown as PlanRecord;
  expect(formatPlan(record, { name: 'model', before: 4 })).toBe(
    [
      '[webgpu-fused] model: about 4 kernels as single ops → 2 dispatches, 3.0 MB through memory',
      '  2×  conv2d  Conv2D → Add  3.0 MB',
      '  kept between calls: 1 of 2 bind groups, all uniforms, 0.5 MB of intermediates ' +
        '(2.0 MB unshared); 1 submit a call',
      '  not fused, because:',
      '    1×  rule  it is too large',
    ].join('\n'),
  );
});
