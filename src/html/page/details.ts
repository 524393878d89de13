/** What is known of a dispatch, or of a node, beside the graph. */
import type { NodeFate } from '../../graph-model';
import type { KernelData, PlanData, ReportData } from '../report-data';
import { el, formatBytes } from './dom';
import { nodeLabel } from './graph-view';
import { showShader } from './shader';
import { formatMs } from './times';
import type { GraphUnit, Units } from './units';

/** What the panel asks the graph to do. */
export interface DetailsListener {
  reveal(target: GraphUnit | NodeFate): void;
  toggle(unit: GraphUnit): void;
}

export class Details {
  readonly element = el('aside', { class: 'details', 'aria-live': 'polite' });

  constructor(
    private readonly data: ReportData,
    private readonly units: Units,
    private readonly listener: DetailsListener,
  ) {}

  showUnit(unit: GraphUnit): void {
    const { kernel, plan, members } = unit;
    if (kernel && plan) this.fill(...this.ofKernel(unit, kernel, plan));
    else if (members.length > 0) this.showNode(members[0]);
    else this.fill(heading(unit.title, 'input of the model'));
  }

  showNode(node: NodeFate): void {
    const home = this.units.homes.get(node.name);
    const what = {
      fused: 'computed by a fused dispatch',
      folded: 'costs no dispatch: known once shapes are, or another view of the same',
      stock: 'stays with tfjs',
    }[node.fate];
    this.fill(
      heading(node.op, what),
      el('p', { class: 'name' }, node.name),
      facts([
        ['gives', node.shape ? `${node.dtype} [${node.shape.join(', ')}]` : undefined],
        ['reads', node.inputs.join(', ')],
        ['stock', `${dispatches(node.stock.dispatches)}, ${formatBytes(node.stock.bytes)}`],
        ['why', node.reason],
      ]),
      home && home.kind === 'kernel'
        ? el(
            'button',
            { type: 'button', onclick: () => this.goTo(home) },
            `Dispatch #${home.at}: ${home.title}`,
          )
        : null,
    );
  }

  private goTo(unit: GraphUnit): void {
    this.listener.reveal(unit);
    this.showUnit(unit);
  }

  private ofKernel(unit: GraphUnit, kernel: KernelData, plan: PlanData): (HTMLElement | null)[] {
    const { members } = unit;
    const sum = (of: (node: NodeFate) => number): number =>
      members.reduce((total, node) => total + of(node), 0);
    const before = sum(({ stock }) => stock.dispatches);
    const { choice, workgroups } = kernel;
    const buffers = (which: readonly number[]): HTMLElement =>
      el('ul', { class: 'buffers' }, ...which.map((number) => buffer(plan.values[number])));
    return [
      heading(kernel.label, `dispatch #${unit.at}, kernel family ${kernel.family}`),
      facts([
        ['dispatches', `about ${before} by stock, 1 here`],
        [
          'memory',
          `${formatBytes(sum(({ stock }) => stock.bytes))} by stock, ${formatBytes(kernel.bytes)} here`,
        ],
        ['time', kernel.ms === undefined ? undefined : formatMs(kernel.ms)],
        ['workgroups', workgroups.join(' × ')],
        [
          'computed by',
          choice && `${choice.candidate}, of ${choice.candidates} candidates (${choice.by})`,
        ],
      ]),
      members.length > 0
        ? el(
            'button',
            { type: 'button', onclick: () => this.listener.toggle(unit) },
            'Open or close it in the graph',
          )
        : null,
      el('h4', {}, `Nodes of the model (${kernel.origins.length})`),
      el('ul', { class: 'nodes' }, ...kernel.origins.map((name) => this.nodeItem(name))),
      el('h4', {}, 'Reads'),
      buffers(kernel.reads),
      el('h4', {}, 'Writes'),
      buffers(kernel.writes),
      el('h4', {}, 'Shader, and the op that each line computes'),
      showShader(
        this.data.shaders[kernel.shader],
        kernel.parts,
        `loops of ${kernel.family} itself`,
      ),
    ];
  }

  private nodeItem(name: string): HTMLElement {
    const node = this.units.nodes.get(name);
    if (!node) return el('li', {}, name);
    const show = (): void => {
      this.listener.reveal(node);
      this.showNode(node);
    };
    return el(
      'li',
      {},
      el('button', { type: 'button', class: 'link', title: name, onclick: show }, nodeLabel(node)),
      el('span', { class: 'says' }, node.op),
    );
  }

  private fill(...children: (HTMLElement | null | undefined)[]): void {
    this.element.replaceChildren(...children.filter((child) => child instanceof HTMLElement));
    this.element.scrollTop = 0;
    // Past the declarations, to what is computed.
    const shader = this.element.querySelector<HTMLElement>('.shader');
    const lines = [...this.element.querySelectorAll<HTMLElement>('.line')];
    const main = lines.find(({ textContent }) => textContent.includes('fn main('));
    if (shader && main) shader.scrollTop = main.offsetTop - shader.offsetTop - 40;
  }
}

function heading(title: string, says: string): HTMLElement {
  return el('header', {}, el('h3', {}, title), el('p', { class: 'says' }, says));
}

function facts(rows: readonly (readonly [string, string | undefined])[]): HTMLElement {
  const known = rows.filter(([, value]) => value);
  return el(
    'dl',
    {},
    ...known.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value ?? '')]),
  );
}

function buffer({ name, kind, shape, dtype, bytes }: PlanData['values'][number]): HTMLElement {
  return el(
    'li',
    { title: name },
    el('span', { class: `kind ${kind}` }, kind),
    ` ${dtype} [${shape.join(', ')}] `,
    el('span', { class: 'says' }, formatBytes(bytes)),
  );
}

function dispatches(count: number): string {
  return `${count} ${count === 1 ? 'dispatch' : 'dispatches'}`;
}
