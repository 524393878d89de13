/**
 * The largest elements of rows, in order, and where they are: a workgroup sorts a row, or a part of one, in
 * its memory. Batcher, "Sorting networks and their applications" (1968): the bitonic network.
 *
 * An element is sorted as an integer of the same order, its position beside it: of equal elements the
 * first comes first, as in tfjs's cpu kernel. NaN, which that kernel leaves where it happens to be,
 * counts as the largest.
 */
import { sizeOf } from '../ir/graph';
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import { MAX_SORTED, type TopKAttrs } from '../ir/infer/top-k';
import type { KernelEmission } from './emit';
import { emitKernel } from './emit';
import type { FusedKernel, KernelRequest } from './kernel';
import { namedIndex } from './loops';
import { ownerThreads } from './shared-output';
import { ORDER } from './sort-order';
import type { ShaderProgram } from './wgsl/kernel-writer';

/** Most invocations of a workgroup: WebGPU's limit on every device. */
const MAX_INVOCATIONS = 256;

/** Whether `a` belongs behind `b`: a smaller element, or an equal one that stood behind it. */
const IS_BEHIND = `fn isBehind(a: vec2<u32>, b: vec2<u32>) -> bool {
  return a.x < b.x || (a.x == b.x && a.y > b.y);
}`;

/** Items that the network sorts: a power of two. */
function sortedLength({ partLength }: TopKAttrs): number {
  return 2 ** Math.max(1, Math.ceil(Math.log2(partLength)));
}

function invocationsOf({ group, target }: KernelRequest): number {
  const pairs = sortedLength(group.anchor.attrs as unknown as TopKAttrs) / 2;
  return Math.min(pairs, MAX_INVOCATIONS, target.maxInvocations);
}

/** Sorts `items`. The bounds are constants: barriers stand in uniform control flow. */
function emitSort({ writer }: KernelEmission, length: number, invocations: number): void {
  writer.helper('isBehind', IS_BEHIND);
  writer.block(`for (var run = 2; run <= ${length}; run *= 2)`, () => {
    writer.block('for (var distance = run / 2; distance > 0; distance /= 2)', () => {
      writer.statement('workgroupBarrier();');
      const header = `for (var pair = i32(local.x); pair < ${length / 2}; pair += ${invocations})`;
      writer.block(header, () => {
        writer.statement('let front = 2 * pair - (pair & (distance - 1));');
        writer.statement('let a = items[front];');
        writer.statement('let b = items[front + distance];');
        // Every second run is sorted the other way round, so that two of them are bitonic.
        writer.block('if (isBehind(a, b) == ((front & run) == 0))', () => {
          writer.statement('items[front] = b;');
          writer.statement('items[front + distance] = a;');
        });
      });
    });
  });
  writer.statement('workgroupBarrier();');
}

function emitTopK(emission: KernelEmission, invocations: number): ShaderProgram {
  const { writer, inliner, request } = emission;
  const { anchor } = request.group;
  const [x, indices] = anchor.inputs;
  const attrs = anchor.attrs as unknown as TopKAttrs;
  const { k, partLength } = attrs;
  const columns = x.shape[x.shape.length - 1];
  const outerShape = x.shape.slice(0, -1);
  const parts = Math.ceil(columns / partLength);
  const length = sortedLength(attrs);

  writer.declare(`var<workgroup> items: array<vec2<u32>, ${length}>;`);
  const lineShape = [...outerShape, parts];
  const threads = ownerThreads(emission, sizeOf(lineShape), true, 'line');
  const line = ix.delinearize(ix.variable('line', sizeOf(lineShape)), lineShape);
  const outer = line.slice(0, -1);
  const part = line[line.length - 1];
  /** Visits 0 to `count` − 1, divided among the invocations of the workgroup. */
  const forEach = (name: string, count: string, most: number, visit: (i: IndexExpr) => void) =>
    writer.block(
      `for (var ${name} = i32(local.x); ${name} < ${count}; ${name} += ${invocations})`,
      () => {
        writer.defineVariable(name);
        visit(ix.variable(name, most));
      },
    );

  writer.helper('orderOf', ORDER[x.dtype]);
  forEach('slot', String(length), length, (slot) => {
    const position = ix.add(ix.scale(part, partLength), slot);
    const inRow = namedIndex(emission, 'position', position, columns);
    const element = inliner.value(x, [...outer, inRow]);
    const isItem = [
      ...(partLength < length ? [`slot < ${writer.dim('partLength', partLength)}`] : []),
      ...(parts * partLength > columns
        ? [`${inliner.index(position)} < ${writer.dim('columns', columns)}`]
        : []),
    ];
    const item = `vec2<u32>(orderOf(${element.code}), u32(${inliner.index(inRow)}))`;
    // What stands in no element's place is behind all of them.
    const behind = 'vec2<u32>(0u, 0xffffffffu)';
    writer.statement(
      `items[slot] = ${isItem.length > 0 ? `select(${behind}, ${item}, ${isItem.join(' && ')})` : item};`,
    );
  });
  emitSort(emission, length, invocations);
  forEach('rank', writer.dim('k', k), k, (rank) => {
    writer.statement('let found = i32(items[rank].y);');
    writer.defineVariable('found');
    const found = [...outer, ix.variable('found', columns)];
    const index = indices
      ? inliner.value(indices, found)
      : { code: 'found', width: 1 as const, dtype: 'int32' as const, depth: writer.depth };
    const at = [...outer, ix.add(ix.scale(part, k), rank)];
    const element = emission.isWanted(anchor.outputs[0]) ? inliner.value(x, found) : null;
    emission.epilogue(at, [element, index], 1);
  });
  return writer.finish(emission.title, threads.workgroups, threads.parameters);
}

export const topKKernel: FusedKernel = {
  name: 'top-k',
  anchors: ['TopK'],
  refuse: ({ attrs }) =>
    (attrs.partLength as number) <= MAX_SORTED
      ? null
      : `a part has ${String(attrs.partLength)} elements, more than the ${MAX_SORTED} that are sorted at once`,
  // An element is loaded to be sorted, and again if it is among the results.
  reuse: () => 2,
  generate: (request) => {
    const invocations = invocationsOf(request);
    return emitKernel(request, (emission) => emitTopK(emission, invocations), invocations);
  },
};
