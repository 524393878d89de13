/** A store of IndexedDB, where there is one. At best: whatever goes wrong there, nothing was kept. */

/** Which store of which database; each is the only one of its database. */
export interface StoreName {
  readonly database: string;
  readonly store: string;
}

/** What `use` asks of a store; undefined where there is none, or it fails. */
export async function withStore(
  { database: name, store }: StoreName,
  mode: IDBTransactionMode,
  use: (store: IDBObjectStore) => IDBRequest,
): Promise<unknown> {
  if (typeof indexedDB === 'undefined') return undefined;
  try {
    const opening = indexedDB.open(name, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(store);
    const database = (await settled(opening)) as IDBDatabase;
    try {
      return await settled(use(database.transaction(store, mode).objectStore(store)));
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
