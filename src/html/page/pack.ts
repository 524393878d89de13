/** Things of many sizes in rows, as words are set. */
import type { Point, Size } from './arrange';

export interface Packing<T> extends Size {
  readonly places: ReadonlyMap<T, Point>;
}

/** Places things in their order, in rows of a width that the widest may exceed; low ones stand under each other. */
export function pack<T>(things: ReadonlyMap<T, Size>, width: number, gap: number): Packing<T> {
  const places = new Map<T, Point>();
  const room = Math.max(width, ...[...things.values()].map((size) => size.width));
  let row = { y: 0, height: 0 };
  let column = { x: 0, y: 0, width: 0 };
  let reach = 0;
  for (const [thing, size] of things) {
    const fitsBelow =
      column.y > row.y &&
      column.y + size.height <= row.y + row.height &&
      size.width <= column.width;
    if (!fitsBelow) {
      const x = column.x + column.width + (column.width > 0 ? gap : 0);
      if (x + size.width <= room) {
        column = { x, y: row.y, width: size.width };
      } else {
        row = { y: row.y + row.height + gap, height: 0 };
        column = { x: 0, y: row.y, width: size.width };
      }
    }
    places.set(thing, { x: column.x, y: column.y });
    row.height = Math.max(row.height, column.y + size.height - row.y);
    column.y += size.height + gap;
    reach = Math.max(reach, column.x + size.width);
  }
  return { width: reach, height: row.y + row.height, places };
}
