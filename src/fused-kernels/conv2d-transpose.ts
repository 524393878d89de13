/**
 * Conv2DBackpropInput (transposed convolution), NHWC. Outputs whose coordinates leave the same
 * remainder by the stride read the same filter taps, so each such phase is a dense convolution of
 * its own: no tap is multiplied by the zeros between strides.
 */
import { sizeOf } from '../ir/graph';
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import { isKnownFinite } from '../ir/magnitudes';
import type { KernelEmission } from './emit';
import type { FusedKernel } from './kernel';
import { floatOnly } from './loops';
import { generateProduct } from './product';
import type { ProductSpec } from './product-spec';
import { filterFacts, windowAttrs } from './window-coords';
import type { Bounds } from './wgsl/inliner';

/** One spatial axis: outputs `out = inner · stride + phase` read `dy` through every stride-th filter row. */
interface AxisSplit {
  readonly phases: number;
  /** Outputs of a phase, rounded up: the last one of some phases has no place. */
  readonly inner: number;
  readonly taps: number;
  /** Filter position and input coordinate; both have to be inside for the pair to count. */
  locate(inner: IndexExpr, phase: IndexExpr, tap: IndexExpr): { filter: Bounds; source: Bounds };
  output(inner: IndexExpr, phase: IndexExpr): IndexExpr;
}

function splitAxis(
  outSize: number,
  dySize: number,
  filterSize: number,
  stride: number,
  before: number,
): AxisSplit {
  const inner = Math.ceil(outSize / stride);
  // Phases begin at `dy` rows from `first` to `last`; of the taps behind them, those that never meet
  // a row of `dy` are left out.
  const first = Math.floor(before / stride);
  const last = Math.floor((before + stride - 1) / stride);
  const begin = Math.max(0, first - dySize + 1);
  const end = Math.min(Math.ceil(filterSize / stride), inner + last);
  return {
    phases: stride,
    inner,
    taps: Math.max(1, end - begin),
    output: (at, phase) => ix.add(ix.scale(at, stride), phase),
    locate: (at, phase, index) => {
      const tap = ix.shift(index, begin);
      const shifted = ix.shift(phase, before);
      const filter = ix.add(ix.scale(tap, stride), ix.mod(shifted, stride));
      const source = ix.add(ix.subtract(at, tap), ix.floorDiv(shifted, stride));
      return {
        filter: { coord: filter, extent: filterSize },
        source: { coord: source, extent: dySize },
      };
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
  const locate = (phase: IndexExpr, row: IndexExpr, [tapRow, tapColumn]: readonly IndexExpr[]) => {
    const [rowPhase, columnPhase] = phasesOf(phase);
    const [b, innerRow, innerColumn] = pixel(row);
    const y = rows.locate(innerRow, rowPhase, tapRow);
    const x = columns.locate(innerColumn, columnPhase, tapColumn);
    return { b, y, x };
  };
  const output = (phase: IndexExpr, row: IndexExpr): IndexExpr[] => {
    const [rowPhase, columnPhase] = phasesOf(phase);
    const [b, innerRow, innerColumn] = pixel(row);
    return [b, rows.output(innerRow, rowPhase), columns.output(innerColumn, columnPhase)];
  };
  const counts = (phase: IndexExpr, row: IndexExpr, window: readonly IndexExpr[]): Bounds[] => {
    const { y, x } = locate(phase, row, window);
    return [y.filter, y.source, x.filter, x.source];
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
    a: (phase, row, window, k) => {
      const { b, y, x } = locate(phase, row, window);
      return inliner.guard(counts(phase, row, window), 'float32', 0, () =>
        inliner.value(dy, [b, y.source.coord, x.source.coord, k]),
      );
    },
    b: (phase, window, k, column) => {
      const { y, x } = locate(phase, ix.zero, window);
      return inliner.guard([y.filter, x.filter], 'float32', 0, () =>
        inliner.value(filter, [y.filter.coord, x.filter.coord, column, k]),
      );
    },
    counts,
    isFinite: isKnownFinite(filter),
    skipsTaps: true,
    place: (phase, row) => {
      const [, y, x] = output(phase, row);
      return [
        { coord: y, extent: height },
        { coord: x, extent: width },
      ];
    },
    output: (phase, row, column) => [...output(phase, row), column],
  };
}

export const conv2dTransposeKernel: FusedKernel = {
  name: 'conv2d-transpose',
  anchors: ['Conv2DBackpropInput'],
  refuse: floatOnly,
  facts: filterFacts,
  reuse: (node, index) => {
    const [dy, filter] = node.inputs;
    const products = sizeOf(dy.shape) * sizeOf(filter.shape.slice(0, 3));
    return index === 0 ? products / sizeOf(dy.shape) / 8 : sizeOf(dy.shape.slice(0, 3)) / 4;
  },
  generate: (request) => generateProduct(request, transposedConvolution),
};
