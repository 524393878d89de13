/** What ends a command: something that was given is wrong, or missing. */

/** Exit codes of the program. */
export const EXIT = {
  ok: 0,
  /** The command did its work, and the answer is no: results diverge, something is missing. */
  no: 1,
  /** It could not: an option, a file, a model or the machine is not what it needs. */
  unusable: 2,
} as const;

/** An error for people, in one line: what was got, what is needed, what to do. */
export class CliError extends Error {
  constructor(
    /** What was being done: the command, or a part of it. */
    what: string,
    { got, needs, cure }: { got: string; needs: string; cure: string },
  ) {
    super(`[webgpu-fused] ${what}: got ${got}; needs ${needs}. ${cure}`);
    this.name = 'CliError';
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
