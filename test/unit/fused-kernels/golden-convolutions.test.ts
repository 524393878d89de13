/** The text of convolutions as GPUs run them. */
import { float } from '../patterns/fuse';
import { shaderOf } from './shader-of';
import { gpuTarget } from './target';

describe('golden shaders of convolutions on a GPU', () => {
  test('of three channels, stride 2', () => {
    const pad = { top: 0, bottom: 1, left: 0, right: 1 };
    const shader = shaderOf((b) => {
      const x = [float(b, 1, 64, 64, 3), float(b, 3, 3, 3, 32)];
      const y = b.op('Conv2D', x, { strides: [2, 2], dilations: [1, 1], pad });
      return b.op('Relu', [b.op('Add', [y, float(b, 32)])]);
    }, gpuTarget);
    expect(shader).toMatchInlineSnapshot(`
     "// fused: Conv2D → Add → Relu
     struct Uniforms {
       in0_kStride: i32,
       tileStride: i32,
       stripDivisor: i32,
       filterRowCount: i32,
       filterRowExtent: i32,
       in1_filterRowStride: i32,
       in1_outRowStride: i32,
       in1_stripInRowStride: i32,
       in1_offset: i32,
       in1_offset_1: i32,
       in1_offset_2: i32,
       in1_offset_3: i32,
       in1_offset_4: i32,
       in1_offset_5: i32,
       in1_offset_6: i32,
       in1_offset_7: i32,
       in1_offset_8: i32,
       in1_offset_9: i32,
       stripInRowExtent: i32,
       in1_offset_10: i32,
       in1_offset_11: i32,
       in1_offset_12: i32,
       sums: i32,
       outRowStride: i32,
       terms: i32,
       countedRowDivisor: i32,
       in1_countedRowQuotientStride: i32,
       in1_countedRowRemainderStride: i32,
       in1_filterColumnTermStride: i32,
       in1_filterRowTermStride: i32,
       countedRowQuotientExtent: i32,
       countedRowRemainderExtent: i32,
       in0_channelTermStride: i32,
       in0_filterColumnTermStride: i32,
       in0_filterRowTermStride: i32,
       channelTermExtent: i32,
       channelTermStep: i32,
       filterColumnTermStep: i32,
       channelTermCount: i32,
       filterRowTermStep: i32,
       filterColumnTermCount: i32,
       out3_outRowStride: i32,
       out3_stripInRowStride: i32,
       out3_offset: i32,
     }
     @group(0) @binding(0) var<uniform> u: Uniforms;
     @group(0) @binding(1) var<storage, read> in0: array<vec4<f32>>;
     @group(0) @binding(2) var<storage, read> in1: array<f32>;
     @group(0) @binding(3) var<storage, read> in2: array<vec4<f32>>;
     @group(0) @binding(4) var<storage, read_write> out3: array<vec4<f32>>;
     var<workgroup> weights: array<array<array<array<vec4<f32>, 8>, 3>, 3>, 3>;
     fn isNotFiniteF32x4(x: vec4<f32>) -> vec4<bool> {
       return (bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu)) >= vec4<u32>(0x7f800000u);
     }
     fn reluF32x4(x: vec4<f32>) -> vec4<f32> {
       return select(x, vec4<f32>(0.0), bitcast<vec4<i32>>(x) <= vec4<i32>(-8388608));
     }
     @compute @workgroup_size(256)
     fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
       let tile = i32(group.x);
       let inTile = i32(local.x) / 8;
       let vector = i32(local.x) % 8;
       let column = vector;
       for (var k = inTile; k < 27; k += 32) {
         let v0 = in0[column + k * u.in0_kStride];
         weights[k / 9][k / 3 % 3][k % 3][vector] = v0;
       }
       workgroupBarrier();
       let strip = inTile + tile * u.tileStride;
       let i1 = (strip / u.stripDivisor);
       let outRow = i1;
       let i2 = (strip % u.stripDivisor);
       let stripInRow = i2;
       var acc0 = vec4<f32>(0.0);
       var acc1 = vec4<f32>(0.0);
       for (var filterRow = 0; filterRow < u.filterRowCount; filterRow++) {
         let v3 = in1[filterRow * u.in1_filterRowStride + outRow * u.in1_outRowStride + stripInRow * u.in1_stripInRowStride];
         let v4 = in1[filterRow * u.in1_filterRowStride + outRow * u.in1_outRowStride + stripInRow * u.in1_stripInRowStride + 1];
         let v5 = in1[filterRow * u.in1_filterRowStride + outRow * u.in1_outRowStride + stripInRow * u.in1_stripInRowStride + u.in1_offset];
         let v6 = in1[filterRow * u.in1_filterRowStride + outRow * u.in1_outRowStride + stripInRow * u.in1_stripInRowStride + u.in1_offset_1];
         let v7 = in1[filterRow * u.in1_filterRowStride + outRow * u.in1_outRowStride + stripInRow * u.in1_stripInRowStride + u.in1_offset_2];
         let v8 = in1[filterRow * u.in1_filterRowStride + outRow * u.in1_outRowStride + stripInRow * u.in1_stripInRowStride + u.in1_offset_3];
         let v12 = in1[filterRow * u.in1_filterRowStride + outRow * u.in1_outRowStride + stripInRow * u.in1_stripInRowStride + u.in1_offset_4];
         let v13 = in1[filterRow * u.in1_filterRowStride + outRow * u.in1_outRowStride + stripInRow * u.in1_stripInRowStride + u.in1_offset_5];
         let v14 = in1[filterRow * u.in1_filterRowStride + outRow * u.in1_outRowStride + stripInRow * u.in1_stripInRowStride + u.in1_offset_6];
         let v15 = in1[filterRow * u.in1_filterRowStride + outRow * u.in1_outRowStride + stripInRow * u.in1_stripInRowStride + u.in1_offset_7];
         let v16 = in1[filterRow * u.in1_filterRowStride + outRow * u.in1_outRowStride + stripInRow * u.in1_stripInRowStride + u.in1_offset_8];
         let v17 = in1[filterRow * u.in1_filterRowStride + outRow * u.in1_outRowStride + stripInRow * u.in1_stripInRowStride + u.in1_offset_9];
         let v22 = in1[filterRow * u.in1_filterRowStride + outRow * u.in1_outRowStride + stripInRow * u.in1_stripInRowStride + u.in1_offset_10];
         let v24 = in1[filterRow * u.in1_filterRowStride + outRow * u.in1_outRowStride + stripInRow * u.in1_stripInRowStride + u.in1_offset_11];
         let v26 = in1[filterRow * u.in1_filterRowStride + outRow * u.in1_outRowStride + stripInRow * u.in1_stripInRowStride + u.in1_offset_12];
         if ((filterRow + outRow * 2) < u.filterRowExtent) {
           let v9 = weights[filterRow][0][0][vector];
           acc0 += v3 * v9;
           acc1 += v6 * v9;
           let v10 = weights[filterRow][0][1][vector];
           acc0 += v4 * v10;
           acc1 += v7 * v10;
           let v11 = weights[filterRow][0][2][vector];
           acc0 += v5 * v11;
           acc1 += v8 * v11;
           let v18 = weights[filterRow][1][0][vector];
           acc0 += v12 * v18;
           acc1 += v15 * v18;
           let v19 = weights[filterRow][1][1][vector];
           acc0 += v13 * v19;
           acc1 += v16 * v19;
           let v20 = weights[filterRow][1][2][vector];
           acc0 += v14 * v20;
           acc1 += v17 * v20;
           let v21 = (stripInRow * 4 + 4) < u.stripInRowExtent;
           let v23 = select(0.0, v22, v21);
           let v25 = select(0.0, v24, v21);
           let v27 = select(0.0, v26, v21);
           let v28 = weights[filterRow][2][0][vector];
           acc0 += v6 * v28;
           acc1 += v23 * v28;
           let v29 = weights[filterRow][2][1][vector];
           acc0 += v7 * v29;
           acc1 += v25 * v29;
           let v30 = weights[filterRow][2][2][vector];
           acc0 += v8 * v30;
           acc1 += v27 * v30;
         }
       }
       if (any(isNotFiniteF32x4(acc0) | isNotFiniteF32x4(acc1))) {
         for (var item = 0; item < u.sums; item++) {
           let countedRow = item + outRow * u.outRowStride + stripInRow * 2;
           let countedVector = column;
           var counted = vec4<f32>(0.0);
           var term = 0;
           var filterRowTerm = 0;
           var filterColumnTerm = 0;
           var channelTerm = 0;
           let i31 = (countedRow / u.countedRowDivisor);
           let i33 = (countedRow % u.countedRowDivisor);
           let i34 = i31 * u.in1_countedRowQuotientStride + i33 * u.in1_countedRowRemainderStride;
           let i37 = i31 * 2;
           let i38 = i33 * 2;
           while (term < u.terms) {
             let i35 = channelTerm + filterColumnTerm * u.in1_filterColumnTermStride + filterRowTerm * u.in1_filterRowTermStride;
             let v36 = in1[i34 + i35];
             let v39 = select(0.0, v36, (i37 + filterRowTerm) < u.countedRowQuotientExtent && (i38 + filterColumnTerm) < u.countedRowRemainderExtent);
             let i40 = channelTerm * u.in0_channelTermStride + filterColumnTerm * u.in0_filterColumnTermStride + filterRowTerm * u.in0_filterRowTermStride;
             let v41 = in0[i40 + countedVector];
             counted = select(counted, counted + v39 * v41, (channelTerm) < u.channelTermExtent && (i37 + filterRowTerm) < u.countedRowQuotientExtent && (i38 + filterColumnTerm) < u.countedRowRemainderExtent);
             term += 1;
             channelTerm += u.channelTermStep;
             filterColumnTerm += u.filterColumnTermStep;
             if (channelTerm >= u.channelTermCount) {
               channelTerm -= u.channelTermCount;
               filterColumnTerm++;
             }
             filterRowTerm += u.filterRowTermStep;
             if (filterColumnTerm >= u.filterColumnTermCount) {
               filterColumnTerm -= u.filterColumnTermCount;
               filterRowTerm++;
             }
           }
           acc0 = select(acc0, counted, item == 0);
           acc1 = select(acc1, counted, item == 1);
         }
       }
       let v42 = in2[column];
       let v43 = acc0 + v42;
       let v44 = reluF32x4(v43);
       out3[column + outRow * u.out3_outRowStride + stripInRow * u.out3_stripInRowStride] = v44;
       let v45 = acc1 + v42;
       let v46 = reluF32x4(v45);
       out3[column + outRow * u.out3_outRowStride + stripInRow * u.out3_stripInRowStride + u.out3_offset] = v46;
     }
     "
    `);
  });
});
