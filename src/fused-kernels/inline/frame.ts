/** Pixels of a frame, which is a texture: loaded where they are needed, in the integers that tfjs makes of them. */
import * as ix from '../../ir/index-expression';
import { LANE, type InlineRule } from '../wgsl/inliner';

const fromPixels: InlineRule = (node, coords, inliner) => {
  const [y, x, channel] = coords;
  const { writer } = inliner;
  if (coords.some((coord) => ix.mentions(coord, LANE))) {
    return inliner.perLane(coords, (lane) => fromPixels(node, lane, inliner));
  }
  const { isExternal } = node.attrs;
  const { name } = writer.bind(node.inputs[0], isExternal ? 'external' : 'texture');
  const depth = Math.max(inliner.depthOf(y), inliner.depthOf(x));
  const at = `${name}, vec2<i32>(${inliner.index(x)}, ${inliner.index(y)})`;
  // The channels of a pixel are one load.
  const key = `pixel ${at}`;
  let pixel = writer.recall<string>(key);
  if (pixel === null) {
    const load = `textureLoad(${at}${isExternal ? '' : ', 0'})`;
    pixel = inliner.define(`vec4<i32>(floor(255.0 * ${load}))`, 4, 'int32', depth).code;
    writer.scopeAt(depth).memo.set(key, pixel);
  }
  const code = `${pixel}[${inliner.index(channel)}]`;
  return inliner.define(code, 1, 'int32', Math.max(depth, inliner.depthOf(channel)));
};

export const frameRules: readonly (readonly [string, InlineRule])[] = [['FromPixels', fromPixels]];
