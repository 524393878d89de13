/**
 * Thrown inside a front end or a compiler where something has no form in the IR. It never reaches
 * a user: whoever drives the import turns it into a refusal, a value with a node and a reason.
 */
export class RefusedError extends Error {
  /** Name of the model node that was refused; the driver fills it in where the thrower cannot. */
  node?: string;
  readonly reason: string;

  constructor(refusal: { readonly node?: string; readonly reason: string }) {
    super(`[webgpu-fused] refused${refusal.node ? ` ${refusal.node}` : ''}: ${refusal.reason}`);
    this.name = 'RefusedError';
    this.node = refusal.node;
    this.reason = refusal.reason;
  }
}

/** Throws a {@link RefusedError}; an expression, so that it can stand after `??`. */
export function refuse(reason: string): never {
  throw new RefusedError({ reason });
}

/** Refuses with `reason` unless `condition` holds. */
export function demand(condition: boolean, reason: () => string): void {
  if (!condition) refuse(reason());
}
