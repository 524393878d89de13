/**
 * Finds the kernels of a plan that are wrong: each runs by itself on the reference's values, rounded to
 * float32, and what it stores is compared with what its part of the graph makes of them.
 */
import { planBuffers } from '../compiler/memory';
import type { Plan, PlanDispatch } from '../compiler/plan';
import { sizeOf, type Value } from '../ir/graph';
import type { KernelRecord, PlanRecord } from '../report/record';
import { PlanExecutor } from '../runtime/executor';
import type { PlanDevice } from '../runtime/plan-device';
import { findDifference, type Difference } from './judge';
import { CANCELLING, evaluateValues, single, type Doubles, type Precision } from './reference';
import { bufferWith, copyWords, elementsOf, wordsOf } from './snapshot';

export interface KernelFault {
  readonly record: KernelRecord;
  readonly dispatch: PlanDispatch;
  /** What it wrote that is wrong; null if it left elements out. */
  readonly difference: Difference | null;
  /** Which of its bindings that is. */
  readonly binding: number;
  /** Words that each of its bindings holds when it starts, and that the wrong one should hold then. */
  readonly words: readonly Uint32Array[];
  readonly expected: Uint32Array;
  /** Whether other words may be as right: see {@link isPrivate}. */
  readonly isPrivate: boolean;
}

/** Of a plan that exists for one launch: nobody reads it. */
const NO_RECORD: PlanRecord = {
  kernels: [],
  values: [],
  rewrites: [],
  refused: [],
  rules: [],
  text: { written: 0, found: 0, characters: 0 },
  dispatches: 1,
  bytes: 0,
  memory: { slabs: [], allocated: 0, lowerBound: 0, unshared: 0 },
  capture: { kept: 0, rebound: 1, submits: 1 },
};

/** What the result of a dispatch is filled with before: elements that it leaves as they are. */
const FILLINGS = [0x7fc0beef, 0x12345678];
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

/**
 * Values that kernels lay out or divide as they like: the next kernel gets what the device stored, not
 * what the reference would have.
 */
function isPrivate({ producer }: Value): boolean {
  return producer?.kernel === 'AttentionPart' || producer?.attrs.parts !== undefined;
}

/** Elements without what a kernel may choose: all of them, but for {@link isPrivate private} values. */
function chosenByGraph(value: Value, elements: Doubles): Doubles {
  const { producer, shape } = value;
  if (!producer || !isPrivate(value)) return elements;
  if (producer.kernel !== 'AttentionPart') {
    // How a sum is divided among parts.
    const sums = new Float64Array(elements.length / shape[0]);
    elements.forEach((x, i) => (sums[i % sums.length] += x));
    return sums;
  }
  // What fills up vectors: behind the values, and behind the maximum and the weight.
  const length = shape[shape.length - 1];
  const width = producer.inputs[2].shape.at(-1) as number;
  return elements.map((x, i) => {
    const lane = i % length;
    return lane < width || lane === length - 4 || lane === length - 3 ? x : 0;
  });
}

/** @param known elements of the plan's inputs and constants. */
export async function findKernelFaults(
  device: PlanDevice,
  plan: Plan,
  known: Map<Value, Doubles>,
): Promise<KernelFault[]> {
  const faults: KernelFault[] = [];
  if (plan.prelude) {
    const { plan: prelude, results } = plan.prelude;
    faults.push(...(await findKernelFaults(device, prelude, known)));
    const elements = await evaluateValues(prelude.outputs, known);
    results.forEach((value, i) => known.set(value, elements[i]));
  }
  return [...faults, ...(await new KernelSearch(device, plan, known).run())];
}

class KernelSearch {
  /** What the device stored of values that only kernels know how to read. */
  private readonly stored = new Map<Value, Uint32Array<ArrayBuffer>>();
  /** Those of them that are wrong: what reads them cannot be judged. */
  private readonly spoiled = new Set<Value>();
  /** Elements that were written so far, and by which dispatch last. */
  private readonly written = new Map<Value, { isWritten: Uint8Array; fault: KernelFault }>();

  constructor(
    private readonly device: PlanDevice,
    private readonly plan: Plan,
    private readonly known: Map<Value, Doubles>,
  ) {}

  async run(): Promise<KernelFault[]> {
    const faults: KernelFault[] = [];
    for (const [i, dispatch] of this.plan.dispatches.entries()) {
      const fault = await this.check(dispatch, this.plan.record.kernels[i]);
      if (fault) faults.push(fault);
    }
    for (const { isWritten, fault } of this.written.values()) {
      if (isWritten.includes(0)) faults.push(fault);
    }
    return faults;
  }

  private async check(dispatch: PlanDispatch, record: KernelRecord): Promise<KernelFault | null> {
    const { bindings } = dispatch.program;
    const reads = bindings.filter(({ access }) => access === 'read').map(({ value }) => value);
    if (reads.some((value) => this.spoiled.has(value))) return null;
    const words = new Map<Value, Uint32Array<ArrayBuffer>>();
    for (const value of reads) words.set(value, await this.wordsOf(value));
    const part = new KernelPart(this.known, reads, words);
    await this.reference(part.neededBy(bindings.map(({ value }) => value)));
    const results = [];
    for (const filling of FILLINGS) results.push(await this.launch(dispatch, words, filling));
    for (const [at, { value, access }] of bindings.entries()) {
      if (access === 'read') continue;
      const [stored, again] = results.map(
        (result) => result.get(value) as Uint32Array<ArrayBuffer>,
      );
      if (isPrivate(value)) this.stored.set(value, stored);
      const expected = await part.evaluate(value);
      const isWritten = Uint8Array.from(stored, (word, i) => Number(word === again[i]));
      const actual = elementsOf(stored, value.dtype).map((x, i) =>
        isWritten[i] ? x : expected[i],
      );
      const fault = (difference: Difference | null): KernelFault => ({
        record,
        dispatch,
        difference,
        binding: at,
        words: bindings.map(
          (other) => words.get(other.value) ?? new Uint32Array(sizeOf(other.value.shape)),
        ),
        expected: wordsOf(expected, value.dtype),
        isPrivate: isPrivate(value),
      });
      const difference = await findStoredDifference(value, actual, expected, part);
      if (difference) {
        if (isPrivate(value)) this.spoiled.add(value);
        return fault(difference);
      }
      if (!isPrivate(value)) this.note(value, isWritten, fault(null));
    }
    return null;
  }

  private note(value: Value, isWritten: Uint8Array, fault: KernelFault): void {
    const before = this.written.get(value)?.isWritten;
    const all = before ? isWritten.map((flag, i) => flag | before[i]) : isWritten;
    this.written.set(value, { isWritten: all, fault });
  }

  /** Computes values by the reference, unless they are known. */
  private reference(values: readonly Value[]): Promise<Doubles[]> {
    return evaluateValues(values, this.known);
  }

  private async wordsOf(value: Value): Promise<Uint32Array<ArrayBuffer>> {
    const stored = this.stored.get(value);
    if (stored) return stored;
    const [elements] = await this.reference([value]);
    return wordsOf(elements, value.dtype);
  }

  /** What a dispatch stores in buffers that hold nothing but `filling`. */
  private async launch(
    dispatch: PlanDispatch,
    words: ReadonlyMap<Value, Uint32Array<ArrayBuffer>>,
    filling: number,
  ): Promise<Map<Value, Uint32Array>> {
    const { device } = this.device;
    const values = dispatch.program.bindings.map(({ value }) => value);
    const inputs = values.filter((value) => words.has(value));
    const outputs = values.filter((value) => !words.has(value));
    const executor = new PlanExecutor(this.device, planOf(dispatch, inputs, outputs));
    const from = inputs.map((value) =>
      bufferWith(device, words.get(value) as Uint32Array<ArrayBuffer>),
    );
    const to = outputs.map(({ shape }) =>
      bufferWith(device, new Uint32Array(sizeOf(shape)).fill(filling)),
    );
    executor.encode(from, to, true);
    const stored = await Promise.all(
      to.map((buffer, i) => copyWords(device, buffer, sizeOf(outputs[i].shape))),
    );
    executor.dispose();
    for (const buffer of [...from, ...to]) buffer.destroy();
    return new Map(outputs.map((value, i) => [value, stored[i]]));
  }
}

/** The part of a graph that one dispatch computes: from what it loads to what it stores. */
class KernelPart {
  private readonly loaded = new Map<Value, Doubles>();
  private readonly derived = new Map<Value, boolean>();
  private readonly reached = new Map<Value, boolean>();

  constructor(
    private readonly known: ReadonlyMap<Value, Doubles>,
    reads: readonly Value[],
    words: ReadonlyMap<Value, Uint32Array>,
  ) {
    for (const value of reads) {
      if (isPrivate(value)) continue;
      this.loaded.set(value, elementsOf(words.get(value) as Uint32Array, value.dtype));
    }
  }

  /** Values in front of `wanted` that do not follow from what is loaded: other kernels' parts. */
  neededBy(wanted: readonly Value[]): Value[] {
    const needed: Value[] = [];
    const seen = new Set<Value>();
    const visit = (value: Value): void => {
      if (seen.has(value) || this.loaded.has(value)) return;
      seen.add(value);
      if (this.follows(value)) return;
      if (value.producer && this.touches(value)) value.producer.inputs.forEach(visit);
      else needed.push(value);
    };
    wanted.forEach(visit);
    return needed;
  }

  async evaluate(value: Value, precision?: Precision): Promise<Doubles> {
    const known = new Map(this.loaded);
    for (const other of this.neededBy([value])) {
      known.set(other, this.known.get(other) as Doubles);
    }
    for (const [other, elements] of this.known) {
      if (!other.producer && !known.has(other)) known.set(other, elements);
    }
    const [elements] = await evaluateValues([value], known, precision);
    return elements;
  }

  /** Whether a value follows from what is loaded, and from constants. */
  private follows(value: Value): boolean {
    let answer = this.derived.get(value);
    if (answer === undefined) {
      answer =
        this.loaded.has(value) ||
        value.constant !== undefined ||
        (value.producer?.inputs.every((input) => this.follows(input)) ?? false);
      this.derived.set(value, answer);
    }
    return answer;
  }

  /** Whether a value depends on anything that is loaded. */
  private touches(value: Value): boolean {
    let answer = this.reached.get(value);
    if (answer === undefined) {
      answer =
        this.loaded.has(value) ||
        (value.producer?.inputs.some((input) => this.touches(input)) ?? false);
      this.reached.set(value, answer);
    }
    return answer;
  }
}

async function findStoredDifference(
  value: Value,
  actual: Doubles,
  expected: Doubles,
  part: KernelPart,
): Promise<Difference | null> {
  const { dtype } = value;
  const judged = chosenByGraph(value, actual);
  const evidence = { dtype, expected: chosenByGraph(value, expected), samples: [] };
  if (!findDifference(judged, evidence)) return null;
  const samples = [];
  for (const seed of SEEDS) {
    samples.push(chosenByGraph(value, await part.evaluate(value, single(seed))));
  }
  const cancelled = chosenByGraph(value, await part.evaluate(value, CANCELLING));
  return findDifference(judged, { ...evidence, samples, cancelled });
}

function planOf(dispatch: PlanDispatch, inputs: readonly Value[], outputs: readonly Value[]): Plan {
  return {
    label: dispatch.label,
    inputs,
    outputs,
    constants: [],
    prelude: null,
    dispatches: [dispatch],
    choices: [],
    buffers: planBuffers([], () => false),
    record: NO_RECORD,
  };
}
