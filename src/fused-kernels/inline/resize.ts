/**
 * Image resizing as index maps. Source positions are rational numbers with the output size as
 * denominator, so taps and weights come from exact integer arithmetic, not from rounded ratios.
 *
 * Positions follow tfjs: `o · in / out`, or `(o + ½) · in / out - ½` with half-pixel centres for
 * bilinear and without the `- ½` for nearest; `alignCorners` uses `in - 1` and `out - 1`.
 */
import type { Attrs } from '../../ir/graph';
import type { IndexExpr } from '../../ir/index-expression';
import * as ix from '../../ir/index-expression';
import type { IndexCallPayload, Inliner, InlineRule, Operand } from '../wgsl/inliner';
import { LANE } from '../wgsl/inliner';

/** `numerator / denominator` is the source position along one axis. */
interface SourcePosition {
  readonly numerator: IndexExpr;
  readonly denominator: number;
}

function effectiveSizes(inSize: number, outSize: number, alignCorners: boolean): [number, number] {
  return alignCorners && outSize > 1 ? [inSize - 1, outSize - 1] : [inSize, outSize];
}

function sourcePosition(
  coord: IndexExpr,
  inSize: number,
  outSize: number,
  attrs: Attrs,
  centre: number,
): SourcePosition {
  const [from, to] = effectiveSizes(inSize, outSize, attrs.alignCorners as boolean);
  if (!attrs.halfPixelCenters) return { numerator: ix.scale(coord, from), denominator: to };
  const doubled = ix.shift(ix.scale(coord, 2), 1);
  return { numerator: ix.shift(ix.scale(doubled, from), -centre * to), denominator: 2 * to };
}

function clampIndex(index: IndexExpr, extent: number, axis: Axis): IndexExpr {
  if (index.min >= 0 && index.max < extent) return index;
  const payload: IndexCallPayload = {
    emit: (args, { writer }) =>
      `clamp(${args()[0]}, 0, ${writer.uniforms.size(extent - 1, 'resize', `last${axis}`)})`,
  };
  return ix.call(`clamp${axis}${extent}`, [index], payload, extent);
}

const nearest: InlineRule = (node, coords, inliner) => {
  const [input] = node.inputs;
  const [output] = node.outputs;
  const source = coords.map((coord, axis) => {
    if (axis === 0 || axis === 3) return coord;
    const extent = input.shape[axis];
    const { numerator, denominator } = sourcePosition(
      coord,
      extent,
      output.shape[axis],
      node.attrs,
      0,
    );
    const index = node.attrs.alignCorners
      ? ix.floorDiv(ix.shift(ix.scale(numerator, 2), denominator), 2 * denominator)
      : ix.floorDiv(numerator, denominator);
    return clampIndex(index, extent, axis === 1 ? 'Row' : 'Column');
  });
  return inliner.value(input, source);
};

const bilinear: InlineRule = (node, coords, inliner) => {
  const [input] = node.inputs;
  const [output] = node.outputs;
  const [batch, y, x, channel] = coords;
  if ([y, x].some((coord) => ix.mentions(coord, LANE))) {
    return inliner.perLane(coords, (lane) => bilinear(node, lane, inliner));
  }
  const { anySize } = inliner.writer.options;
  const isGeneral =
    anySize &&
    [1, 2].some((axis) => !hasWholeRatio(input.shape[axis], output.shape[axis], node.attrs));
  const find = isGeneral ? tapsOfAnySize : taps;
  const rows = find(y, input.shape[1], output.shape[1], node.attrs, 'Row');
  const columns = find(x, input.shape[2], output.shape[2], node.attrs, 'Column');
  const row = (index: IndexExpr): Operand =>
    interpolate(
      inliner,
      () => inliner.value(input, [batch, index, columns.low, channel]),
      () => inliner.value(input, [batch, index, columns.high, channel]),
      columns,
    );
  return interpolate(
    inliner,
    () => row(rows.low),
    () => row(rows.high),
    rows,
  );
};

interface Taps {
  readonly low: IndexExpr;
  readonly high: IndexExpr;
  readonly fraction: IndexExpr;
  readonly denominator: number;
  readonly axis: Axis;
}

type Axis = 'Row' | 'Column';

type FindTaps = (
  coord: IndexExpr,
  inSize: number,
  outSize: number,
  attrs: Attrs,
  axis: Axis,
) => Taps;

const taps: FindTaps = (coord, inSize, outSize, attrs, axis) => {
  const { numerator, denominator } = sourcePosition(coord, inSize, outSize, attrs, 1);
  return {
    low: clampIndex(ix.floorDiv(numerator, denominator), inSize, axis),
    high: clampIndex(ix.floorDiv(ix.shift(numerator, denominator - 1), denominator), inSize, axis),
    fraction: ix.mod(numerator, denominator),
    denominator,
    axis,
  };
};

/** Whether one size is a multiple of the other; such a ratio is taken to be the model's own. */
function hasWholeRatio(inSize: number, outSize: number, attrs: Attrs): boolean {
  const [from, to] = effectiveSizes(inSize, outSize, attrs.alignCorners as boolean);
  return from % to === 0 || to % from === 0;
}

/**
 * The same where the ratio of the sizes differs from call to call: nothing of it is looked into, because
 * what two sizes have in common, others have not.
 */
const tapsOfAnySize: FindTaps = (coord, inSize, outSize, attrs, axis) => {
  const [from, to] = effectiveSizes(inSize, outSize, attrs.alignCorners as boolean);
  const half = attrs.halfPixelCenters as boolean;
  const denominator = half ? 2 * to : to;
  const call = (
    part: string,
    extent: number,
    code: (numerator: string, by: string, last: string) => string,
  ): IndexExpr => {
    const payload: IndexCallPayload = {
      emit: (args, { writer }) => {
        const [x] = args();
        const size = (value: number, role: string): string =>
          writer.uniforms.size(value, 'resize', role + axis);
        const first = half ? ` + ${size(from - to, 'first')}` : '';
        const numerator = `((${x}) * ${size(half ? 2 * from : from, 'step')}${first})`;
        return code(numerator, size(denominator, 'by'), size(inSize - 1, 'last'));
      },
    };
    return ix.call(`resize${part}${axis}${from}_${to}`, [coord], payload, extent);
  };
  // WGSL divides towards zero: what is below zero is clamped to zero all the same.
  return {
    low: call('Low', inSize, (x, by, last) => `clamp(${x} / ${by}, 0, ${last})`),
    high: call('High', inSize, (x, by, last) => `clamp((${x} + ${by} - 1) / ${by}, 0, ${last})`),
    fraction: call('Part', denominator, (x, by) => `((${x} + ${by}) % ${by})`),
    denominator,
    axis,
  };
};

/** `low + (high - low) · fraction`, tfjs's own order of operations. */
function interpolate(
  inliner: Inliner,
  low: () => Operand,
  high: () => Operand,
  { fraction, denominator, axis }: Taps,
): Operand {
  const from = toFloat(low(), inliner);
  if (ix.isConstant(fraction) && fraction.offset === 0) return from;
  const { anySize } = inliner.writer.options;
  const to = toFloat(high(), inliner);
  const weight = `f32(${inliner.index(fraction, anySize ? `part${axis}` : undefined)}) / f32(${inliner.writer.uniforms.size(denominator, 'resize', `by${axis}`)})`;
  const depth = Math.max(from.depth, to.depth, inliner.depthOf(fraction));
  const code = `${from.code} + (${to.code} - ${from.code}) * (${weight})`;
  return inliner.define(code, from.width, 'float32', depth);
}

function toFloat(operand: Operand, inliner: Inliner): Operand {
  if (operand.dtype === 'float32') return operand;
  const type = operand.width === 4 ? 'vec4<f32>' : 'f32';
  return inliner.define(`${type}(${operand.code})`, operand.width, 'float32', operand.depth);
}

export const resizeRules: ReadonlyMap<string, InlineRule> = new Map([
  ['ResizeNearestNeighbor', nearest],
  ['ResizeBilinear', bilinear],
]);
