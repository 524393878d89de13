/** The text of shaders whose hidden rows or pixels stay in a workgroup. */
import { float } from '../patterns/fuse';
import { shaderOf } from './shader-of';

const SAME = {
  strides: [1, 1],
  dilations: [1, 1],
  pad: { top: 1, bottom: 1, left: 1, right: 1 },
};

describe('golden shaders of layers in a row', () => {
  test('two dense layers', () => {
    const shader = shaderOf((b) => {
      const weight = (...shape: number[]) =>
        b.constant({ shape, dtype: 'float32' }, { handle: {} });
      const plain = { transposeA: false, transposeB: false };
      const hidden = b.op('BatchMatMul', [float(b, 2, 64), weight(64, 12)], plain);
      const activated = b.op('Relu', [b.op('Add', [hidden, weight(12)])]);
      return b.op('Add', [b.op('BatchMatMul', [activated, weight(12, 3)], plain), weight(3)]);
    });
    expect(shader).toMatchInlineSnapshot(`
     "// fused: DenseChain → Add
     struct Uniforms {
       elements: i32,
       in0_rowStride: i32,
       depth0: i32,
       vectors0: i32,
       threadDivisor: i32,
       sharers0: i32,
       in1_kStride: i32,
       in1_offset: i32,
       in1_offset_1: i32,
       in1_offset_2: i32,
       depth1: i32,
       vectors1: i32,
       in3_kStride: i32,
       in3_offset: i32,
       in3_offset_1: i32,
       in3_offset_2: i32,
       out5_rowStride: i32,
     }
     @group(0) @binding(0) var<uniform> u: Uniforms;
     @group(0) @binding(1) var<storage, read> in0: array<vec4<f32>>;
     @group(0) @binding(2) var<storage, read> in1: array<vec4<f32>>;
     @group(0) @binding(3) var<storage, read> in2: array<vec4<f32>>;
     @group(0) @binding(4) var<storage, read> in3: array<f32>;
     @group(0) @binding(5) var<storage, read> in4: array<f32>;
     @group(0) @binding(6) var<storage, read_write> out5: array<f32>;
     var<workgroup> even: array<vec4<f32>, 64>;
     var<workgroup> odd: array<vec4<f32>, 64>;
     var<workgroup> partial: array<vec4<f32>, 64>;
     fn reluF32x4(x: vec4<f32>) -> vec4<f32> {
       return select(x, vec4<f32>(0.0), bitcast<vec4<i32>>(x) <= vec4<i32>(-8388608));
     }
     @compute @workgroup_size(64)
     fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
       let tile = i32(group.x);
       let thread = i32(local.x);
       let row0 = tile;
       for (var e = thread; e < u.elements; e += 64) {
         let row = tile;
         let v0 = in0[e + row * u.in0_rowStride];
         even[e] = v0;
       }
       workgroupBarrier();
       let i1 = (thread % u.threadDivisor);
       let column0 = i1;
       var sum0_0 = vec4<f32>(0.0);
       for (var k = thread / u.vectors0; k < u.depth0; k += u.sharers0 / u.vectors0) {
         let x0 = even[k];
         let v2 = in1[column0 + k * u.in1_kStride];
         sum0_0 += x0[0] * v2;
         let v3 = in1[column0 + k * u.in1_kStride + u.in1_offset];
         sum0_0 += x0[1] * v3;
         let v4 = in1[column0 + k * u.in1_kStride + u.in1_offset_1];
         sum0_0 += x0[2] * v4;
         let v5 = in1[column0 + k * u.in1_kStride + u.in1_offset_2];
         sum0_0 += x0[3] * v5;
       }
       partial[thread] = sum0_0;
       workgroupBarrier();
       let v6 = in2[column0];
       if (thread < u.vectors0) {
         for (var p = thread + u.vectors0; p < u.sharers0; p += u.vectors0) {
           sum0_0 += partial[p];
         }
         let a0_0_0 = reluF32x4(sum0_0 + v6);
         odd[column0] = a0_0_0;
       }
       workgroupBarrier();
       let column1 = i1;
       var sum1_0 = f32(0.0);
       for (var k = 0; k < u.depth1; k += 1) {
         let x0 = odd[k];
         let v7 = in3[column1 + k * u.in3_kStride];
         sum1_0 += x0[0] * v7;
         let v8 = in3[column1 + k * u.in3_kStride + u.in3_offset];
         sum1_0 += x0[1] * v8;
         let v9 = in3[column1 + k * u.in3_kStride + u.in3_offset_1];
         sum1_0 += x0[2] * v9;
         let v10 = in3[column1 + k * u.in3_kStride + u.in3_offset_2];
         sum1_0 += x0[3] * v10;
       }
       let v11 = in4[column1];
       if (thread < u.vectors1) {
         let v12 = sum1_0 + v11;
         out5[column1 + row0 * u.out5_rowStride] = v12;
       }
     }
     "
    `);
  });

  test('a depthwise separable block', () => {
    const shader = shaderOf((b) => {
      const weight = (...shape: number[]) =>
        b.constant({ shape, dtype: 'float32' }, { handle: {} });
      const hidden = b.op(
        'DepthwiseConv2dNative',
        [float(b, 1, 5, 5, 8), weight(3, 3, 8, 1)],
        SAME,
      );
      const activated = b.op('Relu6', [b.op('Add', [hidden, weight(8)])]);
      const one = { ...SAME, pad: { top: 0, bottom: 0, left: 0, right: 0 } };
      const y = b.op('Conv2D', [activated, weight(1, 1, 8, 12)], one);
      return b.op('Add', [b.op('Add', [y, weight(12)]), float(b, 1, 5, 5, 12)]);
    });
    expect(shader).toMatchInlineSnapshot(`
     "// fused: DepthwisePointwise → Add → Add
     struct Uniforms {
       tileStrips: i32,
       partCount: i32,
       vectorCount: i32,
       strip_stripLast: i32,
       stripDivisor: i32,
       filterRowCount: i32,
       in0_filterRowStride: i32,
       in1_filterRowStride: i32,
       in1_outRowStride: i32,
       in1_stripInRowStride: i32,
       in1_offset: i32,
       filterRowExtent: i32,
       in0_offset: i32,
       in1_offset_1: i32,
       in0_offset_1: i32,
       in1_offset_2: i32,
       stripInRowExtent: i32,
       hidden_inTileStride: i32,
       jobCount: i32,
       columnCount: i32,
       pixels_pixelLast: i32,
       depth: i32,
       hidden_rowTileStride: i32,
       in3_kStride: i32,
       in3_offset: i32,
       in3_offset_1: i32,
       in3_offset_2: i32,
       pixels: i32,
       in5_pixelStride: i32,
       out6_pixelStride: i32,
     }
     @group(0) @binding(0) var<uniform> u: Uniforms;
     @group(0) @binding(1) var<storage, read> in0: array<vec4<f32>>;
     @group(0) @binding(2) var<storage, read> in1: array<vec4<f32>>;
     @group(0) @binding(3) var<storage, read> in2: array<vec4<f32>>;
     @group(0) @binding(4) var<storage, read> in3: array<vec4<f32>>;
     @group(0) @binding(5) var<storage, read> in4: array<vec4<f32>>;
     @group(0) @binding(6) var<storage, read> in5: array<vec4<f32>>;
     @group(0) @binding(7) var<storage, read_write> out6: array<vec4<f32>>;
     var<workgroup> hidden: array<vec4<f32>, 1024>;
     fn isNanF32x4(x: vec4<f32>) -> vec4<bool> {
       return (bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u);
     }
     @compute @workgroup_size(8)
     fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
       let tile = i32(group.x);
       let thread = i32(local.x);
       let firstStrip = tile * u.tileStrips;
       for (var part = thread; part < u.partCount; part += 8) {
         let inTile = part / u.vectorCount;
         let vector = part % u.vectorCount;
         let strip = min(firstStrip + inTile, u.strip_stripLast);
         let i0 = (strip / u.stripDivisor);
         let outRow = i0;
         let i1 = (strip % u.stripDivisor);
         let stripInRow = i1;
         var acc0 = vec4<f32>(0.0);
         for (var filterRow = 0; filterRow < u.filterRowCount; filterRow++) {
           let v2 = in0[filterRow * u.in0_filterRowStride + vector];
           let v3 = in1[filterRow * u.in1_filterRowStride + outRow * u.in1_outRowStride + stripInRow * u.in1_stripInRowStride + vector + (-u.in1_offset)];
           acc0 = select(acc0, acc0 + v3 * v2, filterRow + outRow + (-1) >= 0 && (filterRow + outRow + (-1)) < u.filterRowExtent && stripInRow + (-1) >= 0);
           let v4 = in0[filterRow * u.in0_filterRowStride + vector + u.in0_offset];
           let v5 = in1[filterRow * u.in1_filterRowStride + outRow * u.in1_outRowStride + stripInRow * u.in1_stripInRowStride + vector + (-u.in1_offset_1)];
           acc0 = select(acc0, acc0 + v5 * v4, filterRow + outRow + (-1) >= 0 && (filterRow + outRow + (-1)) < u.filterRowExtent);
           let v6 = in0[filterRow * u.in0_filterRowStride + vector + u.in0_offset_1];
           let v7 = in1[filterRow * u.in1_filterRowStride + outRow * u.in1_outRowStride + stripInRow * u.in1_stripInRowStride + vector + (-u.in1_offset_2)];
           acc0 = select(acc0, acc0 + v7 * v6, filterRow + outRow + (-1) >= 0 && (filterRow + outRow + (-1)) < u.filterRowExtent && (stripInRow + 1) < u.stripInRowExtent);
         }
         let v8 = in2[vector];
         let h0_0 = acc0 + v8;
         let h0_1 = select(clamp(h0_0, vec4<f32>(0.0), vec4<f32>(6.0)), h0_0, isNanF32x4(h0_0));
         hidden[inTile * u.hidden_inTileStride + vector] = h0_1;
       }
       workgroupBarrier();
       for (var job = thread; job < u.jobCount; job += 8) {
         let rowTile = job / u.columnCount;
         let column = job % u.columnCount;
         var sum0 = vec4<f32>(0.0);
         let pixel0 = min(firstStrip + rowTile, u.pixels_pixelLast);
         for (var k = 0; k < u.depth; k++) {
           let x0 = hidden[k + rowTile * u.hidden_rowTileStride];
           let v9 = in3[column + k * u.in3_kStride];
           sum0 += x0[0] * v9;
           let v10 = in3[column + k * u.in3_kStride + u.in3_offset];
           sum0 += x0[1] * v10;
           let v11 = in3[column + k * u.in3_kStride + u.in3_offset_1];
           sum0 += x0[2] * v11;
           let v12 = in3[column + k * u.in3_kStride + u.in3_offset_2];
           sum0 += x0[3] * v12;
         }
         let v13 = in4[column];
         let v14 = sum0 + v13;
         let v15 = in5[column + pixel0 * u.in5_pixelStride];
         let v16 = v14 + v15;
         if (firstStrip + rowTile < u.pixels) {
           out6[column + pixel0 * u.out6_pixelStride] = v16;
         }
       }
     }
     "
    `);
  });
});
