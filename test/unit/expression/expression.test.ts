import fc from 'fast-check';
import {
  apply,
  constant,
  emitWgsl,
  evaluate,
  expressionKey,
  input,
  inputIndices,
  operations,
  scalarOp,
  substitute,
  type Attrs,
  type Expr,
} from '../../../src/ir/expression';
import { buildExpressions, INPUT_TYPES, steps } from './random-expression';

const x = input(0, 'float32');
const y = input(1, 'float32');
const float = (value: number) => constant(value, 'float32');
const call = (kernel: string, args: Expr[], attrs?: Attrs) => apply(scalarOp(kernel)!, args, attrs);

const hardSwish = call('Multiply', [
  x,
  call('Multiply', [call('Relu6', [call('Add', [x, float(3)])]), float(1 / 6)]),
]);

function emit(outputs: Expr[], width: 1 | 4 = 1) {
  const helpers = new Map<string, string>();
  const { statements, results } = emitWgsl(outputs, {
    width,
    inputName: (index) => `in${index}`,
    helper: (name, source) => {
      helpers.set(name, source);
      return name;
    },
    nan: 'NAN',
    infinity: 'INFINITY',
  });
  return { text: [...statements, `=> ${results.join(', ')}`].join('\n'), helpers };
}

describe('evaluate', () => {
  test('rounds after every op, as a chain of kernels does', () => {
    const sum = call('Add', [x, y]);
    expect(evaluate(call('Sub', [sum, x]), [16777216, 1])).toBe(0);
    expect(evaluate(hardSwish, [1])).toBe(Math.fround(4 * Math.fround(1 / 6)));
  });

  test('visits shared subexpressions once', () => {
    let expr: Expr = x;
    for (let i = 0; i < 100; i++) expr = call('Add', [expr, expr]);
    expect(evaluate(expr, [1])).toBe(2 ** 100);
    expect(operations(expr)).toEqual({ count: 100, cost: 100 });
  });
});

describe('apply', () => {
  test('computes what is constant', () => {
    expect(call('RealDiv', [float(1), float(0)])).toEqual(float(Infinity));
    expect(call('Add', [constant(2 ** 31 - 1, 'int32'), constant(1, 'int32')])).toEqual(
      constant(-(2 ** 31), 'int32'),
    );
  });

  test('forgets attributes that the op does not read', () => {
    expect(call('Relu', [x], { name: 'a' })).toEqual(call('Relu', [x]));
  });

  test('throws for types that the op does not take', () => {
    expect(() => call('Add', [x, input(1, 'int32')])).toThrow(
      '[webgpu-fused] Add(float32, int32): no such combination; ask resultType first.',
    );
  });
});

describe('substitute', () => {
  test('joins a producer to its consumer', () => {
    const joined = substitute(call('Relu', [x]), [call('Add', [x, y])]);
    expect(joined).toEqual(call('Relu', [call('Add', [x, y])]));
    expect(inputIndices(joined)).toEqual([0, 1]);
  });

  test('computes what becomes constant', () => {
    expect(substitute(call('Add', [x, y]), [float(1), float(2)])).toEqual(float(3));
  });

  test('refuses a value of another type, and a missing one', () => {
    expect(() => substitute(call('Relu', [x]), [input(0, 'int32')])).toThrow(/is float32.*int32/s);
    expect(() => substitute(call('Relu', [y]), [x])).toThrow(/missing/);
  });
});

describe('expressionKey', () => {
  test('sees structure, not sharing', () => {
    const shared = call('Exp', [x]);
    const twice = call('Add', [shared, shared]);
    const apart = call('Add', [call('Exp', [x]), call('Exp', [input(0, 'float32')])]);
    expect(expressionKey(apart)).toBe(expressionKey(twice));
    expect(operations(apart).count).toBe(2);
  });

  test.each<[string, Expr, Expr]>([
    ['inputs', call('Relu', [x]), call('Relu', [y])],
    ['input types', call('Relu', [x]), call('Relu', [input(0, 'int32')])],
    ['argument order', call('Sub', [x, y]), call('Sub', [y, x])],
    ['constants', call('Add', [x, float(1)]), call('Add', [x, float(2)])],
    ['signs of zero', call('Add', [x, float(0)]), call('Add', [x, float(-0)])],
    ['attributes', call('Step', [x], { alpha: 0 }), call('Step', [x], { alpha: 1 })],
    ['signs of attributes', call('Step', [x], { alpha: 0 }), call('Step', [x], { alpha: -0 })],
    ['dtypes', call('Cast', [x], { dtype: 'bool' }), call('Cast', [x], { dtype: 'int32' })],
  ])('tells %s apart', (_what, a, b) => {
    expect(expressionKey(a)).not.toBe(expressionKey(b));
  });

  test('tells outputs apart', () => {
    const [relu, exp] = [call('Relu', [x]), call('Exp', [x])];
    expect(expressionKey([relu, exp])).not.toBe(expressionKey([exp, relu]));
    expect(expressionKey([relu])).toBe(expressionKey(relu));
  });

  test('equal keys mean equal WGSL', () => {
    fc.assert(
      fc.property(steps, steps, (first, second) => {
        // Twice the same steps: two graphs without a node in common.
        const graphs = [first, first, second].map((one) => buildExpressions(one).slice(-2));
        const keys = graphs.map((graph) => expressionKey(graph));
        for (const width of [1, 4] as const) {
          const texts = graphs.map((graph) => emit(graph, width));
          expect(keys[0]).toBe(keys[1]);
          expect(texts[0]).toEqual(texts[1]);
          if (texts[1].text !== texts[2].text) expect(keys[1]).not.toBe(keys[2]);
        }
      }),
    );
  });
});

describe('emitWgsl', () => {
  test('hard swish', () => {
    expect(emit([hardSwish]).text).toMatchInlineSnapshot(`
     "let v0 = in0 + 3.0;
     let v1 = in0 * (select(clamp(v0, 0.0, 6.0), v0, isNanF32(v0)) * 0.16666667);
     => v1"
    `);
    expect(emit([hardSwish], 4).text).toMatchInlineSnapshot(`
     "let v0 = in0 + vec4<f32>(3.0);
     let v1 = select(clamp(v0, vec4<f32>(0.0), vec4<f32>(6.0)), v0, isNanF32x4(v0));
     let v2 = in0 * (v1 * vec4<f32>(0.16666667));
     => v2"
    `);
  });

  test('gelu', () => {
    const inner = call('Add', [
      float(1),
      call('Erf', [call('Multiply', [x, float(Math.SQRT1_2)])]),
    ]);
    const gelu = call('Multiply', [call('Multiply', [x, float(0.5)]), inner]);
    const { text, helpers } = emit([gelu]);
    expect(text).toMatchInlineSnapshot(`
     "let v0 = 1.0 + erfF32(in0 * 0.70710677);
     let v1 = (in0 * 0.5) * v0;
     => v1"
    `);
    expect([...helpers.keys()]).toEqual(['erfF32']);
  });

  test('names what several outputs share, and outputs that are inputs or constants not at all', () => {
    const sum = call('Add', [x, y]);
    expect(emit([sum, call('Relu', [sum]), x, float(2)]).text).toMatchInlineSnapshot(`
     "let v0 = in0 + in1;
     let v1 = reluF32(v0);
     => v0, v1, in0, 2.0"
    `);
  });

  test('names what is deep', () => {
    let expr = x;
    for (let i = 0; i < 6; i++) expr = call('Sub', [y, expr]);
    expect(emit([expr]).text).toMatchInlineSnapshot(`
     "let v0 = in1 - (in1 - (in1 - in0));
     let v1 = in1 - (in1 - (in1 - v0));
     => v1"
    `);
  });

  test('minus signs stay apart', () => {
    const expr = call('Sub', [x, call('Neg', [call('Neg', [y])])]);
    expect(emit([expr]).text).toMatchInlineSnapshot(`
     "let v0 = in0 - (-(-in1));
     => v0"
    `);
    expect(emit([call('Sub', [x, float(-1)])]).text).toMatchInlineSnapshot(`
     "let v0 = in0 - -1.0;
     => v0"
    `);
  });

  test('what is not finite comes from the kernel', () => {
    expect(emit([call('Add', [x, float(NaN)])]).text).toMatchInlineSnapshot(`
     "let v0 = in0 + NAN;
     => v0"
    `);
    expect(emit([call('Maximum', [x, float(-Infinity)])]).text).toMatchInlineSnapshot(`
     "let v0 = select(max(in0, (-INFINITY)), in0, isNanF32(in0));
     => v0"
    `);
  });

  test('constant exponents multiply', () => {
    for (const [exponent, text] of [
      [2, 'in0 * in0'],
      [3, 'in0 * in0 * in0'],
      [-1, '1.0 / in0'],
    ] as const) {
      expect(emit([call('Pow', [x, float(exponent)])]).text).toContain(`let v0 = ${text};`);
    }
  });

  test('an op that changes nothing writes nothing', () => {
    const i = input(0, 'int32');
    expect(emit([call('Floor', [i])]).text).toBe('=> in0');
    expect(emit([call('Neg', [call('Floor', [call('Neg', [i])])])]).text).toMatchInlineSnapshot(`
     "let v0 = -(-in0);
     => v0"
    `);
  });

  test('a prefix keeps two expressions apart', () => {
    const { statements, results } = emitWgsl([call('Add', [x, y])], {
      width: 1,
      prefix: 'epilogue',
      inputName: (i) => `in${i}`,
      helper: (name) => name,
      nan: 'NAN',
      infinity: 'INFINITY',
    });
    expect(statements).toEqual(['let epilogue0 = in0 + in1;']);
    expect(results).toEqual(['epilogue0']);
  });

  test('every name is defined once, before it is used', () => {
    fc.assert(
      fc.property(steps, (grown) => {
        const lines = emit(buildExpressions(grown).slice(-3)).text.split('\n');
        const defined = new Set(INPUT_TYPES.map((_, i) => `in${i}`));
        for (const line of lines) {
          const [, name] = /^let (v\d+) =/.exec(line) ?? [];
          const used = line.replace(/^let v\d+/, '').match(/\b(in|v)\d+\b/g) ?? [];
          for (const one of used) expect(defined).toContain(one);
          if (name) {
            expect(defined).not.toContain(name);
            defined.add(name);
          }
        }
      }),
    );
  });
});
