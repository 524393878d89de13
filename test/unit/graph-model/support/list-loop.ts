import type { NodeDef } from '../../../../src/graph-model/graph-def';
import { attr, TestGraph } from './test-graph';

/** What a loop of {@link listLoop} is made of. */
export interface ListLoopOptions {
  /** Whether enough surrounds the loop to be worth a region. */
  readonly fusible: boolean;
  /** Whether the loop is in the body of another one, which runs once. */
  readonly nested?: boolean;
}

const INT = 'DT_INT32';
const FLOAT = 'DT_FLOAT';
const LIST = 'DT_VARIANT';

/** Inputs of both loops' functions: how often, how far, the next row, the list. */
const STATE: readonly (readonly [name: string, type: string])[] = [
  ['count', INT],
  ['i', INT],
  ['row', FLOAT],
  ['list', LIST],
];

const element = { element_dtype: attr.type('float32') };
const functionAttr = (name: string) => ({ func: { name } }) as never;
const loops = (name: string) => ({
  cond: functionAttr(`${name}_cond`),
  body: functionAttr(`${name}_body`),
});

/**
 * `list = []; while (i < count) { list[i] = −row; row += 1; i += 1 }`, then the list stacked:
 * each element must outlive the body that wrote it.
 */
export function listLoop({ fusible, nested = false }: ListLoopOptions): TestGraph {
  const graph = new TestGraph();
  graph.placeholder('x', 'float32', [-1]);
  graph.placeholder('count', 'int32', []);
  const shape = graph.constant([-1], [1], 'int32', 'shape');
  const zero = graph.constant(0, [], 'int32', 'zero');
  graph.constant(1, [], 'int32', 'one_more');
  graph.constant(1, [], 'float32', 'one');
  addLoop(graph, 'inner', [
    ['one', 'Const', [], { dtype: attr.type('float32') }],
    ['one_more', 'Const', [], { dtype: attr.type('int32') }],
    ['made', 'Neg', ['row']],
    ['set', 'TensorListSetItem', ['list', 'i', 'made:y:0'], element],
    ['next', 'AddV2', ['row', 'one:output:0']],
    ['i_next', 'AddV2', ['i', 'one_more:output:0']],
  ]);
  addLoop(graph, 'outer', [
    ['loop', 'StatelessWhile', STATE.map(([name]) => name), loops('inner')],
    ['set', 'Identity', ['loop:output:3']],
    ['next', 'Identity', ['loop:output:2']],
    ['i_next', 'Identity', ['loop:output:1']],
  ]);
  graph.node('row', 'Square', ['x']);
  if (fusible) graph.node('before', 'Abs', ['row']);
  graph.node('reserved', 'TensorListReserve', [shape, 'count'], element);
  const state = ['count', zero, fusible ? 'before' : 'row', 'reserved'];
  graph.node('loop', 'StatelessWhile', state, loops(nested ? 'outer' : 'inner'));
  graph.node('y', 'TensorListStack', ['loop:3', shape], {
    ...element,
    num_elements: attr.i(-1),
  });
  return graph;
}

/** Adds `name_cond` and `name_body`; the body's nodes `i_next`, `next` and `set` are its results. */
function addLoop(
  graph: TestGraph,
  name: string,
  body: readonly (readonly [string, string, readonly string[], NodeDef['attr']?])[],
): void {
  const inputArg = STATE.map(([input, type]) => ({ name: input, type }));
  const condition = {
    signature: {
      name: `${name}_cond`,
      inputArg,
      outputArg: [{ name: 'go', type: 'DT_BOOL' }],
    },
    nodeDef: [{ name: 'less', op: 'Less', input: ['i', 'count'] }],
    ret: { go: 'less:z:0' },
  };
  const step = {
    signature: {
      name: `${name}_body`,
      inputArg,
      outputArg: STATE.map(([input, type]) => ({ name: `${input}_out`, type })),
    },
    nodeDef: body.map(([node, op, input, given]) => ({
      name: node,
      op,
      input: [...input],
      attr: given,
    })),
    ret: {
      count_out: 'count',
      i_out: 'i_next:z:0',
      row_out: 'next:z:0',
      list_out: 'set:output_handle:0',
    },
  };
  graph.functions.push(condition, step);
}
