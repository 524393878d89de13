/** Turns the groups of a fused graph into shaders, and fuses less where a shader cannot be. */
import type { KernelTarget } from '../fused-kernels/kernel';
import type { Choice } from '../fused-kernels/target';
import { byteSize, type ShaderProgram } from '../fused-kernels/wgsl/kernel-writer';
import type { ShaderPart } from '../fused-kernels/wgsl/scope';
import { sizeOf, type Graph, type Node, type Value } from '../ir/graph';
import * as ix from '../ir/index-expression';
import { RefusedError } from '../ir/infer/refused';
import type { KernelGroup } from '../ir/kernel-group';
import type { Steps } from '../ir/steps';
import {
  fuseGraph,
  type FusedGraph,
  type FusionConstraints,
  type FusionTables,
} from '../patterns/fuser/index';
import { kernelFor } from '../registry/kernels';
import type { ChoiceRecord, KernelRecord, PartRecord } from '../report/record';
import { exceededLimit } from './limits';
import type { PlanChoice } from './plan';
import { programOf, type AskedChoice, type ChosenProgram } from './program-cache';
import type { Stored } from './structural-key';

export interface GeneratedKernel {
  readonly label: string;
  readonly program: ShaderProgram;
  readonly structure: string;
  /** Without its buffers, which have numbers only within a plan. */
  readonly record: Omit<KernelRecord, 'reads' | 'writes'>;
  readonly choice?: PlanChoice;
  /** Whether its text was written for it, and not for another kernel before. */
  readonly isNew: boolean;
}

/** Attempts at a graph before it is refused; each takes one fusion back for every kernel that fails. */
const MAX_ATTEMPTS = 16;

/**
 * Fuses `graph` and writes its shaders, pausing after each.
 * @throws RefusedError if a kernel cannot be written even by itself.
 */
export function* generateKernels(
  graph: Graph,
  tables: FusionTables,
  target: KernelTarget,
  constraints?: FusionConstraints,
): Steps<{ fused: FusedGraph; kernels: GeneratedKernel[] }> {
  const store = new Map<Node, string>(constraints?.store);
  const separate = new Map<Node, string>(constraints?.separate);
  for (let attempt = 1; ; attempt++) {
    const fused = fuseGraph(graph, tables, { store, separate });
    const storage = storageOf(fused);
    const kernels: GeneratedKernel[] = [];
    const failures: { group: KernelGroup; reason: string }[] = [];
    for (const group of fused.groups) {
      yield;
      const result = tryGenerate(group, storage, target);
      if (typeof result === 'string') failures.push({ group, reason: result });
      else kernels.push(result);
    }
    if (failures.length === 0) return { fused, kernels };
    for (const { group, reason } of failures) {
      // What follows the anchor, or else what stands in front of it.
      const last =
        [...group.members].reverse().find((node) => node !== group.anchor) ?? group.anchor;
      const inlined = inlinedToStore(group, storage, target.maxStorageBuffers);
      if (attempt === MAX_ATTEMPTS || (inlined.length === 0 && last === group.anchor)) {
        throw new RefusedError(reason, group.anchor.origins);
      }
      for (const node of inlined) store.set(node, reason);
      if (inlined.length === 0) separate.set(last, reason);
    }
  }
}

/** The kernel of a group, or the reason why there is none. */
function tryGenerate(
  group: KernelGroup,
  storage: (value: Value) => Stored | null,
  target: KernelTarget,
): GeneratedKernel | string {
  const family = kernelFor(group.anchor.kernel);
  let chosen: ChosenProgram;
  try {
    chosen = programOf(family, group, target, storage);
  } catch (error) {
    return `its shader could not be written: ${(error as Error).message}`;
  }
  const { program, structure, choices, isNew } = chosen;
  const exceeded = exceededLimit(program, target);
  if (exceeded !== null) return exceeded;
  const choice = choices.map((asked) => madeChoice(asked, target)).at(-1);
  const bytes = program.bindings.reduce((sum, { value }) => sum + byteSize(value), 0);
  return {
    label: program.title,
    program,
    structure,
    isNew,
    record: {
      label: program.title,
      family: family.name,
      origins: originsOf(group, storage),
      bytes,
      wgsl: program.wgsl,
      workgroups: program.workgroups,
      parts: program.parts.map(partRecord),
      ...(choice ? { choice: choiceRecord(choice) } : {}),
    },
    ...(choice
      ? {
          choice: {
            choice: choice.asked,
            picked: choice.picked,
            isTuned: choice.times !== undefined,
            node: group.anchor,
            bytes,
          },
        }
      : {}),
  };
}

function partRecord({ first, last, value }: ShaderPart): PartRecord {
  const { kernel, origins } = value.producer as Node;
  return { first, last, kernel, origins };
}

/** A choice that a kernel made while it was written. */
interface MadeChoice {
  readonly asked: Choice;
  readonly picked: string;
  readonly times?: Readonly<Record<string, number>>;
}

function madeChoice({ choice, answer }: AskedChoice, target: KernelTarget): MadeChoice {
  const { candidates } = choice;
  const picked = answer !== undefined && candidates.includes(answer) ? answer : candidates[0];
  return { asked: choice, picked, times: target.timesOf?.(choice) };
}

function choiceRecord({ asked: { candidates }, picked, times }: MadeChoice): ChoiceRecord {
  const by = times ? 'tuned' : picked === candidates[0] ? 'table' : 'forced';
  return { candidate: picked, by, candidates: candidates.length, ...(times ? { times } : {}) };
}

/** Which buffer a value of the fused graph is in, and where; null if no kernel stores it. */
function storageOf(fused: FusedGraph): (value: Value) => Stored | null {
  const stored = new Set<Value>(fused.groups.flatMap((group) => group.stores));
  for (const { buffer } of fused.windows.values()) stored.add(buffer);
  const known = new Map<Value, Stored | null>();
  const storage = (value: Value): Stored | null => {
    let found = known.get(value);
    if (found === undefined) known.set(value, (found = find(value)));
    return found;
  };
  const find = (value: Value): Stored | null => {
    const window = fused.windows.get(value);
    if (window) {
      const outer = storage(window.buffer) as Stored;
      const shifted = (coords: readonly ix.IndexExpr[]): ix.IndexExpr[] =>
        coords.map((coord, axis) => (axis === window.axis ? ix.shift(coord, window.begin) : coord));
      return {
        buffer: outer.buffer,
        locate: (coords) => outer.locate(shifted(coords)),
        shift: `${outer.shift}+${window.begin}:${window.axis}`,
      };
    }
    return !value.producer || stored.has(value) ? ownBuffer(value) : null;
  };
  return storage;
}

/** The place of a value that has a buffer to itself. */
function ownBuffer(value: Value): Stored {
  return { buffer: value, locate: (coords) => [...coords], shift: '' };
}

/** The nodes that a group computes inside its loads. */
function inlinedBy(group: KernelGroup, storage: (value: Value) => Stored | null): Node[] {
  const seen = new Set<Node>(group.members);
  const found: Node[] = [];
  const stack = [...group.members];
  for (let node = stack.pop(); node; node = stack.pop()) {
    for (const input of node.inputs) {
      const { producer } = input;
      if (!producer || seen.has(producer) || storage(input)) continue;
      seen.add(producer);
      found.push(producer);
      stack.push(producer);
    }
  }
  return found;
}

/** The heaviest inlined node, and as many more as it takes for the group to bind few enough buffers. */
function inlinedToStore(
  group: KernelGroup,
  storage: (value: Value) => Stored | null,
  maxBuffers: number,
): Node[] {
  const found: Node[] = [];
  const storageThen = (value: Value): Stored | null =>
    value.producer && found.includes(value.producer) ? ownBuffer(value) : storage(value);
  do {
    const node = heaviestInlined(group, storageThen, maxBuffers - 1);
    if (!node) break;
    found.push(node);
  } while (buffersOf(group, storageThen) > maxBuffers);
  return found;
}

/** Buffers that a group binds: those it loads, apart from numbers that are written out, and those it stores. */
function buffersOf(group: KernelGroup, storage: (value: Value) => Stored | null): number {
  const members = new Set(group.members);
  const isNumber = ({ constant, shape }: Value): boolean =>
    constant?.host !== undefined && sizeOf(shape) === 1;
  const loaded = [...inlinedBy(group, storage), ...group.members]
    .flatMap(({ inputs }) => inputs)
    .filter((value) => !isNumber(value) && !(value.producer && members.has(value.producer)));
  const buffers = [...loaded, ...group.stores].map((value) => storage(value)?.buffer);
  return new Set(buffers.filter((buffer) => buffer !== undefined)).size;
}

/**
 * The inlined node with the most operands that a kernel of its own can bind: storing it frees most
 * bindings. Where none can, the one with the fewest, which is divided in turn.
 */
function heaviestInlined(
  group: KernelGroup,
  storage: (value: Value) => Stored | null,
  maxOperands: number,
): Node | undefined {
  const leaves = (node: Node): number =>
    new Set(
      inlinedBy({ anchor: node, members: [node], stores: [] }, storage)
        .concat(node)
        .flatMap((inner) => inner.inputs)
        .filter((input) => storage(input)),
    ).size;
  const weights = inlinedBy(group, storage)
    .map((node) => ({ node, count: leaves(node) }))
    .filter(({ count }) => count > 1)
    .sort((a, b) => b.count - a.count);
  const heaviest = weights.find(({ count }) => count <= maxOperands) ?? weights.at(-1);
  return heaviest?.node;
}

/** Names of all model nodes a group computes, those it inlines included. */
function originsOf(group: KernelGroup, storage: (value: Value) => Stored | null): string[] {
  const nodes = [...inlinedBy(group, storage).reverse(), ...group.members];
  return [...new Set(nodes.flatMap((node) => node.origins))];
}
