/** Watches calls of methods by wrapping them on a class's prototype, and takes the wraps off again. */

/** A class whose instances have methods. */
type ClassOf<T> = { prototype: T };

type MethodNames<T> = {
  [K in keyof T]-?: T[K] extends (...args: never[]) => unknown ? K : never;
}[keyof T];

type Observer<T, K extends keyof T> = T[K] extends (...args: infer A) => infer R
  ? (self: T, args: A, result: R) => void
  : never;

/** Takes a wrap off. */
export type Restore = () => void;

/**
 * Calls `after` once a method has returned, with the instance, the arguments and the result.
 */
export function observe<T extends object, K extends MethodNames<T>>(
  type: ClassOf<T>,
  name: K,
  after: Observer<T, K>,
): Restore {
  const original = type.prototype[name];
  const call = original as unknown as (...args: unknown[]) => unknown;
  const report = after as unknown as (self: T, args: unknown[], result: unknown) => void;
  const wrapped = function (this: T, ...args: unknown[]): unknown {
    const result = call.apply(this, args);
    report(this, args, result);
    return result;
  };
  type.prototype[name] = wrapped as unknown as T[K];
  return () => {
    type.prototype[name] = original;
  };
}
