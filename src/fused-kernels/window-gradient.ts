/**
 * Gradients of what slides a window over each channel by itself, NHWC: MaxPool, AvgPool and DepthwiseConv2dNative.
 * What the forward kernel gathers, its gradient would scatter; here every pixel of the input gathers from the windows
 * that it lies in. Windows begin a stride apart, so a pixel is at one tap of every stride in each of them: taps that
 * no window has there are not visited, and no zeros are multiplied.
 */
import type { Node } from '../ir/graph';
import { sizeOf } from '../ir/graph';
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import type { KernelEmission } from './emit';
import { emitKernel } from './emit';
import type { FusedKernel } from './kernel';
import { emitLoop, emitLoops, namedIndex } from './loops';
import { paddingBefore, windowAttrs } from './window-coords';
import { canMiss, laneVariable, type Bounds, type Operand } from './wgsl/inliner';
import { vectorType, type ShaderProgram } from './wgsl/kernel-writer';

/** Taps of a window. */
type WindowSize = readonly [rows: number, columns: number];

/** A window that a pixel lies in. */
interface Visit {
  /** Where the window's element of `dy` is; without the channel. */
  readonly window: readonly [batch: IndexExpr, row: IndexExpr, column: IndexExpr];
  /** The tap of the window at which the pixel is. */
  readonly tap: readonly [row: IndexExpr, column: IndexExpr];
  /** The pixel's channel. */
  readonly channel: IndexExpr;
  readonly lanes: 1 | 4;
  /** For each lane, whether there are this window and this tap; null where there always are. */
  readonly inside: string | null;
}

/** What differs between the gradients. */
interface WindowGradient {
  readonly anchor: string;
  sizeOf(node: Node): WindowSize;
  /** Statements that add to `acc` what a window passes back. */
  add(emission: KernelEmission, visit: Visit): void;
  /** Makes the result of the sum. */
  finish?(acc: string, emission: KernelEmission): string;
}

/** A condition that is the same for all lanes. */
function wideBool(code: string, lanes: 1 | 4): string {
  return lanes === 4 ? `vec4<bool>(${code})` : `(${code})`;
}

/** Windows that a pixel may lie in, along one axis. */
function windowsAlong(size: number, stride: number): number {
  return Math.ceil(size / stride);
}

function emitGradient(emission: KernelEmission, gradient: WindowGradient): ShaderProgram {
  const { writer, inliner, request } = emission;
  const { anchor } = request.group;
  const [dy] = anchor.inputs;
  const [batch, height, width, channels] = anchor.outputs[0].shape;
  const lanes = channels % 4 === 0 ? 4 : 1;
  const shape = [batch, height, width, channels / lanes];
  const workgroups = writer.flatThread('thread', sizeOf(shape));
  const parts = ix.delinearize(ix.variable('thread', sizeOf(shape)), shape);
  const [image, row, column, vector] = ['batch', 'row', 'column', 'vector'].map((name, i) =>
    namedIndex(emission, name, parts[i], shape[i]),
  );
  const channel = lanes === 4 ? ix.add(ix.scale(vector, 4), laneVariable) : vector;
  const { strides, dilations } = windowAttrs(anchor);
  const size = gradient.sizeOf(anchor);
  const before = paddingBefore(writer, anchor);
  const at = [row, column];
  const type = vectorType('float32', lanes);
  writer.statement(`var acc = ${type}(0.0);`);
  const loops = ['windowRow', 'windowColumn'].map((name, axis) => ({
    name,
    extent: windowsAlong(size[axis], strides[axis]),
  }));
  emitLoops(emission, loops, (steps) => {
    // Strides and dilations are never both above 1: with strides, a tap further is a window back.
    const places = steps.map((step, axis) => {
      const padded = ix.add(at[axis], before[axis]);
      const first = ix.floorDiv(padded, strides[axis]);
      return {
        window: ix.subtract(first, ix.scale(step, dilations[axis])),
        tap: ix.add(ix.scale(step, strides[axis]), ix.mod(padded, strides[axis])),
      };
    });
    const bounds = places.flatMap(({ window, tap }, axis): Bounds[] => [
      { coord: tap, extent: size[axis] },
      { coord: window, extent: dy.shape[axis + 1] },
    ]);
    const needed = bounds.filter((bound) => canMiss(bound, writer));
    gradient.add(emission, {
      window: [image, places[0].window, places[1].window],
      tap: [places[0].tap, places[1].tap],
      channel,
      lanes,
      inside: needed.length > 0 ? wideBool(inliner.condition(needed).code, lanes) : null,
    });
  });
  const code = gradient.finish ? writer.let(gradient.finish('acc', emission), 0) : 'acc';
  const result: Operand = { code, width: lanes, dtype: 'float32', depth: 0 };
  emission.epilogue([image, row, column, channel], result, lanes);
  return writer.finish(emission.title, workgroups);
}

function windowGradient(name: string, gradient: WindowGradient): FusedKernel {
  return {
    name,
    anchors: [gradient.anchor],
    refuse: ({ inputs: [dy], outputs: [dx] }) =>
      dy.dtype === 'float32' && dx.dtype === 'float32' ? null : 'only float32 is supported',
    reuse: (node, index) => {
      const { strides } = windowAttrs(node);
      const size = gradient.sizeOf(node);
      const windows = [0, 1].map((axis) => windowsAlong(size[axis], strides[axis]));
      const visits = windows[0] * windows[1] * sizeOf(node.outputs[0].shape);
      return Math.max(1, visits / sizeOf(node.inputs[index].shape));
    },
    generate: (request) => emitKernel(request, (emission) => emitGradient(emission, gradient)),
  };
}

const filterSize = (node: Node): WindowSize => node.attrs.filterSize as [number, number];

/** Adds `term` to the sum, under `condition`. */
function addTerm({ writer }: KernelEmission, condition: string | null, term: string): void {
  writer.statement(
    condition === null ? `acc += ${term};` : `acc = select(acc, acc + ${term}, ${condition});`,
  );
}

/** The gradient goes to the first of the largest elements of each window; none where nothing was larger than -∞. */
export const maxPoolGradKernel = windowGradient('max-pool-grad', {
  anchor: 'MaxPoolGrad',
  sizeOf: filterSize,
  add(emission, { window, tap, channel, lanes, inside }) {
    const { inliner, request } = emission;
    const { anchor } = request.group;
    const [dy, positions] = anchor.inputs;
    const place = [...window, channel];
    const term = inliner.widen(inliner.value(dy, place), lanes);
    const position = inliner.widen(inliner.value(positions, place), lanes);
    const flat = inliner.index(ix.add(ix.scale(tap[0], filterSize(anchor)[1]), tap[1]));
    const isAt = `(${position} == ${vectorType('int32', lanes)}(${flat}))`;
    addTerm(emission, inside === null ? isAt : `${isAt} & ${inside}`, term);
  },
});

/** As in tfjs, elements outside of the image have been counted, too. */
export const avgPoolGradKernel = windowGradient('avg-pool-grad', {
  anchor: 'AvgPoolGrad',
  sizeOf: filterSize,
  add(emission, visit) {
    const { inliner, request } = emission;
    const dy = inliner.value(request.group.anchor.inputs[0], [...visit.window, visit.channel]);
    addTerm(emission, visit.inside, inliner.widen(dy, visit.lanes));
  },
  finish: (acc, { writer, request }) => {
    const [rows, columns] = filterSize(request.group.anchor);
    return `${acc} / f32(${writer.dim('windowSize', rows * columns)})`;
  },
});

export const depthwiseGradKernel = windowGradient('depthwise-grad', {
  anchor: 'DepthwiseConv2dNativeBackpropInput',
  sizeOf: ({ inputs: [, { shape }] }) => [shape[0], shape[1]],
  add(emission, visit) {
    const { inliner, request } = emission;
    const [dy, filter] = request.group.anchor.inputs;
    const { window, tap, channel, lanes, inside } = visit;
    const multiplier = filter.shape[3];
    emitLoop(emission, 'multiple', multiplier, (multiple) => {
      const out = ix.add(ix.scale(channel, multiplier), multiple);
      const passed = inliner.widen(inliner.value(dy, [...window, out]), lanes);
      const weight = inliner.widen(inliner.value(filter, [...tap, channel, multiple]), lanes);
      addTerm(emission, inside, `${passed} * ${weight}`);
    });
  },
});
