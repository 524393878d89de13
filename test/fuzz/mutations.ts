/** What may be wrong with a graph model: its nodes, their attributes and inputs, its weights. */
import type { AttrValue, NodeDef } from '../../src/graph-model/graph-def';

export interface Mutation {
  readonly kind: keyof typeof MUTATIONS;
  readonly node: number;
  readonly which: number;
  readonly value: number;
}

/** Values of attributes that nobody should write. */
const VALUES: readonly AttrValue[] = [
  { i: '0' },
  { i: '-1' },
  { i: '2' },
  { i: '2147483647' },
  { i: 'many' },
  { f: NaN },
  { f: -1 },
  { f: 1e30 },
  { s: btoa('SIDEWAYS') },
  { s: btoa('VALID') },
  { s: '' },
  { b: true },
  { b: false },
  { list: {} },
  { list: { i: [] } },
  { list: { i: ['0', '0', '0', '0'] } },
  { list: { i: ['1', '2', '2', '1'] } },
  { list: { i: ['1', '-1', '-1', '1'] } },
  { list: { i: ['1', '1000000', '1000000', '1'] } },
  { list: { i: ['0', '1'] } },
  { list: { i: ['7'] } },
  { list: { s: [btoa('Relu')] } },
  { type: 'DT_INT32' },
  { type: 'DT_BOOL' },
  { type: 'DT_STRING' },
  { type: 'DT_COMPLEX64' },
  { type: 99 },
  { shape: { dim: [{ size: 0 }] } },
  { shape: { dim: [{ size: -5 }] } },
  { shape: { unknownRank: true } },
  {},
];

const own = (nodes: readonly NodeDef[]): NodeDef[] =>
  nodes.filter(({ op }) => op !== 'Placeholder' && op !== 'Const');

/** A node that computes something. */
function nodeOf(nodes: readonly NodeDef[], n: number): NodeDef {
  const all = own(nodes);
  return all[n % all.length];
}

function replace(nodes: NodeDef[], node: NodeDef, by: Partial<NodeDef>): void {
  nodes[nodes.indexOf(node)] = { ...node, ...by };
}

const OPS = ['Relu', 'MatMul', 'Conv2D', 'ConcatV2', 'Sum', 'NoSuchOp', 'Placeholder', 'Const'];

/** What each kind does to nodes, of a model that nobody else has. */
const MUTATIONS = {
  attribute(nodes: NodeDef[], { node: n, which, value }: Mutation) {
    const node = nodeOf(nodes, n);
    const names = Object.keys(node.attr ?? {});
    const name = names[which % names.length];
    if (name)
      replace(nodes, node, { attr: { ...node.attr, [name]: VALUES[value % VALUES.length] } });
  },
  missingAttribute(nodes: NodeDef[], { node: n, which }: Mutation) {
    const node = nodeOf(nodes, n);
    const names = Object.keys(node.attr ?? {});
    const gone = names[which % names.length];
    const attr = Object.fromEntries(
      Object.entries(node.attr ?? {}).filter(([name]) => name !== gone),
    );
    replace(nodes, node, { attr });
  },
  otherInput(nodes: NodeDef[], { node: n, which, value }: Mutation) {
    const node = nodeOf(nodes, n);
    const input = node.input ?? [];
    const other = nodes[value % nodes.length].name;
    replace(nodes, node, {
      input: input.map((name, i) => (i === which % input.length ? other : name)),
    });
  },
  /** Reads its own result, or that of a node behind it. */
  cycle(nodes: NodeDef[], { node: n, which, value }: Mutation) {
    const node = nodeOf(nodes, n);
    const at = nodes.indexOf(node);
    const behind = nodes.slice(at);
    const input = node.input ?? [];
    const other = behind[value % behind.length].name;
    replace(nodes, node, {
      input: input.map((name, i) => (i === which % input.length ? other : name)),
    });
  },
  outputOfNone(nodes: NodeDef[], { node: n, which, value }: Mutation) {
    const node = nodeOf(nodes, n);
    const input = node.input ?? [];
    const ref = (name: string) => [`${name}:7`, `${name}:-1`, 'nobody', ''][value % 4];
    replace(nodes, node, {
      input: input.map((name, i) => (i === which % input.length ? ref(name) : name)),
    });
  },
  fewerInputs(nodes: NodeDef[], { node: n }: Mutation) {
    const node = nodeOf(nodes, n);
    replace(nodes, node, { input: node.input?.slice(0, -1) });
  },
  moreInputs(nodes: NodeDef[], { node: n, value }: Mutation) {
    const node = nodeOf(nodes, n);
    replace(nodes, node, { input: [...(node.input ?? []), nodes[value % nodes.length].name] });
  },
  otherOp(nodes: NodeDef[], { node: n, value }: Mutation) {
    replace(nodes, nodeOf(nodes, n), { op: OPS[value % OPS.length] });
  },
  sameName(nodes: NodeDef[], { node: n, value }: Mutation) {
    replace(nodes, nodeOf(nodes, n), { name: nodes[value % nodes.length].name });
  },
  /** A constant that no weight stands behind: its node stays, or goes. */
  missingWeight(nodes: NodeDef[], { value, which }: Mutation) {
    const constants = nodes.filter(({ op }) => op === 'Const');
    const one = constants[value % constants.length] as NodeDef | undefined;
    if (!one) return;
    if (which % 2) nodes.splice(nodes.indexOf(one), 1);
    else replace(nodes, one, { name: `${one.name}_lost` });
  },
  missingNode(nodes: NodeDef[], { node: n }: Mutation) {
    nodes.splice(nodes.indexOf(nodeOf(nodes, n)), 1);
  },
  noAttributes(nodes: NodeDef[], { node: n }: Mutation) {
    replace(nodes, nodeOf(nodes, n), { attr: undefined });
  },
} as const;

/** Changes nodes, as long as any compute something. */
export function mutate(nodes: NodeDef[], mutation: Mutation): void {
  if (own(nodes).length > 0) MUTATIONS[mutation.kind](nodes, mutation);
}

export const MUTATION_KINDS = Object.keys(MUTATIONS) as readonly (keyof typeof MUTATIONS)[];
