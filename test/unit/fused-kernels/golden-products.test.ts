/** The text of shaders, to be read: what a change of a generator does is seen here. */
import { float } from '../patterns/fuse';
import { shaderOf } from './shader-of';

const SAME = {
  strides: [1, 1],
  dilations: [1, 1],
  pad: { top: 1, bottom: 1, left: 1, right: 1 },
};

describe('golden shaders of products', () => {
  test('a convolution with bias, residual and relu6', () => {
    const shader = shaderOf((b) => {
      const x = b.op('Conv2D', [float(b, 1, 8, 8, 12), float(b, 3, 3, 12, 12)], SAME);
      const sum = b.op('Add', [b.op('Add', [x, float(b, 12)]), float(b, 1, 8, 8, 12)]);
      return b.op('Relu6', [sum]);
    });
    expect(shader).toMatchInlineSnapshot(`
     "// fused: Conv2D → Add → Add → Relu6
     struct Uniforms {
       threadCount: i32,
       threadDivisor: i32,
       filterRowCount: i32,
       filterColumnCount: i32,
       depth: i32,
       in0_filterColumnStride: i32,
       in0_filterRowStride: i32,
       in0_rowStride: i32,
       in0_offset: i32,
       rowDivisor: i32,
       rowQuotientExtent: i32,
       rowRemainderExtent: i32,
       in1_filterColumnStride: i32,
       in1_filterRowStride: i32,
       in1_kStride: i32,
       in1_offset: i32,
       in1_offset_1: i32,
       in1_offset_2: i32,
       sums: i32,
       terms: i32,
       in0_filterColumnTermStride: i32,
       in0_filterRowTermStride: i32,
       in0_countedRowStride: i32,
       in0_offset_1: i32,
       countedRowDivisor: i32,
       countedRowQuotientExtent: i32,
       countedRowRemainderExtent: i32,
       in1_channelTermStride: i32,
       in1_filterColumnTermStride: i32,
       in1_filterRowTermStride: i32,
       channelTermStep: i32,
       filterColumnTermStep: i32,
       channelTermCount: i32,
       filterRowTermStep: i32,
       filterColumnTermCount: i32,
       in3_rowStride: i32,
       out4_rowStride: i32,
     }
     @group(0) @binding(0) var<uniform> u: Uniforms;
     @group(0) @binding(1) var<storage, read> in0: array<vec4<f32>>;
     @group(0) @binding(2) var<storage, read> in1: array<vec4<f32>>;
     @group(0) @binding(3) var<storage, read> in2: array<vec4<f32>>;
     @group(0) @binding(4) var<storage, read> in3: array<vec4<f32>>;
     @group(0) @binding(5) var<storage, read_write> out4: array<vec4<f32>>;
     fn isNotFiniteF32x4(x: vec4<f32>) -> vec4<bool> {
       return (bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu)) >= vec4<u32>(0x7f800000u);
     }
     fn isNanF32x4(x: vec4<f32>) -> vec4<bool> {
       return (bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u);
     }
     @compute @workgroup_size(64)
     fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
       let thread = i32(gid.x);
       if (thread >= u.threadCount) { return; }
       let i0 = (thread / u.threadDivisor);
       let row0 = i0;
       let i1 = (thread % u.threadDivisor);
       let column0 = i1;
       var acc0_0 = vec4<f32>(0.0);
       let i3 = (row0 / u.rowDivisor);
       let i4 = (row0 % u.rowDivisor);
       for (var filterRow = 0; filterRow < u.filterRowCount; filterRow++) {
         for (var filterColumn = 0; filterColumn < u.filterColumnCount; filterColumn++) {
           for (var k = 0; k < u.depth; k++) {
             let v2 = in0[filterColumn * u.in0_filterColumnStride + filterRow * u.in0_filterRowStride + k + row0 * u.in0_rowStride + (-u.in0_offset)];
             let v5 = select(vec4<f32>(0.0), v2, i3 + filterRow + (-1) >= 0 && (i3 + filterRow + (-1)) < u.rowQuotientExtent && i4 + filterColumn + (-1) >= 0 && (i4 + filterColumn + (-1)) < u.rowRemainderExtent);
             let v6 = in1[column0 + filterColumn * u.in1_filterColumnStride + filterRow * u.in1_filterRowStride + k * u.in1_kStride];
             acc0_0 += v5[0] * v6;
             let v7 = in1[column0 + filterColumn * u.in1_filterColumnStride + filterRow * u.in1_filterRowStride + k * u.in1_kStride + u.in1_offset];
             acc0_0 += v5[1] * v7;
             let v8 = in1[column0 + filterColumn * u.in1_filterColumnStride + filterRow * u.in1_filterRowStride + k * u.in1_kStride + u.in1_offset_1];
             acc0_0 += v5[2] * v8;
             let v9 = in1[column0 + filterColumn * u.in1_filterColumnStride + filterRow * u.in1_filterRowStride + k * u.in1_kStride + u.in1_offset_2];
             acc0_0 += v5[3] * v9;
           }
         }
       }
       if (any(isNotFiniteF32x4(acc0_0))) {
         for (var item = 0; item < u.sums; item++) {
           let countedRow = i0;
           let countedVector = i1;
           var counted = vec4<f32>(0.0);
           var term = 0;
           var filterRowTerm = 0;
           var filterColumnTerm = 0;
           var channelTerm = 0;
           let i11 = countedRow * u.in0_countedRowStride + (-u.in0_offset_1);
           let i13 = (countedRow / u.countedRowDivisor);
           let i14 = i13 + (-1);
           let i15 = (countedRow % u.countedRowDivisor);
           let i16 = i15 + (-1);
           while (term < u.terms) {
             let i10 = channelTerm + filterColumnTerm * u.in0_filterColumnTermStride + filterRowTerm * u.in0_filterRowTermStride;
             let v12 = in0[(i10 + i11) >> 2u][(i10 + i11) & 3];
             let v17 = select(0.0, v12, i14 + filterRowTerm >= 0 && (i14 + filterRowTerm) < u.countedRowQuotientExtent && i16 + filterColumnTerm >= 0 && (i16 + filterColumnTerm) < u.countedRowRemainderExtent);
             let i18 = channelTerm * u.in1_channelTermStride + filterColumnTerm * u.in1_filterColumnTermStride + filterRowTerm * u.in1_filterRowTermStride;
             let v19 = in1[i18 + countedVector];
             counted = select(counted, counted + v17 * v19, i14 + filterRowTerm >= 0 && (i14 + filterRowTerm) < u.countedRowQuotientExtent && i16 + filterColumnTerm >= 0 && (i16 + filterColumnTerm) < u.countedRowRemainderExtent);
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
           acc0_0 = select(acc0_0, counted, item == 0);
         }
       }
       let v20 = in2[column0];
       let v21 = acc0_0 + v20;
       let v22 = in3[column0 + row0 * u.in3_rowStride];
       let v23 = v21 + v22;
       let v24 = select(clamp(v23, vec4<f32>(0.0), vec4<f32>(6.0)), v23, isNanF32x4(v23));
       out4[column0 + row0 * u.out4_rowStride] = v24;
     }
     "
    `);
  });

  test('a convolution of a concatenation: a loop for each part', () => {
    const shader = shaderOf((b) => {
      const parts = [4, 8, 3].map((channels) => float(b, 1, 8, 8, channels));
      const x = b.op('Concat', parts, { axis: 3 });
      return b.op('Conv2D', [x, float(b, 3, 3, 15, 12)], SAME);
    });
    expect(shader).toMatchInlineSnapshot(`
     "// fused: Conv2D
     struct Uniforms {
       threadCount: i32,
       threadDivisor: i32,
       filterRowCount: i32,
       filterColumnCount: i32,
       in0_filterRowStride: i32,
       in0_offset: i32,
       rowDivisor: i32,
       rowQuotientExtent: i32,
       rowRemainderExtent: i32,
       in1_filterColumnStride: i32,
       in1_filterRowStride: i32,
       in1_offset: i32,
       in1_offset_1: i32,
       in1_offset_2: i32,
       depth1: i32,
       in2_filterColumnStride: i32,
       in2_filterRowStride: i32,
       in2_rowStride: i32,
       in2_offset: i32,
       in1_kStride: i32,
       in1_offset_3: i32,
       in1_offset_4: i32,
       in1_offset_5: i32,
       in1_offset_6: i32,
       depth2: i32,
       in3_filterColumnStride: i32,
       in3_filterRowStride: i32,
       in3_rowStride: i32,
       in3_offset: i32,
       in1_kStride_1: i32,
       in1_offset_7: i32,
       sums: i32,
       terms: i32,
       in0_filterColumnTermStride: i32,
       in0_filterRowTermStride: i32,
       in0_countedRowStride: i32,
       in0_offset_1: i32,
       countedRowDivisor: i32,
       countedRowQuotientExtent: i32,
       countedRowRemainderExtent: i32,
       in1_channelTermStride: i32,
       in1_filterColumnTermStride: i32,
       in1_filterRowTermStride: i32,
       channelTermStep: i32,
       filterColumnTermStep: i32,
       channelTermCount: i32,
       filterRowTermStep: i32,
       filterColumnTermCount: i32,
       terms1: i32,
       in2_filterColumnTermStride: i32,
       in2_filterRowTermStride: i32,
       in2_countedRowStride: i32,
       in2_offset_1: i32,
       channelTerm1Step: i32,
       filterColumnTerm1Step: i32,
       channelTerm1Count: i32,
       filterRowTerm1Step: i32,
       filterColumnTerm1Count: i32,
       terms2: i32,
       in3_filterColumnTermStride: i32,
       in3_filterRowTermStride: i32,
       in3_countedRowStride: i32,
       channelTermExtent: i32,
       channelTerm2Step: i32,
       filterColumnTerm2Step: i32,
       channelTerm2Count: i32,
       filterRowTerm2Step: i32,
       filterColumnTerm2Count: i32,
       out4_rowStride: i32,
     }
     @group(0) @binding(0) var<uniform> u: Uniforms;
     @group(0) @binding(1) var<storage, read> in0: array<vec4<f32>>;
     @group(0) @binding(2) var<storage, read> in1: array<vec4<f32>>;
     @group(0) @binding(3) var<storage, read> in2: array<vec4<f32>>;
     @group(0) @binding(4) var<storage, read> in3: array<f32>;
     @group(0) @binding(5) var<storage, read_write> out4: array<vec4<f32>>;
     fn isNotFiniteF32x4(x: vec4<f32>) -> vec4<bool> {
       return (bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu)) >= vec4<u32>(0x7f800000u);
     }
     @compute @workgroup_size(64)
     fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
       let thread = i32(gid.x);
       if (thread >= u.threadCount) { return; }
       let i0 = (thread / u.threadDivisor);
       let row0 = i0;
       let i1 = (thread % u.threadDivisor);
       let column0 = i1;
       var acc0_0 = vec4<f32>(0.0);
       let i3 = (row0 / u.rowDivisor);
       let i4 = (row0 % u.rowDivisor);
       for (var filterRow = 0; filterRow < u.filterRowCount; filterRow++) {
         for (var filterColumn = 0; filterColumn < u.filterColumnCount; filterColumn++) {
           let v2 = in0[filterColumn + filterRow * u.in0_filterRowStride + row0 + (-u.in0_offset)];
           let v5 = select(vec4<f32>(0.0), v2, i3 + filterRow + (-1) >= 0 && (i3 + filterRow + (-1)) < u.rowQuotientExtent && i4 + filterColumn + (-1) >= 0 && (i4 + filterColumn + (-1)) < u.rowRemainderExtent);
           let v6 = in1[column0 + filterColumn * u.in1_filterColumnStride + filterRow * u.in1_filterRowStride];
           let v7 = in1[column0 + filterColumn * u.in1_filterColumnStride + filterRow * u.in1_filterRowStride + u.in1_offset];
           let v8 = in1[column0 + filterColumn * u.in1_filterColumnStride + filterRow * u.in1_filterRowStride + u.in1_offset_1];
           let v9 = in1[column0 + filterColumn * u.in1_filterColumnStride + filterRow * u.in1_filterRowStride + u.in1_offset_2];
           for (var k = 0; k < 1; k++) {
             acc0_0 += v5[0] * v6;
             acc0_0 += v5[1] * v7;
             acc0_0 += v5[2] * v8;
             acc0_0 += v5[3] * v9;
           }
           for (var k = 0; k < u.depth1; k++) {
             let v10 = in2[filterColumn * u.in2_filterColumnStride + filterRow * u.in2_filterRowStride + k + row0 * u.in2_rowStride + (-u.in2_offset)];
             let v11 = select(vec4<f32>(0.0), v10, i3 + filterRow + (-1) >= 0 && (i3 + filterRow + (-1)) < u.rowQuotientExtent && i4 + filterColumn + (-1) >= 0 && (i4 + filterColumn + (-1)) < u.rowRemainderExtent);
             let v12 = in1[column0 + filterColumn * u.in1_filterColumnStride + filterRow * u.in1_filterRowStride + k * u.in1_kStride + u.in1_offset_3];
             acc0_0 += v11[0] * v12;
             let v13 = in1[column0 + filterColumn * u.in1_filterColumnStride + filterRow * u.in1_filterRowStride + k * u.in1_kStride + u.in1_offset_4];
             acc0_0 += v11[1] * v13;
             let v14 = in1[column0 + filterColumn * u.in1_filterColumnStride + filterRow * u.in1_filterRowStride + k * u.in1_kStride + u.in1_offset_5];
             acc0_0 += v11[2] * v14;
             let v15 = in1[column0 + filterColumn * u.in1_filterColumnStride + filterRow * u.in1_filterRowStride + k * u.in1_kStride + u.in1_offset_6];
             acc0_0 += v11[3] * v15;
           }
           for (var k = 0; k < u.depth2; k++) {
             let v16 = in3[filterColumn * u.in3_filterColumnStride + filterRow * u.in3_filterRowStride + k + row0 * u.in3_rowStride + (-u.in3_offset)];
             let v17 = select(0.0, v16, i3 + filterRow + (-1) >= 0 && (i3 + filterRow + (-1)) < u.rowQuotientExtent && i4 + filterColumn + (-1) >= 0 && (i4 + filterColumn + (-1)) < u.rowRemainderExtent);
             let v18 = in1[column0 + filterColumn * u.in1_filterColumnStride + filterRow * u.in1_filterRowStride + k * u.in1_kStride_1 + u.in1_offset_7];
             acc0_0 += v17 * v18;
           }
         }
       }
       if (any(isNotFiniteF32x4(acc0_0))) {
         for (var item = 0; item < u.sums; item++) {
           let countedRow = i0;
           let countedVector = i1;
           var counted = vec4<f32>(0.0);
           var term = 0;
           var filterRowTerm = 0;
           var filterColumnTerm = 0;
           var channelTerm = 0;
           let i20 = countedRow * u.in0_countedRowStride + (-u.in0_offset_1);
           let i22 = (countedRow / u.countedRowDivisor);
           let i23 = i22 + (-1);
           let i24 = (countedRow % u.countedRowDivisor);
           let i25 = i24 + (-1);
           while (term < u.terms) {
             let i19 = channelTerm + filterColumnTerm * u.in0_filterColumnTermStride + filterRowTerm * u.in0_filterRowTermStride;
             let v21 = in0[(i19 + i20) >> 2u][(i19 + i20) & 3];
             let v26 = select(0.0, v21, i23 + filterRowTerm >= 0 && (i23 + filterRowTerm) < u.countedRowQuotientExtent && i25 + filterColumnTerm >= 0 && (i25 + filterColumnTerm) < u.countedRowRemainderExtent);
             let i27 = channelTerm * u.in1_channelTermStride + filterColumnTerm * u.in1_filterColumnTermStride + filterRowTerm * u.in1_filterRowTermStride;
             let v28 = in1[i27 + countedVector];
             counted = select(counted, counted + v26 * v28, i23 + filterRowTerm >= 0 && (i23 + filterRowTerm) < u.countedRowQuotientExtent && i25 + filterColumnTerm >= 0 && (i25 + filterColumnTerm) < u.countedRowRemainderExtent);
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
           var term1 = 0;
           var filterRowTerm1 = 0;
           var filterColumnTerm1 = 0;
           var channelTerm1 = 0;
           let i30 = countedRow * u.in2_countedRowStride + (-u.in2_offset_1);
           while (term1 < u.terms1) {
             let i29 = channelTerm1 + filterColumnTerm1 * u.in2_filterColumnTermStride + filterRowTerm1 * u.in2_filterRowTermStride;
             let v31 = in2[(i29 + i30) >> 2u][(i29 + i30) & 3];
             let v32 = select(0.0, v31, i23 + filterRowTerm1 >= 0 && (i23 + filterRowTerm1) < u.countedRowQuotientExtent && i25 + filterColumnTerm1 >= 0 && (i25 + filterColumnTerm1) < u.countedRowRemainderExtent);
             let i33 = channelTerm1 * u.in1_channelTermStride + filterColumnTerm1 * u.in1_filterColumnTermStride + filterRowTerm1 * u.in1_filterRowTermStride;
             let v34 = in1[i33 + countedVector + u.in1_offset_3];
             counted = select(counted, counted + v32 * v34, i23 + filterRowTerm1 >= 0 && (i23 + filterRowTerm1) < u.countedRowQuotientExtent && i25 + filterColumnTerm1 >= 0 && (i25 + filterColumnTerm1) < u.countedRowRemainderExtent);
             term1 += 1;
             channelTerm1 += u.channelTerm1Step;
             filterColumnTerm1 += u.filterColumnTerm1Step;
             if (channelTerm1 >= u.channelTerm1Count) {
               channelTerm1 -= u.channelTerm1Count;
               filterColumnTerm1++;
             }
             filterRowTerm1 += u.filterRowTerm1Step;
             if (filterColumnTerm1 >= u.filterColumnTerm1Count) {
               filterColumnTerm1 -= u.filterColumnTerm1Count;
               filterRowTerm1++;
             }
           }
           var term2 = 0;
           var filterRowTerm2 = 0;
           var filterColumnTerm2 = 0;
           var channelTerm2 = 0;
           let i36 = countedRow * u.in3_countedRowStride + (-u.in3_offset);
           while (term2 < u.terms2) {
             let i35 = channelTerm2 + filterColumnTerm2 * u.in3_filterColumnTermStride + filterRowTerm2 * u.in3_filterRowTermStride;
             let v37 = in3[i35 + i36];
             let v38 = select(0.0, v37, i23 + filterRowTerm2 >= 0 && (i23 + filterRowTerm2) < u.countedRowQuotientExtent && i25 + filterColumnTerm2 >= 0 && (i25 + filterColumnTerm2) < u.countedRowRemainderExtent);
             let i39 = channelTerm2 * u.in1_channelTermStride + filterColumnTerm2 * u.in1_filterColumnTermStride + filterRowTerm2 * u.in1_filterRowTermStride;
             let v40 = in1[i39 + countedVector + u.in1_offset_7];
             counted = select(counted, counted + v38 * v40, (channelTerm2) < u.channelTermExtent && i23 + filterRowTerm2 >= 0 && (i23 + filterRowTerm2) < u.countedRowQuotientExtent && i25 + filterColumnTerm2 >= 0 && (i25 + filterColumnTerm2) < u.countedRowRemainderExtent);
             term2 += 1;
             channelTerm2 += u.channelTerm2Step;
             filterColumnTerm2 += u.filterColumnTerm2Step;
             if (channelTerm2 >= u.channelTerm2Count) {
               channelTerm2 -= u.channelTerm2Count;
               filterColumnTerm2++;
             }
             filterRowTerm2 += u.filterRowTerm2Step;
             if (filterColumnTerm2 >= u.filterColumnTerm2Count) {
               filterColumnTerm2 -= u.filterColumnTerm2Count;
               filterRowTerm2++;
             }
           }
           acc0_0 = select(acc0_0, counted, item == 0);
         }
       }
       out4[column0 + row0 * u.out4_rowStride] = acc0_0;
     }
     "
    `);
  });

  test('a depthwise convolution', () => {
    const shader = shaderOf((b) => {
      const operands = [float(b, 1, 8, 8, 12), float(b, 3, 3, 12, 1)];
      return b.op('DepthwiseConv2dNative', operands, { ...SAME, strides: [2, 2] });
    });
    expect(shader).toMatchInlineSnapshot(`
     "// fused: DepthwiseConv2dNative
     struct Uniforms {
       threadCount: i32,
       threadDivisor: i32,
       threadQuotientDivisor: i32,
       threadDivisor_1: i32,
       filterRowCount: i32,
       in0_filterRowStride: i32,
       in1_filterRowStride: i32,
       in1_outRowStride: i32,
       in1_tileStride: i32,
       in1_offset: i32,
       in0_offset: i32,
       in1_offset_1: i32,
       in0_offset_1: i32,
       in1_offset_2: i32,
       out2_outRowStride: i32,
       out2_tileStride: i32,
     }
     @group(0) @binding(0) var<uniform> u: Uniforms;
     @group(0) @binding(1) var<storage, read> in0: array<vec4<f32>>;
     @group(0) @binding(2) var<storage, read> in1: array<vec4<f32>>;
     @group(0) @binding(3) var<storage, read_write> out2: array<vec4<f32>>;
     @compute @workgroup_size(64)
     fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
       let thread = i32(gid.x);
       if (thread >= u.threadCount) { return; }
       let i0 = (thread / u.threadDivisor);
       let outRow = i0;
       let i1 = (thread / u.threadDivisor_1);
       let i2 = (i1 % u.threadQuotientDivisor);
       let tile = i2;
       let i3 = (thread % u.threadDivisor_1);
       let channel = i3;
       var acc0 = vec4<f32>(0.0);
       for (var filterRow = 0; filterRow < u.filterRowCount; filterRow++) {
         let v4 = in0[channel + filterRow * u.in0_filterRowStride];
         let v5 = in1[channel + filterRow * u.in1_filterRowStride + outRow * u.in1_outRowStride + tile * u.in1_tileStride + (-u.in1_offset)];
         acc0 = select(acc0, acc0 + v5 * v4, filterRow + outRow * 2 + (-1) >= 0 && tile * 2 + (-1) >= 0);
         let v6 = in0[channel + filterRow * u.in0_filterRowStride + u.in0_offset];
         let v7 = in1[channel + filterRow * u.in1_filterRowStride + outRow * u.in1_outRowStride + tile * u.in1_tileStride + (-u.in1_offset_1)];
         acc0 = select(acc0, acc0 + v7 * v6, filterRow + outRow * 2 + (-1) >= 0);
         let v8 = in0[channel + filterRow * u.in0_filterRowStride + u.in0_offset_1];
         let v9 = in1[channel + filterRow * u.in1_filterRowStride + outRow * u.in1_outRowStride + tile * u.in1_tileStride + (-u.in1_offset_2)];
         acc0 = select(acc0, acc0 + v9 * v8, filterRow + outRow * 2 + (-1) >= 0);
       }
       out2[channel + outRow * u.out2_outRowStride + tile * u.out2_tileStride] = acc0;
     }
     "
    `);
  });

  test('a product with bias and gelu', () => {
    const shader = shaderOf((b) => {
      const operands = [float(b, 16, 20), float(b, 20, 12)];
      const product = b.op('BatchMatMul', operands, { transposeA: false, transposeB: false });
      const x = b.op('Add', [product, float(b, 12)]);
      const erf = b.op('Erf', [b.op('Multiply', [x, b.scalar(Math.SQRT1_2)])]);
      const half = b.op('Multiply', [x, b.scalar(0.5)]);
      return b.op('Multiply', [half, b.op('Add', [erf, b.scalar(1)])]);
    });
    expect(shader).toMatchInlineSnapshot(`
     "// fused: BatchMatMul → Add → Multiply → Erf → Multiply → Add → Multiply
     struct Uniforms {
       threadCount: i32,
       threadDivisor: i32,
       depth: i32,
       in0_rowStride: i32,
       in1_kStride: i32,
       in1_offset: i32,
       in1_offset_1: i32,
       in1_offset_2: i32,
       out3_rowStride: i32,
     }
     @group(0) @binding(0) var<uniform> u: Uniforms;
     @group(0) @binding(1) var<storage, read> in0: array<vec4<f32>>;
     @group(0) @binding(2) var<storage, read> in1: array<vec4<f32>>;
     @group(0) @binding(3) var<storage, read> in2: array<vec4<f32>>;
     @group(0) @binding(4) var<storage, read_write> out3: array<vec4<f32>>;
     fn erfF32x4(x: vec4<f32>) -> vec4<f32> {
       let v = abs(x);
       let t = 1.0 / (1.0 + 0.3275911 * v);
       let tail = 1.421413741 + t * (-1.453152027 + t * 1.061405429);
       let p = t * (0.254829592 + t * (-0.284496736 + t * tail));
       return sign(x) * (1.0 - p * exp(-v * v));
     }
     @compute @workgroup_size(64)
     fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
       let thread = i32(gid.x);
       if (thread >= u.threadCount) { return; }
       let i0 = (thread / u.threadDivisor);
       let row0 = i0;
       let i1 = (thread % u.threadDivisor);
       let column0 = i1;
       var acc0_0 = vec4<f32>(0.0);
       for (var k = 0; k < u.depth; k++) {
         let v2 = in0[k + row0 * u.in0_rowStride];
         let v3 = in1[column0 + k * u.in1_kStride];
         acc0_0 += v2[0] * v3;
         let v4 = in1[column0 + k * u.in1_kStride + u.in1_offset];
         acc0_0 += v2[1] * v4;
         let v5 = in1[column0 + k * u.in1_kStride + u.in1_offset_1];
         acc0_0 += v2[2] * v5;
         let v6 = in1[column0 + k * u.in1_kStride + u.in1_offset_2];
         acc0_0 += v2[3] * v6;
       }
       let v7 = in2[column0];
       let v8 = acc0_0 + v7;
       let v9 = v8 * vec4<f32>(0.5);
       let v10 = v8 * vec4<f32>(0.70710677);
       let v11 = erfF32x4(v10);
       let v12 = v11 + vec4<f32>(1.0);
       let v13 = v9 * v12;
       out3[column0 + row0 * u.out3_rowStride] = v13;
     }
     "
    `);
  });

  test('a gated product', () => {
    const shader = shaderOf((b) => {
      const weight = () => b.constant({ shape: [5, 12], dtype: 'float32' }, { handle: {} });
      const plain = { transposeA: false, transposeB: false };
      const x = float(b, 16, 5);
      const [gate, value] = [0, 1].map(() => b.op('BatchMatMul', [x, weight()], plain));
      return b.op('Multiply', [b.op('Sigmoid', [gate]), value]);
    });
    expect(shader).toMatchInlineSnapshot(`
     "// fused: GatedMatMul
     struct Uniforms {
       threadCount: i32,
       threadDivisor: i32,
       depth: i32,
       in0_rowStride: i32,
       in1_kStride: i32,
       in2_kStride: i32,
       out3_rowStride: i32,
     }
     @group(0) @binding(0) var<uniform> u: Uniforms;
     @group(0) @binding(1) var<storage, read> in0: array<f32>;
     @group(0) @binding(2) var<storage, read> in1: array<vec4<f32>>;
     @group(0) @binding(3) var<storage, read> in2: array<vec4<f32>>;
     @group(0) @binding(4) var<storage, read_write> out3: array<vec4<f32>>;
     fn isNanF32x4(x: vec4<f32>) -> vec4<bool> {
       return (bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u);
     }
     fn expF32x4(x: vec4<f32>) -> vec4<f32> {
       return select(exp(x), x, isNanF32x4(x));
     }
     fn sigmoidF32x4(x: vec4<f32>) -> vec4<f32> {
       return 1.0 / (1.0 + expF32x4(-x));
     }
     @compute @workgroup_size(64)
     fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
       let thread = i32(gid.x);
       if (thread >= u.threadCount) { return; }
       let i0 = (thread / u.threadDivisor);
       let row0 = i0;
       let i1 = (thread % u.threadDivisor);
       let column0 = i1;
       var acc0_0 = vec4<f32>(0.0);
       var gate0_0 = vec4<f32>(0.0);
       for (var k = 0; k < u.depth; k++) {
         let v2 = in0[k + row0 * u.in0_rowStride];
         let v3 = in1[column0 + k * u.in1_kStride];
         acc0_0 += v2 * v3;
         let v4 = in2[column0 + k * u.in2_kStride];
         gate0_0 += v2 * v4;
       }
       let g0_0_0 = sigmoidF32x4(gate0_0) * acc0_0;
       out3[column0 + row0 * u.out3_rowStride] = g0_0_0;
     }
     "
    `);
  });
});
