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
  /** Warm-ups measure candidates of kernels on the device, unless they say otherwise. */
  WEBGPU_FUSED_TUNE: false,
  /** Check plans against a reference when they first run; see the subpath `verify`. */
  WEBGPU_FUSED_VERIFY: false,
  /** The class of adapter that kernels are chosen for; empty: that of the adapter. */
  WEBGPU_FUSED_ADAPTER: '',
  /** After a lost device, come back on another one; what was uploaded is kept on the host for that. */
  WEBGPU_FUSED_RECOVER: false,
} as const;

export type FlagName = keyof typeof FLAGS;

/** What a flag may be set to, where it is not any value of the type of its default. */
export interface AllowedValues {
  readonly needs: string;
  has(value: unknown): boolean;
}

const allowed: Partial<Record<FlagName, AllowedValues>> = {
  WEBGPU_FUSED_DEBUG: {
    needs: 'a whole number from 0 to 4',
    has: (value) => [0, 1, 2, 3, 4].includes(value as number),
  },
};

/**
 * Registers the flags, which check what they are set to. A value of the page's address that is not
 * allowed is left out, with a warning.
 *
 * @param more what else flags may be set to.
 */
export function registerFlags(more: typeof allowed = {}): void {
  Object.assign(allowed, more);
  const known = env();
  for (const [name, value] of Object.entries(FLAGS)) {
    if (known.getFlags()[name] !== undefined) continue;
    try {
      known.registerFlag(
        name,
        () => value,
        (given) => checkFlag(name as FlagName, given),
      );
    } catch (error) {
      console.warn((error as Error).message);
    }
  }
}

/** @throws Error for a value that the flag cannot have; the flag then has its default. */
function checkFlag(name: FlagName, given: unknown): void {
  const value = FLAGS[name];
  const { needs, has } = allowed[name] ?? {
    needs: typeof value === 'boolean' ? 'true or false' : `a ${typeof value}`,
    has: (other: unknown) => typeof other === typeof value,
  };
  if (given === value || has(given)) return;
  env().set(name, value);
  throw new Error(
    `[webgpu-fused] ${name}: got ${JSON.stringify(given)}; needs ${needs}. It has its default, ` +
      `${JSON.stringify(value)}, now.`,
  );
}

type FlagValue<Name extends FlagName> = (typeof FLAGS)[Name] extends boolean
  ? boolean
  : (typeof FLAGS)[Name] extends number
    ? number
    : string;

export function flag<Name extends FlagName>(name: Name): FlagValue<Name> {
  return env().get(name) as unknown as FlagValue<Name>;
}
