/** Models that nobody can run: the app is told which node it is, and what of it. */
import type { NodeDef } from './graph-def';

/** It passes through every fallback: tfjs would do no better, or hang, or answer with garbage. */
export class InvalidModelError extends Error {
  /** @param got what is wrong with the model, naming the node; `needs`: what would be right. */
  constructor(got: string, needs: string) {
    super(
      `[webgpu-fused] execute: got ${got}; needs ${needs}. Convert the model again, or mend the node.`,
    );
    this.name = 'InvalidModelError';
  }

  /** Of the elements of a constant input. */
  static ofInput(
    node: NodeDef,
    at: number,
    values: ArrayLike<number>,
    needs: string,
  ): InvalidModelError {
    const shown = Array.from(values).slice(0, 16).join();
    const more = values.length > 16 ? ',…' : '';
    return new InvalidModelError(`${describe(node)} with input ${at} of [${shown}${more}]`, needs);
  }
}

/** `node NAME (OP)`, as errors name a node. */
export function describe({ name, op }: NodeDef): string {
  return `node ${name} (${op})`;
}
