/**
 * Makes one attention of its parts, each of which has summed the values of some keys by weights that
 * are relative to a maximum of its own: the sums are brought to the highest maximum, and divided by
 * what the weights add up to.
 */
import { sizeOf } from '../../ir/graph';
import * as ix from '../../ir/index-expression';
import type { KernelEmission } from '../emit';
import { laneVariable, type Operand } from '../wgsl/inliner';
import type { ShaderProgram } from '../wgsl/kernel-writer';
import { emitCappedLoop } from './loop';
import { LOWEST, weightFunction } from './score';

/** Parts that are loaded at once. */
const AT_ONCE = 4;

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

export function emitAttentionMerge(emission: KernelEmission): ShaderProgram {
  const { writer, inliner, request } = emission;
  const { anchor } = request.group;
  const [parts] = anchor.inputs;
  const { shape } = anchor.outputs[0];
  const [queries, width] = shape.slice(-2);
  const batch = shape.slice(0, -2);
  const count = parts.shape[batch.length];
  const vectors = Math.ceil(width / 4);
  const outer = [...batch, queries, vectors];

  const workgroups = writer.flatThread('vector', sizeOf(outer));
  const at = ix.delinearize(ix.variable('vector', sizeOf(outer)), outer);
  const head = at.slice(0, batch.length);
  const [query, column] = at.slice(-2);
  const partVector = (part: ix.IndexExpr, vector: ix.IndexExpr): string =>
    inliner.widen(
      inliner.value(parts, [...head, part, query, ix.add(ix.scale(vector, 4), laneVariable)]),
      4,
    );

  writer.statement(`var top = ${LOWEST};`);
  writer.statement('var total = 0.0;');
  writer.statement('var least = 0.0;');
  writer.statement('var sum = vec4<f32>(0.0);');
  const turns = Math.ceil(count / AT_ONCE);
  emitCappedLoop(writer, 'turn', turns, turns, () => {
    const loaded = range(AT_ONCE).map((i) => {
      const code = `turn * ${AT_ONCE} + ${i}`;
      const isRagged = count % AT_ONCE !== 0;
      const last = writer.dim('lastPart', count - 1);
      writer.statement(`let part${i} = ${isRagged ? `min(${code}, ${last})` : code};`);
      writer.defineVariable(`part${i}`);
      const part = ix.variable(`part${i}`, count);
      const isPart = isRagged ? `${code} <= ${last}` : 'true';
      const statistics = partVector(part, ix.constant(vectors));
      return { isPart, statistics, values: partVector(part, column) };
    });
    const tops = loaded.map(({ statistics }) => `${statistics}.x`).join(', ');
    const used = loaded.map(({ isPart }) => isPart).join(', ');
    writer.statement(`let tops = vec4<f32>(${tops});`);
    writer.statement('let highest = max(top, max(max(tops.x, tops.y), max(tops.z, tops.w)));');
    const weightOf = weightFunction(emission);
    writer.statement(
      `let weights = select(vec4<f32>(0.0), ${weightOf}(tops - highest), vec4<bool>(${used}));`,
    );
    writer.statement(`let fade = ${weightOf}(vec4<f32>(top - highest)).x;`);
    writer.statement('top = highest;');
    const totals = loaded.map(({ statistics }) => `${statistics}.y`).join(', ');
    writer.statement(`let totals = vec4<f32>(${totals});`);
    // Negative where a score was NaN or ∞.
    writer.statement('least = min(least, min(min(totals.x, totals.y), min(totals.z, totals.w)));');
    writer.statement('total = total * fade + dot(totals, weights);');
    writer.statement('sum *= fade;');
    loaded.forEach(({ values }, i) => {
      writer.statement(`sum = fma(vec4<f32>(weights[${i}]), ${values}, sum);`);
    });
  });

  const nan = `vec4<f32>(${writer.uniforms.special(NaN)})`;
  const result = `select(${nan}, sum / total, least == 0.0 && total > 0.0)`;
  if (width % 4 === 0) {
    const operand = inliner.define(result, 4, 'float32', writer.depth);
    const coords = [...head, query, ix.add(ix.scale(column, 4), laneVariable)];
    emission.epilogue(coords, operand, 4);
  } else {
    const whole = writer.let(result, writer.depth);
    for (const element of range(4)) {
      const coord = ix.shift(ix.scale(column, 4), element);
      const store = (): void => {
        const operand: Operand = inliner.define(`${whole}[${element}]`, 1, 'float32', writer.depth);
        emission.epilogue([...head, query, coord], operand, 1);
      };
      if (coord.max < width) store();
      else writer.block(`if (${inliner.index(coord)} < ${writer.dim('width', width)})`, store);
    }
  }
  return writer.finish(emission.title, workgroups);
}
