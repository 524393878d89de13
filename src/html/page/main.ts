/** The page of a report: reads the data beside this script, and draws it. */
import type { ReportData } from '../report-data';
import { Details } from './details';
import { el, formatBytes, section } from './dom';
import { GraphView } from './graph-view';
import { joinInputs } from './join-inputs';
import { memoryChart } from './memory-chart';
import { byFamily, tiles } from './overview';
import { refusals, rules } from './tables';
import { times } from './times';
import { unitsOf, type GraphUnit } from './units';

function draw(data: ReportData, page: HTMLElement): void {
  const units = joinInputs(unitsOf(data));
  const details: Details = new Details(data, units, {
    reveal: (target) => graph.reveal(target),
    toggle: (unit) => graph.toggle(unit),
  });
  const graph: GraphView = new GraphView(units, {
    showUnit: (unit) => details.showUnit(unit),
    showNode: (node) => details.showNode(node),
  });
  const show = (unit: GraphUnit): void => {
    graph.reveal(unit);
    details.showUnit(unit);
    graph.element.scrollIntoView({ behavior: 'smooth', block: 'center' });
  };
  const showDispatch = (plan: number, at: number): void => {
    const unit = units.all.find((each) => each.plan === data.plans[plan] && each.at === at);
    if (unit) show(unit);
  };
  const memory = data.plans.flatMap((plan, at) => {
    const { allocated, lowerBound, unshared, slabs } = plan.memory;
    if (slabs.length === 0) return [];
    const flush = data.flushes.filter(({ hasPlan }) => hasPlan).at(at);
    const part = flush?.name ?? `part ${at + 1}`;
    const name = data.plans.length > 1 ? `Memory of ${part}` : 'Memory';
    const says =
      `${formatBytes(allocated)} on ${slabs.length} slabs hold what would take ${formatBytes(unshared)} unshared; ` +
      `${formatBytes(lowerBound)} live at once. Each bar is an intermediate, from the dispatch that gives it to the last that reads it.`;
    return [
      section(
        name,
        says,
        memoryChart(plan, (dispatch) => showDispatch(at, dispatch)),
      ),
    ];
  });
  const sections = [
    el(
      'header',
      { class: 'top' },
      el('p', { class: 'brand' }, 'webgpu-fused'),
      el('h1', {}, data.title),
      el(
        'p',
        { class: 'says' },
        [data.subtitle, data.model].filter((text) => text && text !== data.title).join(' · '),
      ),
    ),
    tiles(data),
    section(
      'The graph',
      'After: one box a dispatch. Before: the nodes of the model, inside the dispatch that computes them. Choose a box to see what it computes; a double click opens it. Drag to move; pinch, or click and turn the wheel, to zoom.',
      el('div', { class: 'split' }, graph.element, details.element),
    ),
    times(data, units, show),
    byFamily(units),
    ...memory,
    rules(data),
    refusals(data),
    el(
      'footer',
      {},
      'Written by tfjs-backend-webgpu-fused. Dispatches and bytes of stock are estimates.',
    ),
  ];
  page.replaceChildren(...sections.filter((each) => each !== null));
  graph.start();
  const first = units.all.find(({ kind }) => kind === 'kernel');
  if (first) details.showUnit(first);
}

const text = document.getElementById('data')?.textContent ?? '';
draw(JSON.parse(text) as ReportData, document.getElementById('report') as HTMLElement);
