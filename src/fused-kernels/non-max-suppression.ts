/**
 * Non-maximum suppression: one workgroup, whose invocations keep the scores of some boxes each. In every
 * round each finds its own best box, and they agree on the best of those, which is selected; so rounds are
 * as many as results. Where boxes are many for the results, one is compared with those selected only once
 * it is the best of its invocation: until then its score may be too high, and never too low. Soft
 * suppression: Bodla et al., "Soft-NMS" (2017).
 *
 * What is selected, and in which order, is what tfjs selects, ties by index; overlaps are computed in
 * float32. tfjs lowers a score only once the box would be the next one. That is the same but for scores
 * below zero, which lowering raises: then a box takes its turn by the score that it had.
 */
import * as ix from '../ir/index-expression';
import { isNan, isNotFinite, isZero } from '../ir/expression/functions/nan';
import type { NonMaxSuppressionAttrs } from '../ir/infer/non-max-suppression';
import type { KernelEmission } from './emit';
import { emitKernel } from './emit';
import type { FusedKernel, KernelRequest, KernelTarget } from './kernel';
import { emitLoop } from './loops';
import { ownerThreads } from './shared-output';
import { ORDER, orderBelow } from './sort-order';
import type { ShaderProgram } from './wgsl/kernel-writer';
import { emitTree } from './workgroup-combine';

/** Most invocations of a workgroup: WebGPU's limit on every device. */
const MAX_INVOCATIONS = 256;

/** Selected boxes that are remembered at most, in workgroup memory. */
const MAX_REMEMBERED = 1024;

/** Corners may come in any order. Products and their sums are kept apart, or drivers would round them as one. */
const SURVIVAL = (softened: string, nan: string, notFinite: string, zero: string): string => `
fn areaOf(box: vec4<f32>) -> f32 { return abs(box.z - box.x) * abs(box.w - box.y); }
// What a score is multiplied by where a box is selected; -1 for a box that this suppresses.
fn survival(a: vec4<f32>, b: vec4<f32>, threshold: f32, scale: f32) -> f32 {
  let areas = vec2<f32>(areaOf(a), areaOf(b));
  let apart = select(1.0, -1.0, threshold <= 0.0);
  if (${zero}(areas.x) || ${zero}(areas.y)) { return apart; }
  let begin = max(min(a.xy, a.zw), min(b.xy, b.zw));
  let end = min(max(a.xy, a.zw), max(b.xy, b.zw));
  let sides = max(end - begin, vec2<f32>(0.0));
  let crossing = sides.x * sides.y;
  if (${notFinite}(areas.x) || ${notFinite}(areas.y)) {
    let isUnknown = ${nan}(areas.x) || ${nan}(areas.y) || ${notFinite}(crossing);
    return select(apart, 0.0, isUnknown);
  }
  let smaller = min(areas.x, areas.y);
  let joint = min(crossing, smaller);
  let covered = max(areas.x, areas.y) + (smaller - joint);
  if (joint >= threshold * covered) { return -1.0; }
  return ${softened};
}`;

/** Overlaps below the threshold count for nothing, or lower the score. */
const HARD = '1.0';
const SOFT = 'exp(scale * (joint / covered) * (joint / covered))';

/** A score as a number of the same order; 0 where it does not count. */
const KEY = `fn keyOf(score: f32, threshold: u32) -> u32 {
  let order = orderOf(score);
  return select(0u, order, order > threshold && order != 0xffffffffu);
}`;

/** Whether `a` is in front of `b`: by score, then by index. */
const IS_AHEAD = `fn isAhead(a: vec3<u32>, b: vec3<u32>) -> bool {
  return a.x > b.x || (a.x == b.x && a.y < b.y);
}`;

/**
 * Selected boxes that are remembered. With all of them, a round is as long as the best box takes to meet
 * them; with one, as all boxes take to meet that, as many of them at once as a core has lanes.
 */
function rememberedBoxes(
  count: number,
  maxOutputSize: number,
  { blockInvocations: lanes }: KernelTarget,
): number {
  const isLazy = maxOutputSize <= MAX_REMEMBERED && count / lanes > maxOutputSize / 2;
  // A power of two, so that texts are few.
  return isLazy ? 2 ** Math.ceil(Math.log2(maxOutputSize)) : 1;
}

function emitSuppression(emission: KernelEmission, invocations: number): ShaderProgram {
  const { writer, inliner, request } = emission;
  const { anchor } = request.group;
  const [boxes, scores] = anchor.inputs;
  const attrs = anchor.attrs as unknown as NonMaxSuppressionAttrs;
  const { maxOutputSize, iouThreshold, scoreThreshold, softNmsSigma } = attrs;
  const [count] = scores.shape;
  // A power of two, so that texts are few.
  const slots = 2 ** Math.ceil(Math.log2(Math.ceil(count / invocations)));

  const context = writer.helpersOf(1);
  const softened = softNmsSigma > 0 ? SOFT : HARD;
  writer.helper('orderOf', ORDER.float32);
  writer.helper('keyOf', KEY);
  writer.helper('isAhead', IS_AHEAD);
  const [nan, notFinite, zero] = [isNan, isNotFinite, isZero].map((test) => test.register(context));
  writer.helper('survival', SURVIVAL(softened, nan, notFinite, zero));
  writer.declare(`var<workgroup> front: array<vec3<u32>, ${invocations}>;`);
  const threads = ownerThreads(emission, 1, true, 'only');
  const boxCount = writer.uniform('boxCount', count);
  const lowest = `bitcast<u32>(${writer.uniform('lowest', orderBelow(scoreThreshold) | 0)})`;
  const overlap = writer.uniforms.number(iouThreshold);
  const scale = softNmsSigma > 0 ? writer.uniforms.number(-0.5 / softNmsSigma) : '0.0';

  writer.statement(`var keys: array<u32, ${slots}>;`);
  writer.statement(`var current: array<f32, ${slots}>;`);
  // How many of the remembered each box has met.
  writer.statement(`var met: array<i32, ${slots}>;`);
  const remembered = rememberedBoxes(count, maxOutputSize, request.target);
  writer.declare(`var<workgroup> selected: array<i32, ${remembered}>;`);
  /** Visits the boxes of this invocation. */
  const forEachBox = (visit: () => void): void =>
    writer.block(`for (var box = i32(local.x); box < ${boxCount}; box += ${invocations})`, () => {
      writer.defineVariable('box');
      writer.statement(`let slot = box / ${invocations};`);
      visit();
    });
  const cornersOf = (box: ix.IndexExpr): string => {
    const corners = [0, 1, 2, 3].map((at) => inliner.value(boxes, [box, ix.constant(at)]).code);
    return `vec4<f32>(${corners.join(', ')})`;
  };
  const anyBox = ix.variable('box', count);
  /** Lowers or drops `box` for those among the first `known` remembered that it has not met. */
  const meet = (known: string): void => {
    writer.statement(`let corners = ${cornersOf(anyBox)};`);
    const goesOn = `at < ${known} && keys[slot] != 0u`;
    writer.block(`for (var at = met[slot]; ${goesOn}; at++)`, () => {
      writer.statement('let other = selected[at];');
      writer.defineVariable('other');
      const other = cornersOf(ix.variable('other', count));
      writer.statement(`let left = survival(${other}, corners, ${overlap}, ${scale});`);
      writer.statement('current[slot] *= left;');
      const key = `select(keyOf(current[slot], ${lowest}), 0u, left < 0.0)`;
      writer.statement(`keys[slot] = min(keys[slot], ${key});`);
    });
  };
  /** The best box of this invocation that has met all: each turn, the one that seems best meets them. */
  const findOwnBest = (known: string): void => {
    writer.statement('var ahead = vec3<u32>(0u, 0xffffffffu, 0u);');
    writer.block(`for (var tries = 0; tries <= ${slots}; tries++)`, () => {
      writer.statement('ahead = vec3<u32>(0u, 0xffffffffu, 0u);');
      forEachBox(() => {
        writer.block('if (keys[slot] > ahead.x)', () => {
          writer.statement('ahead = vec3<u32>(keys[slot], u32(box), bitcast<u32>(current[slot]));');
        });
      });
      writer.statement('if (ahead.x == 0u) { break; }');
      writer.statement('let box = i32(ahead.y);');
      writer.defineVariable('box');
      writer.statement(`let slot = box / ${invocations};`);
      writer.statement(`if (met[slot] == ${known}) { break; }`);
      meet(known);
      writer.statement(`met[slot] = ${known};`);
    });
  };

  forEachBox(() => {
    writer.statement(`current[slot] = ${inliner.value(scores, [anyBox]).code};`);
    writer.statement(`keys[slot] = keyOf(current[slot], ${lowest});`);
  });
  writer.statement('var isOver = false;');
  writer.statement('var count = 0;');
  emitLoop(emission, 'rank', maxOutputSize, (rank) => {
    // Of the box that is remembered alone, all know before they find their best.
    writer.statement(`let known = ${remembered > 1 ? 'rank' : '0'};`);
    if (remembered < maxOutputSize) {
      writer.block('if (rank > 0)', () => {
        forEachBox(() => meet('1'));
        writer.statement('workgroupBarrier();');
      });
    }
    writer.statement('var found = -1;');
    writer.statement('var kept = 0.0;');
    // A box is put back in line once at most: nothing is to make a GPU go round for ever.
    const goesOn = `turn <= ${boxCount} && !isOver && found < 0`;
    writer.block(`for (var turn = 0; ${goesOn}; turn++)`, () => {
      findOwnBest('known');
      writer.statement('front[local.x] = ahead;');
      emitTree(writer, 'front', invocations, (a, b) => `select(${b}, ${a}, isAhead(${a}, ${b}))`);
      writer.statement('let best = workgroupUniformLoad(&front[0]);');
      writer.statement(`let key = keyOf(bitcast<f32>(best.z), ${lowest});`);
      writer.statement('isOver = best.x == 0u;');
      writer.block('if (best.x == key && !isOver)', () => {
        writer.statement('found = i32(best.y);');
        writer.statement('kept = bitcast<f32>(best.z);');
      });
      // Selected, or back in line with the score that it has by now.
      writer.block(`if (!isOver && best.y % ${invocations}u == local.x)`, () => {
        writer.statement(`keys[best.y / ${invocations}u] = select(key, 0u, found >= 0);`);
      });
    });
    writer.block('if (local.x == 0u)', () => {
      writer.statement('selected[known] = found;');
      writer.statement('count += i32(found >= 0);');
      emission.epilogue(
        [rank],
        [
          { code: 'found', width: 1, dtype: 'int32', depth: writer.depth },
          { code: 'kept', width: 1, dtype: 'float32', depth: writer.depth },
        ],
        1,
      );
    });
    writer.statement('workgroupBarrier();');
  });
  writer.block('if (local.x == 0u)', () => emission.storeAside('count'));
  return writer.finish(emission.title, threads.workgroups, threads.parameters);
}

const invocationsOf = ({ target }: KernelRequest): number =>
  Math.min(MAX_INVOCATIONS, target.maxInvocations);

export const nonMaxSuppressionKernel: FusedKernel = {
  name: 'non-max-suppression',
  anchors: ['NonMaxSuppression'],
  refuse: () => null,
  // A score is loaded once, a box again in every round.
  reuse: ({ attrs }, index) => (index === 0 ? (attrs.maxOutputSize as number) : 1),
  generate: (request) => {
    const invocations = invocationsOf(request);
    return emitKernel(request, (emission) => emitSuppression(emission, invocations), invocations);
  },
};
