/** The elements of `index.html`, and small ones made here. */

/** The element of this id, which `index.html` has. */
export function byId<T extends HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no #${id}.`);
  return element as T;
}

/** An element with attributes and children. */
export function el(
  tag: string,
  attributes: Readonly<Record<string, string>> = {},
  ...children: (Node | string)[]
): HTMLElement {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** One of several choices. */
export interface Choice<T extends string> {
  value: T;
  label: string;
  /** Why it cannot be chosen. */
  missing?: string;
}

/** Radio buttons that look like a row of segments; returns how to set them from elsewhere. */
export function radioRow<T extends string>(
  box: HTMLElement,
  choices: readonly Choice<T>[],
  onChoose: (value: T) => void,
): (value: T) => void {
  const inputs = new Map<T, HTMLInputElement>();
  box.replaceChildren(
    ...choices.map(({ value, label, missing }) => {
      const input = el('input', { type: 'radio', name: box.id, value }) as HTMLInputElement;
      input.disabled = missing !== undefined;
      input.onchange = () => onChoose(value);
      inputs.set(value, input);
      return el(
        'label',
        { title: missing ?? '', 'data-name': value },
        input,
        el('span', {}, label),
      );
    }),
  );
  return (value) => {
    const input = inputs.get(value);
    if (input) input.checked = true;
  };
}

const probe = el('i', { hidden: '' });

/** The color that a custom property of the style sheet comes to, in the light or dark that is on. */
export function cssColor(name: string): string {
  if (!probe.isConnected) document.body.append(probe);
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

/** A count of bytes, for people. */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toPrecision(3)} MB`;

/** Milliseconds, for people. */
export const milliseconds = (value: number): string =>
  value < 10 ? `${value.toFixed(2)} ms` : `${value.toFixed(value < 100 ? 1 : 0)} ms`;

/** What an error says, on one line. */
export const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0];
