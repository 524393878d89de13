/** Compiles a graph of primitives to a plan: rewrite, fuse, generate, lay out memory. */
import type { KernelTarget } from '../../fused-kernels/kernel';
import type { Storage } from '../../fused-kernels/wgsl/inliner';
import { byteSize, type ShaderProgram } from '../../fused-kernels/wgsl/kernel-writer';
import type { Graph, Node, Value } from '../../ir/graph';
import { removeDeadNodes } from '../../ir/graph';
import * as ix from '../../ir/index-expression';
import type { KernelGroup } from '../../ir/kernel-group';
import { findUnsupported, fuseGraph, type FusedGraph } from '../../patterns/fuser/index';
import { fusionTables, kernelFor } from '../../registry/kernels';
import { rewriteGraph } from '../../registry/rules';
import type { KernelRecord, RefusalRecord } from '../../report/record';
import { lifetimesOf, planBuffers } from './memory';
import { type Plan, type PlanDispatch, RefusedError } from './plan';

/**
 * Compiles `graph`, which is changed on the way.
 * @throws RefusedError if some kernel cannot be computed here.
 */
export function compilePlan(graph: Graph, target: KernelTarget, label: string): Plan {
  const tables = fusionTables(target.maxStorageBuffers);
  removeDeadNodes(graph);
  const rewrites = rewriteGraph(graph);
  removeDeadNodes(graph);
  const unsupported = findUnsupported(graph, tables);
  if (unsupported) throw new RefusedError(unsupported.node.origins, unsupported.reason);
  const fused = fuseGraph(graph, tables);

  const stored = new Set(fused.groups.flatMap((group) => group.stores));
  const generated = fused.groups.map((group) => generate(group, fused, stored, target));
  const dispatches: PlanDispatch[] = generated.map(({ label: name, program }) => ({
    label: name,
    program,
  }));
  const bound = dispatches.map(({ program }) => program.bindings.map((binding) => binding.value));
  const outputs = new Set(graph.outputs);
  const isIntermediate = (value: Value): boolean =>
    value.producer !== undefined && !outputs.has(value);
  const buffers = planBuffers(lifetimesOf(bound, isIntermediate));
  const constants = [...new Set(bound.flat())].filter((value) => value.constant !== undefined);
  const kernels = generated.map(({ record }) => record);
  return {
    label,
    inputs: graph.inputs,
    outputs: graph.outputs,
    constants,
    dispatches,
    buffers,
    record: {
      kernels,
      rewrites,
      refused: fused.refusals.map(refusalRecord),
      dispatches: dispatches.length,
      bytes: kernels.reduce((sum, kernel) => sum + kernel.bytes, 0),
      memory: {
        allocated: buffers.sizes.reduce((sum, size) => sum + size, 0),
        lowerBound: buffers.lowerBound,
      },
    },
  };
}

function generate(
  group: KernelGroup,
  fused: FusedGraph,
  stored: ReadonlySet<Value>,
  target: KernelTarget,
): { label: string; program: ShaderProgram; record: KernelRecord } {
  const family = kernelFor(group.anchor.kernel);
  const storage = (value: Value): Storage | null => {
    const window = fused.windows.get(value);
    if (window) {
      const outer = storage(window.buffer) as Storage;
      return {
        buffer: outer.buffer,
        locate: (coords) =>
          outer.locate(
            coords.map((coord, axis) =>
              axis === window.axis ? ix.shift(coord, window.begin) : coord,
            ),
          ),
      };
    }
    const isBuffer = !value.producer || stored.has(value) || isConcatBuffer(value, fused);
    return isBuffer ? { buffer: value, locate: (coords) => [...coords] } : null;
  };
  const program = family.generate({ group, target, storage });
  const label = group.members.map((node) => node.kernel).join(' → ');
  return {
    label,
    program,
    record: {
      label,
      family: family.name,
      origins: originsOf(group, (value) => storage(value) !== null),
      bytes: program.bindings.reduce((sum, { value }) => sum + byteSize(value), 0),
    },
  };
}

function isConcatBuffer(value: Value, fused: FusedGraph): boolean {
  const first = value.producer?.kernel === 'Concat' ? value.producer.inputs[0] : undefined;
  return first !== undefined && fused.windows.get(first)?.buffer === value;
}

/** Names of all model nodes a group computes, those it inlines included. */
function originsOf(group: KernelGroup, isStored: (value: Value) => boolean): string[] {
  const names = new Set<string>();
  const seen = new Set<Node>(group.members);
  const stack = [...group.members];
  for (let node = stack.pop(); node; node = stack.pop()) {
    for (const name of node.origins) names.add(name);
    for (const input of node.inputs) {
      const { producer } = input;
      if (!producer || seen.has(producer) || isStored(input)) continue;
      seen.add(producer);
      stack.push(producer);
    }
  }
  return [...names].reverse();
}

function refusalRecord({ rule, nodes, reason }: FusedGraph['refusals'][number]): RefusalRecord {
  return { rule, nodes: nodes.flatMap((node) => node.origins), reason };
}
