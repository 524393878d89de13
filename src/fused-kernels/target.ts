/**
 * What kernels choose by, in one table: each class of adapter, how it is told, and what is known of
 * it. A kernel asks for a property, never for a vendor.
 */

/** What a kernel may choose by: limits of the device, and what its class of adapter likes. */
export interface KernelTarget extends ClassTraits, DeviceFacts {
  readonly adapterClass: AdapterClass;
  /** Whether sizes are known to vary: then shaders are written to serve others of their class as well. */
  readonly anySize?: boolean;
  /** Chooses among a family's candidates; without it, the family's rule does. */
  readonly choose?: Choose;
  /** Microseconds that a choice's candidates were measured to take; undefined if they were not. */
  readonly timesOf?: (choice: Choice) => Readonly<Record<string, number>> | undefined;
}

/** A choice that a family has to make. */
export interface Choice {
  /** The family that chooses, such as `product`. */
  readonly family: string;
  /** What decides which candidate is fastest: the sizes of the case, in classes. */
  readonly shape: string;
  /** Names of the candidates that are legal, the rule's pick first. */
  readonly candidates: readonly string[];
}

/** Answers the name of the candidate to take; any other answer means the rule's pick. */
export type Choose = (choice: Choice) => string | undefined;

/** Limits of a device, whatever its class. */
export interface DeviceFacts {
  readonly maxWorkgroupsPerDimension: number;
  readonly maxStorageBuffers: number;
  /** Bytes of one storage buffer that a shader may see, and of one buffer. */
  readonly maxBindingBytes: number;
  /** Invocations of one workgroup, at most. */
  readonly maxInvocations: number;
  /** Bytes of workgroup memory that one workgroup may have. */
  readonly maxWorkgroupMemory: number;
  /** Sizes that a subgroup of the device can have; null where shaders have no subgroups. */
  readonly subgroupSizes: readonly [min: number, max: number] | null;
}

/** What is known of a class of adapters. Limits of WebGPU say nothing of these. */
export interface ClassTraits {
  /** Invocations that keep the device busy; below this, tiles shrink and reductions go parallel. */
  readonly busyInvocations: number;
  /**
   * Workgroups of 128 to 256 invocations that keep the device busy, about two for each
   * multiprocessor, compute unit or core; with fewer, tiles shrink and long sums are divided.
   */
  readonly busyWorkgroups: number;
  /**
   * Whether products stage tiles of their operands in workgroup memory. A processor has none: its
   * barriers cost more than its caches; some mobile GPUs keep it in the same memory as buffers.
   */
  readonly stagesTiles: boolean;
  /** Sums that an invocation may keep in registers before too few invocations run at once. */
  readonly maxAccumulators: number;
  /**
   * Bytes of workgroup memory that a kernel may plan with. More than WebGPU's default of 16 KiB
   * only where it was measured to win: the more a workgroup has, the fewer run at once.
   */
  readonly workgroupMemory: number;
  /** Largest register tile of a product without workgroup memory: rows × columns of one invocation. */
  readonly maxTile: readonly [rows: number, columns: number];
  /** Most rows of a matmul whose depth a workgroup shares; 0 where barriers cost more than they win. */
  readonly maxSplitRows: number;
  /**
   * Invocations of a workgroup that exchanges rows through workgroup memory, at least. A processor
   * runs a vector of them at a time and has to switch between vectors at every barrier.
   */
  readonly blockInvocations: number;
  /** Bytes that such a workgroup has at least; a GPU runs fewer at once, the more each has. */
  readonly blockMemory: number;
  /** Whether loops over what is in registers are for the driver to unroll, which can take it minutes. */
  readonly unrolls: boolean;
  /**
   * Whether loops over k are written without divisions of integers, which a GPU has no instruction
   * for. A processor has one, and its compiler moves what a loop repeats out of it.
   */
  readonly countsIndices: boolean;
  /**
   * Whether the invocations of a workgroup share the keys of an attention; else each keeps a query and
   * its sums to itself, which is more than a GPU has registers for.
   */
  readonly tilesAttention: boolean;
}

/** What all GPUs have in common; a row of the table says where a class differs. */
const GPU: ClassTraits = {
  busyInvocations: 16384,
  busyWorkgroups: 128,
  stagesTiles: true,
  maxAccumulators: 32,
  workgroupMemory: 16384,
  maxTile: [4, 8],
  maxSplitRows: 8,
  blockInvocations: 64,
  blockMemory: 4096,
  unrolls: true,
  countsIndices: true,
  tilesAttention: true,
};

/** A GPU of a phone: few cores, few registers an invocation, and one memory for everything. */
const MOBILE: ClassTraits = {
  ...GPU,
  busyInvocations: 8192,
  busyWorkgroups: 24,
  stagesTiles: false,
  maxAccumulators: 16,
};

/** A class of adapters: how its `GPUAdapterInfo` reads, and what is known of it. */
interface AdapterRow extends ClassTraits {
  /** Found in vendor, architecture, device and description, in this order, in lower case. */
  readonly tells: RegExp;
}

/**
 * The classes, the first that tells being the one. Measured: `software` (lavapipe, SwiftShader) and
 * `nvidia` (132 multiprocessors; smaller ones are busy sooner, which tuning finds out). The others
 * are inferred from what their makers and compilers say of them.
 *
 * Browsers name no model: where an architecture is found in both kinds of GPU, as AMD's are, it
 * counts as discrete unless the description says otherwise.
 */
const CLASSES = {
  software: {
    tells: /llvmpipe|lavapipe|swiftshader|software|basic render|\bwarp\b/,
    busyInvocations: 64,
    busyWorkgroups: 1,
    stagesTiles: false,
    maxAccumulators: 32,
    workgroupMemory: 16384,
    maxTile: [4, 8],
    maxSplitRows: 0,
    blockInvocations: 8,
    blockMemory: 16384,
    unrolls: false,
    countsIndices: false,
    tilesAttention: false,
  },
  nvidia: { tells: /nvidia|geforce/, ...GPU, busyWorkgroups: 256, workgroupMemory: 49152 },
  'amd-integrated': {
    tells:
      /^(amd|ati) .*(integrated|van ?gogh|raven|renoir|phoenix|radeon(\(tm\))? (graphics|vega \d+ graphics|\d{3}m)\b)/,
    ...GPU,
    busyInvocations: 8192,
    busyWorkgroups: 24,
    maxAccumulators: 16,
  },
  // With four by four sums twice as many waves run at once as with eight by four.
  amd: { tells: /^(amd|ati) |radeon/, ...GPU, busyWorkgroups: 120, maxAccumulators: 16 },
  'intel-discrete': { tells: /^intel .*(12hp|hpg|\barc\b)/, ...GPU, busyWorkgroups: 64 },
  intel: { tells: /^intel /, ...GPU, busyInvocations: 8192, busyWorkgroups: 24 },
  apple: { tells: /^apple /, ...GPU, busyInvocations: 8192, busyWorkgroups: 32 },
  qualcomm: { tells: /^qualcomm |adreno/, ...MOBILE },
  arm: { tells: /^arm |mali|immortalis/, ...MOBILE },
  imagination: { tells: /^(img-tec|imagination)|powervr/, ...MOBILE },
  samsung: { tells: /^samsung |xclipse/, ...MOBILE, stagesTiles: true },
  unknown: { tells: /^/, ...GPU, busyInvocations: 8192, busyWorkgroups: 48, maxAccumulators: 16 },
} satisfies Record<string, AdapterRow>;

/** The name of a class of adapters, `unknown` being a GPU that says nothing of itself. */
export type AdapterClass = keyof typeof CLASSES;

export const ADAPTER_CLASSES = Object.keys(CLASSES) as AdapterClass[];

export function isAdapterClass(name: string): name is AdapterClass {
  return Object.hasOwn(CLASSES, name);
}

/** Vendors that some implementations name by their PCI number only. */
const PCI_VENDORS: Readonly<Record<number, string>> = {
  0x1002: 'amd',
  0x1010: 'img-tec',
  0x106b: 'apple',
  0x10de: 'nvidia',
  0x13b5: 'arm',
  0x144d: 'samsung',
  0x5143: 'qualcomm',
  0x8086: 'intel',
};

/** What an adapter says of itself, all of which may be empty. */
export type AdapterInfo = Partial<
  Pick<GPUAdapterInfo, 'vendor' | 'architecture' | 'device' | 'description' | 'isFallbackAdapter'>
>;

/** The class of an adapter by what it says of itself; `unknown` if that is nothing. */
export function classifyAdapter(info: AdapterInfo = {}): AdapterClass {
  if (info.isFallbackAdapter) return 'software';
  const { vendor = '', architecture = '', device = '', description = '' } = info;
  const named = PCI_VENDORS[Number(vendor)] ?? vendor;
  const text = [named, architecture, device, description].join(' ').toLowerCase();
  return ADAPTER_CLASSES.find((name) => CLASSES[name].tells.test(text)) as AdapterClass;
}

/** What tells adapters apart between which measurements do not carry over. */
export function adapterName(adapterClass: AdapterClass, info: AdapterInfo = {}): string {
  const { vendor, architecture, device, description } = info;
  const said = [vendor, architecture, device, description].filter((text) => text);
  return [adapterClass, ...said].join(', ');
}

/** What kernels choose by, of a class and the limits of a device. */
export function kernelTarget(facts: DeviceFacts, adapterClass: AdapterClass): KernelTarget {
  const { tells: _, ...traits }: AdapterRow = CLASSES[adapterClass];
  const workgroupMemory = Math.min(traits.workgroupMemory, facts.maxWorkgroupMemory);
  return { ...traits, ...facts, workgroupMemory, adapterClass };
}

const anySizeTargets = new WeakMap<KernelTarget, KernelTarget>();

/** `target` for graphs whose sizes vary; always the same one for the same target. */
export function anySizeTarget(target: KernelTarget): KernelTarget {
  let made = anySizeTargets.get(target);
  if (!made) anySizeTargets.set(target, (made = { ...target, anySize: true }));
  return made;
}

/** What of a device is looked at, such as a `GPUDevice` or the limits of a test. */
export interface DeviceLike {
  readonly limits: Pick<
    GPUSupportedLimits,
    | 'maxComputeWorkgroupsPerDimension'
    | 'maxStorageBuffersPerShaderStage'
    | 'maxStorageBufferBindingSize'
    | 'maxBufferSize'
    | 'maxComputeInvocationsPerWorkgroup'
    | 'maxComputeWorkgroupSizeX'
    | 'maxComputeWorkgroupStorageSize'
  >;
  readonly features: { has(feature: string): boolean };
  readonly adapterInfo?: Pick<GPUAdapterInfo, 'subgroupMinSize' | 'subgroupMaxSize'>;
}

export function deviceFacts({ limits, features, adapterInfo }: DeviceLike): DeviceFacts {
  const { subgroupMinSize, subgroupMaxSize } = adapterInfo ?? {};
  return {
    maxWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
    maxStorageBuffers: limits.maxStorageBuffersPerShaderStage,
    maxBindingBytes: Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize),
    maxInvocations: Math.min(
      limits.maxComputeInvocationsPerWorkgroup,
      limits.maxComputeWorkgroupSizeX,
    ),
    maxWorkgroupMemory: limits.maxComputeWorkgroupStorageSize,
    subgroupSizes:
      features.has('subgroups') && subgroupMinSize && subgroupMaxSize
        ? [subgroupMinSize, subgroupMaxSize]
        : null,
  };
}
