/** Flushes of a layers model, or of other eager code, in the form in which a graph model is explained. */
import type { FlushTrace } from '../eager/flush-trace';
import type { NodeFate, RefusalExplanation } from '../graph-model';
import { stockDispatches } from '../graph-model/stock-cost';
import type { InvocationRecord, PlanRecord } from '../report/record';
import type { Reported, ReportedPlan } from './report-data';
import { groupFlushes, nameFlushes } from './same-flushes';

/** What ran: `lastTrace()`, or what the program tells of a layers model. */
export interface Flushes {
  readonly model?: string;
  readonly flushes: readonly FlushTrace[];
}

/** What a name of a flush is called beside those of others. */
type Rename = (name: string) => string;

export function reportFlushes({ model = 'eager kernels', flushes }: Flushes): Reported {
  const parts = groupFlushes(flushes).map(({ flush, numbers }) => {
    const place = flushes.length > 1 ? `flush ${numbers[0]}/` : '';
    const part = reportFlush(flush, (name) => place + name);
    return { ...part, numbers, cost: costOf(part) };
  });
  const sum = (of: (cost: FlushCost) => number): number =>
    parts.reduce((total, { cost, numbers }) => total + numbers.length * of(cost), 0);
  return {
    model,
    nodes: parts.flatMap((part) => part.nodes),
    dispatches: {
      before: sum(({ before }) => before.dispatches),
      after: sum(({ after }) => after.dispatches),
    },
    bytes: { before: sum(({ before }) => before.bytes), after: sum(({ after }) => after.bytes) },
    regions: parts,
    flushes: parts.map(({ numbers, nodes, plan }) => ({
      ...{ name: nameFlushes(numbers), times: numbers.length, nodes: nodes.length },
      hasPlan: plan !== undefined,
    })),
    refused: [...parts.flatMap(({ refused }) => refused), ...flushes.flatMap(leftAtOnce)],
  };
}

type NodeCost = NodeFate['stock'];

interface FlushCost {
  readonly before: NodeCost;
  readonly after: NodeCost;
}

function costOf({ nodes, plan }: FlushPart): FlushCost {
  const sum = (costs: readonly NodeCost[]): NodeCost => ({
    dispatches: costs.reduce((total, { dispatches }) => total + dispatches, 0),
    bytes: costs.reduce((total, { bytes }) => total + bytes, 0),
  });
  const left = nodes.filter(({ fate }) => fate === 'stock').map(({ stock }) => stock);
  const kernels = plan?.kernels.map(({ bytes }) => ({ dispatches: 1, bytes })) ?? [];
  return { before: sum(nodes.map(({ stock }) => stock)), after: sum([...kernels, ...left]) };
}

/** Kernels that no flush held. */
function leftAtOnce({ left }: FlushTrace): RefusalExplanation[] {
  return left.map(({ kernel, reason }) => ({
    rule: 'tfjs',
    nodes: [kernel],
    reason: `ran at once: ${reason}`,
  }));
}

interface FlushPart {
  readonly nodes: readonly NodeFate[];
  readonly plan?: ReportedPlan;
  readonly refused: readonly RefusalExplanation[];
}

function reportFlush(flush: FlushTrace, rename: Rename): FlushPart {
  const { record } = flush;
  const plan = record && flush.plan !== 'stock' ? planOf(record, rename) : undefined;
  const kernels = new Map(
    plan?.kernels.flatMap((kernel) => kernel.origins.map((origin) => [origin, kernel])),
  );
  const invocations =
    flush.invocations.length > 0 ? flush.invocations : flush.kernels.map(unexplained);
  const nodes = invocations.map(({ name: short, op, inputs, shape, dtype, bytes }): NodeFate => {
    const name = rename(short);
    const kernel = kernels.get(name);
    const dispatches = stockDispatches(op);
    return {
      ...{ name, op, inputs: inputs.map(rename) },
      ...(dtype ? { shape, dtype } : {}),
      ...(kernel
        ? { fate: 'fused', into: kernel.label, rule: kernel.family }
        : plan
          ? { fate: 'folded' }
          : { fate: 'stock', reason: 'these kernels ran one by one: there is no plan for them' }),
      stock: { dispatches, bytes: dispatches > 0 ? bytes : 0 },
    };
  });
  const refused = flush.refused.map((each) => ({ ...each, nodes: each.nodes.map(rename) }));
  return { nodes, plan, refused };
}

/** Of a kernel for which no plan was tried, no more is known than its name. */
function unexplained(op: string, at: number): InvocationRecord {
  return { name: `${op}#${at}`, op, inputs: [], shape: [], dtype: '', bytes: 0 };
}

function planOf(record: PlanRecord, rename: Rename): ReportedPlan {
  let inputs = 0;
  return {
    ...record,
    kernels: record.kernels.map((kernel) => ({
      ...kernel,
      origins: kernel.origins.map(rename),
      parts: kernel.parts.map((part) => ({ ...part, origins: part.origins.map(rename) })),
    })),
    // What comes from outside of a flush has no name.
    values: record.values.map((value) => ({
      ...value,
      name: rename(value.kind === 'input' ? `input ${++inputs}` : value.name),
    })),
    rewrites: record.rewrites.map((each) => ({ ...each, nodes: each.nodes.map(rename) })),
  };
}
