import { GraphBuilder } from '../../../src/ir/builder';
import { removeDeadNodes, type Graph, type Value } from '../../../src/ir/graph';
import { any, constant, near, oneOf, op } from '../../../src/patterns/match';
import { applyRules } from '../../../src/patterns/rewriter';
import type { FusionRule } from '../../../src/patterns/rule';
import { allRules, registerFusion, rewriteGraph } from '../../../src/registry/rules';

const image = { shape: [2, 3], dtype: 'float32' } as const;

const doubleNegation: FusionRule = {
  name: 'double-negation',
  equation: '-(-x) ⇒ x',
  match: op('Neg', [op('Neg', [any('x')])]),
  rewrite: (match) => match.value('x'),
};

/** Kernels of a graph that are needed, in order. */
function kernels(graph: Graph): string[] {
  removeDeadNodes(graph);
  return graph.nodes.map((node) => node.kernel);
}

function graphOf(write: (b: GraphBuilder, x: Value) => readonly Value[]): Graph {
  const b = new GraphBuilder();
  b.graph.outputs.push(...write(b, b.input(image)));
  return b.graph;
}

describe('rewriting', () => {
  it('replaces what matches, and what matches then', () => {
    const graph = graphOf((b, x) => {
      let y = x;
      for (let i = 0; i < 5; i++) y = b.op('Neg', [y], {}, [`n${i}`]);
      return [b.op('Relu', [y])];
    });
    const { rewrites, statistics } = applyRules(graph, [doubleNegation]);
    expect(kernels(graph)).toEqual(['Neg', 'Relu']);
    expect(rewrites).toHaveLength(2);
    expect(rewrites[0]).toEqual({ rule: 'double-negation', nodes: ['n1', 'n0'] });
    expect(statistics[0]).toMatchObject({ rule: 'double-negation', fired: 2, refused: 0 });
  });

  it('refuses a match whose inside is read elsewhere, and says by whom', () => {
    const graph = graphOf((b, x) => {
      const inner = b.op('Neg', [x], {}, ['inner']);
      return [b.op('Neg', [inner], {}, ['outer']), b.op('Relu', [inner])];
    });
    const { rewrites, refusals } = applyRules(graph, [doubleNegation]);
    expect(rewrites).toEqual([]);
    expect(refusals).toEqual([
      {
        rule: 'double-negation',
        nodes: ['outer'],
        reason: 'Neg (inner) is used by Relu as well',
      },
    ]);
  });

  it('refuses a match whose inside is an output', () => {
    const graph = graphOf((b, x) => {
      const inner = b.op('Neg', [x]);
      return [inner, b.op('Neg', [inner])];
    });
    expect(applyRules(graph, [doubleNegation]).refusals[0].reason).toBe('a Neg is an output');
  });

  it('looks again where a leak has closed', () => {
    // The other reader of the inner Neg goes when the pair it belongs to is replaced.
    const graph = graphOf((b, x) => {
      const inner = b.op('Neg', [x]);
      const outer = b.op('Neg', [inner]);
      const other = b.op('Abs', [b.op('Square', [inner])]);
      return [b.op('Relu', [outer]), b.op('Sign', [other])];
    });
    const forgetAbs: FusionRule = {
      name: 'forget',
      equation: 'abs(square(y)) ⇒ 1',
      match: op('Abs', [op('Square', [any('y')])]),
      rewrite: (_match, b) => b.hostConstant([2, 3], 'float32', [1, 1, 1, 1, 1, 1]),
    };
    const { rewrites, refusals } = applyRules(graph, [doubleNegation, forgetAbs]);
    expect(rewrites.map(({ rule }) => rule)).toEqual(['forget', 'double-negation']);
    expect(refusals).toEqual([]);
  });

  it('tries both orders of a commutative kernel, and revises choices', () => {
    const half = (b: GraphBuilder) => b.scalar(0.5);
    const match = op('Multiply', [any('x'), op('Add', [any('x'), near(0.5)])]);
    const rule: FusionRule = {
      name: 'r',
      equation: '',
      match,
      rewrite: (m, b) => b.op('Abs', [m.value('x')]),
    };
    for (const write of [
      (b: GraphBuilder, x: Value) => b.op('Multiply', [b.op('Add', [half(b), x]), x]),
      (b: GraphBuilder, x: Value) => b.op('Multiply', [x, b.op('Add', [x, half(b)])]),
    ]) {
      const graph = graphOf((b, x) => [write(b, x)]);
      applyRules(graph, [rule]);
      expect(kernels(graph)).toEqual(['Abs']);
    }
  });

  it('matches alternatives, and captures only where it got to', () => {
    const found: boolean[] = [];
    const rule: FusionRule = {
      name: 'r',
      equation: '',
      match: op('Relu', [oneOf(op('Add', [any('x'), constant('c')]), any('x'))]),
      check: (match) => {
        found.push(match.find('c') !== undefined);
        return 'never';
      },
      rewrite: (match) => match.value('x'),
    };
    const graph = graphOf((b, x) => [b.op('Relu', [b.op('Add', [x, b.scalar(1)])])]);
    applyRules(graph, [rule]);
    expect(found).toEqual([true, false]);
  });

  it('refuses a replacement of another shape, and leaves nothing behind', () => {
    const rule: FusionRule = {
      ...doubleNegation,
      rewrite: (match, b) => b.op('Abs', [b.reshape(match.value('x'), [6])]),
    };
    const graph = graphOf((b, x) => [b.op('Neg', [b.op('Neg', [x])])]);
    const { refusals } = applyRules(graph, [rule]);
    expect(refusals[0].reason).toBe('its replacement is float32 [6], not float32 [2,3]');
    expect(graph.nodes.map(({ kernel }) => kernel)).toEqual(['Neg', 'Neg']);
  });

  it('takes an operand that does not fit as a refusal', () => {
    const rule: FusionRule = {
      ...doubleNegation,
      rewrite: (match, b) => b.op('Add', [match.value('x'), b.hostConstant([4], 'float32', [1])]),
    };
    const graph = graphOf((b, x) => [b.op('Neg', [b.op('Neg', [x])])]);
    expect(applyRules(graph, [rule]).refusals[0].reason).toMatch(/do not broadcast/);
  });

  it('keeps the nodes sorted', () => {
    const graph = graphOf((b, x) => {
      const y = b.op('Relu', [b.op('Neg', [b.op('Neg', [x])])]);
      return [b.op('Add', [y, x])];
    });
    const late: FusionRule = {
      ...doubleNegation,
      rewrite: (match, b) => b.op('Abs', [b.op('Abs', [match.value('x')])]),
    };
    applyRules(graph, [late]);
    expect(graph.nodes.map(({ kernel }) => kernel)).toEqual(['Abs', 'Abs', 'Relu', 'Add']);
  });

  it('stops rules that undo each other', () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    const flip = (name: string, from: string, to: string): FusionRule => ({
      name,
      equation: `${from} ⇒ ${to}`,
      match: op(from, [any('x')]),
      rewrite: (match, b) => b.op(to, [match.value('x')]),
    });
    const graph = graphOf((b, x) => [b.op('Abs', [x])]);
    applyRules(graph, [flip('there', 'Abs', 'Neg'), flip('back', 'Neg', 'Abs')]);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('there, back'));
    warn.mockRestore();
  });

  it('tries rules in proportion to the nodes', () => {
    const tried = (layers: number): number => {
      const graph = graphOf((b, x) => {
        let y = x;
        for (let i = 0; i < layers; i++) y = b.op('Relu', [b.op('Add', [y, b.scalar(i)])]);
        return [y];
      });
      return rewriteGraph(graph).statistics.reduce((sum, rule) => sum + rule.tried, 0);
    };
    expect(tried(4000)).toBeLessThan(2.1 * tried(2000));
  });
});

describe('registerFusion', () => {
  it('adds a rule, refuses a second of the name, and takes it back', () => {
    const unregister = registerFusion(doubleNegation);
    expect(allRules()[0].name).toBe('double-negation');
    expect(() => registerFusion(doubleNegation)).toThrow(/'double-negation', which exists/);
    unregister();
    expect(allRules().map(({ name }) => name)).not.toContain('double-negation');
  });
});
