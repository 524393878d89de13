/** What index expressions say of variables: which they mention, other values for them, and what comes of numbers. */
import { add, floorDiv, mod, scale } from './arithmetic';
import { type Atom, build, call, type CallAtom, fromAtom, type IndexExpr, type Term } from './expr';

/** Replaces variables by expressions and simplifies again. */
export function substitute(a: IndexExpr, env: ReadonlyMap<string, IndexExpr>): IndexExpr {
  if (!a.terms.some(({ atom }) => isReplaced(atom, env))) return a;
  const [kept, replaced]: [Term[], Term[]] = [[], []];
  for (const term of a.terms) (isReplaced(term.atom, env) ? replaced : kept).push(term);
  // Numbers are added up at once: of a lane, as a rule, which is all that is replaced.
  let { offset } = a;
  const sums: IndexExpr[] = [];
  for (const { coefficient, atom } of replaced) {
    const value = substituteAtom(atom, env);
    if (value.terms.length === 0) offset += coefficient * value.offset;
    else sums.push(scale(value, coefficient));
  }
  return sums.reduce(add, build(kept, offset));
}

function isReplaced(atom: Atom, env: ReadonlyMap<string, IndexExpr>): boolean {
  for (const name of env.keys()) if (mentionsIn(atom, name)) return true;
  return false;
}

function substituteAtom(atom: Atom, env: ReadonlyMap<string, IndexExpr>): IndexExpr {
  switch (atom.kind) {
    case 'variable':
      return env.get(atom.name) ?? fromAtom(atom);
    case 'div':
      return floorDiv(substitute(atom.x, env), atom.by);
    case 'mod':
      return mod(substitute(atom.x, env), atom.by);
    case 'call': {
      const args = atom.args.map((arg) => substitute(arg, env));
      const name = atom.key.slice(0, atom.key.indexOf('('));
      return call(name, args, atom.payload, atom.max + 1);
    }
  }
}

/** Names of all variables an expression depends on, also through calls. */
export function variablesOf(
  a: Pick<IndexExpr, 'terms'>,
  into: Set<string> = new Set(),
): Set<string> {
  for (const { atom } of a.terms) {
    if (atom.kind === 'variable') into.add(atom.name);
    else if (atom.kind === 'call') for (const arg of atom.args) variablesOf(arg, into);
    else variablesOf(atom.x, into);
  }
  return into;
}

/** Whether an expression depends on a variable, also through calls. */
export function mentions(a: Pick<IndexExpr, 'terms'>, name: string): boolean {
  for (const { atom } of a.terms) if (mentionsIn(atom, name)) return true;
  return false;
}

function mentionsIn(atom: Atom, name: string): boolean {
  switch (atom.kind) {
    case 'variable':
      return atom.name === name;
    case 'call':
      return atom.args.some((arg) => mentions(arg, name));
    default:
      return mentions(atom.x, name);
  }
}

/** `a`, its variables but `except` being in `[0, extent)` at least: what is written of it is right for more. */
export function widen(a: IndexExpr, extent: number, except: string): IndexExpr {
  const wider = (atom: Atom): Atom =>
    atom.kind === 'variable' && atom.name !== except && atom.max < extent - 1
      ? { ...atom, max: extent - 1 }
      : atom;
  return build(
    a.terms.map(({ coefficient, atom }) => ({ coefficient, atom: wider(atom) })),
    a.offset,
  );
}

/** `a` less one of its terms. */
export function withoutTerm(a: IndexExpr, term: Term): IndexExpr {
  return build(
    a.terms.filter((other) => other !== term),
    a.offset,
  );
}

/** Evaluates with concrete variables; `callValue` answers opaque calls. */
export function evaluate(
  a: IndexExpr,
  env: Readonly<Record<string, number>>,
  callValue?: (atom: CallAtom, args: number[]) => number,
): number {
  let sum = a.offset;
  for (const { coefficient, atom } of a.terms) {
    sum += coefficient * evaluateAtom(atom, env, callValue);
  }
  return sum;
}

function evaluateAtom(
  atom: Atom,
  env: Readonly<Record<string, number>>,
  callValue?: (atom: CallAtom, args: number[]) => number,
): number {
  switch (atom.kind) {
    case 'variable': {
      const value = env[atom.name];
      if (value === undefined)
        throw new Error(`[webgpu-fused] index variable ${atom.name} is unbound.`);
      return value;
    }
    case 'div':
      return Math.floor(evaluate(atom.x, env, callValue) / atom.by);
    case 'mod': {
      const x = evaluate(atom.x, env, callValue);
      return x - atom.by * Math.floor(x / atom.by);
    }
    case 'call': {
      if (!callValue)
        throw new Error(`[webgpu-fused] index call ${atom.key} cannot be evaluated here.`);
      return callValue(
        atom,
        atom.args.map((arg) => evaluate(arg, env, callValue)),
      );
    }
  }
}
