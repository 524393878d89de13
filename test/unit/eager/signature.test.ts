import type { TensorInfo } from '@tensorflow/tfjs-core';
import { lazyKernels } from '../../../src/eager/kernels';
import { SignatureTable, type Signature } from '../../../src/eager/signature';
import { fusionTables } from '../../../src/registry/kernels';
import { softwareTarget } from '../fused-kernels/target';

const kernels = new Map(lazyKernels.map((kernel) => [kernel.kernel, kernel]));

function tensor(shape: number[], dtype: TensorInfo['dtype'] = 'float32'): TensorInfo {
  return { dataId: {}, shape, dtype };
}

function table(): (
  kernel: string,
  operands: (TensorInfo | undefined)[],
  attrs?: Record<string, unknown>,
) => Signature | undefined {
  const signatures = new SignatureTable(fusionTables(softwareTarget), () => undefined);
  return (kernel, operands, attrs) => {
    const found = kernels.get(kernel);
    if (!found) throw new Error(`no kernel ${kernel}`);
    const key = signatures.keyOf(found, operands, attrs);
    return key && (signatures.find(key) ?? signatures.add(key, found, operands, attrs));
  };
}

test('equal invocations have one signature, whichever tensors they read', () => {
  const find = table();
  const first = find('Add', [tensor([2, 3]), tensor([3])]);
  expect(find('Add', [tensor([2, 3]), tensor([3])])).toBe(first);
  expect(first?.outputs).toEqual([{ shape: [2, 3], dtype: 'float32' }]);
});

test.each<[string, (TensorInfo | undefined)[], Record<string, unknown> | undefined]>([
  ['Add', [tensor([3, 2]), tensor([3, 2])], undefined],
  ['Sub', [tensor([2, 3]), tensor([3])], undefined],
  ['Add', [tensor([2, 3], 'int32'), tensor([3], 'int32')], undefined],
  ['ClipByValue', [tensor([4])], { clipValueMin: 0, clipValueMax: 1 }],
  ['ClipByValue', [tensor([4])], { clipValueMin: 0, clipValueMax: 1 + 1e-15 }],
  ['ClipByValue', [tensor([4])], { clipValueMin: -0, clipValueMax: 1 }],
  ['Transpose', [tensor([4, 4])], { perm: [1, 0] }],
  ['Transpose', [tensor([4, 4])], { perm: [0, 1] }],
])(
  '%s with other shapes, types or attributes has a signature of its own',
  (kernel, operands, attrs) => {
    const find = table();
    const reference = find('Add', [tensor([2, 3]), tensor([3])]);
    const clip = find('ClipByValue', [tensor([4])], { clipValueMin: 0, clipValueMax: 2 });
    const found = find(kernel, operands, attrs);
    expect(found).toBeDefined();
    expect([reference, clip]).not.toContain(found);
  },
);

test('what has no form says why', () => {
  const find = table();
  expect(find('Add', [tensor([2]), tensor([3])])?.refusal).toMatch(/do not broadcast/);
  expect(find('Add', [tensor([2], 'bool'), tensor([2], 'bool')])?.refusal).toMatch(/bool/);
  expect(find('Pack', [tensor([2, 3]), tensor([3, 2])], { axis: 0 })?.refusal).toMatch(/differ/);
  expect(
    find('Conv2D', [tensor([1, 4, 4, 1]), tensor([2, 2, 1, 1])], {
      ...{ strides: [2, 2], pad: 'same', dataFormat: 'NHWC', dilations: [2, 2] },
    })?.refusal,
  ).toMatch(/strides 2,2 together with dilations 2,2/);
});

test('what computes nothing is left to stock without a word', () => {
  const find = table();
  expect(find('Cast', [tensor([2], 'int32')], { dtype: 'float32' })?.refusal).toBe('');
  expect(find('PadV2', [tensor([2])], { paddings: [[0, 0]], constantValue: 0 })?.refusal).toBe('');
});

test('attributes may change after the call', () => {
  const find = table();
  const perm = [1, 0];
  const found = find('Transpose', [tensor([2, 3])], { perm });
  perm[0] = 0;
  expect(found?.attrs.perm).toEqual([1, 0]);
});
