/** Rules that fired, fusions that were not made, and what stays with tfjs. */
import type { RefusalRecord } from '../../report';
import type { ReportData } from '../report-data';
import { el, section, shorten, table } from './dom';

export function rules({ plans }: ReportData): HTMLElement | null {
  const nodes = new Map<string, string[][]>();
  const statistics = new Map<string, { tried: number; fired: number; refused: number }>();
  for (const plan of plans) {
    for (const rewrite of plan.rewrites) {
      nodes.set(rewrite.rule, [...(nodes.get(rewrite.rule) ?? []), [...rewrite.nodes]]);
    }
    for (const { rule, tried, fired, refused } of plan.rules) {
      const sum = statistics.get(rule) ?? { tried: 0, fired: 0, refused: 0 };
      sum.tried += tried;
      sum.fired += fired;
      sum.refused += refused;
      statistics.set(rule, sum);
    }
  }
  const fired = [...statistics].filter(([, { fired: count }]) => count > 0);
  if (fired.length === 0) return null;
  fired.sort(([, a], [, b]) => b.fired - a.fired);
  const rows = fired.map(([rule, { tried, fired: count, refused }]) => [
    el('code', {}, rule),
    ...[count, refused, tried].map(String),
    unfolded(nodes.get(rule) ?? []),
  ]);
  return section(
    'Rules that fired',
    'Rewrites of the graph before fusion: how often each fired, was refused for a reason, and was tried.',
    table(['rule', 'fired', 'refused', 'tried', 'nodes'], rows),
  );
}

export function refusals({ refused }: ReportData): HTMLElement | null {
  if (refused.length === 0) return null;
  const groups = new Map<string, RefusalRecord[]>();
  for (const refusal of refused) {
    const key = `${refusal.rule}\n${withoutNames(refusal.reason)}`;
    groups.set(key, [...(groups.get(key) ?? []), refusal]);
  }
  const sorted = [...groups.values()].sort((a, b) => b.length - a.length);
  const rows = sorted.map((same) => [
    String(same.length),
    el('code', {}, same[0].rule),
    same.every(({ reason }) => reason === same[0].reason)
      ? same[0].reason
      : withoutNames(same[0].reason),
    unfolded(same.map(({ nodes }) => [...nodes])),
  ]);
  return section(
    'Not fused, because',
    'Fusions that were considered and not made. Some of these reasons are what the model asks for; others a limit of this device.',
    table(['times', 'rule', 'reason', 'nodes'], rows),
  );
}

/** Reasons that differ in names only are one. */
function withoutNames(reason: string): string {
  return reason.replace(/%\d+|\([^\s()]+\)|[^\s(),]+\/[^\s(),]+/g, '…');
}

/** Lists of nodes, folded away. */
function unfolded(lists: readonly (readonly string[])[]): HTMLElement {
  const known = lists.filter(({ length }) => length > 0);
  if (known.length === 0) return el('span', {});
  const [first] = known[0];
  return el(
    'details',
    {},
    el('summary', {}, shorten(first, 36)),
    el('ul', {}, ...known.map((nodes) => el('li', {}, nodes.join(' · ')))),
  );
}
