import { slice_util } from '@tensorflow/tfjs-core';
import type { Value } from '../../ir/graph';
import { refuse } from '../../ir/infer/refused';
import type { ImportTable, NodeImport } from './node-import';

function slice(node: NodeImport): Value {
  const x = node.input(0);
  const begin = node.numbers(1);
  const size = node.numbers(2);
  if (begin.some((at) => at < 0)) refuse(`begin is ${begin}`);
  const full = x.shape.map((dim, axis) => {
    const wanted = size[axis] ?? -1;
    return wanted < 0 ? dim - (begin[axis] ?? 0) : wanted;
  });
  return node.b.slice(
    x,
    x.shape.map((_, axis) => begin[axis] ?? 0),
    full,
  );
}

function stridedSlice(node: NodeImport): Value {
  const x = node.input(0);
  const masks = ['begin', 'end', 'ellipsis', 'new_axis', 'shrink_axis'] as const;
  const [beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask] = masks.map((mask) =>
    node.numberAttr(`${mask}_mask`, 0),
  );
  const info = slice_util.sliceInfo(
    [...x.shape],
    node.numbers(1),
    node.numbers(2),
    node.numbers(3),
    beginMask,
    endMask,
    ellipsisMask,
    newAxisMask,
    shrinkAxisMask,
  );
  if (info.isIdentity) return node.b.reshape(x, info.finalShape);
  const simple = info.sliceDim0 || info.isSimpleSlice;
  if (!simple && info.finalShapeSparse.length !== x.shape.length) {
    // tfjs takes its coordinates from the shrunk shape here, and answers with other elements.
    refuse('strides together with a dropped axis: the answer is tfjs’s own');
  }
  const size = slice_util
    .computeOutShape(info.begin, info.end, info.strides)
    .map((length) => Math.max(0, length));
  return node.b.reshape(node.b.slice(x, info.begin, size, info.strides), info.finalShape);
}

/** Ops that take a box out of a value. */
export const sliceImports: ImportTable = {
  Slice: slice,
  StridedSlice: stridedSlice,
};
