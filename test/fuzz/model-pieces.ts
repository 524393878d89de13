/** Pieces of random graph models: each adds nodes to a graph, some of which read what is there already. */
import * as tf from '@tensorflow/tfjs-core';
import { refKey } from '../../src/graph-model/graph-def';
import { opCases, type OpCase } from '../unit/graph-model/support/op-cases';
import { elements } from '../unit/graph-model/support/run-case';
import { attr, TestGraph, wave } from '../unit/graph-model/support/test-graph';

/** A model while it grows. */
export class ModelDraft {
  readonly graph = new TestGraph();
  readonly fed: Record<string, tf.Tensor> = {};
  /** What can be read: `name`, or `name:k`. */
  readonly refs: string[] = [];
  private count = 0;

  name(what: string): string {
    return `${what}${this.count++}`;
  }

  /** One of the values that are there, as float32; a fed one where there is none. */
  float(pick: number): string {
    const ref = this.refs.length > 0 ? this.refs[pick % this.refs.length] : this.feed([2, 3]);
    return this.node('Cast', [ref], { DstT: attr.type('float32') });
  }

  feed(shape: readonly number[], dtype: 'float32' | 'int32' | 'bool' = 'float32'): string {
    const values = elements({ kind: 'fed', shape, dtype }, this.count);
    return this.feedValues(values, shape, dtype);
  }

  feedValues(
    values: readonly number[],
    shape: readonly number[],
    dtype: 'float32' | 'int32' | 'bool',
  ): string {
    const name = this.name('x');
    this.fed[name] = tf.tensor([...values], [...shape], dtype);
    return this.graph.placeholder(name, dtype, shape);
  }

  node(
    op: string,
    inputs: readonly string[],
    attrs: Parameters<TestGraph['node']>[3] = {},
  ): string {
    return this.graph.node(this.name(op.toLowerCase()), op, inputs, attrs);
  }

  /** Adds what can be read. */
  add(...refs: readonly string[]): void {
    this.refs.push(...refs);
  }
}

/** Adds to a draft, steered by two numbers. */
export type Piece = (draft: ModelDraft, a: number, b: number) => void;

const cases = opCases.filter(({ operands }) => operands.some(({ kind }) => kind === 'fed'));

/** One op with operands of its own, of which one depends on something else, as far as it is a float. */
const op: Piece = (draft, a, b) => {
  const test: OpCase = cases[a % cases.length];
  const link = b % 2 === 0 && draft.refs.length > 0 ? draft.node('Mean', [flat(draft, b), draft.graph.ints([0])]) : null; // prettier-ignore
  const inputs = test.operands.map((operand, at) => {
    const values = elements(operand, at);
    if (operand.kind === 'weight')
      return draft.graph.constant(values, operand.shape, operand.dtype);
    const x = draft.feedValues(values, operand.shape, operand.dtype);
    return link && operand.dtype === 'float32' ? draft.node('AddV2', [x, link]) : x;
  });
  const y = draft.node(test.op, inputs, test.attrs);
  draft.add(...Array.from({ length: test.outputs ?? 1 }, (_, k) => refKey(y, k)));
};

function flat(draft: ModelDraft, pick: number): string {
  return draft.node('Reshape', [draft.float(pick), draft.graph.ints([-1])]);
}

const UNARY = ['Abs', 'Neg', 'Relu', 'Square', 'Tanh', 'Sigmoid', 'Softplus', 'Identity', 'Floor'];
const unary: Piece = (draft, a, b) => {
  draft.add(draft.node(UNARY[a % UNARY.length], [draft.float(b)]));
};

const BINARY = ['AddV2', 'Mul', 'Sub', 'Maximum', 'SquaredDifference'];
/** Something and the mean of something else. */
const binary: Piece = (draft, a, b) => {
  const mean = draft.node('Mean', [flat(draft, a), draft.graph.ints([0])]);
  draft.add(draft.node(BINARY[(a + b) % BINARY.length], [draft.float(b), mean]));
};

/** Ops of several outputs, which are asked for by number. */
const several: Piece = (draft, a, b) => {
  const rows = draft.node('AddV2', [draft.feed([3, 4]), draft.graph.constant(0.5)]);
  const y =
    a % 2
      ? draft.node('Unpack', [rows], { axis: attr.i(0), num: attr.i(3) })
      : draft.node('Split', [draft.graph.ints(b % 2), b % 2 ? draft.node('Transpose', [rows, draft.graph.ints([1, 0])]) : rows], { num_split: attr.i(3) }); // prettier-ignore
  draft.add(y, refKey(y, 1), refKey(y, 2));
};

/** TF1: a condition that is fed, and what becomes of a value in either case. */
const condition: Piece = (draft, a, b) => {
  const x = draft.float(b);
  const p = draft.feedValues([a % 2], [], 'bool');
  const branch = draft.node('Switch', [x, p]);
  const no = draft.node(UNARY[a % UNARY.length], [branch]);
  const yes = draft.node('Exp', [draft.node('ClipByValue', [refKey(branch, 1), draft.graph.constant(-3), draft.graph.constant(3)])]); // prettier-ignore
  draft.add(draft.node('Merge', [no, yes]));
};

const FLOAT = 'DT_FLOAT';
const arg = (name: string, type = FLOAT) => ({ name, type });
const functionOf = (name: string) => ({ func: { name } }) as never;

/** TF2: an `If` of functions. */
const branchOfFunctions: Piece = (draft, a, b) => {
  const name = draft.name('branch');
  const body = (suffix: string, op: string) => ({
    signature: { name: `${name}_${suffix}`, inputArg: [arg('a')], outputArg: [arg('r')] },
    nodeDef: [
      { name: 'first', op, input: ['a'] },
      { name: 'second', op: 'Tanh', input: ['first:y:0'] },
    ],
    ret: { r: 'second:y:0' },
  });
  draft.graph.functions.push(body('then', UNARY[a % 5]), body('else', 'Softplus'));
  const p = draft.feedValues([b % 2], [], 'bool');
  const attrs = {
    then_branch: functionOf(`${name}_then`),
    else_branch: functionOf(`${name}_else`),
  };
  draft.add(draft.node('StatelessIf', [p, draft.float(b)], attrs));
};

/** TF2: a `While` of functions, three turns at most. */
const loop: Piece = (draft, a, b) => {
  const name = draft.name('loop');
  const inputArg = [arg('count', 'DT_INT32'), arg('i', 'DT_INT32'), arg('x')];
  const one = draft.graph.constant(1, [], 'int32', `${name}_one`);
  draft.graph.functions.push(
    {
      signature: { name: `${name}_cond`, inputArg, outputArg: [arg('go', 'DT_BOOL')] },
      nodeDef: [{ name: 'less', op: 'Less', input: ['i', 'count'] }],
      ret: { go: 'less:z:0' },
    } as never,
    {
      signature: {
        name: `${name}_body`,
        inputArg,
        outputArg: inputArg.map(({ name: input, type }) => arg(`${input}_out`, type)),
      },
      nodeDef: [
        { name: one, op: 'Const', attr: { dtype: attr.type('int32') } },
        { name: 'i_next', op: 'AddV2', input: ['i', `${one}:output:0`] },
        { name: 'bent', op: UNARY[a % 6], input: ['x'] },
        { name: 'next', op: 'Sigmoid', input: ['bent:y:0'] },
      ],
      ret: { count_out: 'count', i_out: 'i_next:z:0', x_out: 'next:y:0' },
    } as never,
  );
  const state = [draft.feedValues([b % 4], [], 'int32'), draft.graph.ints(0), draft.float(b)];
  const attrs = { cond: functionOf(`${name}_cond`), body: functionOf(`${name}_body`) };
  draft.add(refKey(draft.node('StatelessWhile', state, attrs), 2));
};

/** Words, which are hashed and looked up. */
const words: Piece = (draft, a) => {
  const name = draft.name('words');
  draft.fed[name] = tf.tensor1d(['a', 'bc', '', 'größer'].slice(0, 1 + (a % 4)), 'string');
  draft.graph.placeholder(name, 'string', [-1]);
  const hash = draft.node('StringToHashBucketFast', [name], { num_buckets: attr.i(5) });
  const table = draft.graph.constant(wave(15), [5, 3]);
  draft.add(draft.node('GatherV2', [table, hash, draft.graph.ints(0)]));
};

/** What depends on values: how many elements there are. */
const picked: Piece = (draft, a, b) => {
  const x = flat(draft, b);
  const where = draft.node('Where', [draft.node('GreaterEqual', [x, draft.graph.constant(-9)])]);
  const indices = draft.node('Squeeze', [where], { squeeze_dims: attr.ints([1]) });
  draft.add(draft.node(UNARY[a % 5], [draft.node('GatherV2', [x, indices, draft.graph.ints(0)])]));
};

/** A value that waits for another one. */
const ordered: Piece = (draft, a, b) => {
  const before = draft.node('Abs', [draft.float(a)]);
  draft.add(draft.node('Identity', [draft.float(b), `^${before}`]));
};

/** By kind, as often as it stands here. */
export const PIECES: readonly (readonly [name: string, piece: Piece])[] = [
  ['op', op],
  ['op', op],
  ['op', op],
  ['op', op],
  ['unary', unary],
  ['unary', unary],
  ['binary', binary],
  ['binary', binary],
  ['several', several],
  ['condition', condition],
  ['if', branchOfFunctions],
  ['while', loop],
  ['words', words],
  ['picked', picked],
  ['ordered', ordered],
];
