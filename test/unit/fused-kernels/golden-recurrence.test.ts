/** The text of a shader that runs a recurrent layer's steps, states in workgroup memory. */
import { compilePlan } from '../../../src/compiler/compile';
import { GraphBuilder } from '../../../src/ir/builder';
import { CELLS, unroll } from '../../support/recurrent-cells';
import { softwareTarget } from './target';

test('golden shader of a simple RNN', () => {
  const b = new GraphBuilder();
  const sizes = { steps: 9, rows: 1, units: 12, depth: 4 };
  b.graph.outputs = [...unroll(b, CELLS['simple RNN'], sizes).states];
  const { dispatches } = compilePlan(b.graph, softwareTarget, 'golden');
  const ofSteps = dispatches.filter(({ label }) => label.includes('Recurrence'));
  expect(ofSteps).toHaveLength(1);
  const { wgsl } = ofSteps[0].program;
  expect(wgsl).toMatchInlineSnapshot(`
   "// fused: Recurrence
   struct Uniforms {
     firstCount: i32,
     stepCount: i32,
     depth0: i32,
     vectors0: i32,
     in1_kStride: i32,
     in1_offset: i32,
     in1_offset_1: i32,
     in1_offset_2: i32,
     eCount: i32,
     in2_stepStride: i32,
     out4_stepStride: i32,
   }
   @group(0) @binding(0) var<uniform> u: Uniforms;
   @group(0) @binding(1) var<storage, read> in0: array<vec4<f32>>;
   @group(0) @binding(2) var<storage, read> in1: array<vec4<f32>>;
   @group(0) @binding(3) var<storage, read> in2: array<vec4<f32>>;
   @group(0) @binding(4) var<storage, read> in3: array<vec4<f32>>;
   @group(0) @binding(5) var<storage, read_write> out4: array<vec4<f32>>;
   var<workgroup> state0: array<vec4<f32>, 3>;
   var<workgroup> product0: array<vec4<f32>, 3>;
   fn isNanF32x4(x: vec4<f32>) -> vec4<bool> {
     return (bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u);
   }
   fn expF32x4(x: vec4<f32>) -> vec4<f32> {
     return select(exp(x), x, isNanF32x4(x));
   }
   fn tanhF32x4(x: vec4<f32>) -> vec4<f32> {
     let z = x * x;
     let tail = -0.0537397155531 + z * (0.0206390887954 + z * -0.00570498872745);
     let near = x + x * z * (-0.333332819422 + z * (0.133314422036 + z * tail));
     let far = 1.0 - 2.0 / (expF32x4(2.0 * abs(x)) + 1.0);
     return select(select(far, -far, x < vec4<f32>(0.0)), near, abs(x) < vec4<f32>(0.625));
   }
   @compute @workgroup_size(8)
   fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
     let thread = i32(local.x);
     for (var first = thread; first < u.firstCount; first += 8) {
       let v0 = in0[first];
       state0[first] = v0;
     }
     workgroupBarrier();
     for (var step = 0; step < u.stepCount; step++) {
       for (var c0 = thread; c0 < u.vectors0; c0 += 8) {
         var sum0 = vec4<f32>(0.0);
         for (var k = 0; k < u.depth0; k++) {
           let x0 = state0[k];
           let v1 = in1[c0 + k * u.in1_kStride];
           sum0 += x0[0] * v1;
           let v2 = in1[c0 + k * u.in1_kStride + u.in1_offset];
           sum0 += x0[1] * v2;
           let v3 = in1[c0 + k * u.in1_kStride + u.in1_offset_1];
           sum0 += x0[2] * v3;
           let v4 = in1[c0 + k * u.in1_kStride + u.in1_offset_2];
           sum0 += x0[3] * v4;
         }
         product0[c0] = sum0;
       }
       workgroupBarrier();
       for (var e = thread; e < u.eCount; e += 8) {
         let v5 = in2[e + step * u.in2_stepStride];
         let v6 = in3[e];
         let s7 = product0[e];
         let y0 = tanhF32x4((v5 + v6) + s7);
         state0[e] = y0;
         out4[e + step * u.out4_stepStride] = y0;
       }
       workgroupBarrier();
     }
   }
   "
  `);
});
