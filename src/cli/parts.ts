/** Entries of the package that only some commands need. */

export interface Parts {
  /** Registers the backend. */
  backend(): Promise<void>;
  verify(): Promise<typeof import('../verify')>;
}
