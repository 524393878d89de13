/** What is drawn: dispatches and ops of tfjs, the nodes of the model that each computes, and what flows. */
import type { NodeFate } from '../../graph-model';
import type { FlushData, KernelData, PlanData, ReportData } from '../report-data';

/** A box of the graph: a dispatch, an op that tfjs runs, or an input of the model. */
export interface GraphUnit {
  readonly id: string;
  readonly kind: 'kernel' | 'stock' | 'input';
  readonly title: string;
  /** Of a dispatch: its kernel, the plan, and which of the plan's dispatches it is. */
  readonly kernel?: KernelData;
  readonly plan?: PlanData;
  readonly at?: number;
  /** Of what was flushed: which flushes it is of. */
  readonly flush?: FlushData;
  /** Nodes of the model that are shown inside. */
  readonly members: NodeFate[];
}

export interface Units {
  readonly all: readonly GraphUnit[];
  /** The box in which a node of the model is shown. */
  readonly homes: ReadonlyMap<string, GraphUnit>;
  readonly nodes: ReadonlyMap<string, NodeFate>;
  /** Which box reads what which other one gives. */
  readonly flows: readonly (readonly [from: GraphUnit, to: GraphUnit])[];
}

export function nodeOf(ref: string): string {
  return ref.replace(/:\d+$/, '');
}

export function unitsOf({ nodes, plans, flushes }: ReportData): Units {
  const flushOfPlan = flushes.filter(({ hasPlan }) => hasPlan);
  const flushOfNode = flushes.flatMap((flush) => Array.from({ length: flush.nodes }, () => flush));
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const homes = new Map<string, GraphUnit>();
  const all: GraphUnit[] = [];
  plans.forEach((plan, p) => {
    plan.kernels.forEach((kernel, at) => {
      const id = `kernel ${p}.${at}`;
      const unit: GraphUnit = {
        id,
        kind: 'kernel',
        title: kernel.label,
        kernel,
        plan,
        at,
        flush: flushOfPlan.at(p),
        members: [],
      };
      all.push(unit);
      for (const origin of kernel.origins) {
        const node = byName.get(origin);
        if (node && !homes.has(origin)) place(node, unit, homes);
      }
    });
  });
  nodes.forEach((node, at) => {
    if (node.fate !== 'stock') return;
    const unit: GraphUnit = {
      id: `op ${node.name}`,
      kind: 'stock',
      title: node.op,
      flush: flushOfNode.at(at),
      members: [],
    };
    all.push(unit);
    place(node, unit, homes);
  });
  placeFolded(nodes, homes);
  const flows = new Map<string, readonly [GraphUnit, GraphUnit]>();
  const flow = (from: GraphUnit, to: GraphUnit): void => {
    if (from !== to) flows.set(`${from.id}\n${to.id}`, [from, to]);
  };
  const inputs = new Map<string, GraphUnit>();
  const inputOf = (name: string): GraphUnit => {
    const unit = inputs.get(name) ?? { id: `in ${name}`, kind: 'input', title: name, members: [] };
    inputs.set(name, unit);
    return unit;
  };
  for (const unit of all) {
    const { kernel, plan, at } = unit;
    if (!kernel || !plan || at === undefined) continue;
    for (const read of kernel.reads) {
      const { kind, name } = plan.values[read];
      if (kind === 'input') flow(homes.get(nodeOf(name)) ?? inputOf(name), unit);
      for (const before of all) {
        const writes = before.plan === plan && (before.at as number) < at;
        if (writes && before.kernel?.writes.includes(read)) flow(before, unit);
      }
    }
  }
  for (const node of nodes) {
    const unit = homes.get(node.name);
    if (unit?.kind !== 'stock') continue;
    for (const input of node.inputs) {
      const from = homes.get(nodeOf(input)) ?? inputs.get(nodeOf(input));
      if (from) flow(from, unit);
    }
  }
  all.unshift(...inputs.values());
  return { all, homes, nodes: byName, flows: [...flows.values()] };
}

function place(node: NodeFate, unit: GraphUnit, homes: Map<string, GraphUnit>): void {
  homes.set(node.name, unit);
  unit.members.push(node);
}

/** Nodes that cost nothing are shown with what reads them, or else with what they read. */
function placeFolded(nodes: readonly NodeFate[], homes: Map<string, GraphUnit>): void {
  const readers = new Map<string, string[]>();
  for (const { name, inputs } of nodes) {
    for (const input of inputs) {
      const from = nodeOf(input);
      readers.set(from, [...(readers.get(from) ?? []), name]);
    }
  }
  const homeless = nodes.filter(({ name }) => !homes.has(name)).reverse();
  for (const near of [
    ({ name }: NodeFate) => readers.get(name) ?? [],
    ({ inputs }: NodeFate) => inputs.map(nodeOf),
  ]) {
    for (const node of homeless) {
      if (homes.has(node.name)) continue;
      const neighbour = near(node).find((name) => homes.get(name)?.kind === 'kernel');
      const home = neighbour === undefined ? undefined : homes.get(neighbour);
      if (home) place(node, home, homes);
    }
  }
}
