/** Rules that an app writes: what they must have, and what becomes of one that throws. */
import type { Value } from '../ir/graph';
import { RefusedError } from '../ir/infer/refused';
import { isPattern } from './match/pattern';
import type { FusionRule, Replacement } from './rule';

/** Of each property: whether a value will do, and what will. */
const PROPERTIES: Readonly<
  Record<keyof FusionRule, readonly [fits: (value: unknown) => boolean, needs: string]>
> = {
  name: [isText, "a text in kebab case, such as 'sqrt-of-square'"],
  equation: [isText, "a text, such as '√(x·x) ⇒ |x|'"],
  match: [isPattern, "a pattern, such as pattern.op('Sqrt', [pattern.any('x')])"],
  rewrite: [isFunction, 'a function of (match, build) that gives a value'],
  check: [isOptionalFunction, 'a function of (match) that gives a reason or null, or nothing'],
  leaks: [
    (value) => value === undefined || value === 'refuse' || value === 'keep',
    "'refuse', 'keep' or nothing",
  ],
};

/** @throws Error that names what is missing of a rule, or wrong. */
export function checkRule(rule: unknown): asserts rule is FusionRule {
  if (typeof rule !== 'object' || rule === null) {
    throw new Error(
      `[webgpu-fused] registerFusion: got ${String(rule)}; needs a rule. Pass an object with name, ` +
        'equation, match and rewrite.',
    );
  }
  const given = rule as Readonly<Record<string, unknown>>;
  for (const [name, [fits, needs]] of Object.entries(PROPERTIES)) {
    if (fits(given[name])) continue;
    const of = isText(given.name) ? `rule '${given.name}'` : 'a rule';
    const got = given[name] === undefined ? 'without' : 'with another kind of';
    throw new Error(
      `[webgpu-fused] registerFusion: got ${of} ${got} ${name}; needs ${needs}. See "Adding a ` +
        'fusion" in the documentation.',
    );
  }
}

/**
 * The rule, but for what it throws: that becomes a reason not to apply it, and one warning. Not what
 * `build` refuses, which is a reason already.
 */
export function guardRule(rule: FusionRule): FusionRule {
  let hasWarned = false;
  const blame = (part: string, error: unknown): string => {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    if (!hasWarned) {
      hasWarned = true;
      console.warn(
        `[webgpu-fused] fusion rule '${rule.name}': got an exception from its ${part} (${message}); ` +
          'needs none. The rule is left out there, and models run without it; mend it, or have ' +
          'check() refuse such matches.',
      );
    }
    return `${part} of the rule threw ${message}`;
  };
  return {
    name: rule.name,
    equation: rule.equation,
    leaks: rule.leaks,
    match: {
      kernels: rule.match.kernels,
      match(value, found, next) {
        let isInside = true;
        // What `next` throws is not the pattern's fault.
        const step = (): boolean => {
          isInside = false;
          const result = next();
          isInside = true;
          return result;
        };
        try {
          return rule.match.match(value, found, step);
        } catch (error) {
          if (!isInside) throw error;
          blame('match', error);
          return false;
        }
      },
    },
    check(match) {
      try {
        return rule.check?.(match) ?? null;
      } catch (error) {
        return blame('check', error);
      }
    },
    rewrite(match, build, found) {
      let result: unknown;
      try {
        result = rule.rewrite(match, build, found);
      } catch (error) {
        if (error instanceof RefusedError) throw error;
        throw new RefusedError(blame('rewrite', error));
      }
      if (isValue(result)) return result;
      if (Array.isArray(result) && result.every(isReplacement)) return result;
      const error = new TypeError(
        `it gave ${String(result)}, and neither a value nor replacements`,
      );
      throw new RefusedError(blame('rewrite', error));
    },
  };
}

function isValue(result: unknown): result is Value {
  return typeof result === 'object' && result !== null && 'dtype' in result && 'shape' in result;
}

function isReplacement(result: unknown): result is Replacement {
  return Array.isArray(result) && result.length === 2 && result.every(isValue);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function isOptionalFunction(value: unknown): boolean {
  return value === undefined || isFunction(value);
}
