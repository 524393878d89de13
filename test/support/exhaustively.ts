/** Of cross-products, `npm test` tries what shows each kind of mistake; `npm run test:exhaustive` tries all. */

const isExhaustive = process.env.TEST_EXHAUSTIVELY === '1';

/** What is tried as well where everything is: other members of a cross-product. */
export function exhaustively<T>(others: readonly T[]): readonly T[] {
  return isExhaustive ? others : [];
}
