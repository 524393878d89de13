/** MaxPool and AvgPool, NHWC. Elements outside the image take no part. */
import { nan } from '../ir/expression';
import type { Node } from '../ir/graph';
import * as ix from '../ir/index-expression';
import type { KernelEmission } from './emit';
import { emitKernel } from './emit';
import type { FusedKernel } from './kernel';
import { floatOnly } from './loops';
import { vectorType } from './wgsl/kernel-writer';
import { emitWindow, windowReuse, type WindowSpec } from './window';

function filterSize(node: Node): [number, number] {
  return node.attrs.filterSize as [number, number];
}

function poolKernel(
  name: string,
  anchor: string,
  spec: (
    emission: KernelEmission,
    lanes: 1 | 4,
    filter: readonly [number, number],
  ) => Omit<WindowSpec, 'filter'>,
): FusedKernel {
  return {
    name,
    anchors: [anchor],
    refuse: floatOnly,
    reuse: (node) => windowReuse(node, filterSize(node)),
    generate: (request) =>
      emitKernel(request, (emission) => {
        const node = request.group.anchor;
        const lanes = node.outputs[0].shape[3] % 4 === 0 ? 4 : 1;
        const filter = filterSize(node);
        return emitWindow(emission, { ...spec(emission, lanes, filter), filter });
      }),
  };
}

export const maxPoolKernel = poolKernel('max-pool', 'MaxPool', ({ writer, inliner }, lanes) => ({
  initial: writer.uniforms.special(-Infinity),
  // What lies outside counts as the lowest value, and so does NaN: tfjs's cpu kernel passes it by.
  tap: (acc, x, _weight, inside) => {
    const wide = inliner.widen(x, lanes);
    const isNan = nan.isNan.call(writer.helpersOf(lanes), wide);
    const outside = inside && `${lanes === 4 ? 'vec4<bool>' : ''}(!(${inside}))`;
    const lowest = `${vectorType('float32', lanes)}(${writer.uniforms.special(-Infinity)})`;
    return `${acc} = max(${acc}, select(${wide}, ${lowest}, ${isNan}${outside ? ` | ${outside}` : ''}));`;
  },
}));

/**
 * The maximum, and at which tap of its window the first element is that is as large: row · columns + column, or -1
 * where all are NaN or -∞. It is what the gradient goes by.
 */
export const maxPoolPositionsKernel = poolKernel(
  'max-pool-positions',
  'MaxPoolPositions',
  ({ writer, inliner }, lanes, [, filterWidth]) => ({
    initial: writer.uniforms.special(-Infinity),
    declare: (acc) => `var ${acc}At = ${vectorType('int32', lanes)}(-1);`,
    tap: (acc, x, _weight, inside, [row, column]) => {
      const wide = inliner.widen(x, lanes);
      const isNan = nan.isNan.call(writer.helpersOf(lanes), wide);
      const present = `${lanes === 4 ? 'vec4<bool>' : ''}(${inside ?? 'true'})`;
      const at = inliner.index(ix.add(ix.scale(row, filterWidth), column));
      const isLarger = writer.let(
        `(${wide} > ${acc}) & !(${isNan}) & ${present}`,
        writer.depth,
        'isLarger',
      );
      const tap = `${vectorType('int32', lanes)}(${at})`;
      return (
        `${acc} = select(${acc}, ${wide}, ${isLarger}); ` +
        `${acc}At = select(${acc}At, ${tap}, ${isLarger});`
      );
    },
    results: (acc) => [
      { code: acc, width: lanes, dtype: 'float32', depth: 0 },
      { code: `${acc}At`, width: lanes, dtype: 'int32', depth: 0 },
    ],
  }),
);

export const avgPoolKernel = poolKernel('avg-pool', 'AvgPool', ({ inliner }, lanes) => ({
  initial: '0.0',
  tap: (acc, x, _weight, inside) => {
    const wide = inliner.widen(x, lanes);
    const outside = `${vectorType('float32', lanes)}(0.0)`;
    return inside ? `${acc} += select(${outside}, ${wide}, ${inside});` : `${acc} += ${wide};`;
  },
  finish: (acc, count) => `${acc} / f32(${count})`,
}));
