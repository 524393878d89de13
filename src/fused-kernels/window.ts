/**
 * Depthwise convolution and pooling, NHWC: every channel slides a window of its own. An invocation
 * computes several neighbouring outputs of a row for one vec4 of channels; taps along the row are
 * unrolled, so that neighbours share their loads.
 */
import type { Node } from '../ir/graph';
import { sizeOf } from '../ir/graph';
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import type { KernelEmission } from './emit';
import { emitKernel } from './emit';
import { sourceCoord, windowAttrs } from './conv2d';
import type { FusedKernel, KernelTarget } from './kernel';
import { laneVariable, type Bounds, type Operand } from './wgsl/inliner';
import { vectorType, type ShaderProgram } from './wgsl/kernel-writer';

/** What differs between the windowed kernels. */
interface WindowSpec {
  readonly filter: readonly [height: number, width: number];
  /** Value an output starts from. */
  readonly initial: string;
  /** Statement that takes one tap into `accumulator`; `inside` is null where all taps are inside. */
  tap(accumulator: string, x: Operand, weight: Operand | null, inside: string | null): string;
  weight?(taps: readonly [IndexExpr, IndexExpr], channel: IndexExpr): Operand;
  /** Turns the accumulator into the output. */
  finish?(accumulator: string, count: string): string;
  /** Out-of-bounds taps are multiplied away (false) or must be skipped (true). */
  readonly skipOutside: boolean;
}

/** Rows of taps wider than this stay a loop. */
const MAX_UNROLLED_TAPS = 7;

function outputsPerThread(node: Node, width: number, target: KernelTarget): number {
  const { strides, dilations } = windowAttrs(node);
  const { shape } = node.outputs[0];
  const overlap = strides[1] === 1 && dilations[1] === 1;
  let count = overlap ? 4 : 2;
  while (
    count > 1 &&
    (count > shape[2] || sizeOf(shape) / (width * count) < target.busyInvocations)
  ) {
    count /= 2;
  }
  return count;
}

function emitWindow(emission: KernelEmission, spec: WindowSpec): ShaderProgram {
  const { writer, inliner, request } = emission;
  const { anchor } = request.group;
  const [x] = anchor.inputs;
  const [batch, height, width, channels] = anchor.outputs[0].shape;
  const { strides, dilations, pad } = windowAttrs(anchor);
  const lanes = channels % 4 === 0 ? 4 : 1;
  const multiplier = channels / x.shape[3];
  const perThread = outputsPerThread(anchor, lanes, request.target);
  const columnTiles = Math.ceil(width / perThread);

  const count = (batch * height * columnTiles * channels) / lanes;
  const workgroups = writer.flatThread('thread', count);
  const thread = ix.variable('thread', count);
  const parts = ix.delinearize(thread, [batch, height, columnTiles, channels / lanes]);
  const [b, outRow, tile, channelVector] = (['b', 'outRow', 'tile', 'channel'] as const).map(
    (name, i) => {
      const extent = [batch, height, columnTiles, channels / lanes][i];
      if (extent === 1) return ix.zero;
      writer.statement(`let ${name} = ${inliner.index(parts[i])};`);
      writer.defineVariable(name);
      return ix.variable(name, extent);
    },
  );
  const channel = lanes === 4 ? ix.add(ix.scale(channelVector, 4), laneVariable) : channelVector;
  const outColumns = Array.from({ length: perThread }, (_, t) =>
    ix.shift(ix.scale(tile, perThread), t),
  );

  const type = vectorType('float32', lanes);
  outColumns.forEach((_, t) => writer.statement(`var acc${t} = ${type}(${spec.initial});`));
  if (spec.finish) outColumns.forEach((_, t) => writer.statement(`var count${t} = 0;`));

  const visit = (tapRow: IndexExpr, tapColumn: IndexExpr): void => {
    const weight = spec.weight?.([tapRow, tapColumn], channel) ?? null;
    outColumns.forEach((outColumn, t) => {
      const inRow = sourceCoord(outRow, tapRow, strides[0], dilations[0], pad.top);
      const inColumn = sourceCoord(outColumn, tapColumn, strides[1], dilations[1], pad.left);
      const bounds: Bounds[] = [
        { coord: inRow, extent: x.shape[1] },
        { coord: inColumn, extent: x.shape[2] },
      ].filter(({ coord, extent }) => coord.min < 0 || coord.max >= extent);
      const load = (): Operand =>
        inliner.value(x, [
          b,
          inRow,
          inColumn,
          multiplier === 1 ? channel : ix.floorDiv(channel, multiplier),
        ]);
      if (!spec.skipOutside) {
        writer.statement(
          spec.tap(`acc${t}`, inliner.guard(bounds, 'float32', 0, load), weight, null),
        );
        return;
      }
      const operand = load();
      const inside = bounds.length > 0 ? inliner.condition(bounds).code : null;
      writer.statement(spec.tap(`acc${t}`, operand, weight, inside));
      if (spec.finish)
        writer.statement(`count${t} += ${inside ? `select(0, 1, ${inside})` : '1'};`);
    });
  };
  const [filterHeight, filterWidth] = spec.filter;
  const rowLoop = (body: (row: IndexExpr) => void): void =>
    emitLoop(emission, 'filterRow', filterHeight, body);
  rowLoop((tapRow) => {
    if (filterWidth <= MAX_UNROLLED_TAPS) {
      for (let tap = 0; tap < filterWidth; tap++) visit(tapRow, ix.constant(tap));
    } else {
      emitLoop(emission, 'filterColumn', filterWidth, (tapColumn) => visit(tapRow, tapColumn));
    }
  });

  outColumns.forEach((outColumn, t) => {
    const code = spec.finish ? spec.finish(`acc${t}`, `count${t}`) : `acc${t}`;
    const store = (): void => {
      emission.epilogue(
        [b, outRow, outColumn, channel],
        {
          code: spec.finish ? writer.let(code, 0) : code,
          width: lanes,
          dtype: 'float32',
          depth: 0,
        },
        lanes,
      );
    };
    if (t > 0 && width % perThread !== 0) {
      writer.block(`if (${inliner.index(outColumn)} < ${writer.dim('width', width)})`, store);
    } else {
      store();
    }
  });
  return writer.finish(emission.title, workgroups);
}

function emitLoop(
  emission: KernelEmission,
  name: string,
  extent: number,
  body: (index: IndexExpr) => void,
): void {
  const { writer } = emission;
  if (extent === 1) {
    body(ix.zero);
    return;
  }
  const limit = writer.dim(`${name}Count`, extent);
  writer.block(`for (var ${name} = 0; ${name} < ${limit}; ${name}++)`, () => {
    writer.defineVariable(name);
    body(ix.variable(name, extent));
  });
}

function floatOnly(node: Node): string | null {
  return node.inputs.every((input) => input.dtype === 'float32')
    ? null
    : 'only float32 is supported';
}

function windowReuse(node: Node, filter: readonly number[]): number {
  const taps = filter[0] * filter[1];
  return Math.max(1, (taps * sizeOf(node.outputs[0].shape)) / sizeOf(node.inputs[0].shape) / 2);
}

export const depthwiseConv2dKernel: FusedKernel = {
  name: 'depthwise',
  anchors: ['DepthwiseConv2dNative'],
  refuse: floatOnly,
  reuse: (node, index) => {
    const [, filter] = node.inputs;
    const { shape } = node.outputs[0];
    return index === 0 ? windowReuse(node, filter.shape) : shape[1] * shape[2];
  },
  generate: (request) =>
    emitKernel(request, (emission) => {
      const { inliner } = emission;
      const [, filter] = request.group.anchor.inputs;
      const [height, width, , multiplier] = filter.shape;
      return emitWindow(emission, {
        filter: [height, width],
        initial: '0.0',
        skipOutside: false,
        weight: ([tapRow, tapColumn], channel) =>
          inliner.value(filter, [
            tapRow,
            tapColumn,
            ix.floorDiv(channel, multiplier),
            ix.mod(channel, multiplier),
          ]),
        tap: (acc, x, weight) => `${acc} += ${x.code} * ${weight?.code};`,
      });
    }),
};

export const maxPoolKernel: FusedKernel = {
  name: 'max-pool',
  anchors: ['MaxPool'],
  refuse: floatOnly,
  reuse: (node) => windowReuse(node, node.attrs.filterSize as number[]),
  generate: (request) =>
    emitKernel(request, (emission) => {
      const lanes = request.group.anchor.outputs[0].shape[3] % 4 === 0 ? 4 : 1;
      const lowest = emission.writer.special(-Infinity);
      return emitWindow(emission, {
        filter: request.group.anchor.attrs.filterSize as [number, number],
        initial: lowest,
        skipOutside: true,
        // A comparison is false for NaN, which skips it, as tfjs's cpu kernel does.
        tap: (acc, x, _weight, inside) => {
          const wide = emission.inliner.widen(x, lanes);
          const greater = `${wide} > ${acc}`;
          const take = inside
            ? `(${greater}) & ${lanes === 4 ? `vec4<bool>(${inside})` : `(${inside})`}`
            : greater;
          return `${acc} = select(${acc}, ${wide}, ${take});`;
        },
      });
    }),
};

export const avgPoolKernel: FusedKernel = {
  name: 'avg-pool',
  anchors: ['AvgPool'],
  refuse: floatOnly,
  reuse: (node) => windowReuse(node, node.attrs.filterSize as number[]),
  generate: (request) =>
    emitKernel(request, (emission) => {
      const lanes = request.group.anchor.outputs[0].shape[3] % 4 === 0 ? 4 : 1;
      const type = vectorType('float32', lanes);
      return emitWindow(emission, {
        filter: request.group.anchor.attrs.filterSize as [number, number],
        initial: '0.0',
        skipOutside: true,
        tap: (acc, x, _weight, inside) => {
          const wide = emission.inliner.widen(x, lanes);
          return inside
            ? `${acc} += select(${type}(0.0), ${wide}, ${inside});`
            : `${acc} += ${wide};`;
        },
        finish: (acc, count) => `${acc} / f32(${count})`,
      });
    }),
};
