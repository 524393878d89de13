/** Shared frame of all generators: writer, inliner, epilogue and the two-pass buffer typing. */
import type { Value } from '../ir/graph';
import type { IndexExpr } from '../ir/index-expression';
import { followCoords } from '../ir/kernel-group';
import { inlineRules } from './inline/index';
import type { KernelRequest } from './kernel';
import type { Operand, Storage } from './wgsl/inliner';
import { Inliner } from './wgsl/inliner';
import type { ShaderProgram } from './wgsl/kernel-writer';
import { KernelWriter } from './wgsl/kernel-writer';

export const WORKGROUP_SIZE = 64;

/** A kernel being written. */
export class KernelEmission {
  readonly writer: KernelWriter;
  readonly inliner: Inliner;

  constructor(
    readonly request: KernelRequest,
    scalarBuffers: Set<Value>,
    workgroupSize: number,
  ) {
    this.writer = new KernelWriter({
      workgroupSize,
      maxWorkgroups: request.target.maxWorkgroupsPerDimension,
      anySize: request.target.anySize ?? false,
      scalarBuffers,
    });
    const stored = new Set(request.group.stores);
    const members = new Set(request.group.members);
    this.inliner = new Inliner(this.writer, {
      rules: inlineRules,
      // What this group computes is in registers, whether or not it is stored as well.
      storage: (value) =>
        stored.has(value) || (value.producer && members.has(value.producer))
          ? null
          : request.storage(value),
    });
  }

  /** First line of the shader: what was fused, in order. Complete once everything is written. */
  get title(): string {
    const { members } = this.request.group;
    const prologue = [...this.inliner.applied].filter((node) => !members.includes(node));
    return [...prologue, ...members].map((node) => node.kernel).join(' → ');
  }

  /** Whether one of the anchor's outputs is stored, or read by what follows. */
  isWanted(output: Value): boolean {
    const { stores, members } = this.request.group;
    return stores.includes(output) || members.some(({ inputs }) => inputs.includes(output));
  }

  /**
   * Stores every output of the group for the anchor's outputs at `coords`, given in `results`: one
   * operand, or one for each output, null for those that nobody wants (see {@link isWanted}); null
   * where the anchor is computed as what follows it is.
   * Width 4 means that `coords` mention the lane variable; `inside` is the condition under which a
   * lane exists, where some may not.
   */
  epilogue(
    coords: readonly IndexExpr[],
    results: Operand | readonly (Operand | null)[] | null,
    width: 1 | 4,
    inside?: (lane: number) => string,
  ): void {
    const { group } = this.request;
    const operands = results === null ? [] : [results].flat();
    operands.forEach((operand, i) => {
      if (operand) this.inliner.provide(group.anchor.outputs[i], coords, operand);
    });
    const coordsOf = followCoords(group, coords);
    for (const value of group.stores) {
      const at = coordsOf.get(value);
      if (!at) continue; // an aside
      const { buffer, locate } = this.request.storage(value) as Storage;
      const operand = this.inliner.value(value, at);
      const store = (): void => this.inliner.store(buffer, locate(at), operand, width, inside);
      if (value.producer) this.writer.by(value.producer, store);
      else store();
    }
  }

  /** Stores the last output of the anchor, a scalar that is no result (see {@link resultsOf}), if somebody wants it. */
  storeAside(code: string): void {
    const { group, storage } = this.request;
    const value = group.anchor.outputs[group.anchor.outputs.length - 1];
    if (!group.stores.includes(value)) return;
    const { buffer, locate } = storage(value) as Storage;
    const operand = this.inliner.define(code, 1, value.dtype, this.writer.depth);
    this.inliner.store(buffer, locate([]), operand, 1);
  }
}

/** Runs `write` until it is clear which buffers can be accessed as vec4. */
export function emitKernel(
  request: KernelRequest,
  write: (emission: KernelEmission) => ShaderProgram,
  workgroupSize = WORKGROUP_SIZE,
): ShaderProgram {
  const { scalarBuffers } = request.hints ?? { scalarBuffers: new Set<Value>() };
  let guessed = [...scalarBuffers];
  for (;;) {
    const known = scalarBuffers.size;
    const emission = new KernelEmission(request, scalarBuffers, workgroupSize);
    const program = write(emission);
    if (scalarBuffers.size > known) continue;
    const { requiredScalars } = emission.writer;
    if (guessed.every((buffer) => requiredScalars.has(buffer))) return program;
    // Of another kernel, not of this one, which may have vectors there.
    scalarBuffers.clear();
    guessed = [];
  }
}
