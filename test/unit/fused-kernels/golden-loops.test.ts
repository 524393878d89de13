/** The text of shaders, to be read: what a change of a generator does is seen here. */
import { float } from '../patterns/fuse';
import { shaderOf } from './shader-of';

describe('golden shaders of loops', () => {
  test('a chain of elementwise kernels', () => {
    const shader = shaderOf((b) => {
      const x = float(b, 16, 8);
      const sum = b.op('Add', [b.op('Multiply', [x, float(b, 8)]), x]);
      return b.op('Relu6', [sum]);
    });
    expect(shader).toMatchInlineSnapshot(`
     "// fused: Multiply → Add → Relu6
     struct Uniforms {
       iCount: i32,
       in1_0: i32,
     }
     @group(0) @binding(0) var<uniform> u: Uniforms;
     @group(0) @binding(1) var<storage, read> in0: array<vec4<f32>>;
     @group(0) @binding(2) var<storage, read> in1: array<vec4<f32>>;
     @group(0) @binding(3) var<storage, read_write> out2: array<vec4<f32>>;
     @compute @workgroup_size(64)
     fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
       let i = i32(gid.x);
       if (i >= u.iCount) { return; }
       let v0 = in0[i];
       let v1 = in1[(i % u.in1_0)];
       let v2 = v0 * v1;
       let v3 = v2 + v0;
       let v4 = select(select(v3, vec4<f32>(0.0), v3 <= vec4<f32>(0.0)), vec4<f32>(6.0), v3 > vec4<f32>(6.0));
       out2[i] = v4;
     }
     "
    `);
  });

  test('softmax', () => {
    expect(shaderOf((b) => b.op('Softmax', [float(b, 9, 20)]))).toMatchInlineSnapshot(`
     "// fused: Softmax
     struct Uniforms {
       rowCount: i32,
       steps: i32,
       infinity: f32,
       in0_0: i32,
       out1_0: i32,
     }
     @group(0) @binding(0) var<uniform> u: Uniforms;
     @group(0) @binding(1) var<storage, read> in0: array<vec4<f32>>;
     @group(0) @binding(2) var<storage, read_write> out1: array<vec4<f32>>;
     @compute @workgroup_size(64)
     fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
       let row = i32(gid.x);
       if (row >= u.rowCount) { return; }
       var top = vec4<f32>((-u.infinity));
       for (var a = 0; a < u.steps; a += 1) {
         let v0 = in0[a + row * u.in0_0];
         top = max(top, v0);
       }
       let highest = max(max(top.x, top.y), max(top.z, top.w));
       var total = vec4<f32>(0.0);
       for (var b = 0; b < u.steps; b += 1) {
         let v1 = in0[b + row * u.in0_0];
         total += exp(v1 - highest);
       }
       let denominator = dot(total, vec4<f32>(1.0));
       for (var c = 0; c < u.steps; c += 1) {
         let v2 = in0[c + row * u.in0_0];
         let v3 = exp((v2 - highest)) / denominator;
         out1[c + row * u.out1_0] = v3;
       }
     }
     "
    `);
  });

  test('a reduction', () => {
    const shader = shaderOf((b) =>
      b.op('Mean', [float(b, 9, 7, 12)], { axes: [1], keepDims: false }),
    );
    expect(shader).toMatchInlineSnapshot(`
     "// fused: Mean
     struct Uniforms {
       oCount: i32,
       reduced: i32,
       in0_0: i32,
       in0_1: i32,
     }
     @group(0) @binding(0) var<uniform> u: Uniforms;
     @group(0) @binding(1) var<storage, read> in0: array<vec4<f32>>;
     @group(0) @binding(2) var<storage, read_write> out1: array<vec4<f32>>;
     @compute @workgroup_size(64)
     fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
       let o = i32(gid.x);
       if (o >= u.oCount) { return; }
       var sum = vec4<f32>(0.0);
       for (var r = 0; r < u.reduced; r += 1) {
         let v0 = in0[(o % u.in0_0) + (o / u.in0_0) * u.in0_1 + r * u.in0_0];
         sum += v0;
       }
       let acc = sum;
       let v1 = acc / f32(u.reduced);
       out1[o] = v1;
     }
     "
    `);
  });

  test('a transpose, a slice and a pad, read by a sum', () => {
    const shader = shaderOf((b) => {
      const turned = b.transpose(float(b, 12, 30), [1, 0]);
      const part = b.slice(turned, [5, 0], [20, 12]);
      const paddings = [
        [0, 0],
        [1, 2],
      ];
      const padded = b.op('PadV2', [part], { paddings, constantValue: 0 });
      return b.op('Sum', [padded], { axes: [1], keepDims: false });
    });
    expect(shader).toMatchInlineSnapshot(`
     "// fused: Sum
     struct Uniforms {
       oCount: i32,
       reduced: i32,
       in0_0: i32,
       in0_1: i32,
       extent_0: i32,
     }
     @group(0) @binding(0) var<uniform> u: Uniforms;
     @group(0) @binding(1) var<storage, read> in0: array<f32>;
     @group(0) @binding(2) var<storage, read_write> out1: array<f32>;
     @compute @workgroup_size(64)
     fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
       let o = i32(gid.x);
       if (o >= u.oCount) { return; }
       var sum = f32(0.0);
       for (var r = 0; r < u.reduced; r += 1) {
         let v0 = in0[o + r * u.in0_0 + (-u.in0_1)];
         let v1 = select(0.0, v0, r + (-1) >= 0 && (r + (-1)) < u.extent_0);
         sum += v1;
       }
       let acc = sum;
       out1[o] = acc;
     }
     "
    `);
  });
});
