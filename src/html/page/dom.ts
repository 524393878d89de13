/** Elements of the page. */

type Child = Node | string | null;
type ElementAttributes = Readonly<Record<string, string | number | ((event: Event) => void)>>;

const SVG = 'http://www.w3.org/2000/svg';

/** An element of HTML: attributes, listeners (`onclick`), children. */
export function el(
  tag: string,
  attributes: ElementAttributes = {},
  ...children: Child[]
): HTMLElement {
  return fill(document.createElement(tag), attributes, children);
}

/** The same of SVG. */
export function svg(
  tag: string,
  attributes: ElementAttributes = {},
  ...children: Child[]
): SVGElement {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill<T extends Element>(
  element: T,
  attributes: ElementAttributes,
  children: readonly Child[],
): T {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** A section with a heading, and a line that says what is seen. */
export function section(title: string, says: string, ...children: Child[]): HTMLElement {
  return el('section', {}, el('h2', {}, title), el('p', { class: 'says' }, says), ...children);
}

/** A table; cells that are numbers stand to the right. */
export function table(head: readonly string[], rows: readonly (readonly Child[])[]): HTMLElement {
  const isNumeric = (text: Child): boolean => typeof text === 'string' && /^[\d–]/.test(text);
  const cell = (child: Child): HTMLElement =>
    el('td', isNumeric(child) ? { class: 'number' } : {}, child);
  return el(
    'div',
    { class: 'scroll' },
    el(
      'table',
      {},
      el('thead', {}, el('tr', {}, ...head.map((text) => el('th', {}, text)))),
      el('tbody', {}, ...rows.map((row) => el('tr', {}, ...row.map(cell)))),
    ),
  );
}

/** What stands in a cell, and what it is sorted by. */
export interface SortedCell {
  readonly text: string | HTMLElement;
  readonly key: string | number;
}

/** Rows that are seen before somebody asks for all. */
const FIRST_ROWS = 15;

/** A table that is sorted by the column whose head is chosen; the largest numbers come first. */
export function sortedTable(
  head: readonly string[],
  rows: readonly (readonly SortedCell[])[],
  by: number,
): HTMLElement {
  const place = el('div');
  let [column, direction, count] = [by, -1, FIRST_ROWS];
  const draw = (): void => {
    const compare = ({ key: a }: SortedCell, { key: b }: SortedCell): number =>
      a < b ? -1 : a > b ? 1 : 0;
    const sorted = [...rows].sort((a, b) => direction * compare(a[column], b[column]));
    const shown = table(
      head,
      sorted.slice(0, count).map((row) => row.map(({ text }) => text)),
    );
    shown.querySelectorAll('th').forEach((th, at) => {
      const choose = (): void => {
        direction = at === column ? -direction : typeof rows[0]?.[at].key === 'number' ? -1 : 1;
        column = at;
        draw();
      };
      const button = el('button', { type: 'button', class: 'sort', onclick: choose }, head[at]);
      th.replaceChildren(button);
      if (at === column) th.setAttribute('aria-sort', direction < 0 ? 'descending' : 'ascending');
    });
    const showAll = (): void => {
      count = Infinity;
      draw();
    };
    const more = el('button', { type: 'button', onclick: showAll }, `All ${rows.length}`);
    place.replaceChildren(shown, ...(rows.length > count ? [more] : []));
  };
  draw();
  return place;
}

export function formatBytes(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`;
  return bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** The end of a long name, which tells more than its beginning. */
export function shorten(name: string, most: number): string {
  return name.length <= most ? name : `…${name.slice(1 - most)}`;
}

/** Hues of kernel families; others have one by their name. */
const HUES: Readonly<Record<string, number>> = {
  ...{ conv2d: 212, 'conv2d-direct': 222, depthwise: 176, 'depthwise-pointwise': 192 },
  ...{ matmul: 262, 'dense-chain': 278, attention: 348, softmax: 322, normalize: 14 },
  ...{ map: 92, reduce: 40, pool: 54 },
};

export function hueOf(name: string): number {
  let hash = 7;
  for (const char of name) hash = (hash * 31 + char.charCodeAt(0)) % 360;
  return HUES[name] ?? hash;
}
