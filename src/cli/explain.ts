/** The command `explain`: what is fused in a model and what is not, and why. No GPU is needed. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { formatTrace, type FlushTrace } from '../eager/flush-trace';
import type { AdapterClass } from '../fused-kernels/target';
import type { ModelExplanation } from '../graph-model';
import { formatBytes, formatPlan, formatRefusals } from '../report';
import type { Flushes, ReportedTimes } from '../html';
import { CliError, EXIT } from './cli-error';
import { explainGraph } from './explain-graph';
import { explainLayers, type LayersExplanation } from './explain-layers';
import type { InputShapes } from './loaded-model';
import type { Parts } from './parts';
import { readModel } from './model-files';
import { namingNodes } from './name-node';
import { groupBy } from './table';
import type { Terminal } from './terminal';
import { provideTimedBackends, timeSide, type TimedSide } from './time-sides';
import type { BackendName } from './use-backend';

export interface ExplainOptions {
  readonly adapter: AdapterClass;
  readonly input: InputShapes;
  readonly json?: boolean;
  readonly html?: string;
  readonly time?: boolean;
}

export async function explainCommand(
  source: string,
  { adapter, input, json, html, time }: ExplainOptions,
  terminal: Terminal,
  parts: Parts,
): Promise<number> {
  if (time) return explainTimed(source, { input, json, html }, terminal, parts);
  terminal.progress(`reading ${source}`);
  const files = await readModel(source);
  terminal.progress(`compiling for adapters of class ${adapter}`);
  if (files.kind === 'layers') {
    const told = await explainLayers(files, adapter, input, parts);
    if (html !== undefined) {
      if (told.flushes.length === 0) {
        throw new CliError('explain', {
          got: `${told.model}, of which no kernel waits for others`,
          needs: 'a flush to show',
          cure: 'Leave --html out.',
        });
      }
      await writeReport(
        html,
        told,
        `a warm call, on a device that computes nothing, for adapters of class ${adapter}`,
      );
    }
    if (json)
      terminal.json({ kind: 'layers', adapter, ...told, flushes: told.flushes.map(withoutTwice) });
    else if (html === undefined) terminal.print(formatLayers(told));
    else terminal.print(`wrote ${resolve(html)}`);
    return EXIT.ok;
  }
  const told = await namingNodes(files, () => explainGraph(files, adapter, input));
  if (html !== undefined) {
    await writeReport(html, told, `compiled for adapters of class ${adapter}`);
  }
  if (json) terminal.json({ kind: 'graph', adapter, ...told });
  else if (html === undefined) terminal.print(formatModel(told, adapter));
  else terminal.print(`wrote ${resolve(html)}`);
  return EXIT.ok;
}

/** What runs on this machine, with the time of each kernel in the report. */
async function explainTimed(
  source: string,
  { input, json, html }: Pick<ExplainOptions, 'input' | 'json' | 'html'>,
  terminal: Terminal,
  parts: Parts,
): Promise<number> {
  if (html === undefined || json) {
    throw new CliError('explain', {
      got: '--time without --html, or with --json',
      needs: 'a report to show times in',
      cure: 'Add --html report.html, or use trace, which prints and writes times.',
    });
  }
  terminal.progress(`reading ${source}`);
  const files = await readModel(source);
  const adapter = await provideTimedBackends('explain', parts);
  const side = (name: BackendName): Promise<TimedSide> => {
    terminal.progress(`${name}: warming up, then calls by kernel`);
    return namingNodes(files, () => timeSide('explain', files, name, input));
  };
  const { times: stock } = await side('webgpu');
  const { times: fused, told, flushes } = await side('webgpu-fused');
  await writeReport(html, told ?? { model: files.name, flushes }, `on ${adapter}`, {
    stock,
    fused,
  });
  terminal.print(`wrote ${resolve(html)}`);
  return EXIT.ok;
}

/** A flush whose groups and refusals are not in its record as well. */
function withoutTwice({ record, ...flush }: FlushTrace): object {
  return { ...flush, record: record && { ...record, kernels: undefined, refused: undefined } };
}

async function writeReport(
  file: string,
  told: ModelExplanation | Flushes,
  subtitle: string,
  times?: ReportedTimes,
): Promise<void> {
  const { reportHtml } = await import('../html');
  writeFileSync(file, reportHtml(told, { subtitle, times }));
}

/** Lines of nodes that stay with tfjs; the rest is counted. */
const MAX_REASONS = 12;

function formatModel(told: ModelExplanation, adapter: AdapterClass): string {
  const { model, dispatches, bytes, nodes, regions } = told;
  const lines = [
    `${model}, compiled for adapters of class ${adapter}`,
    `stock webgpu: about ${counted(dispatches.before)}, ${formatBytes(bytes.before)} through memory`,
    `fused:        ${counted(dispatches.after)}, ${formatBytes(bytes.after)} through memory`,
  ];
  regions.forEach(({ plan, nodes: count }, at) => {
    const name = regions.length === 1 ? 'the model' : `part ${at + 1} of ${regions.length}`;
    lines.push('', plan ? formatPlan(plan, { name }) : `${name}: ${count} nodes, all known before`);
  });
  const left = nodes.filter(({ fate }) => fate === 'stock');
  if (left.length > 0) lines.push('', `${left.length} nodes that tfjs runs, because:`);
  const refusals = left.map(({ name, reason = 'it has no plan' }) => ({
    rule: 'tfjs',
    nodes: [name],
    reason,
  }));
  lines.push(...formatRefusals(refusals, MAX_REASONS).map((line) => `  ${line}`));
  return lines.join('\n');
}

function counted(count: number, what = 'dispatch'): string {
  return `${count} ${count === 1 ? what : what.endsWith('h') ? `${what}es` : `${what}s`}`;
}

function formatLayers({ model, flushes, dispatches }: LayersExplanation): string {
  const lines = [
    `${model}, a layers model: a warm call on a device that computes nothing`,
    `stock webgpu: ${counted(dispatches.before, 'kernel')}`,
    `fused:        ${counted(dispatches.after)} in ${counted(flushes.length, 'flush')}`,
  ];
  for (const flush of flushes) {
    lines.push('', formatTrace({ ...flush, groups: [], refused: [], left: [] }, false));
    for (const [label, same] of groupBy(flush.groups, ({ label }) => label)) {
      lines.push(`  ${same.length}×  ${label}`);
    }
    lines.push(...formatRefusals(flush.refused).map((line) => `  not fused: ${line}`));
    for (const [reason, same] of groupBy(flush.left, (each) => `${each.kernel}: ${each.reason}`)) {
      lines.push(`  ran at once: ${same.length}×  ${reason}`);
    }
  }
  return lines.join('\n');
}
