/** What is told of a plan: its kernels, buffers, memory and rewrites, as plain data. */
import { byteSize } from '../fused-kernels/wgsl/kernel-writer';
import type { Graph, Value } from '../ir/graph';
import type { RewriteResult } from '../patterns/rewriter';
import type {
  CaptureRecord,
  KernelRecord,
  MemoryRecord,
  PlaceRecord,
  PlanRecord,
  TextRecord,
  ValueRecord,
} from '../report/record';
import type { GeneratedKernel } from './generate';
import { type Access, type BufferPlan, type Lifetime, lifetimesOf } from './memory';
import { DISPATCHES_PER_SUBMIT } from './plan';

interface PlanParts {
  readonly graph: Graph;
  readonly generated: readonly GeneratedKernel[];
  readonly buffers: BufferPlan;
  readonly rewritten: RewriteResult;
  /** Shaders of the plan that computes the constants, if there is one. */
  readonly textOfPrelude?: TextRecord;
}

export function planRecord({
  graph,
  generated,
  buffers,
  rewritten,
  textOfPrelude,
}: PlanParts): PlanRecord {
  const accesses = generated.map(({ program }) => program.bindings);
  const bound = [...new Set(accesses.flat().map(({ value }) => value))];
  const numbers = new Map(bound.map((value, number) => [value, number]));
  const kernels = generated.map(({ record, program }): KernelRecord => ({
    ...record,
    reads: numbersOf(program.bindings, false, numbers),
    writes: numbersOf(program.bindings, true, numbers),
  }));
  return {
    kernels,
    values: valueRecords(bound, graph, buffers, accesses),
    rewrites: rewritten.rewrites,
    refused: rewritten.refusals,
    rules: rewritten.statistics,
    text: textRecord(generated, textOfPrelude),
    dispatches: kernels.length,
    bytes: kernels.reduce((sum, kernel) => sum + kernel.bytes, 0),
    memory: memoryRecord(buffers),
    capture: captureRecord(graph, accesses),
  };
}

function textRecord(
  kernels: readonly GeneratedKernel[],
  ofPrelude: TextRecord = { written: 0, found: 0, characters: 0 },
): TextRecord {
  const fresh = kernels.filter(({ isNew }) => isNew);
  const characters = fresh.reduce((sum, { program }) => sum + program.wgsl.length, 0);
  return {
    written: ofPrelude.written + fresh.length,
    found: ofPrelude.found + kernels.length - fresh.length,
    characters: ofPrelude.characters + characters,
  };
}

function numbersOf(
  bindings: readonly Access[],
  written: boolean,
  numbers: ReadonlyMap<Value, number>,
): number[] {
  return bindings.flatMap(({ value, access }) =>
    (access === 'read_write') === written ? [numbers.get(value) as number] : [],
  );
}

function valueRecords(
  bound: readonly Value[],
  graph: Graph,
  { placements }: BufferPlan,
  accesses: readonly (readonly Access[])[],
): ValueRecord[] {
  const lifetimes = new Map<Value, Lifetime>(
    lifetimesOf(accesses, (value) => placements.has(value)).map((life) => [life.value, life]),
  );
  const outputs = new Set(graph.outputs);
  const placeOf = (value: Value): PlaceRecord | undefined => {
    const [placement, life] = [placements.get(value), lifetimes.get(value)];
    return placement && life && { ...placement, first: life.first, last: life.last };
  };
  return bound.map((value): ValueRecord => {
    const place = placeOf(value);
    return {
      name: value.producer?.origins.at(-1) ?? value.name,
      kind: kindOf(value, outputs),
      shape: value.shape,
      dtype: value.dtype,
      bytes: byteSize(value),
      ...(place ? { place } : {}),
    };
  });
}

function kindOf(value: Value, outputs: ReadonlySet<Value>): ValueRecord['kind'] {
  if (value.constant) return 'constant';
  if (!value.producer) return 'input';
  return outputs.has(value) ? 'output' : 'intermediate';
}

function memoryRecord({ slabs, placements, lowerBound }: BufferPlan): MemoryRecord {
  const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);
  const unshared = sum([...placements.keys()].map(byteSize));
  return { slabs, allocated: sum(slabs), lowerBound, unshared };
}

function captureRecord(
  { inputs, outputs }: Graph,
  dispatches: readonly (readonly Access[])[],
): CaptureRecord {
  const changing = new Set([...inputs, ...outputs]);
  const isRebound = (accesses: readonly Access[]): boolean =>
    accesses.some(({ value }) => changing.has(value));
  const rebound = dispatches.filter(isRebound).length;
  return {
    kept: dispatches.length - rebound,
    rebound,
    submits: Math.ceil(dispatches.length / DISPATCHES_PER_SUBMIT),
  };
}
