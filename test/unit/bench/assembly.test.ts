/** What is read of AMD's assembly. */
import { describeLoops } from '../../../bench/isa/assembly';

/** As RADV prints it: labels, instructions behind a tab, their bytes behind a semicolon. */
function listing(lines: readonly string[]): string {
  const text = lines.map((line) => (line.endsWith(':') ? line : `\t${line}  ; 00000000`));
  return ['=== ACO IR', 'p_startpgm', '=== Assembly', ...text].join('\n');
}

/** A tile's loop over k: stage 32 bytes, then eight turns of four multiply-adds. */
const STAGED = listing([
  'BB0:',
  's_mov_b32 s3, 0',
  'BB1:',
  'buffer_load_b128 v[0:3], v9, s[4:7], 0 offen',
  'buffer_load_dwordx4 v[4:7], v9, s[4:7], 0 offen',
  'ds_store_b128 v8, v[0:3]',
  's_barrier',
  's_mov_b32 s2, 0',
  'BB2:',
  'ds_load_b128 v[0:3], v8',
  'v_fmac_f32_e32 v10, v0, v4',
  'v_dual_fmac_f32 v11, v0, v5 :: v_dual_fmac_f32 v12, v1, v4',
  'v_fma_f32 v13, v1, v5, v13',
  's_addk_i32 s2, 0x10',
  's_cmp_lt_i32 s2, 0x80',
  's_cbranch_scc1 BB2',
  's_barrier',
  's_cmp_ge_i32 s3, s9',
  's_cbranch_scc1 BB3',
  's_branch BB1',
  'BB3:',
  'buffer_store_b128 v[10:13], v9, s[4:7], 0 offen',
]);

test('the innermost loop, and the loads of the loop around it', () => {
  const report = describeLoops(STAGED);
  expect(report?.inner).toEqual({
    instructions: 7,
    multiplyAdds: 4,
    loads: 0,
    loadedBytes: 0,
    wideLoads: 0,
    shared: 1,
    barriers: 0,
    divisions: 0,
  });
  // 32 bytes for 8 · 4 multiply-adds.
  expect(report?.whole).toMatchObject([
    { loadedBytes: 32, multiplyAdds: 32, barriers: 2, instructions: 9 + 8 * 7 },
  ]);
});

test('a loop that turns as often as a register says: the fewest turns, and very many', () => {
  const counted = STAGED.replace('s_cmp_lt_i32 s2, 0x80', 's_cmp_lt_i32 s2, s8');
  const [once, often] = describeLoops(counted)?.whole ?? [];
  expect(once).toMatchObject({ loadedBytes: 32, multiplyAdds: 4 });
  expect(often.loadedBytes / often.multiplyAdds).toBeCloseTo(0, 4);
  expect(often.instructions / often.multiplyAdds).toBeCloseTo(7 / 4, 4);
});

test('one loop that loads and multiplies, with a division in it', () => {
  const report = describeLoops(
    listing([
      'BB1:',
      'v_rcp_iflag_f32_e32 v1, v1',
      'global_load_b32 v2, v3, s[0:1]',
      'buffer_load_dwordx2 v[4:5], v3, s[0:3], 0 offen',
      'v_pk_fma_f16 v6, v2, v4, v6',
      's_cbranch_scc1 BB1',
    ]),
  );
  expect(report?.inner).toMatchObject({
    multiplyAdds: 2,
    loads: 2,
    loadedBytes: 12,
    wideLoads: 0,
    divisions: 1,
  });
  expect(report?.whole).toEqual([report?.inner]);
});

test('multiply-adds that were unrolled, beside a loop of something else', () => {
  const report = describeLoops(
    listing([
      'BB1:',
      'buffer_load_b128 v[0:3], v9, s[4:7], 0 offen',
      'v_fmac_f32_e32 v10, v0, v4',
      's_mov_b32 s2, 0',
      'BB2:',
      'ds_load_b128 v[0:3], v8',
      's_addk_i32 s2, 1',
      's_cmp_lt_i32 s2, 4',
      's_cbranch_scc1 BB2',
      'v_fmac_f32_e32 v11, v1, v5',
      's_cbranch_scc1 BB1',
    ]),
  );
  expect(report?.inner).toMatchObject({
    instructions: 5 + 4 * 4,
    multiplyAdds: 2,
    loads: 1,
    shared: 4,
  });
  expect(report?.whole).toEqual([report?.inner]);
});

test('no loop of multiply-adds: nothing to tell', () => {
  expect(describeLoops(listing(['BB0:', 'v_fma_f32 v1, v2, v3, v1', 's_endpgm']))).toBeNull();
  expect(describeLoops(listing(['BB0:', 'v_add_f32 v1, v2, v3', 's_branch BB0']))).toBeNull();
});
