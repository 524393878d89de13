/** Counts the workgroup memory that a shader declares. */

/** Bytes of the types that kernels keep there; a vec3 takes as much as a vec4. */
const BYTES: Readonly<Record<string, number>> = {
  ...{ f32: 4, i32: 4, u32: 4, bool: 4 },
  ...{ vec2f: 8, vec2i: 8, vec2u: 8, vec3f: 16, vec3i: 16, vec3u: 16 },
  ...{ vec4f: 16, vec4i: 16, vec4u: 16 },
};

const DECLARATION = 'var<workgroup>';
const ARRAY = /^array<(.+),(\d+)>$/;
const VECTOR = /^vec([234])<([fiu])(?:32)>$/;

function bytesOf(type: string): number {
  const array = ARRAY.exec(type);
  if (array) return bytesOf(array[1]) * Number(array[2]);
  const name = type.replace(VECTOR, 'vec$1$2');
  const bytes = BYTES[name];
  if (bytes === undefined) {
    throw new Error(`[webgpu-fused] workgroup memory: got type ${type}; needs a size for it.`);
  }
  return bytes;
}

/** Bytes of workgroup memory that `wgsl` declares. */
export function workgroupBytes(wgsl: string): number {
  let bytes = 0;
  for (let at = wgsl.indexOf(DECLARATION); at >= 0; at = wgsl.indexOf(DECLARATION, at + 1)) {
    const type = wgsl.slice(wgsl.indexOf(':', at) + 1, wgsl.indexOf(';', at));
    bytes += bytesOf(type.replace(/\s/g, ''));
  }
  return bytes;
}
