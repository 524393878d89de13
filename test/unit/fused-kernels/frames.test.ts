/** Frames in shaders: textures that are bound as such, one load for the channels of a pixel. */
import { KernelWriter } from '../../../src/fused-kernels/wgsl/kernel-writer';
import type { GraphBuilder } from '../../../src/ir/builder';
import { readFrame } from '../../../src/ir/frame';
import type { Value } from '../../../src/ir/graph';
import { float } from '../patterns/fuse';
import { shaderOf } from './shader-of';

const scaled = (b: GraphBuilder, isExternal: boolean, channels = 3): Value => {
  const frame = readFrame(b, { shape: [9, 7, channels], isExternal });
  return b.op('RealDiv', [b.cast(frame, 'float32'), b.scalar(255)]);
};

test('golden shader of a scaled frame', () => {
  expect(shaderOf((b) => scaled(b, false))).toMatchInlineSnapshot(`
   "// fused: Cast → RealDiv
   struct Uniforms {
     iCount: i32,
     iQuotientDivisor: i32,
     iDivisor: i32,
     iDivisor_1: i32,
   }
   @group(0) @binding(0) var<uniform> u: Uniforms;
   @group(0) @binding(1) var in0: texture_2d<f32>;
   @group(0) @binding(2) var<storage, read_write> out1: array<f32>;
   @compute @workgroup_size(64)
   fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
     let i = i32(gid.x);
     if (i >= u.iCount) { return; }
     let i0 = (i / u.iDivisor);
     let i1 = (i0 % u.iQuotientDivisor);
     let i2 = (i / u.iDivisor_1);
     let v3 = vec4<i32>(floor(255.0 * textureLoad(in0, vec2<i32>(i1, i2), 0)));
     let i4 = (i % u.iDivisor);
     let v5 = v3[i4];
     let v6 = f32(v5);
     let v7 = v6 / 255.0;
     out1[i] = v7;
   }
   "
  `);
});

test('what the browser lends is a texture of another type', () => {
  const shader = shaderOf((b) => scaled(b, true, 4));
  expect(shader).toContain('var in0: texture_external;');
  expect(shader).toMatch(/textureLoad\(in0, vec2<i32>\([^,]+, [^,]+\)\)/);
});

test('a padded convolution loads a pixel once for its channels, and divides no more for it', () => {
  const shader = shaderOf((b) => {
    const image = b.reshape(scaled(b, false), [1, 9, 7, 3]);
    const pad = { top: 1, bottom: 1, left: 1, right: 1 };
    const attrs = { strides: [1, 1], dilations: [1, 1], pad };
    return b.op('Conv2D', [image, float(b, 3, 3, 3, 8)], attrs);
  });
  const [loop] = shader.split('if (any(');
  const inner = loop.slice(loop.indexOf('for (var k'));
  expect(inner).not.toContain('textureLoad');
  expect(loop.slice(loop.indexOf('textureLoad'))).not.toContain('rowRemainderDivisor');
});

test('no variable has the name of a type', () => {
  const writer = new KernelWriter({
    ...{ workgroupSize: 64, maxWorkgroups: 65535, anySize: false },
    scalarBuffers: new Set(),
  });
  const names = Array.from({ length: 40 }, () => writer.freshName('i'));
  expect(new Set(names).size).toBe(40);
  expect(names).not.toContain('i32');
});
