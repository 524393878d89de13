/**
 * The subpath `tfjs-backend-webgpu-fused/html`: a report on a model as one file of HTML, which opens
 * anywhere and needs nothing besides.
 */
import type { GraphModel } from '@tensorflow/tfjs-converter';
import { script, style } from 'webgpu-fused:page';
import { explain, type ModelExplanation } from '../graph-model';
import { reportFlushes, type Flushes } from './flushes';
import { reportData, type Reported } from './report-data';
import type { ReportedTimes } from './tell-times';

export type { Flushes } from './flushes';
export type { ReportedTimes } from './tell-times';
export { timeKernels, type KernelTime, type KernelTimes, type TimeOptions } from './time-kernels';

/** Options of {@link reportHtml}. */
export interface ReportOptions {
  /** In large letters, and of the tab; by default the model's name. */
  readonly title?: string;
  /** Below it, such as what the model was compiled for. */
  readonly subtitle?: string;
  /** What {@link timeKernels} told of calls on `webgpu-fused`, and of the same on `webgpu`. */
  readonly times?: ReportedTimes;
}

/**
 * Writes a report on a graph model, or on what ran of a layers model and other eager code: its graph before and after, each kernel's shader with the nodes that its
 * lines compute, rules that fired and fusions that were refused, dispatches and bytes beside stock's, the
 * memory of intermediates, and the time of kernels, where {@link timeKernels} measured it.
 *
 * ```js
 * await model.predict(x).data();
 * open(URL.createObjectURL(new Blob([reportHtml(model)], { type: 'text/html' })));
 * ```
 *
 * ```js
 * lastTrace(); // from here on
 * await layersModel.predict(x).data();
 * const html = reportHtml(lastTrace());
 * ```
 *
 * @param subject a graph model that has run on `webgpu-fused`, what `explain(model)` told of it, or what
 *   `lastTrace()` tells.
 * @throws Error as `explain` does, and if there is nothing to show.
 */
export function reportHtml(
  subject: GraphModel | ModelExplanation | Flushes | null,
  { title, subtitle = '', times }: ReportOptions = {},
): string {
  const told = toldOf(subject);
  const data = reportData(told, { title: title ?? nameOf(told.model), subtitle }, times);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(data.title)} · webgpu-fused</title>
<style>${style}</style>
</head>
<body>
<main id="report"><noscript>This report is drawn by the script in it.</noscript></main>
<script type="application/json" id="data">${escapeScript(JSON.stringify(data))}</script>
<script>${script}</script>
</body>
</html>
`;
}

function toldOf(subject: GraphModel | ModelExplanation | Flushes | null): Reported {
  const given = (subject ?? {}) as Partial<ModelExplanation & Flushes>;
  if (Array.isArray(given.regions)) return subject as ModelExplanation;
  if (Array.isArray(given.flushes) && given.flushes.length > 0) {
    return reportFlushes(subject as Flushes);
  }
  if (subject !== null && !given.flushes && !('layers' in given)) {
    return explain(subject as GraphModel);
  }
  const got = subject === null || given.flushes ? 'no flush' : 'a layers model';
  throw new Error(
    `[webgpu-fused] reportHtml: got ${got}; needs what ran: layers models and other eager code are fused ` +
      "while they run. Call it on 'webgpu-fused' with WEBGPU_FUSED_LAZY on, read the result, and pass lastTrace().",
  );
}

/** The last parts of an address that say something. */
function nameOf(model: string): string {
  const parts = model.split(/[/\\]/).filter((part) => part !== '' && part !== 'model.json');
  return parts.at(-1) ?? model;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** JSON that no `</script>` inside can end. */
function escapeScript(json: string): string {
  return json.replaceAll('<', '\\u003c');
}
