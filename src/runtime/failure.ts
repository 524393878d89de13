/** Why a tensor holds no answer: what the driver did not do, told apart by kind. */

/**
 * - `shader`: a generated shader was rejected; the same plan would be rejected again.
 * - `validation`: commands were dropped, because of a buffer that is dead, a limit, an invalid shader of stock's.
 * - `out-of-memory`: commands were dropped, because memory for them could not be had.
 * - `kernel`: a kernel of tfjs's threw when it ran, some time after it was called.
 */
export type FailureKind = 'shader' | 'validation' | 'out-of-memory' | 'kernel';

export interface Failure {
  readonly kind: FailureKind;
  /** A clause that can stand behind “because”. */
  readonly reason: string;
  /** Nodes of a model, or kernels of eager code, that are to blame, as far as they are known. */
  readonly nodes: readonly string[];
}

export const REJECTED = 'the driver rejected a generated shader';

const CURES: Readonly<Record<FailureKind, string>> = {
  shader: 'Run the model again: the original ops compute it now.',
  validation: 'Run it again: memory and bind groups are made anew; report it if it happens again.',
  kernel: 'Call it with operands that it takes.',
  'out-of-memory': 'Dispose of tensors, or compute less at once, and run it again.',
};

/** The error that reading such a tensor throws. */
export function notComputed({ kind, reason, nodes }: Failure): Error {
  const whose = nodes.length > 0 ? ` (nodes ${nodes.join(', ')})` : '';
  return new Error(
    `[webgpu-fused] read: got a tensor that was not computed, because ${reason}${whose}; needs ` +
      `commands that the driver ran. ${CURES[kind]}`,
  );
}

/** The first line of what a driver says: what follows is a trace of its own calls. */
export function firstLine({ message }: GPUError): string {
  return message.split('\n', 1)[0];
}
