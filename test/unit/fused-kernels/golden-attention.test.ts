/** The text of attention as GPUs run it. */
import { float } from '../patterns/fuse';
import { shaderOf } from './shader-of';
import { gpuTarget } from './target';

describe('golden shaders of attention on a GPU', () => {
  test('keys that are no whole tiles, a mask, heads of 32', () => {
    const shader = shaderOf((b) => {
      const [q, k, v] = [float(b, 2, 64, 32), float(b, 2, 50, 32), float(b, 2, 50, 32)];
      const product = b.op('BatchMatMul', [q, k], { transposeA: false, transposeB: true });
      const scores = b.op('Add', [product, float(b, 2, 1, 50)]);
      const weights = b.op('Softmax', [scores]);
      const plain = { transposeA: false, transposeB: false };
      return b.op('Relu', [b.op('BatchMatMul', [weights, v], plain)]);
    }, gpuTarget);
    expect(shader).toMatchInlineSnapshot(`
     "// fused: Attention → Relu
     struct Uniforms {
       ownerDivisor: i32,
       rowTileStride: i32,
       in0_headStride: i32,
       in0_rowStride: i32,
       lastKey: i32,
       in1_firstKeyStride: i32,
       in1_headStride: i32,
       keyTiles: i32,
       keys: i32,
       in2_headStride: i32,
       in2_valueKeyStride: i32,
       in3_headStride: i32,
       in1_nextKeyStride: i32,
       nan: f32,
       out4_headStride: i32,
       out4_rowStride: i32,
     }
     @group(0) @binding(0) var<uniform> u: Uniforms;
     @group(0) @binding(1) var<storage, read> in0: array<vec4<f32>>;
     @group(0) @binding(2) var<storage, read> in1: array<vec4<f32>>;
     @group(0) @binding(3) var<storage, read> in2: array<vec4<f32>>;
     @group(0) @binding(4) var<storage, read> in3: array<f32>;
     @group(0) @binding(5) var<storage, read_write> out4: array<vec4<f32>>;
     var<workgroup> queries: array<vec4<f32>, 256>;
     var<workgroup> staged: array<vec4<f32>, 288>;
     var<workgroup> weights: array<vec4<f32>, 288>;
     var<workgroup> exchange: array<vec4<f32>, 64>;
     fn weightOf(distance: vec4<f32>) -> vec4<f32> {
       return select(vec4<f32>(0.0), exp(distance), distance > vec4<f32>(-104.0));
     }
     fn reluF32x4(x: vec4<f32>) -> vec4<f32> {
       return select(x, vec4<f32>(0.0), bitcast<vec4<i32>>(x) <= vec4<i32>(-8388608));
     }
     @compute @workgroup_size(64)
     fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
       let owner = i32(group.x);
       let i0 = (owner / u.ownerDivisor);
       let head = i0;
       let i1 = (owner % u.ownerDivisor);
       let rowTile = i1;
       let member = i32(local.x % 8u);
       let team = i32(local.x / 8u);
       let quad = rowTile * u.rowTileStride + team;
       let row0 = quad * 4;
       let row1 = quad * 4 + 1;
       let row2 = quad * 4 + 2;
       let row3 = quad * 4 + 3;
       let v2 = in0[head * u.in0_headStride + member + row0 * u.in0_rowStride];
       let v3 = in0[head * u.in0_headStride + member + row1 * u.in0_rowStride];
       let v4 = in0[head * u.in0_headStride + member + row2 * u.in0_rowStride];
       let v5 = in0[head * u.in0_headStride + member + row3 * u.in0_rowStride];
       queries[(4 * member + 0) * 8 + team] = vec4<f32>(v2[0], v3[0], v4[0], v5[0]);
       queries[(4 * member + 1) * 8 + team] = vec4<f32>(v2[1], v3[1], v4[1], v5[1]);
       queries[(4 * member + 2) * 8 + team] = vec4<f32>(v2[2], v3[2], v4[2], v5[2]);
       queries[(4 * member + 3) * 8 + team] = vec4<f32>(v2[3], v3[3], v4[3], v5[3]);
       var top = vec4<f32>(-3.4028234663852886e38);
       var total = vec4<f32>(0.0);
       var poison = vec4<u32>(0u);
       var sum0_0_0 = vec4<f32>(0.0);
       var sum0_0_1 = vec4<f32>(0.0);
       var sum0_0_2 = vec4<f32>(0.0);
       var sum0_0_3 = vec4<f32>(0.0);
       let firstKey0 = min(0 + 0 + team, u.lastKey);
       let v6 = in1[firstKey0 * u.in1_firstKeyStride + head * u.in1_headStride + member];
       var nextKeys0_0 = v6;
       let firstKey1 = min(0 + 8 + team, u.lastKey);
       let v7 = in1[firstKey1 * u.in1_firstKeyStride + head * u.in1_headStride + member];
       var nextKeys1_0 = v7;
       let firstKey2 = min(0 + 16 + team, u.lastKey);
       let v8 = in1[firstKey2 * u.in1_firstKeyStride + head * u.in1_headStride + member];
       var nextKeys2_0 = v8;
       let firstKey3 = min(0 + 24 + team, u.lastKey);
       let v9 = in1[firstKey3 * u.in1_firstKeyStride + head * u.in1_headStride + member];
       var nextKeys3_0 = v9;
       for (var tile = 0; tile < u.keyTiles; tile++) {
         let firstKey = tile * 32;
         var product0 = vec4<f32>(0.0);
         var product1 = vec4<f32>(0.0);
         var product2 = vec4<f32>(0.0);
         var product3 = vec4<f32>(0.0);
         workgroupBarrier();
         staged[(0 + team) * 9 + member] = nextKeys0_0;
         staged[(8 + team) * 9 + member] = nextKeys1_0;
         staged[(16 + team) * 9 + member] = nextKeys2_0;
         staged[(24 + team) * 9 + member] = nextKeys3_0;
         workgroupBarrier();
         let valueKey0 = min(firstKey + 0 + team, u.lastKey);
         let v10 = in2[head * u.in2_headStride + member + valueKey0 * u.in2_valueKeyStride];
         let values0_0 = select(vec4<f32>(0.0), v10, firstKey + 0 + team < u.keys);
         let valueKey1 = min(firstKey + 8 + team, u.lastKey);
         let v11 = in2[head * u.in2_headStride + member + valueKey1 * u.in2_valueKeyStride];
         let values1_0 = select(vec4<f32>(0.0), v11, firstKey + 8 + team < u.keys);
         let valueKey2 = min(firstKey + 16 + team, u.lastKey);
         let v12 = in2[head * u.in2_headStride + member + valueKey2 * u.in2_valueKeyStride];
         let values2_0 = select(vec4<f32>(0.0), v12, firstKey + 16 + team < u.keys);
         let valueKey3 = min(firstKey + 24 + team, u.lastKey);
         let v13 = in2[head * u.in2_headStride + member + valueKey3 * u.in2_valueKeyStride];
         let values3_0 = select(vec4<f32>(0.0), v13, firstKey + 24 + team < u.keys);
         for (var step = 0; step < 8; step++) {
           let key0 = staged[member * 9 + step];
           let key1 = staged[(member + 8) * 9 + step];
           let key2 = staged[(member + 16) * 9 + step];
           let key3 = staged[(member + 24) * 9 + step];
           let query0 = queries[(4 * step + 0) * 8 + team];
           product0 = fma(query0, vec4<f32>(key0[0]), product0);
           product1 = fma(query0, vec4<f32>(key1[0]), product1);
           product2 = fma(query0, vec4<f32>(key2[0]), product2);
           product3 = fma(query0, vec4<f32>(key3[0]), product3);
           let query1 = queries[(4 * step + 1) * 8 + team];
           product0 = fma(query1, vec4<f32>(key0[1]), product0);
           product1 = fma(query1, vec4<f32>(key1[1]), product1);
           product2 = fma(query1, vec4<f32>(key2[1]), product2);
           product3 = fma(query1, vec4<f32>(key3[1]), product3);
           let query2 = queries[(4 * step + 2) * 8 + team];
           product0 = fma(query2, vec4<f32>(key0[2]), product0);
           product1 = fma(query2, vec4<f32>(key1[2]), product1);
           product2 = fma(query2, vec4<f32>(key2[2]), product2);
           product3 = fma(query2, vec4<f32>(key3[2]), product3);
           let query3 = queries[(4 * step + 3) * 8 + team];
           product0 = fma(query3, vec4<f32>(key0[3]), product0);
           product1 = fma(query3, vec4<f32>(key1[3]), product1);
           product2 = fma(query3, vec4<f32>(key2[3]), product2);
           product3 = fma(query3, vec4<f32>(key3[3]), product3);
         }
         let key0 = min(firstKey + member, u.lastKey);
         let v14 = in3[head * u.in3_headStride + key0];
         let s0_0 = product0 + vec4<f32>(v14);
         let bits0 = bitcast<vec4<u32>>(s0_0);
         let infinite0 = (bits0 & vec4<u32>(0x7f800000u)) == vec4<u32>(0x7f800000u);
         let hidden0 = infinite0 | vec4<bool>(!(firstKey + member < u.keys));
         poison |= select(vec4<u32>(0u), bits0 ^ vec4<u32>(0xff800000u), infinite0 & vec4<bool>(firstKey + member < u.keys));
         let score0 = select(s0_0, vec4<f32>(-3.4028234663852886e38), hidden0);
         let key1 = min(firstKey + member + 8, u.lastKey);
         let v15 = in3[head * u.in3_headStride + key1];
         let s1_0 = product1 + vec4<f32>(v15);
         let bits1 = bitcast<vec4<u32>>(s1_0);
         let infinite1 = (bits1 & vec4<u32>(0x7f800000u)) == vec4<u32>(0x7f800000u);
         let hidden1 = infinite1 | vec4<bool>(!(firstKey + member + 8 < u.keys));
         poison |= select(vec4<u32>(0u), bits1 ^ vec4<u32>(0xff800000u), infinite1 & vec4<bool>(firstKey + member + 8 < u.keys));
         let score1 = select(s1_0, vec4<f32>(-3.4028234663852886e38), hidden1);
         let key2 = min(firstKey + member + 16, u.lastKey);
         let v16 = in3[head * u.in3_headStride + key2];
         let s2_0 = product2 + vec4<f32>(v16);
         let bits2 = bitcast<vec4<u32>>(s2_0);
         let infinite2 = (bits2 & vec4<u32>(0x7f800000u)) == vec4<u32>(0x7f800000u);
         let hidden2 = infinite2 | vec4<bool>(!(firstKey + member + 16 < u.keys));
         poison |= select(vec4<u32>(0u), bits2 ^ vec4<u32>(0xff800000u), infinite2 & vec4<bool>(firstKey + member + 16 < u.keys));
         let score2 = select(s2_0, vec4<f32>(-3.4028234663852886e38), hidden2);
         let key3 = min(firstKey + member + 24, u.lastKey);
         let v17 = in3[head * u.in3_headStride + key3];
         let s3_0 = product3 + vec4<f32>(v17);
         let bits3 = bitcast<vec4<u32>>(s3_0);
         let infinite3 = (bits3 & vec4<u32>(0x7f800000u)) == vec4<u32>(0x7f800000u);
         let hidden3 = infinite3 | vec4<bool>(!(firstKey + member + 24 < u.keys));
         poison |= select(vec4<u32>(0u), bits3 ^ vec4<u32>(0xff800000u), infinite3 & vec4<bool>(firstKey + member + 24 < u.keys));
         let score3 = select(s3_0, vec4<f32>(-3.4028234663852886e38), hidden3);
         exchange[member * 8 + team] = max(max(max(max(top, score0), score1), score2), score3);
         workgroupBarrier();
         var highest = top;
         {
           let other0 = exchange[0 * 8 + team];
           let other1 = exchange[1 * 8 + team];
           let other2 = exchange[2 * 8 + team];
           let other3 = exchange[3 * 8 + team];
           let other4 = exchange[4 * 8 + team];
           let other5 = exchange[5 * 8 + team];
           let other6 = exchange[6 * 8 + team];
           let other7 = exchange[7 * 8 + team];
           highest = max(highest, other0);
           highest = max(highest, other1);
           highest = max(highest, other2);
           highest = max(highest, other3);
           highest = max(highest, other4);
           highest = max(highest, other5);
           highest = max(highest, other6);
           highest = max(highest, other7);
         }
         let fade = weightOf(top - highest);
         top = highest;
         let weight0 = select(weightOf(score0 - highest), vec4<f32>(0.0), hidden0);
         weights[member * 9 + team] = weight0;
         let weight1 = select(weightOf(score1 - highest), vec4<f32>(0.0), hidden1);
         weights[(member + 8) * 9 + team] = weight1;
         let weight2 = select(weightOf(score2 - highest), vec4<f32>(0.0), hidden2);
         weights[(member + 16) * 9 + team] = weight2;
         let weight3 = select(weightOf(score3 - highest), vec4<f32>(0.0), hidden3);
         weights[(member + 24) * 9 + team] = weight3;
         total = total * fade + (weight0 + weight1 + weight2 + weight3);
         staged[(0 + team) * 9 + member] = values0_0;
         staged[(8 + team) * 9 + member] = values1_0;
         staged[(16 + team) * 9 + member] = values2_0;
         staged[(24 + team) * 9 + member] = values3_0;
         workgroupBarrier();
         let nextKey0 = min(firstKey + 32 + 0 + team, u.lastKey);
         let v18 = in1[head * u.in1_headStride + member + nextKey0 * u.in1_nextKeyStride];
         nextKeys0_0 = v18;
         let nextKey1 = min(firstKey + 32 + 8 + team, u.lastKey);
         let v19 = in1[head * u.in1_headStride + member + nextKey1 * u.in1_nextKeyStride];
         nextKeys1_0 = v19;
         let nextKey2 = min(firstKey + 32 + 16 + team, u.lastKey);
         let v20 = in1[head * u.in1_headStride + member + nextKey2 * u.in1_nextKeyStride];
         nextKeys2_0 = v20;
         let nextKey3 = min(firstKey + 32 + 24 + team, u.lastKey);
         let v21 = in1[head * u.in1_headStride + member + nextKey3 * u.in1_nextKeyStride];
         nextKeys3_0 = v21;
         var part0_0_0 = vec4<f32>(0.0);
         var part0_0_1 = vec4<f32>(0.0);
         var part0_0_2 = vec4<f32>(0.0);
         var part0_0_3 = vec4<f32>(0.0);
         for (var keyGroup = 0; keyGroup < 8; keyGroup++) {
           let weight0 = weights[(keyGroup * 4 + 0) * 9 + team];
           let value0_0 = staged[(keyGroup * 4 + 0) * 9 + member];
           part0_0_0 = fma(vec4<f32>(weight0[0]), value0_0, part0_0_0);
           part0_0_1 = fma(vec4<f32>(weight0[1]), value0_0, part0_0_1);
           part0_0_2 = fma(vec4<f32>(weight0[2]), value0_0, part0_0_2);
           part0_0_3 = fma(vec4<f32>(weight0[3]), value0_0, part0_0_3);
           let weight1 = weights[(keyGroup * 4 + 1) * 9 + team];
           let value1_0 = staged[(keyGroup * 4 + 1) * 9 + member];
           part0_0_0 = fma(vec4<f32>(weight1[0]), value1_0, part0_0_0);
           part0_0_1 = fma(vec4<f32>(weight1[1]), value1_0, part0_0_1);
           part0_0_2 = fma(vec4<f32>(weight1[2]), value1_0, part0_0_2);
           part0_0_3 = fma(vec4<f32>(weight1[3]), value1_0, part0_0_3);
           let weight2 = weights[(keyGroup * 4 + 2) * 9 + team];
           let value2_0 = staged[(keyGroup * 4 + 2) * 9 + member];
           part0_0_0 = fma(vec4<f32>(weight2[0]), value2_0, part0_0_0);
           part0_0_1 = fma(vec4<f32>(weight2[1]), value2_0, part0_0_1);
           part0_0_2 = fma(vec4<f32>(weight2[2]), value2_0, part0_0_2);
           part0_0_3 = fma(vec4<f32>(weight2[3]), value2_0, part0_0_3);
           let weight3 = weights[(keyGroup * 4 + 3) * 9 + team];
           let value3_0 = staged[(keyGroup * 4 + 3) * 9 + member];
           part0_0_0 = fma(vec4<f32>(weight3[0]), value3_0, part0_0_0);
           part0_0_1 = fma(vec4<f32>(weight3[1]), value3_0, part0_0_1);
           part0_0_2 = fma(vec4<f32>(weight3[2]), value3_0, part0_0_2);
           part0_0_3 = fma(vec4<f32>(weight3[3]), value3_0, part0_0_3);
         }
         sum0_0_0 = fma(sum0_0_0, vec4<f32>(fade[0]), part0_0_0);
         sum0_0_1 = fma(sum0_0_1, vec4<f32>(fade[1]), part0_0_1);
         sum0_0_2 = fma(sum0_0_2, vec4<f32>(fade[2]), part0_0_2);
         sum0_0_3 = fma(sum0_0_3, vec4<f32>(fade[3]), part0_0_3);
       }
       exchange[member * 8 + team] = select(total, vec4<f32>(-1.0), poison != vec4<u32>(0u));
       workgroupBarrier();
       var denominator = vec4<f32>(0.0);
       var least = vec4<f32>(0.0);
       {
         let other0 = exchange[0 * 8 + team];
         let other1 = exchange[1 * 8 + team];
         let other2 = exchange[2 * 8 + team];
         let other3 = exchange[3 * 8 + team];
         let other4 = exchange[4 * 8 + team];
         let other5 = exchange[5 * 8 + team];
         let other6 = exchange[6 * 8 + team];
         let other7 = exchange[7 * 8 + team];
         denominator += other0; least = min(least, other0);
         denominator += other1; least = min(least, other1);
         denominator += other2; least = min(least, other2);
         denominator += other3; least = min(least, other3);
         denominator += other4; least = min(least, other4);
         denominator += other5; least = min(least, other5);
         denominator += other6; least = min(least, other6);
         denominator += other7; least = min(least, other7);
       }
       let isNumber = (least == vec4<f32>(0.0)) & (denominator > vec4<f32>(0.0));
       let v22 = select(vec4<f32>(u.nan), sum0_0_0 / denominator[0], isNumber[0]);
       let v23 = reluF32x4(v22);
       out4[head * u.out4_headStride + member + row0 * u.out4_rowStride] = v23;
       let v24 = select(vec4<f32>(u.nan), sum0_0_1 / denominator[1], isNumber[1]);
       let v25 = reluF32x4(v24);
       out4[head * u.out4_headStride + member + row1 * u.out4_rowStride] = v25;
       let v26 = select(vec4<f32>(u.nan), sum0_0_2 / denominator[2], isNumber[2]);
       let v27 = reluF32x4(v26);
       out4[head * u.out4_headStride + member + row2 * u.out4_rowStride] = v27;
       let v28 = select(vec4<f32>(u.nan), sum0_0_3 / denominator[3], isNumber[3]);
       let v29 = reluF32x4(v28);
       out4[head * u.out4_headStride + member + row3 * u.out4_rowStride] = v29;
     }
     "
    `);
  });
});
