/** What each backend took for the frames so far. */
import { summarize } from '../../src/measure/statistics';
import { BACKENDS, type BackendName } from './backend-names';
import type { Look } from './contender';

/** Frames that medians are of. */
const RECENT = 30;

/** A row of the table. */
export interface Standing {
  frameMs?: number;
  jsMs?: number;
  dispatches?: number;
  bytes?: number;
  /** Largest difference from the reference, of the largest output; of the reference, 0. */
  difference?: number;
  isReference?: boolean;
  /** Why it could not run. */
  error?: string;
}

type Sample = Pick<Look, 'frameMs' | 'jsMs' | 'dispatches' | 'bytes'>;

export class Tally {
  private readonly samples = new Map<BackendName, Sample[]>();
  private readonly notes = new Map<
    BackendName,
    Pick<Standing, 'difference' | 'isReference' | 'error'>
  >();

  add(backend: BackendName, { frameMs, jsMs, dispatches, bytes }: Sample): void {
    if (this.notes.get(backend)?.error) this.notes.delete(backend); // it runs again
    const list = this.samples.get(backend) ?? [];
    list.push({ frameMs, jsMs, dispatches, bytes });
    if (list.length > RECENT) list.shift();
    this.samples.set(backend, list);
  }

  note(backend: BackendName, said: Pick<Standing, 'difference' | 'isReference' | 'error'>): void {
    this.notes.set(backend, said);
  }

  standing(backend: BackendName): Standing {
    const note = this.notes.get(backend) ?? {};
    const list = this.samples.get(backend);
    if (!list) return note;
    const median = (key: keyof Sample): number =>
      summarize(list.map((sample) => sample[key])).median;
    const { dispatches, bytes } = list[list.length - 1];
    return { ...note, frameMs: median('frameMs'), jsMs: median('jsMs'), dispatches, bytes };
  }

  standings(): (readonly [BackendName, Standing])[] {
    return BACKENDS.map((backend) => [backend, this.standing(backend)] as const);
  }

  clear(): void {
    this.samples.clear();
    this.notes.clear();
  }
}
