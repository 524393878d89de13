/** The text of shaders, to be read: what a change of a generator does is seen here. */
import { float } from '../patterns/fuse';
import { shaderOf } from './shader-of';
import { gpuTarget } from './target';

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
       iDivisor: i32,
     }
     @group(0) @binding(0) var<uniform> u: Uniforms;
     @group(0) @binding(1) var<storage, read> in0: array<vec4<f32>>;
     @group(0) @binding(2) var<storage, read> in1: array<vec4<f32>>;
     @group(0) @binding(3) var<storage, read_write> out2: array<vec4<f32>>;
     fn isNanF32x4(x: vec4<f32>) -> vec4<bool> {
       return (bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u);
     }
     @compute @workgroup_size(64)
     fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
       let i = i32(gid.x);
       if (i >= u.iCount) { return; }
       let v0 = in0[i];
       let i1 = (i % u.iDivisor);
       let v2 = in1[i1];
       let v3 = v0 * v2;
       let v4 = v3 + v0;
       let v5 = select(clamp(v4, vec4<f32>(0.0), vec4<f32>(6.0)), v4, isNanF32x4(v4));
       out2[i] = v5;
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
       in0_rowStride: i32,
       nan: f32,
       out1_rowStride: i32,
     }
     @group(0) @binding(0) var<uniform> u: Uniforms;
     @group(0) @binding(1) var<storage, read> in0: array<vec4<f32>>;
     @group(0) @binding(2) var<storage, read_write> out1: array<vec4<f32>>;
     fn isNotFiniteF32(x: f32) -> bool {
       return (bitcast<u32>(x) & u32(0x7fffffffu)) >= u32(0x7f800000u);
     }
     @compute @workgroup_size(64)
     fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
       let row = i32(gid.x);
       if (row >= u.rowCount) { return; }
       var top = vec4<f32>((-u.infinity));
       for (var a = 0; a < u.steps; a += 1) {
         let v0 = in0[a + row * u.in0_rowStride];
         top = max(top, v0);
       }
       let highest = max(max(top.x, top.y), max(top.z, top.w));
       var total = vec4<f32>(0.0);
       for (var b = 0; b < u.steps; b += 1) {
         let v1 = in0[b + row * u.in0_rowStride];
         total += exp(v1 - highest);
       }
       let sum = dot(total, vec4<f32>(1.0));
       let denominator = select(sum, u.nan, isNotFiniteF32(sum));
       for (var c = 0; c < u.steps; c += 1) {
         let v2 = in0[c + row * u.in0_rowStride];
         let v3 = exp((v2 - highest)) / denominator;
         out1[c + row * u.out1_rowStride] = v3;
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
       oDivisor: i32,
       in0_oQuotientStride: i32,
       in0_rStride: i32,
     }
     @group(0) @binding(0) var<uniform> u: Uniforms;
     @group(0) @binding(1) var<storage, read> in0: array<vec4<f32>>;
     @group(0) @binding(2) var<storage, read_write> out1: array<vec4<f32>>;
     @compute @workgroup_size(64)
     fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
       let o = i32(gid.x);
       if (o >= u.oCount) { return; }
       var sum = vec4<f32>(0.0);
       let i0 = (o / u.oDivisor);
       let i1 = (o % u.oDivisor);
       for (var r = 0; r < u.reduced; r += 1) {
         let v2 = in0[i0 * u.in0_oQuotientStride + i1 + r * u.in0_rStride];
         sum += v2;
       }
       let acc = sum;
       let v3 = acc / f32(u.reduced);
       out1[o] = v3;
     }
     "
    `);
  });

  test('running sums backwards, in parts of which the last is shorter', () => {
    const attrs = { axis: 1, exclusive: true, reverse: true, partLength: 8 };
    const shader = shaderOf((b) => b.op('Relu', [b.op('Cumsum', [float(b, 3, 20)], attrs)]));
    expect(shader).toMatchInlineSnapshot(`
     "// fused: Cumsum → Relu
     struct Uniforms {
       lineCount: i32,
       iCount: i32,
       length: i32,
       lineDivisor: i32,
       lineRemainderStride: i32,
       offset: i32,
       out0_lineQuotientStride: i32,
       out0_lineRemainderStride: i32,
       out0_offset: i32,
       in1_lineQuotientStride: i32,
       in1_lineRemainderStride: i32,
       in1_offset: i32,
     }
     @group(0) @binding(0) var<uniform> u: Uniforms;
     @group(0) @binding(1) var<storage, read_write> out0: array<f32>;
     @group(0) @binding(2) var<storage, read> in1: array<f32>;
     fn reluF32(x: f32) -> f32 {
       return select(x, f32(0.0), bitcast<i32>(x) <= i32(-8388608));
     }
     @compute @workgroup_size(64)
     fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
       let line = i32(gid.x);
       if (line >= u.lineCount) { return; }
       var total = 0.0;
       let i0 = (line % u.lineDivisor);
       let i2 = (line / u.lineDivisor);
       for (var i = 0; i < u.iCount; i++) {
         let v3 = in1[i2 * u.in1_lineQuotientStride + i0 * u.in1_lineRemainderStride + i * (-1) + u.in1_offset];
         if (i0 * u.lineRemainderStride + i * (-1) + u.offset < u.length) {
           let v1 = reluF32(total);
           out0[i2 * u.out0_lineQuotientStride + i0 * u.out0_lineRemainderStride + i * (-1) + u.out0_offset] = v1;
           total += v3;
         }
       }
     }
     "
    `);
  });

  test('a diagonal', () => {
    const shader = shaderOf((b) => b.op('Neg', [b.op('Diag', [float(b, 8)])]));
    expect(shader).toMatchInlineSnapshot(`
     "// fused: Neg
     struct Uniforms {
       iCount: i32,
       iDivisor: i32,
     }
     @group(0) @binding(0) var<uniform> u: Uniforms;
     @group(0) @binding(1) var<storage, read> in0: array<f32>;
     @group(0) @binding(2) var<storage, read_write> out1: array<vec4<f32>>;
     @compute @workgroup_size(64)
     fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
       let i = i32(gid.x);
       if (i >= u.iCount) { return; }
       let i0 = (i / u.iDivisor);
       let v1 = in0[i0];
       let i2 = (i % u.iDivisor);
       let v3 = select(vec4<f32>(0.0), vec4<f32>(v1), vec4<bool>(i0 + i2 * (-4) == 0, i0 + i2 * (-4) + (-1) == 0, i0 + i2 * (-4) + (-2) == 0, i0 + i2 * (-4) + (-3) == 0));
       let v4 = -v3;
       out1[i] = v4;
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
       in0_rStride: i32,
       in0_offset: i32,
       rExtent: i32,
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
         let v0 = in0[o + r * u.in0_rStride + (-u.in0_offset)];
         let v1 = select(0.0, v0, r + (-1) >= 0 && (r + (-1)) < u.rExtent);
         sum += v1;
       }
       let acc = sum;
       out1[o] = acc;
     }
     "
    `);
  });

  test('a transposition on a GPU, of what is computed in front of it', () => {
    const shader = shaderOf((b) => {
      const x = b.op('Relu', [float(b, 3, 64, 96)]);
      const y = b.op('Transpose', [x], { perm: [0, 2, 1] });
      return b.op('Add', [y, float(b, 64)]);
    }, gpuTarget);
    expect(shader).toMatchInlineSnapshot(`
     "// fused: Relu → Add
     struct Uniforms {
       tileDivisor: i32,
       tileQuotientDivisor: i32,
       tileDivisor_1: i32,
       innerTileStride: i32,
       outerTileStride: i32,
       in0_axisAStride: i32,
       in0_outerStride: i32,
       outerTileStride_1: i32,
       out2_axisAStride: i32,
       out2_rowStride: i32,
       out2_offset: i32,
       out2_offset_1: i32,
       out2_offset_2: i32,
     }
     @group(0) @binding(0) var<uniform> u: Uniforms;
     @group(0) @binding(1) var<storage, read> in0: array<vec4<f32>>;
     @group(0) @binding(2) var<storage, read> in1: array<vec4<f32>>;
     @group(0) @binding(3) var<storage, read_write> out2: array<vec4<f32>>;
     var<workgroup> tile0: array<array<vec4<f32>, 33>, 8>;
     fn reluF32x4(x: vec4<f32>) -> vec4<f32> {
       return select(x, vec4<f32>(0.0), bitcast<vec4<i32>>(x) <= vec4<i32>(-8388608));
     }
     @compute @workgroup_size(64)
     fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
       let tile = i32(group.x);
       let i0 = (tile / u.tileDivisor);
       let axisA = i0;
       let i1 = (tile / u.tileDivisor_1);
       let i2 = (i1 % u.tileQuotientDivisor);
       let innerTile = i2;
       let i3 = (tile % u.tileDivisor_1);
       let outerTile = i3;
       let fast = i32(local.x) % 8;
       let slow = i32(local.x) / 8;
       let inner = fast + innerTile * u.innerTileStride;
       let outer0 = outerTile * u.outerTileStride + slow * 4;
       let v4 = in0[axisA * u.in0_axisAStride + inner + outer0 * u.in0_outerStride];
       let v5 = reluF32x4(v4);
       tile0[slow][fast + 0] = v5;
       let outer1 = outerTile * u.outerTileStride + slow * 4 + 1;
       let v6 = in0[axisA * u.in0_axisAStride + inner + outer1 * u.in0_outerStride];
       let v7 = reluF32x4(v6);
       tile0[slow][fast + 8] = v7;
       let outer2 = outerTile * u.outerTileStride + slow * 4 + 2;
       let v8 = in0[axisA * u.in0_axisAStride + inner + outer2 * u.in0_outerStride];
       let v9 = reluF32x4(v8);
       tile0[slow][fast + 16] = v9;
       let outer3 = outerTile * u.outerTileStride + slow * 4 + 3;
       let v10 = in0[axisA * u.in0_axisAStride + inner + outer3 * u.in0_outerStride];
       let v11 = reluF32x4(v10);
       tile0[slow][fast + 24] = v11;
       workgroupBarrier();
       let outer = fast + outerTile * u.outerTileStride_1;
       let row = innerTile * u.innerTileStride + slow;
       let v12 = tile0[fast][slow + 0];
       let v13 = tile0[fast][slow + 8];
       let v14 = tile0[fast][slow + 16];
       let v15 = tile0[fast][slow + 24];
       let v16 = vec4<f32>(v12[0], v13[0], v14[0], v15[0]);
       let v17 = in1[outer];
       let v18 = v16 + v17;
       out2[axisA * u.out2_axisAStride + outer + row * u.out2_rowStride] = v18;
       let v19 = vec4<f32>(v12[1], v13[1], v14[1], v15[1]);
       let v20 = v19 + v17;
       out2[axisA * u.out2_axisAStride + outer + row * u.out2_rowStride + u.out2_offset] = v20;
       let v21 = vec4<f32>(v12[2], v13[2], v14[2], v15[2]);
       let v22 = v21 + v17;
       out2[axisA * u.out2_axisAStride + outer + row * u.out2_rowStride + u.out2_offset_1] = v22;
       let v23 = vec4<f32>(v12[3], v13[3], v14[3], v15[3]);
       let v24 = v23 + v17;
       out2[axisA * u.out2_axisAStride + outer + row * u.out2_rowStride + u.out2_offset_2] = v24;
     }
     "
    `);
  });

  test('positions of what is true, and how many they are', () => {
    const shader = shaderOf((b) => b.ops('Where', [b.input({ shape: [300], dtype: 'bool' })]));
    expect(shader).toMatchInlineSnapshot(`
     "// fused: Where
     struct Uniforms {
       runLength: i32,
       elementCount: i32,
     }
     @group(0) @binding(0) var<uniform> u: Uniforms;
     @group(0) @binding(1) var<storage, read> in0: array<i32>;
     @group(0) @binding(2) var<storage, read_write> out1: array<i32>;
     @group(0) @binding(3) var<storage, read_write> out2: array<i32>;
     @compute @workgroup_size(1)
     fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
       let begin = i32(local.x) * u.runLength;
       let end = min(begin + u.runLength, u.elementCount);
       var bits: array<u32, 16>;
       var own = 0;
       for (var at = begin; at < end; at++) {
         let slot = u32(at - begin);
         let v0 = in0[at];
         let holds = v0 != 0;
         bits[slot / 32u] |= u32(holds) << (slot % 32u);
         own += i32(holds);
       }
       var rank = 0;
       let total = own;
       for (var at = begin; at < end; at++) {
         let slot = u32(at - begin);
         let holds = i32((bits[slot / 32u] >> (slot % 32u)) & 1u);
         let place = select(total + at - rank, rank, holds == 1);
         out1[place] = at;
         rank += holds;
       }
       if (local.x == 0u) {
         out2[0] = total;
       }
     }
     "
    `);
  });

  test('the largest elements of parts of rows, the last of which is shorter', () => {
    const shader = shaderOf((b) => b.ops('TopK', [float(b, 3, 20)], { k: 2, partLength: 7 }));
    expect(shader).toMatchInlineSnapshot(`
     "// fused: TopK
     struct Uniforms {
       lineDivisor: i32,
       lineRemainderStride: i32,
       positionLast: i32,
       in0_lineQuotientStride: i32,
       partLength: i32,
       columns: i32,
       k: i32,
       out1_lineStride: i32,
       out2_lineStride: i32,
     }
     @group(0) @binding(0) var<uniform> u: Uniforms;
     @group(0) @binding(1) var<storage, read> in0: array<f32>;
     @group(0) @binding(2) var<storage, read_write> out1: array<f32>;
     @group(0) @binding(3) var<storage, read_write> out2: array<i32>;
     var<workgroup> items: array<vec2<u32>, 8>;
     fn orderOf(x: f32) -> u32 {
       let bits = bitcast<u32>(x);
       if ((bits & 0x7fffffffu) > 0x7f800000u) { return 0xffffffffu; }
       if (bits == 0x80000000u) { return bits; }
       return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
     }
     fn isBehind(a: vec2<u32>, b: vec2<u32>) -> bool {
       return a.x < b.x || (a.x == b.x && a.y > b.y);
     }
     @compute @workgroup_size(4)
     fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
       let line = i32(group.x);
       let i0 = (line % u.lineDivisor);
       let i1 = (line / u.lineDivisor);
       for (var slot = i32(local.x); slot < 8; slot += 4) {
         let position = min(i0 * u.lineRemainderStride + slot, u.positionLast);
         let v2 = in0[i1 * u.in0_lineQuotientStride + position];
         items[slot] = select(vec2<u32>(0u, 0xffffffffu), vec2<u32>(orderOf(v2), u32(position)), slot < u.partLength && i0 * u.lineRemainderStride + slot < u.columns);
       }
       for (var run = 2; run <= 8; run *= 2) {
         for (var distance = run / 2; distance > 0; distance /= 2) {
           workgroupBarrier();
           for (var pair = i32(local.x); pair < 4; pair += 4) {
             let front = 2 * pair - (pair & (distance - 1));
             let a = items[front];
             let b = items[front + distance];
             if (isBehind(a, b) == ((front & run) == 0)) {
               items[front] = b;
               items[front + distance] = a;
             }
           }
         }
       }
       workgroupBarrier();
       for (var rank = i32(local.x); rank < u.k; rank += 4) {
         let found = i32(items[rank].y);
         let v3 = in0[i1 * u.in0_lineQuotientStride + found];
         out1[line * u.out1_lineStride + rank] = v3;
         out2[line * u.out2_lineStride + rank] = found;
       }
     }
     "
    `);
  });
});
