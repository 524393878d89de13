/**
 * Measurements kept in IndexedDB, where there is one, so that the next visit of a page need not measure.
 * At best: whatever goes wrong there, the page measures again.
 */
import type { TuningJson, TuningTable } from './table';

const DATABASE = 'webgpu-fused';
const STORE = 'tuning';

/** Adds to a table what was kept for its adapter, unless that is of another version. */
export async function recallTuning(table: TuningTable): Promise<void> {
  const kept = await withStore('readonly', (store) => store.get(table.adapter));
  if (kept === undefined) return;
  try {
    table.import(kept);
  } catch {
    // Of another version: measured again.
  }
}

/** Keeps measurements, in place of those of that adapter. */
export async function saveTuning(tuning: TuningJson): Promise<void> {
  await withStore('readwrite', (store) => store.put(tuning, tuning.adapter));
}

async function withStore(
  mode: IDBTransactionMode,
  use: (store: IDBObjectStore) => IDBRequest,
): Promise<unknown> {
  if (typeof indexedDB === 'undefined') return undefined;
  try {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    const database = (await settled(opening)) as IDBDatabase;
    try {
      return await settled(use(database.transaction(STORE, mode).objectStore(STORE)));
    } finally {
      database.close();
    }
  } catch {
    // Private windows, full disks, blocked upgrades.
    return undefined;
  }
}

/** What a request answers; a request of a database that others hold open is given up. */
function settled(request: IDBRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Error(request.error?.message ?? 'IndexedDB'));
    (request as IDBOpenDBRequest).onblocked = () => reject(new Error('blocked'));
  });
}
