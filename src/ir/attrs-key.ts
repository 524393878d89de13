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
    // An expression shares its parts: written out as a tree, it could grow without bounds.
    key = JSON.stringify(entries, (_name, value: unknown) =>
      isExpr(value) ? expressionKey(value) : isNoJson(value) ? { number: numberKey(value) } : value,
    );
    known.set(attrs, key);
  }
  return key;
}

function isNoJson(value: unknown): value is number {
  return typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0));
}
