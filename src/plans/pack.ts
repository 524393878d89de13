/** Shaders and rewritings of plans, between how the compiler remembers them and JSON. Pure. */
import type { Plan } from '../compiler/plan';
import { programsOf, type WrittenProgram } from '../compiler/program-cache';
import { scriptsFor, scriptsOf } from '../compiler/rewrite-memory';
import type { KernelTarget } from '../fused-kernels/kernel';
import { anySizeTarget } from '../fused-kernels/target';
import type { AccessMode } from '../fused-kernels/wgsl/kernel-writer';
import type { RewriteScript } from '../patterns/rewriter';
import { rulesGeneration } from '../registry/rules';
import type { PlanJson, ProgramJson, RewritingJson } from './plan-json';

/** What of an export is about plans alone. */
export type PackedPlans = Pick<PlanJson, 'texts' | 'programs' | 'rewritings'>;

/** A large constant that its structure names by who it is, which another process cannot know. */
const BY_IDENTITY = '{#';

/** What the compiler remembers of these plans, preludes included. */
export function packPlans(plans: readonly Plan[], target: KernelTarget): PackedPlans {
  const all = plans.flatMap((plan) => (plan.prelude ? [plan.prelude.plan, plan] : [plan]));
  const structures = new Set(
    all.flatMap(({ dispatches }) => dispatches.map(({ structure }) => structure)),
  );
  const rewritten = new Set(all.flatMap(({ structure }) => structure ?? []));
  const texts = new Map<string, number>();
  const programs: ProgramJson[] = [];
  const rewritings: RewritingJson[] = [];
  for (const anySize of [false, true]) {
    const forSizes = anySize ? anySizeTarget(target) : target;
    const written = programsOf(forSizes);
    for (const structure of structures) {
      const program = structure.includes(BY_IDENTITY) ? undefined : written.get(structure);
      if (program) programs.push({ structure, anySize, ...packProgram(program, texts) });
    }
    const scripts = scriptsOf(forSizes, rulesGeneration());
    for (const structure of rewritten) {
      const stages = scripts.get(structure)?.map(packScript);
      if (stages) rewritings.push({ structure, anySize, stages });
    }
  }
  return { texts: [...texts.keys()], programs, rewritings };
}

/** Makes the compiler remember what another process exported. */
export function unpackPlans(
  { texts, programs, rewritings }: PackedPlans,
  target: KernelTarget,
): void {
  const targetFor = (anySize: boolean): KernelTarget => (anySize ? anySizeTarget(target) : target);
  for (const { structure, anySize, ...program } of programs) {
    programsOf(targetFor(anySize)).set(structure, unpackProgram(program, texts));
  }
  for (const { structure, anySize, stages } of rewritings) {
    const scripts = scriptsFor(structure, scriptsOf(targetFor(anySize), rulesGeneration()));
    scripts.splice(0, scripts.length, ...stages.map(unpackScript));
  }
}

type PackedProgram = Omit<ProgramJson, 'structure' | 'anySize'>;

function packProgram(
  { wgsl, bindings, uniforms, parts, title, workgroups, choices }: WrittenProgram,
  texts: Map<string, number>,
): PackedProgram {
  const text = texts.get(wgsl) ?? texts.size;
  texts.set(wgsl, text);
  return {
    ...{ title, text, workgroups, choices },
    bindings: bindings.map(({ name, value, access }) => [name, value, access] as const),
    uniforms: [...new Uint32Array(uniforms)],
    parts: parts.map(({ first, last, value }) => [first, last, value] as const),
  };
}

function unpackProgram(
  { text, bindings, uniforms, parts, title, workgroups, choices }: PackedProgram,
  texts: readonly string[],
): WrittenProgram {
  return {
    ...{ title, workgroups, choices, wgsl: texts[text] },
    bindings: bindings.map(([name, value, access]) => ({
      ...{ name, value, access: access as AccessMode },
    })),
    uniforms: Uint32Array.from(uniforms).buffer,
    parts: parts.map(([first, last, value]) => ({ first, last, value })),
  };
}

function packScript({ steps = [] }: RewriteScript): RewritingJson['stages'][number] {
  return steps.map(({ rule, root, fired }) => [rule, root, Number(fired)] as const);
}

function unpackScript(steps: RewritingJson['stages'][number]): RewriteScript {
  return { steps: steps.map(([rule, root, fired]) => ({ rule, root, fired: fired === 1 })) };
}
