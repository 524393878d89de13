/**
 * What a loop counts so that it never divides. Integers have no division on a GPU: it is some
 * twenty instructions. A quotient that grows from turn to turn is kept in a variable instead, with
 * its remainder, and both are brought up to date at the end of a turn by additions and comparisons.
 */
import type { IndexExpr, QuotientAtom } from '../../ir/index-expression';
import * as ix from '../../ir/index-expression';
import { divisorOf, strideOf } from './index-names';
import type { IndexLoop } from './index-writer';
import type { Inliner } from './inliner';
import type { KernelWriter } from './kernel-writer';

/** A quotient that is counted, and its remainder. */
interface CountedQuotient {
  readonly quotient: string;
  readonly remainder: string;
  /** How much the quotient grows a turn, or one more; null if that is not always the same. */
  readonly step: number | null;
  /** Whether another quotient is made of this one, and has to know by how much it grew. */
  isDivided: boolean;
}

/** Counters of one loop. Made in front of it; {@link update} ends its body. */
export class LoopCounters implements IndexLoop {
  readonly depth: number;
  private readonly steps = new Map<string, number>();
  private readonly quotients = new Map<string, CountedQuotient>();
  private readonly updates: (() => void)[] = [];

  constructor(
    private readonly writer: KernelWriter,
    private readonly inliner: Inliner,
  ) {
    this.depth = writer.depth + 1;
  }

  /**
   * Declares a variable that begins with what the text `start` says and grows by `step` each turn.
   * In index expressions it is in `[0, extent)`, beyond which its values must not matter.
   */
  count(name: string, start: string, step: number, extent: number): IndexExpr {
    this.declare(name, start);
    this.steps.set(name, step);
    this.updates.push(() => this.writer.statement(`${name} += ${step};`));
    // It counts on beyond a single value, so that it is never taken for a constant.
    return ix.variable(name, Math.max(2, extent));
  }

  /**
   * Digits, the first the highest, of what {@link count} counts by `step`; `shape` has what each
   * digit counts up to. Digits that count up to 1 are zero; the highest counts on.
   */
  digits(
    names: readonly string[],
    start: IndexExpr,
    step: number,
    shape: readonly number[],
  ): IndexExpr[] {
    const starts = ix.delinearize(start, shape);
    const used = shape.map((_, i) => i).filter((i) => shape[i] > 1);
    for (const i of used) this.declare(names[i], this.inliner.index(starts[i], names[i]));
    const [highest] = used;
    this.updates.push(() => {
      let rest = step;
      used.reverse().forEach((i, place) => {
        const digit = i === highest ? rest : rest % shape[i];
        rest = Math.floor(rest / shape[i]);
        // Uniforms, whatever they are: 0 and 1 would make other shaders.
        const by = this.writer.uniform(`${names[i]}Step`, digit);
        this.writer.statement(`${names[i]} += ${by};`);
        if (place === 0) return;
        const below = used[place - 1];
        const extent = this.writer.uniform(`${names[below]}Count`, shape[below]);
        this.carry(names[below], extent, names[i]);
      });
    });
    return shape.map((extent, i) => ix.variable(names[i], extent));
  }

  quotient({ x, by, kind }: QuotientAtom): string {
    const key = quotientKey(x, by);
    let known = this.quotients.get(key);
    if (!known) {
      known = this.divide(x, by);
      this.quotients.set(key, known);
    }
    return kind === 'div' ? known.quotient : known.remainder;
  }

  /** Brings all counters to the next turn. */
  update(): void {
    // What one counter is made of stands in front of it.
    for (let i = 0; i < this.updates.length; i++) this.updates[i]();
  }

  private divide(x: IndexExpr, by: number): CountedQuotient {
    const { writer } = this;
    const quotient = writer.freshName('q');
    const remainder = writer.freshName('r');
    const divisor = writer.uniforms.integer(by, '', divisorOf(x));
    const code = this.textOf(x);
    this.declare(quotient, `(${code}) / ${divisor}`);
    this.declare(remainder, `(${code}) % ${divisor}`);
    const below = this.dividedQuotient(x);
    const step = below ? below.step : this.stepOf(x);
    const counted: CountedQuotient = {
      quotient,
      remainder,
      step: step === null || step < 0 ? null : Math.floor(step / by),
      isDivided: false,
    };
    this.updates.push(() => {
      if (counted.isDivided) writer.statement(`let ${quotient}Last = ${quotient};`);
      if (step !== null && counted.step !== null) {
        const part = writer.uniform(`${remainder}Step`, step % by);
        // One more than its step where the quotient that is divided was carried to.
        const carried = below
          ? ` + ${below.quotient} - ${below.quotient}Last - ${writer.uniform(`${below.quotient}Step`, step)}`
          : '';
        writer.statement(`${quotient} += ${writer.uniform(`${quotient}Step`, counted.step)};`);
        writer.statement(`${remainder} += ${part}${carried};`);
        this.carry(remainder, divisor, quotient);
        return;
      }
      writer.statement(`${remainder} = ${this.textOf(x)} - ${quotient} * ${divisor};`);
      writer.block(`while (${remainder} >= ${divisor})`, () => {
        writer.statement(`${remainder} -= ${divisor};`);
        writer.statement(`${quotient}++;`);
      });
      writer.block(`while (${remainder} < 0)`, () => {
        writer.statement(`${remainder} += ${divisor};`);
        writer.statement(`${quotient}--;`);
      });
    });
    return counted;
  }

  /** The quotient that is all of `x` that changes, if it is counted and grows evenly. */
  private dividedQuotient({ terms }: IndexExpr): CountedQuotient | null {
    const [{ coefficient, atom }] = terms;
    if (terms.length > 1 || coefficient !== 1 || atom.kind !== 'div') return null;
    const known = this.quotients.get(quotientKey(atom.x, atom.by));
    if (!known || known.step === null) return null;
    known.isDivided = true;
    return known;
  }

  private carry(digit: string, extent: string, next: string): void {
    this.writer.block(`if (${digit} >= ${extent})`, () => {
      this.writer.statement(`${digit} -= ${extent};`);
      this.writer.statement(`${next}++;`);
    });
  }

  /** How much `x` grows a turn; null if that is not always the same. */
  private stepOf(x: IndexExpr): number | null {
    let sum = 0;
    for (const { coefficient, atom } of x.terms) {
      if (this.inliner.depthOf({ terms: [{ coefficient, atom }] }) < this.depth) continue;
      const step = atom.kind === 'variable' ? this.steps.get(atom.name) : undefined;
      if (step === undefined) return null;
      sum += coefficient * step;
    }
    return sum;
  }

  /** Text that is the same in front of the loop and at the end of its body. */
  private textOf(x: IndexExpr): string {
    for (const { atom } of x.terms) {
      if (atom.kind === 'call') {
        throw new Error('an index that is loaded from memory would be divided in a loop over k');
      }
    }
    return x.terms
      .map(({ coefficient, atom }) => {
        const code = this.atomText(atom);
        if (coefficient === 1) return code;
        return `${code} * ${this.writer.uniforms.integer(coefficient, 'counted', strideOf(atom))}`;
      })
      .concat(x.offset === 0 ? [] : [this.writer.uniforms.integer(x.offset, 'counted', 'offset')])
      .join(' + ');
  }

  private atomText(atom: ix.Atom): string {
    return this.inliner.index(ix.fromAtom(atom), 'step');
  }

  private declare(name: string, code: string): void {
    this.writer.place(`var ${name} = ${code};`, this.depth - 1);
    this.writer.defineVariable(name, this.depth);
  }
}

const quotientKey = (x: IndexExpr, by: number): string => `${x.key}/${by}`;
