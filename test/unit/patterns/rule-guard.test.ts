/** Rules that an app writes: what is missing of them is said, and what they throw is theirs. */
import { GraphBuilder } from '../../../src/ir/builder';
import { RefusedError } from '../../../src/ir/infer';
import { any, below, named, oneOf, op, scalar } from '../../../src/patterns/match';
import type { FusionRule } from '../../../src/patterns/rule';
import { registerFusion, rewriteGraph } from '../../../src/registry/rules';

const fine: FusionRule = {
  name: 'cos-of-relu6',
  equation: 'cos(relu6(x)) ⇒ cos(x)',
  match: op('Cos', [op('Relu6', [any('x')])]),
  rewrite: (match, build) => build.op('Cos', [match.value('x')]),
};

let warn: jest.SpyInstance<void, unknown[]>;

beforeEach(() => {
  warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
});

afterEach(() => warn.mockRestore());

/** Kernels of cos(relu6(x)) and cos(relu6(sin(x))) after all rules, with `rule` among them. */
function apply(rule: FusionRule) {
  const b = new GraphBuilder();
  const x = b.input({ shape: [3], dtype: 'float32' });
  const cos = (value: typeof x) => b.op('Cos', [b.op('Relu6', [value])]);
  b.graph.outputs.push(cos(x), cos(b.op('Sin', [x])));
  const unregister = registerFusion(rule);
  try {
    const { refusals } = rewriteGraph(b.graph);
    return { kernels: b.graph.nodes.map(({ kernel }) => kernel).sort(), refusals };
  } finally {
    unregister();
  }
}

const UNTOUCHED = ['Cos', 'Cos', 'Relu6', 'Relu6', 'Sin'];

test('a rule without faults fires', () => {
  expect(apply(fine).kernels).toEqual(['Cos', 'Cos', 'Sin']);
  expect(warn).not.toHaveBeenCalled();
});

test.each([
  ['nothing at all', undefined, /got undefined; needs a rule/],
  ['null', null, /got null; needs a rule/],
  ['no property', {}, /got a rule without name; needs a text in kebab case/],
  [
    'no equation',
    { ...fine, equation: undefined },
    /'cos-of-relu6' without equation; needs a text/,
  ],
  ['no pattern', { ...fine, match: undefined }, /without match; needs a pattern/],
  ['a kernel for a pattern', { ...fine, match: 'Cos' }, /another kind of match; needs a pattern/],
  ['no rewrite', { ...fine, rewrite: undefined }, /without rewrite; needs a function/],
  ['a text for a check', { ...fine, check: 'no' }, /another kind of check; needs a function/],
  ['another word for leaks', { ...fine, leaks: 'yes' }, /leaks; needs 'refuse', 'keep' or nothing/],
])('registerFusion of %s says what is needed', (_what, rule, message) => {
  expect(() => registerFusion(rule as FusionRule)).toThrow(message);
});

describe.each(['match', 'check', 'rewrite'] as const)('a rule whose %s throws', (part) => {
  const broken = (): never => {
    throw new TypeError('Cannot read properties of undefined');
  };
  const rule: FusionRule = {
    ...fine,
    name: `broken-${part}`,
    ...(part === 'match'
      ? { match: op('Cos', [op('Relu6', [any('x')])], { where: broken }) }
      : { [part]: broken }),
  };

  test('is named, once, and the graph is as it was', () => {
    const { kernels, refusals } = apply(rule);
    expect(kernels).toEqual(UNTOUCHED);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0][0]).toMatch(
      new RegExp(`fusion rule 'broken-${part}': got an exception from its ${part} \\(TypeError`),
    );
    const reasons = refusals.filter((one) => one.rule === rule.name).map(({ reason }) => reason);
    const expected = `${part} of the rule threw TypeError: Cannot read properties of undefined`;
    expect(reasons).toEqual(part === 'match' ? [] : [expected, expected]);
  });
});

test('a rule that gives nothing is named', () => {
  const { kernels } = apply({ ...fine, rewrite: () => undefined as never });
  expect(kernels).toEqual(UNTOUCHED);
  expect(warn.mock.calls[0][0]).toMatch(
    /'cos-of-relu6'.*it gave undefined, and neither a value nor/,
  );
});

test('what the builder refuses is a reason, and no fault', () => {
  const rewrite: FusionRule['rewrite'] = () => {
    throw new RefusedError('shapes differ');
  };
  const { kernels, refusals } = apply({ ...fine, rewrite });
  expect(kernels).toEqual(UNTOUCHED);
  expect(warn).not.toHaveBeenCalled();
  expect(refusals.map(({ reason }) => reason)).toContain('shapes differ');
});

describe('patterns', () => {
  test.each([
    ['Conv2d', "Did you mean 'Conv2D'?"],
    ['relu', "Did you mean 'Relu'?"],
    ['MatMul', "Did you mean 'BatchMatMul'?"],
    ['Sofmax', "Did you mean 'Softmax'?"],
    ['NoSuchKernelAnywhere', 'See "Adding a fusion" for their names.'],
  ])('op(%p) is no kernel', (kernel, cure) => {
    expect(() => op(kernel)).toThrow(
      `[webgpu-fused] pattern.op: got '${kernel}'; needs a kernel that graphs are made of. ${cure}`,
    );
    expect(() => op(['Relu', kernel])).toThrow(cure);
  });

  test('of what is none say so', () => {
    expect(() => op(undefined as never)).toThrow(/pattern.op: got undefined/);
    expect(() => op('Relu', ['x'] as never)).toThrow(
      /got "x" for operand 0; needs a list of patterns/,
    );
    expect(() => op('Relu', any('x') as never)).toThrow(/pattern.op: got .*; needs a list/);
    expect(() => oneOf(any('x'), null as never)).toThrow(/pattern.oneOf: got null for operand 1/);
    expect(() => named('x', {} as never)).toThrow(/pattern.named: got {} for operand 0/);
    expect(() => below('Reshape', 3 as never)).toThrow(/pattern.below: got 3 for operand 0/);
    expect(() => op('Relu', [scalar()])).not.toThrow();
  });
});
