/** The compiler's figures as a table, and which kernel of a case is judged. */
import { formatTable, NOTHING, short, type Column } from '../harness/report/format';
import type { KernelCase } from '../kernels/case';
import type { KernelStatistics } from './compiler';
import { figuresOf } from './ratchet';

/** The kernels of a case. */
export interface Row {
  readonly entry: KernelCase;
  readonly side: 'ours' | 'stock';
  /** The candidate that was taken instead of the rule's pick. */
  readonly candidate?: string;
  readonly kernels: readonly KernelStatistics[];
}

export function formatRows(rows: readonly Row[]): string {
  const lines = rows.flatMap(({ entry, side, candidate, kernels }) =>
    kernels.map((kernel, i) => ({ entry, side, candidate, i, kernel, figures: figuresOf(kernel) })),
  );
  type Line = (typeof lines)[number];
  const nameOf = ({ side, candidate, kernel }: Line): string =>
    side === 'stock' ? side : (candidate ?? kernel.label);
  const orNothing = (value: number | null): string => (value === null ? NOTHING : short(value));
  const columns: Column<Line>[] = [
    { title: 'case', cell: ({ entry, i }) => (i === 0 ? entry.name : '') },
    { title: '', cell: nameOf },
    { title: 'inst/FMA', cell: ({ figures }) => orNothing(figures.instructionsPerFma) },
    { title: 'whole', cell: ({ figures }) => orNothing(figures.wholePerFma) },
    { title: 'LDS/FMA', cell: ({ figures }) => orNothing(figures.sharedPerFma) },
    { title: 'B/FLOP', cell: ({ figures }) => orNothing(figures.bytesPerFlop) },
    {
      title: 'loads (wide)',
      cell: ({ kernel: { loops } }) =>
        loops ? `${loops.inner.loads} (${loops.inner.wideLoads})` : NOTHING,
    },
    { title: 'div', cell: ({ figures }) => String(figures.divisions) },
    { title: 'VGPR', cell: ({ figures }) => String(figures.vgprs) },
    { title: 'SGPR', cell: ({ figures }) => String(figures.sgprs) },
    { title: 'spills', cell: ({ figures }) => String(figures.spills) },
    { title: 'waves', cell: ({ figures }) => String(figures.waves) },
    { title: 'LDS', cell: ({ figures }) => String(figures.sharedBytes) },
    { title: 'barriers', cell: ({ figures }) => String(figures.barriers) },
    { title: 'workgroups', cell: ({ kernel }) => String(kernel.workgroups) },
  ];
  return formatTable(columns, lines);
}

/** The kernel of a case with most multiply-adds in its loop: the one that is judged. */
export function mainKernel(kernels: readonly KernelStatistics[]): KernelStatistics {
  const work = ({ loops }: KernelStatistics): number => loops?.inner.multiplyAdds ?? 0;
  return kernels.reduce((most, one) => (work(one) > work(most) ? one : most));
}
