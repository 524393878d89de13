/** Shaders that were written before: a group that is like one of them costs a look-up. */

import type { FusedKernel, KernelHints, LaneAxis } from '../fused-kernels/kernel';
import type { Choice, KernelTarget } from '../fused-kernels/target';
import type { Binding, ShaderProgram } from '../fused-kernels/wgsl/kernel-writer';
import type { ShaderPart } from '../fused-kernels/wgsl/scope';
import type { Value } from '../ir/graph';
import type { KernelGroup } from '../ir/kernel-group';
import { LruMap } from '../ir/lru-map';
import { structuralKey, type Stored } from './structural-key';

/** Programs of a target that are kept: some large models' worth. */
const MAX_PROGRAMS = 1024;

/** What a target was asked while a shader was written, and what it answered. */
export interface AskedChoice {
  readonly choice: Choice;
  readonly answer: string | undefined;
}

/** A shader, and the choices that were made on the way. */
export interface ChosenProgram {
  readonly program: ShaderProgram;
  /** What it was found by: see {@link programsOf}. */
  readonly structure: string;
  readonly choices: readonly AskedChoice[];
  /** Whether its text was written now. */
  readonly isNew: boolean;
}

/** A shader that any group of its structure may have: values are numbers, so that no graph is kept alive. */
export interface WrittenProgram extends Omit<ShaderProgram, 'bindings' | 'parts'> {
  readonly bindings: readonly Numbered<Binding>[];
  readonly parts: readonly Numbered<ShaderPart>[];
  /** A target may have learned since it was asked: the choices tell. */
  readonly choices: readonly AskedChoice[];
}

type Numbered<T> = Omit<T, 'value'> & { readonly value: number };

/** Each text once: plans of other sizes have equal ones, of some kilobytes each. */
const texts = new LruMap<string, string>({ entries: MAX_PROGRAMS });

function onlyOne(text: string): string {
  const known = texts.get(text);
  if (known === undefined) texts.set(text, text);
  return known ?? text;
}

const written = new WeakMap<KernelTarget, LruMap<string, WrittenProgram>>();

/** What was written for a target, by structure. */
export function programsOf(target: KernelTarget): LruMap<string, WrittenProgram> {
  const known = written.get(target) ?? new LruMap({ entries: MAX_PROGRAMS });
  written.set(target, known);
  return known;
}

/** What a kernel came to, its buffers by number. */
interface KnownHints {
  readonly scalarBuffers: readonly number[];
  readonly axes?: readonly LaneAxis[];
}

/** By structure and by whether sizes are multiples of 4: what such a kernel came to when it was last written. */
const hintsOf = new LruMap<string, KnownHints>({ entries: MAX_PROGRAMS });

/**
 * The shader of a group, written once for all groups of one structure.
 * @throws what `generate` of the family throws
 */
export function programOf(
  family: FusedKernel,
  group: KernelGroup,
  target: KernelTarget,
  placementOf: (value: Value) => Stored | null,
): ChosenProgram {
  const known = programsOf(target);
  const { text, values } = structuralKey(group, placementOf);
  const structure = `${text}\n${family.facts?.(group.anchor) ?? ''}`;
  const found = known.get(structure);
  if (found?.choices.every(({ choice, answer }) => target.choose?.(choice) === answer)) {
    return { program: rebind(found, values), structure, choices: found.choices, isNew: false };
  }
  const choices: AskedChoice[] = [];
  const watched: KernelTarget = {
    ...target,
    choose: (choice) => {
      const answer = target.choose?.(choice);
      choices.push({ choice, answer });
      return answer;
    },
  };
  const kind = structure.replace(/\d+/g, (size) => (Number(size) % 4 === 0 ? '4' : '1'));
  const last = hintsOf.get(kind);
  const scalars = last?.scalarBuffers.flatMap((number) => values[number] ?? []);
  const hints: KernelHints = { scalarBuffers: new Set(scalars), axes: last?.axes };
  const generated = family.generate({ group, target: watched, storage: placementOf, hints });
  const program = { ...generated, wgsl: onlyOne(generated.wgsl) };
  const numbers = new Map(values.map((value, i) => [value, i]));
  const numberOf = ({ value }: { value: Value }): number => numbers.get(value) as number;
  const scalarBuffers = [...hints.scalarBuffers].map((value) => numbers.get(value) as number);
  hintsOf.set(kind, { scalarBuffers, axes: hints.axes });
  const bindings = program.bindings.map((binding) => ({ ...binding, value: numberOf(binding) }));
  const parts = program.parts.map((part) => ({ ...part, value: numberOf(part) }));
  known.set(structure, { ...program, bindings, parts, choices });
  return { program, structure, choices, isNew: true };
}

/** A program for the values that correspond to those it was written for. */
function rebind(
  { choices: _, bindings, parts, ...program }: WrittenProgram,
  values: readonly Value[],
): ShaderProgram {
  return {
    ...program,
    bindings: bindings.map((binding) => ({ ...binding, value: values[binding.value] })),
    parts: parts.map((part) => ({ ...part, value: values[part.value] })),
  };
}
