/** The text of a shader that suppresses boxes. */
import { float } from '../patterns/fuse';
import { shaderOf } from './shader-of';

describe('golden shaders of suppression', () => {
  test('boxes whose scores are lowered where they overlap a selected one', () => {
    const attrs = { iouThreshold: 0.5, scoreThreshold: 0.1, softNmsSigma: 0.5, maxOutputSize: 7 };
    const shader = shaderOf((b) =>
      b.ops('NonMaxSuppression', [float(b, 300, 4), float(b, 300)], attrs),
    );
    expect(shader).toMatchInlineSnapshot(`
     "// fused: NonMaxSuppression
     struct Uniforms {
       boxCount: i32,
       lowest: i32,
       number0: f32,
       number1: f32,
       rankCount: i32,
       in1_boxStride: i32,
       in1_offset: i32,
       in1_offset_1: i32,
       in1_otherStride: i32,
     }
     @group(0) @binding(0) var<uniform> u: Uniforms;
     @group(0) @binding(1) var<storage, read> in0: array<f32>;
     @group(0) @binding(2) var<storage, read> in1: array<f32>;
     @group(0) @binding(3) var<storage, read_write> out2: array<i32>;
     @group(0) @binding(4) var<storage, read_write> out3: array<f32>;
     @group(0) @binding(5) var<storage, read_write> out4: array<i32>;
     var<workgroup> front: array<vec3<u32>, 256>;
     var<workgroup> selected: array<i32, 8>;
     fn orderOf(x: f32) -> u32 {
       let bits = bitcast<u32>(x);
       if ((bits & 0x7fffffffu) > 0x7f800000u) { return 0xffffffffu; }
       if (bits == 0x80000000u) { return bits; }
       return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
     }
     fn keyOf(score: f32, threshold: u32) -> u32 {
       let order = orderOf(score);
       return select(0u, order, order > threshold && order != 0xffffffffu);
     }
     fn isAhead(a: vec3<u32>, b: vec3<u32>) -> bool {
       return a.x > b.x || (a.x == b.x && a.y < b.y);
     }
     fn isNanF32(x: f32) -> bool {
       return (bitcast<u32>(x) & u32(0x7fffffffu)) > u32(0x7f800000u);
     }
     fn isNotFiniteF32(x: f32) -> bool {
       return (bitcast<u32>(x) & u32(0x7fffffffu)) >= u32(0x7f800000u);
     }
     fn isZeroF32(x: f32) -> bool {
       return (bitcast<u32>(x) & u32(0x7fffffffu)) == u32(0u);
     }

     fn areaOf(box: vec4<f32>) -> f32 { return abs(box.z - box.x) * abs(box.w - box.y); }
     // What a score is multiplied by where a box is selected; -1 for a box that this suppresses.
     fn survival(a: vec4<f32>, b: vec4<f32>, threshold: f32, scale: f32) -> f32 {
       let areas = vec2<f32>(areaOf(a), areaOf(b));
       let apart = select(1.0, -1.0, threshold <= 0.0);
       if (isZeroF32(areas.x) || isZeroF32(areas.y)) { return apart; }
       let begin = max(min(a.xy, a.zw), min(b.xy, b.zw));
       let end = min(max(a.xy, a.zw), max(b.xy, b.zw));
       let sides = max(end - begin, vec2<f32>(0.0));
       let crossing = sides.x * sides.y;
       if (isNotFiniteF32(areas.x) || isNotFiniteF32(areas.y)) {
         let isUnknown = isNanF32(areas.x) || isNanF32(areas.y) || isNotFiniteF32(crossing);
         return select(apart, 0.0, isUnknown);
       }
       let smaller = min(areas.x, areas.y);
       let joint = min(crossing, smaller);
       let covered = max(areas.x, areas.y) + (smaller - joint);
       if (joint >= threshold * covered) { return -1.0; }
       return exp(scale * (joint / covered) * (joint / covered));
     }
     @compute @workgroup_size(256)
     fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
       var keys: array<u32, 2>;
       var current: array<f32, 2>;
       var met: array<i32, 2>;
       for (var box = i32(local.x); box < u.boxCount; box += 256) {
         let slot = box / 256;
         let v0 = in0[box];
         current[slot] = v0;
         keys[slot] = keyOf(current[slot], bitcast<u32>(u.lowest));
       }
       var isOver = false;
       var count = 0;
       for (var rank = 0; rank < u.rankCount; rank++) {
         let known = rank;
         var found = -1;
         var kept = 0.0;
         for (var turn = 0; turn <= u.boxCount && !isOver && found < 0; turn++) {
           var ahead = vec3<u32>(0u, 0xffffffffu, 0u);
           for (var tries = 0; tries <= 2; tries++) {
             ahead = vec3<u32>(0u, 0xffffffffu, 0u);
             for (var box = i32(local.x); box < u.boxCount; box += 256) {
               let slot = box / 256;
               if (keys[slot] > ahead.x) {
                 ahead = vec3<u32>(keys[slot], u32(box), bitcast<u32>(current[slot]));
               }
             }
             if (ahead.x == 0u) { break; }
             let box = i32(ahead.y);
             let slot = box / 256;
             if (met[slot] == known) { break; }
             let v1 = in1[box * u.in1_boxStride];
             let v2 = in1[box * u.in1_boxStride + 1];
             let v3 = in1[box * u.in1_boxStride + u.in1_offset];
             let v4 = in1[box * u.in1_boxStride + u.in1_offset_1];
             let corners = vec4<f32>(v1, v2, v3, v4);
             for (var at = met[slot]; at < known && keys[slot] != 0u; at++) {
               let other = selected[at];
               let v5 = in1[other * u.in1_otherStride];
               let v6 = in1[other * u.in1_otherStride + 1];
               let v7 = in1[other * u.in1_otherStride + u.in1_offset];
               let v8 = in1[other * u.in1_otherStride + u.in1_offset_1];
               let left = survival(vec4<f32>(v5, v6, v7, v8), corners, u.number0, u.number1);
               current[slot] *= left;
               keys[slot] = min(keys[slot], select(keyOf(current[slot], bitcast<u32>(u.lowest)), 0u, left < 0.0));
             }
             met[slot] = known;
           }
           front[local.x] = ahead;
           workgroupBarrier();
           for (var half = 128u; half > 0u; half >>= 1u) {
             if (local.x < half) {
               front[local.x] = select(front[local.x + half], front[local.x], isAhead(front[local.x], front[local.x + half]));
             }
             workgroupBarrier();
           }
           let best = workgroupUniformLoad(&front[0]);
           let key = keyOf(bitcast<f32>(best.z), bitcast<u32>(u.lowest));
           isOver = best.x == 0u;
           if (best.x == key && !isOver) {
             found = i32(best.y);
             kept = bitcast<f32>(best.z);
           }
           if (!isOver && best.y % 256u == local.x) {
             keys[best.y / 256u] = select(key, 0u, found >= 0);
           }
         }
         if (local.x == 0u) {
           selected[known] = found;
           count += i32(found >= 0);
           out2[rank] = found;
           out3[rank] = kept;
         }
         workgroupBarrier();
       }
       if (local.x == 0u) {
         out4[0] = count;
       }
     }
     "
    `);
  });
});
