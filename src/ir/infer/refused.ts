/**
 * Thrown where something has no form in the IR, or no kernel. It never reaches a user: whoever drives
 * an import or a compilation turns it into a refusal, a value with nodes and a reason.
 */
export class RefusedError extends Error {
  /**
   * @param nodes names of the model's nodes that stand in the way; none where the thrower, deep in
   *   the IR, cannot know them.
   */
  constructor(
    readonly reason: string,
    readonly nodes: readonly string[] = [],
  ) {
    super(`[webgpu-fused] cannot fuse ${nodes.join(', ') || 'this'}: ${reason}.`);
    this.name = 'RefusedError';
  }
}

/** Throws a {@link RefusedError}; an expression, so that it can stand after `??`. */
export function refuse(reason: string): never {
  throw new RefusedError(reason);
}

/** Refuses with `reason` unless `condition` holds. */
export function demand(condition: boolean, reason: () => string): void {
  if (!condition) refuse(reason());
}
