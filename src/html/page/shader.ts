/** The text of a shader, coloured, with the ops that its lines compute beside it. */
import type { PartRecord } from '../../report';
import { el, hueOf, shorten } from './dom';

const TOKEN =
  /(?<comment>\/\/.*)|(?<word>\b(?:fn|let|var|const|if|else|for|loop|while|break|continue|return|struct|switch|case|default|continuing)\b|@\w+)|(?<type>\b(?:f32|i32|u32|bool|vec[234]|array|mat\dx\d|atomic|storage|read_write|read|uniform|workgroup)\b)|(?<number>\b(?:0x[\da-f]+|\d+\.?\d*(?:e[-+]?\d+)?)[ufi]?\b)/gi;

/** @param own what lines of no part are of: the kernel's own loops. */
export function showShader(wgsl: string, parts: readonly PartRecord[], own: string): HTMLElement {
  const lines = wgsl.replace(/\n$/, '').split('\n');
  const partOf = new Map<number, PartRecord>();
  for (const part of parts) {
    for (let line = part.first; line <= part.last; line++) partOf.set(line, part);
  }
  const rows = lines.map((text, i) => {
    const part = partOf.get(i + 1);
    const isFirst = part !== partOf.get(i);
    const label = part && isFirst ? part.kernel : '';
    const title = part
      ? `${part.kernel}: ${part.origins.map((name) => shorten(name, 80)).join(', ')}`
      : own;
    return el(
      'div',
      part
        ? { class: 'line part', style: `--hue: ${hueOf(part.kernel)}`, title }
        : { class: 'line', title },
      el('span', { class: 'op' }, label),
      el('code', {}, ...highlight(text)),
    );
  });
  return el('div', { class: 'shader', tabindex: 0 }, ...rows);
}

function highlight(text: string): (Node | string)[] {
  const pieces: (Node | string)[] = [];
  let end = 0;
  for (const found of text.matchAll(TOKEN)) {
    pieces.push(text.slice(end, found.index));
    const [kind] = Object.entries(found.groups ?? {}).find(([, value]) => value) ?? [''];
    pieces.push(el('i', { class: kind }, found[0]));
    end = found.index + found[0].length;
  }
  return [...pieces, text.slice(end)];
}
