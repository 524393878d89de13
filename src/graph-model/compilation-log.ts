/** What compiling a region took, and for each new shape what was new, and why. */
import type { Shape } from '../ir/graph';
import type { NewShader } from '../report/record';
import type { CompiledPlan } from './runtime';

/** A shader that an input shape needed, and why none that was there would do. */
export interface NewShaderRecord {
  readonly kernel: string;
  readonly why: string;
}

/** A plan that was compiled because inputs had shapes, or elements that steer shapes, for the first time. */
export interface NewShapeRecord {
  /** Shapes of the region's inputs. */
  readonly inputs: readonly Shape[];
  /** JavaScript of the plan, without making its pipelines. */
  readonly milliseconds: number;
  /** Kernels whose text was written; others were like one that was written before. */
  readonly written: number;
  readonly pipelines: readonly NewShaderRecord[];
}

/** What compiling took so far. */
export interface CompilationExplanation {
  /** Shaders that needed a pipeline, and those that had one of another plan. */
  readonly pipelines: { readonly made: number; readonly shared: number };
  /** Kernels whose text was written, those like one that was written before, and the length of it all. */
  readonly text: { readonly written: number; readonly found: number; readonly characters: number };
  /** JavaScript of all plans, without making their pipelines. */
  readonly milliseconds: number;
  /** New shapes, the latest last; of many only the last are kept. */
  readonly shapes: readonly NewShapeRecord[];
}

const MAX_SHAPES = 64;

export class CompilationLog {
  private readonly shapes: NewShapeRecord[] = [];
  private readonly pipelines = { made: 0, shared: 0 };
  private readonly text = { written: 0, found: 0, characters: 0 };
  private milliseconds = 0;
  /** Shapes that a kernel was last written for, by its label. */
  private readonly latest = new Map<string, readonly Shape[]>();

  /** Takes note of a plan; `milliseconds` are those of importing and compiling it. */
  note(inputs: readonly Shape[], plan: CompiledPlan | undefined, milliseconds: number): void {
    const { newShaders = [], sharedShaders = 0, record } = plan ?? {};
    const text = record?.text ?? { written: 0, found: 0, characters: 0 };
    this.milliseconds += milliseconds;
    this.pipelines.made += newShaders.length;
    this.pipelines.shared += sharedShaders;
    this.text.written += text.written;
    this.text.found += text.found;
    this.text.characters += text.characters;
    const pipelines = newShaders.map((shader) => this.explain(shader));
    const copies = inputs.map((shape) => [...shape]);
    this.shapes.push({ inputs: copies, milliseconds, written: text.written, pipelines });
    if (this.shapes.length > MAX_SHAPES) this.shapes.shift();
  }

  get explanation(): CompilationExplanation {
    const { pipelines, text, milliseconds, shapes } = this;
    return {
      pipelines: { ...pipelines },
      text: { ...text },
      milliseconds,
      shapes: [...shapes],
    };
  }

  private explain({ label, shapes }: NewShader): NewShaderRecord {
    const before = this.latest.get(label);
    this.latest.set(label, shapes);
    return { kernel: label, why: before ? whyNew(before, shapes) : 'the first of its kind' };
  }
}

/** The explanations of several regions in one. */
export function joinExplanations(parts: readonly CompilationExplanation[]): CompilationExplanation {
  const sum = (of: (part: CompilationExplanation) => number): number =>
    parts.reduce((total, part) => total + of(part), 0);
  return {
    pipelines: {
      made: sum(({ pipelines }) => pipelines.made),
      shared: sum(({ pipelines }) => pipelines.shared),
    },
    text: {
      written: sum(({ text }) => text.written),
      found: sum(({ text }) => text.found),
      characters: sum(({ text }) => text.characters),
    },
    milliseconds: sum(({ milliseconds }) => milliseconds),
    shapes: parts.flatMap(({ shapes }) => shapes),
  };
}

/** Sizes of one class have one shader, but for the tile that they choose. */
function sizeClass(size: number): string {
  if (size <= 1) return String(size);
  return size % 4 === 0 ? 'a multiple of 4' : 'no multiple of 4';
}

/** Why a kernel was written anew after it had been for other shapes. */
function whyNew(before: readonly Shape[], now: readonly Shape[]): string {
  if (before.length !== now.length) return 'it reads or writes other buffers';
  for (const [at, shape] of now.entries()) {
    if (shape.length !== before[at].length) return 'a buffer has another rank';
    const axis = shape.findIndex((size, i) => sizeClass(size) !== sizeClass(before[at][i]));
    if (axis < 0) continue;
    const place = `axis ${axis} of [${shape}]`;
    return `${place} is ${sizeClass(shape[axis])}; in [${before[at]}] it was ${sizeClass(before[at][axis])}`;
  }
  const changed = now.findIndex((shape, at) => String(shape) !== String(before[at]));
  return changed < 0
    ? 'it is computed in another way'
    : `[${now[changed]}] instead of [${before[changed]}] is divided otherwise`;
}
