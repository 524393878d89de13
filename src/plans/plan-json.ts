/** A model's plans as JSON: what was decided and written, nothing of its weights or inputs. */
import type { AskedChoice } from '../compiler/program-cache';
import { givenJson } from '../runtime/given-json';
import type { TunedChoice } from '../runtime/tuning/table';

/** A shader, and what it was written for. */
export interface ProgramJson {
  /** The kernels of its group, their shapes and attributes: see `compiler/structural-key`. */
  readonly structure: string;
  /** Whether it was written to serve other sizes as well. */
  readonly anySize: boolean;
  readonly title: string;
  /** Number of its text in {@link PlanJson.texts}. */
  readonly text: number;
  /** Name, number of the value in the structure, and access of each buffer. */
  readonly bindings: readonly (readonly [name: string, value: number, access: string])[];
  /** Contents of the uniform buffer, 4 bytes each. */
  readonly uniforms: readonly number[];
  readonly workgroups: readonly [number, number, number];
  /** First line, last line, and number of the value that they compute. */
  readonly parts: readonly (readonly [first: number, last: number, value: number])[];
  readonly choices: readonly AskedChoice[];
}

/** What rules did to graphs of a structure. */
export interface RewritingJson {
  readonly structure: string;
  readonly anySize: boolean;
  /** For each stage of rules: number of the rule, number of the node, and 1 if it was applied there. */
  readonly stages: readonly (readonly (readonly [rule: number, root: number, fired: number])[])[];
}

/** What {@link exportPlan} gives. */
export interface PlanJson {
  readonly format: 'webgpu-fused plan';
  /** Version of this package. */
  readonly version: string;
  /** What the adapter says of itself. */
  readonly adapter: string;
  /** What kernels are chosen by: limits of the device and traits of its class. */
  readonly target: Readonly<Record<string, unknown>>;
  /** SHA-256 of the model's topology. */
  readonly model: string;
  /** Names of the rules that there were, in order. */
  readonly rules: readonly string[];
  readonly texts: readonly string[];
  readonly programs: readonly ProgramJson[];
  readonly rewritings: readonly RewritingJson[];
  /** Measurements that shaders were chosen by. */
  readonly tuning: readonly TunedChoice[];
  /** SHA-256 of all of the above. */
  readonly checksum: string;
}

export const FORMAT = 'webgpu-fused plan';

/** The SHA-256 of something as JSON, in hexadecimal digits. */
export async function digestOf(json: unknown): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(json));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * An export as it was given, whole.
 * @param what names the caller in errors
 * @throws Error if it is none, or was changed or cut since
 */
export async function parsePlan(json: unknown, what: string): Promise<PlanJson> {
  const fail = (got: string): never => {
    throw new Error(
      `[webgpu-fused] ${what}: got ${got}; needs what exportPlan() gave, as an object or as text. ` +
        'Export it again.',
    );
  };
  const plan = givenJson(json, fail) as PlanJson | null | undefined;
  if (typeof plan !== 'object' || plan?.format !== FORMAT) return fail('something else');
  const { checksum, ...rest } = plan;
  if ((await digestOf(rest)) !== checksum) fail('a plan that was changed or cut');
  return plan;
}
