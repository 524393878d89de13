/**
 * Conv2DBackpropInput (transposed convolution), NHWC. Outputs whose coordinates leave the same
 * remainder by the stride read the same filter taps, so each such phase is a dense convolution of
 * its own: no tap is multiplied by the zeros between strides.
 */
import { sizeOf } from '../ir/graph';
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import type { KernelEmission } from './emit';
import type { FusedKernel } from './kernel';
import { floatOnly } from './loops';
import { generateProduct } from './product';
import type { ProductSpec } from './product-spec';
import { windowAttrs } from './window-coords';
import type { Bounds } from './wgsl/inliner';

/** One spatial axis: outputs `out = inner · phases + phase` read `dy` through `taps` filter rows. */
interface AxisSplit {
  readonly phases: number;
  readonly inner: number;
  readonly taps: number;
  /** Filter position and input coordinate, and the bounds that make the pair count. */
  locate(
    inner: IndexExpr,
    phase: IndexExpr,
    tap: IndexExpr,
  ): { filter: IndexExpr; source: IndexExpr; bounds: Bounds[] };
  output(inner: IndexExpr, phase: IndexExpr): IndexExpr;
}

function splitAxis(
  outSize: number,
  dySize: number,
  filterSize: number,
  stride: number,
  before: number,
): AxisSplit {
  // A ragged last phase would need a guard on every store: then all taps are tried instead.
  const phases = outSize % stride === 0 ? stride : 1;
  const output = (inner: IndexExpr, phase: IndexExpr): IndexExpr =>
    ix.add(ix.scale(inner, phases), phase);
  if (phases === stride) {
    return {
      phases,
      inner: outSize / phases,
      taps: Math.ceil(filterSize / stride),
      output,
      locate: (inner, phase, tap) => {
        const filter = ix.add(ix.scale(tap, stride), ix.mod(ix.shift(phase, before), stride));
        const source = ix.add(
          ix.subtract(inner, tap),
          ix.floorDiv(ix.shift(phase, before), stride),
        );
        const bounds = [
          { coord: filter, extent: filterSize },
          { coord: source, extent: dySize },
        ];
        return { filter, source, bounds };
      },
    };
  }
  return {
    phases,
    inner: outSize,
    taps: filterSize,
    output,
    locate: (inner, _phase, tap) => {
      const position = ix.subtract(ix.shift(inner, before), tap);
      const source = ix.floorDiv(position, stride);
      const bounds = [
        { coord: ix.mod(position, stride), extent: 1 },
        { coord: position, extent: dySize * stride },
      ];
      return { filter: tap, source, bounds };
    },
  };
}

function transposedConvolution(emission: KernelEmission): ProductSpec {
  const { anchor } = emission.request.group;
  const { inliner } = emission;
  const [dy, filter] = anchor.inputs;
  const [batch, height, width, channels] = anchor.outputs[0].shape;
  const [filterHeight, filterWidth, , depth] = filter.shape;
  const { strides, pad } = windowAttrs(anchor);
  const rows = splitAxis(height, dy.shape[1], filterHeight, strides[0], pad.top);
  const columns = splitAxis(width, dy.shape[2], filterWidth, strides[1], pad.left);
  const phasesOf = (phase: IndexExpr): IndexExpr[] =>
    ix.delinearize(phase, [rows.phases, columns.phases]);
  const pixel = (row: IndexExpr): IndexExpr[] =>
    ix.delinearize(row, [batch, rows.inner, columns.inner]);
  /** What an output reads of `dy` at a tap. */
  const locate = (phase: IndexExpr, row: IndexExpr, [tapRow, tapColumn]: readonly IndexExpr[]) => {
    const [rowPhase, columnPhase] = phasesOf(phase);
    const [b, innerRow, innerColumn] = pixel(row);
    const y = rows.locate(innerRow, rowPhase, tapRow);
    const x = columns.locate(innerColumn, columnPhase, tapColumn);
    return { coords: [b, y.source, x.source], bounds: [...y.bounds, ...x.bounds] };
  };
  return {
    batch: rows.phases * columns.phases,
    rows: batch * rows.inner * columns.inner,
    columns: channels,
    depth,
    window: [
      { name: 'filterRow', extent: rows.taps },
      { name: 'filterColumn', extent: columns.taps },
    ],
    counts: (phase, row, taps) => locate(phase, row, taps).bounds,
    a: (phase, row, taps, k) => {
      const { coords, bounds } = locate(phase, row, taps);
      return inliner.guard(bounds, 'float32', 0, () => inliner.value(dy, [...coords, k]));
    },
    b: (phase, [tapRow, tapColumn], k, column) => {
      const [rowPhase, columnPhase] = phasesOf(phase);
      const y = rows.locate(ix.zero, rowPhase, tapRow);
      const x = columns.locate(ix.zero, columnPhase, tapColumn);
      return inliner.value(filter, [y.filter, x.filter, column, k]);
    },
    output: (phase, row, column) => {
      const [rowPhase, columnPhase] = phasesOf(phase);
      const [b, innerRow, innerColumn] = pixel(row);
      return [b, rows.output(innerRow, rowPhase), columns.output(innerColumn, columnPhase), column];
    },
  };
}

export const conv2dTransposeKernel: FusedKernel = {
  name: 'conv2d-transpose',
  anchors: ['Conv2DBackpropInput'],
  refuse: floatOnly,
  reuse: (node, index) => {
    const [dy, filter] = node.inputs;
    const products = sizeOf(dy.shape) * sizeOf(filter.shape.slice(0, 3));
    return index === 0 ? products / sizeOf(dy.shape) / 8 : sizeOf(dy.shape.slice(0, 3)) / 4;
  },
  generate: (request) => generateProduct(request, transposedConvolution),
};
