/** Flags of this package, registered with `tf.env()` on import. */
import { env } from '@tensorflow/tfjs-core';

export const FLAGS = {
  /** Rewrite graph models when they first run on this backend. */
  WEBGPU_FUSED_REWRITE: true,
  /** Record kernels and run them fused when a value is needed. */
  WEBGPU_FUSED_LAZY: true,
  /** Keep what a plan needs between its runs; off, memory and bind groups are made for each. */
  WEBGPU_FUSED_CAPTURE: true,
  /** 0 off, 1 summary, 2 plan, 3 WGSL, 4 every match attempt. */
  WEBGPU_FUSED_DEBUG: 0,
  /** The class of adapter that kernels are chosen for; empty: that of the adapter. */
  WEBGPU_FUSED_ADAPTER: '',
} as const;

export type FlagName = keyof typeof FLAGS;

export function registerFlags(): void {
  const known = env();
  for (const [name, value] of Object.entries(FLAGS)) {
    if (known.getFlags()[name] === undefined) known.registerFlag(name, () => value);
  }
}

type FlagValue<Name extends FlagName> = (typeof FLAGS)[Name] extends boolean
  ? boolean
  : (typeof FLAGS)[Name] extends number
    ? number
    : string;

export function flag<Name extends FlagName>(name: Name): FlagValue<Name> {
  return env().get(name) as unknown as FlagValue<Name>;
}
