/**
 * Measurements kept in IndexedDB, where there is one, so that the next visit of a page need not measure.
 * At best: whatever goes wrong there, the page measures again.
 */
import { withStore, type StoreName } from '../indexed-db';
import type { TuningJson, TuningTable } from './table';

const STORE: StoreName = { database: 'webgpu-fused', store: 'tuning' };

/** Adds to a table what was kept for its adapter, unless that is of another version. */
export async function recallTuning(table: TuningTable): Promise<void> {
  const kept = await withStore(STORE, 'readonly', (store) => store.get(table.adapter));
  if (kept === undefined) return;
  try {
    table.import(kept);
  } catch {
    // Of another version: measured again.
  }
}

/** Keeps measurements, in place of those of that adapter. */
export async function saveTuning(tuning: TuningJson): Promise<void> {
  await withStore(STORE, 'readwrite', (store) => store.put(tuning, tuning.adapter));
}
