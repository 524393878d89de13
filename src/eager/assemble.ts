/** Turns a queued stream into a graph, and says how to feed what the graph becomes. */
import type { DataType } from '@tensorflow/tfjs-core';
import { GraphBuilder } from '../ir/builder';
import { readFrame } from '../ir/frame';
import { sizeOf, type DType, type Graph, type Shape, type Value } from '../ir/graph';
import type { InvocationRecord } from '../report/record';
import type { External, Invocation } from './pending';
import { lowerInvocation, resultOf, viewOf } from './signature';
import type { Stream } from './stream';

/** Scalars of one dtype, which are sent as one input of the plan. */
export interface ScalarPack {
  readonly dtype: DataType;
  /** Positions among the stream's externals. */
  readonly externals: readonly number[];
}

/** Where the inputs and outputs of a graph are in the stream it was made of. */
export interface Wiring {
  /** Positions among the stream's externals; inputs of the graph come in this order … */
  readonly externals: readonly number[];
  /** … followed by these. */
  readonly packs: readonly ScalarPack[];
  /** What each output of the graph is: position of the invocation, and which of its outputs. */
  readonly outputs: readonly (readonly [invocation: number, output: number])[];
}

export interface Assembled {
  readonly graph: Graph;
  readonly wiring: Wiring;
  /** What is computed, in order. */
  readonly invocations: readonly InvocationRecord[];
}

/** Invocations that somebody still wants something of. */
export function isAlive(invocation: Invocation): boolean {
  return invocation.wanted > 0;
}

/**
 * The graph of the stream's living invocations; its outputs are what the engine still refers to.
 * Externals at the positions in `fixed` become constants.
 */
export function assemble(
  { invocations, externals }: Stream,
  fixed: ReadonlySet<number> = new Set(),
): Assembled {
  const b = new GraphBuilder();
  const alive = invocations.map(isAlive);
  const shapes = shapesInUse(invocations, alive);
  const { values, wiring } = feed(b, externals, shapes, fixed);
  const taken = new Set<Value>();
  const outputs: (readonly [number, number])[] = [];
  const records: InvocationRecord[] = [];
  const refs = new Map<number, string>();
  invocations.forEach((invocation, at) => {
    if (!alive[at]) return;
    const { signature, slots } = invocation;
    const op = signature.kernel.kernel;
    const name = originOf(op, at);
    let bytes = 0;
    b.origins = [name];
    const inputs = signature.inputs.map((spec, i) => {
      if (!spec) return undefined;
      bytes += 4 * sizeOf(spec.shape);
      return viewOf(b, values.get(slots[i]) as Value, spec.shape, spec.dtype);
    });
    const reads = slots.flatMap((slot) => refs.get(slot) ?? []);
    const [{ shape, dtype }] = signature.outputs;
    lowerInvocation(b, signature, inputs).forEach((value, index) => {
      const data = invocation.outputs[index];
      refs.set(data.lazy.slot, index ? `${name}:${index}` : name);
      values.set(data.lazy.slot, value);
      bytes += 4 * sizeOf(value.shape);
      if (data.refCount <= 0) return;
      b.graph.outputs.push(resultOf(b, value, taken));
      outputs.push([at, index]);
    });
    records.push({ name, op, inputs: reads, shape, dtype, bytes });
  });
  return { graph: b.graph, wiring: { ...wiring, outputs }, invocations: records };
}

/** How nodes of a stream's graph name the invocation that they came from. */
function originOf(kernel: string, at: number): string {
  return `${kernel}#${at}`;
}

/** The position in its stream of an invocation that a node names. */
export function positionOf(origin: string): number {
  return Number(origin.slice(origin.lastIndexOf('#') + 1));
}

/** By slot, the shape under which a living invocation first reads it. */
function shapesInUse(
  invocations: readonly Invocation[],
  alive: readonly boolean[],
): Map<number, Shape> {
  const shapes = new Map<number, Shape>();
  invocations.forEach(({ signature, slots }, at) => {
    if (!alive[at]) return;
    signature.inputs.forEach((spec, i) => {
      if (spec && !shapes.has(slots[i])) shapes.set(slots[i], spec.shape);
    });
  });
  return shapes;
}

function feed(
  b: GraphBuilder,
  externals: readonly External[],
  shapes: ReadonlyMap<number, Shape>,
  fixed: ReadonlySet<number>,
): { values: Map<number, Value>; wiring: Omit<Wiring, 'outputs'> } {
  const values = new Map<number, Value>();
  const resident: number[] = [];
  const scalars = new Map<DataType, number[]>();
  externals.forEach(({ data, slot, scalar }, at) => {
    const shape = shapes.get(slot);
    if (!shape) return;
    const spec = { shape, dtype: data.dtype as DType };
    if (fixed.has(at)) {
      const handle = { ...spec, dataId: data.lazy.dataId };
      values.set(
        slot,
        scalar === undefined
          ? b.constant(spec, { handle })
          : b.hostConstant(spec.shape, spec.dtype, [scalar]),
      );
      return;
    }
    if (scalar === undefined) {
      resident.push(at);
      values.set(slot, data.frame ? readFrame(b, data.frame) : b.input(spec));
      return;
    }
    const pack = scalars.get(data.dtype);
    if (pack) pack.push(at);
    else scalars.set(data.dtype, [at]);
  });
  const packs = [...scalars].map(([dtype, members]) => ({ dtype, externals: members }));
  for (const pack of packs) {
    const all = b.input({ shape: [pack.externals.length], dtype: pack.dtype as DType });
    pack.externals.forEach((external, at) => {
      const { slot } = externals[external];
      values.set(slot, b.reshape(b.slice(all, [at], [1]), shapes.get(slot) as Shape));
    });
  }
  return { values, wiring: { externals: resident, packs } };
}
