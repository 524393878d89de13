/** Attributes of a node as text: equal text, equal attributes. */
import { expressionKey, isExpr, numberKey } from './expression';
import type { Attrs } from './graph';

const known = new WeakMap<Attrs, string>();

/** A key of attributes, in whatever order they were given. */
export function attrsKey(attrs: Attrs): string {
  let key = known.get(attrs);
  if (key === undefined) {
    const entries = Object.entries(attrs);
    if (entries.length === 0) return '[]';
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    key = '';
    for (const [name, value] of entries) key += `${name}:${textOf(value)};`;
    known.set(attrs, key);
  }
  return key;
}

/** What is no number, truth value or list of numbers, as few attributes are, is written as JSON. */
function textOf(value: unknown): string {
  if (typeof value === 'number') return numberKey(value);
  if (typeof value === 'boolean') return String(value);
  if (Array.isArray(value) && value.every((item) => typeof item === 'number')) {
    return `[${value.map(numberKey).join()}]`;
  }
  // An expression shares its parts: written out as a tree, it could grow without bounds.
  return JSON.stringify(value, (_name, part: unknown) =>
    isExpr(part) ? expressionKey(part) : isNoJson(part) ? { number: numberKey(part) } : part,
  );
}

function isNoJson(value: unknown): value is number {
  return typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0));
}
