/** What was measured on an adapter: which candidate computes which class of cases fastest. */
import type { Choice } from '../../fused-kernels/target';
import { LruMap } from '../../ir/lru-map';
import { givenJson } from '../given-json';

/** A choice that was measured. */
export interface TunedChoice {
  /** The family of kernels that chooses, and the class of sizes that it chooses for. */
  readonly family: string;
  readonly shape: string;
  /** The name of the candidate to take. */
  readonly best: string;
  /** Median microseconds of each candidate that was measured, the table's pick first. */
  readonly times: Readonly<Record<string, number>>;
}

/** Measurements as JSON: see `exportTuning`. */
export interface TuningJson {
  readonly format: 'webgpu-fused tuning';
  /** Version of this package: candidates and their kernels are others in other versions. */
  readonly version: string;
  /** What the adapter says of itself. */
  readonly adapter: string;
  readonly choices: readonly TunedChoice[];
}

const FORMAT = 'webgpu-fused tuning';

/** Choices kept at most: as many as some hundred models have. */
const MAX_CHOICES = 4096;

export class TuningTable {
  private readonly choices = new LruMap<string, TunedChoice>({ entries: MAX_CHOICES });

  /**
   * @param version of this package
   * @param adapter what tells the adapter from others
   */
  constructor(
    readonly version: string,
    readonly adapter: string,
  ) {}

  get size(): number {
    return this.choices.size;
  }

  /** What was measured for a choice; undefined if nothing was. */
  find(choice: Pick<Choice, 'family' | 'shape'>): TunedChoice | undefined {
    return this.choices.get(keyOf(choice));
  }

  add(choice: TunedChoice): void {
    this.choices.set(keyOf(choice), choice);
  }

  toJSON(): TuningJson {
    const { version, adapter } = this;
    const choices = [...this.choices.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    return { format: FORMAT, version, adapter, choices };
  }

  /**
   * Adds choices that were exported; those of a class that is known already are replaced.
   * @returns how many there were
   * @throws Error if they are no such export, or of another adapter or version; then none is added.
   */
  import(json: unknown): number {
    const { version, adapter, choices } = parse(json);
    const refuse = (what: string, got: string, needs: string): never => {
      throw new Error(
        `[webgpu-fused] importTuning: got choices for ${what} '${got}'; needs '${needs}'. ` +
          'Tune on this device: await warmup(model, { tune: true }).',
      );
    };
    if (version !== this.version) refuse('version', version, this.version);
    if (adapter !== this.adapter) refuse('adapter', adapter, this.adapter);
    for (const choice of choices) this.add(choice);
    return choices.length;
  }
}

const keyOf = ({ family, shape }: Pick<Choice, 'family' | 'shape'>): string =>
  `${family}: ${shape}`;

/** @throws Error if it is not what {@link TuningTable.toJSON} answers. */
function parse(json: unknown): TuningJson {
  const fail = (got: string): never => {
    throw new Error(
      `[webgpu-fused] importTuning: got ${got}; needs what exportTuning() gave, as an object or as ` +
        'text. Export it again.',
    );
  };
  const given = givenJson(json, fail);
  if (!isObject(given) || given.format !== FORMAT) return fail('something else');
  const { version, adapter, choices } = given;
  if (typeof version !== 'string' || typeof adapter !== 'string' || !Array.isArray(choices)) {
    return fail('an object without version, adapter or choices');
  }
  const broken = choices.findIndex((choice) => !isTuned(choice));
  if (broken >= 0) fail(`a choice, number ${broken}, without family, shape, best and times`);
  return { format: FORMAT, version, adapter, choices: choices.filter(isTuned) };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

function isTuned(value: unknown): value is TunedChoice {
  if (!isObject(value) || !isObject(value.times)) return false;
  const { family, shape, best, times } = value;
  return (
    typeof family === 'string' &&
    typeof shape === 'string' &&
    typeof best === 'string' &&
    Object.hasOwn(times, best) &&
    Object.values(times).every((time) => typeof time === 'number' && time >= 0)
  );
}
