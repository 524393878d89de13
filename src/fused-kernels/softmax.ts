/**
 * Softmax and log-softmax over the last axis in one dispatch: maximum, sum of exponentials, result.
 * Long rows are shared by a workgroup; short ones belong to one invocation.
 *
 * Shifted by the row's maximum for stability: softmax(x) = exp(x - m) / Σ exp(x - m). A maximum that
 * misses a NaN is no harm: its exponential is NaN, or infinite, and the sum shows it.
 */
import { nan } from '../ir/expression';
import { sizeOf } from '../ir/graph';
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import type { KernelEmission } from './emit';
import { emitKernel, WORKGROUP_SIZE } from './emit';
import type { FusedKernel } from './kernel';
import { runningSum } from './running-sum';
import { ownerThreads } from './shared-output';
import { laneVariable, type Operand } from './wgsl/inliner';
import { vectorType, type ShaderProgram } from './wgsl/kernel-writer';
import { combineInWorkgroup } from './workgroup-combine';

function emitSoftmax(emission: KernelEmission): ShaderProgram {
  const { writer, inliner, request } = emission;
  const { anchor } = request.group;
  const [logits] = anchor.inputs;
  const { shape } = anchor.outputs[0];
  const length = shape[shape.length - 1];
  const rows = sizeOf(shape) / length;
  const width = length % 4 === 0 ? 4 : 1;
  const steps = length / width;
  const shared = steps > 16 && rows < request.target.busyInvocations;
  const type = vectorType('float32', width);

  const threads = ownerThreads(emission, rows, shared, 'row');
  const row = ix.delinearize(ix.variable('row', rows), shape.slice(0, -1));
  const start = shared ? 'i32(local.x)' : '0';
  const stride = shared ? WORKGROUP_SIZE : 1;
  const at = (name: string): IndexExpr[] => {
    const column = ix.variable(name, steps);
    return [...row, width === 4 ? ix.add(ix.scale(column, 4), laneVariable) : column];
  };
  // Never a literal: of a row of one, compilers would make x - x, and 0 of that, though x be −∞.
  const limit = writer.uniform('steps', steps);
  const loop = (name: string, body: (x: Operand, coords: IndexExpr[]) => void): void => {
    writer.block(`for (var ${name} = ${start}; ${name} < ${limit}; ${name} += ${stride})`, () => {
      writer.defineVariable(name);
      const coords = at(name);
      body(inliner.value(logits, coords), coords);
    });
  };
  const combine = (memory: string, code: string, join: (a: string, b: string) => string): string =>
    shared ? combineInWorkgroup(emission, memory, 'f32', code, join) : code;

  const lowest = writer.uniforms.special(-Infinity);
  writer.statement(`var top = ${type}(${lowest});`);
  loop('a', (x) => writer.statement(`top = max(top, ${inliner.widen(x, width)});`));
  const max4 = width === 4 ? 'max(max(top.x, top.y), max(top.z, top.w))' : 'top';
  const maximum = combine('rowMax', max4, (a, b) => `max(${a}, ${b})`);
  writer.statement(`let highest = ${maximum};`);

  const total = runningSum(emission, 'total', type, Math.ceil(steps / stride));
  const trip = shared ? `(b / ${WORKGROUP_SIZE})` : 'b';
  loop('b', (x) => total.add(`exp(${inliner.widen(x, width)} - highest)`, trip));
  const sum4 = width === 4 ? `dot(${total.total}, vec4<f32>(1.0))` : total.total;
  const sum = combine('rowSum', sum4, (a, b) => `${a} + ${b}`);
  // The exponentials are at most 1, so only NaN makes a sum infinite, where exp(NaN) is infinite.
  writer.statement(`let sum = ${sum};`);
  const isLost = nan.isNotFinite.call(writer.helpersOf(1), 'sum');
  const log = anchor.kernel === 'LogSoftmax';
  const denominator = log ? 'log(sum)' : 'sum';
  writer.statement(
    `let denominator = select(${denominator}, ${writer.uniforms.special(NaN)}, ${isLost});`,
  );

  loop('c', (x, coords) => {
    const shifted = `(${inliner.widen(x, width)} - highest)`;
    const code = log ? `${shifted} - denominator` : `exp(${shifted}) / denominator`;
    emission.epilogue(coords, inliner.define(code, width, 'float32', writer.depth), width);
  });
  return writer.finish(emission.title, threads.workgroups, threads.parameters);
}

export const softmaxKernel: FusedKernel = {
  name: 'softmax',
  anchors: ['Softmax', 'LogSoftmax'],
  refuse: (node) => {
    if (node.inputs[0].dtype !== 'float32') return 'only float32 is supported';
    return sizeOf(node.inputs[0].shape) === 0 ? 'softmax of no elements is left to tfjs' : null;
  },
  reuse: () => 3,
  generate: (request) => emitKernel(request, emitSoftmax),
};
