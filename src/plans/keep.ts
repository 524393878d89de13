/** Plans kept in IndexedDB, for the next visit of a page. */
import type { GraphModel } from '@tensorflow/tfjs-converter';
import { requireRewriter } from '../graph-model/explain';
import { withStore, type StoreName } from '../runtime/indexed-db';
import { digestOf } from './plan-json';
import { exportPlan, importPlan, type ImportedPlan } from './transfer';

const STORE: StoreName = { database: 'webgpu-fused plans', store: 'plans' };

/** Plans of so many models, and so many characters of JSON, are kept at most; the oldest go first. */
const MAX_PLANS = 32;
const MAX_CHARACTERS = 32 * 2 ** 20;

/** A plan as it is kept, under the digest of its model's topology. */
interface KeptPlan {
  readonly model: string;
  readonly json: string;
  /** Milliseconds since 1970. */
  readonly keptAt: number;
}

/**
 * Keeps what {@link exportPlan} gives in IndexedDB, in place of what was kept for the model: its shaders' texts and
 * the steps of its rewriting, nothing of its inputs, and of its weights the numbers that are in the texts. Plans of 32
 * models and 32 million characters are kept, the latest. Call it after `warmup`, or after some calls.
 *
 * @returns whether it was kept: false where there is no IndexedDB, as in Node, or it is full or closed to the page.
 * @throws Error if the model is not rewritten (see `explain`) or has no plan yet.
 */
export async function keepPlan(model: GraphModel): Promise<boolean> {
  const plan = await exportPlan(model);
  const kept: KeptPlan = { model: plan.model, json: JSON.stringify(plan), keptAt: Date.now() };
  const known = ((await withStore(STORE, 'readonly', (store) => store.getAll())) ??
    []) as KeptPlan[];
  for (const { model: forgotten } of overfull(kept, known)) await forget(forgotten);
  const key = await withStore(STORE, 'readwrite', (store) => store.put(kept, kept.model));
  return key !== undefined;
}

/**
 * Takes over what {@link keepPlan} kept for the model, before it runs. What does not fit any more, after an update of the
 * driver, the browser or this package, is forgotten, with a line on the console, and the model compiles as ever.
 *
 * @returns what was taken over; null where nothing was kept that fits.
 * @throws Error if the model is not rewritten (see `explain`).
 */
export async function recallPlan(model: GraphModel): Promise<ImportedPlan | null> {
  const digest = await digestOf(requireRewriter(model, 'recallPlan').topology);
  const kept = await withStore(STORE, 'readonly', (store) => store.get(digest));
  if (kept === undefined) return null;
  try {
    return await importPlan(model, (kept as KeptPlan).json);
  } catch (error) {
    console.info(`${(error as Error).message} (It was kept by an earlier visit.)`);
    await forget(digest);
    return null;
  }
}

async function forget(model: string): Promise<void> {
  await withStore(STORE, 'readwrite', (store) => store.delete(model));
}

/** Which plans have to go for another one, the oldest first. */
export function overfull(added: KeptPlan, known: readonly KeptPlan[]): KeptPlan[] {
  const others = known
    .filter(({ model }) => model !== added.model)
    .sort((a, b) => b.keptAt - a.keptAt);
  let plans = 1;
  let characters = added.json.length;
  return others.filter(({ json }) => {
    plans++;
    characters += json.length;
    return plans > MAX_PLANS || characters > MAX_CHARACTERS;
  });
}
