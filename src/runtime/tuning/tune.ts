/**
 * Finds out, on the device at hand, which candidates compute the kernels of some plans fastest. Each
 * choice is measured by itself: its kernel as a plan of its own, once for each candidate, on zeros.
 */
import { compilePlan } from '../../compiler/compile';
import { isolate } from '../../compiler/isolate';
import type { Plan, PlanChoice } from '../../compiler/plan';
import type { Choice, Choose } from '../../fused-kernels/target';
import { byteSize, type ShaderProgram } from '../../fused-kernels/wgsl/kernel-writer';
import { codeOf } from '../pipelines';
import type { PlanDevice } from '../plan-device';
import { PassClock } from './pass-clock';
import { PlanTimer } from './plan-timer';
import { rankContenders, type Contender, type Ranking } from './rank';

/** What tuning may take, and what it must show. */
const LIMITS = {
  /** Of a choice: the table's pick, and those that it ranks next. */
  candidates: 4,
  rounds: 9,
  minRounds: 3,
  /** For the rounds of one choice, as a rule and at most; compiling more than two candidates; everything. */
  milliseconds: 500,
  mostMilliseconds: 3000,
  compileMilliseconds: 2000,
  totalMilliseconds: 20_000,
  /** Another candidate has to win by 4 %: less is within what medians of a few rounds differ by. */
  margin: 1.04,
  /** Bytes of inputs and outputs; what is larger stays with the table. */
  bytes: 2 ** 28,
};

export interface TuningReport {
  /** Choices that were measured now. */
  readonly measured: number;
  /** The longest piece of work without a pause, in milliseconds. */
  readonly longestTaskMs: number;
}

/** Measures every choice that is made in `plans` and not known yet, those of most bytes first. */
export async function tunePlans(
  backend: PlanDevice,
  plans: readonly Plan[],
  onProgress: (done: number, total: number) => void,
): Promise<TuningReport> {
  const { tuning } = backend;
  const unknown = choicesOf(plans).filter(({ choice }) => !tuning.find(choice));
  const report = { measured: 0, longestTaskMs: 0 };
  if (unknown.length === 0) return report;
  const start = performance.now();
  const clock = new PassClock(backend.device);
  try {
    for (const [done, made] of unknown.entries()) {
      if (performance.now() - start > LIMITS.totalMilliseconds) break;
      const contest = new Contest(backend, made, clock, report);
      // A device that is lost is for whoever runs plans to say.
      const ranking = await contest.run().catch(() => null);
      if (ranking) {
        const { family, shape } = made.choice;
        tuning.add({ family, shape, ...ranking });
        report.measured++;
      }
      onProgress(done + 1, unknown.length);
    }
  } finally {
    clock.dispose();
  }
  return report;
}

/** Choices with several candidates, each once, those first whose kernels touch most memory. */
function choicesOf(plans: readonly Plan[]): PlanChoice[] {
  const found = new Map<string, PlanChoice>();
  for (const made of plans.flatMap(({ choices }) => choices)) {
    const key = `${made.choice.family}: ${made.choice.shape}`;
    const known = found.get(key);
    found.set(key, known ? { ...known, bytes: known.bytes + made.bytes } : made);
  }
  return [...found.values()].sort((a, b) => b.bytes - a.bytes);
}

/** The candidates of one choice, while they are measured. */
class Contest {
  private readonly timers: (Contender & { readonly timer: PlanTimer; readonly plan: Plan })[] = [];
  /** Shaders that were compiled for this. */
  private readonly compiled = new Map<string, ShaderProgram>();

  constructor(
    private readonly backend: PlanDevice,
    private readonly made: PlanChoice,
    private readonly clock: PassClock,
    private readonly report: { longestTaskMs: number },
  ) {}

  /** Answers null where there was nothing to choose from, or no time to. */
  async run(): Promise<Ranking | null> {
    const { backend, made, timers, compiled } = this;
    const start = performance.now();
    let ranking: Ranking | null = null;
    try {
      for (const name of made.choice.candidates.slice(0, LIMITS.candidates)) {
        if (timers.length > 1 && performance.now() - start > LIMITS.compileMilliseconds) break;
        const isFirst = timers.length === 0;
        // Without the table's pick there is nothing to compare with.
        if (!(await this.admit(name)) && isFirst) return null;
      }
      if (timers.length < 2) return null;
      ranking = await rankContenders(timers, LIMITS, () => performance.now());
      return ranking;
    } finally {
      const winner = timers.find(({ name }) => name === ranking?.best)?.plan;
      for (const { program } of winner?.dispatches ?? []) compiled.delete(codeOf(program));
      for (const program of compiled.values()) backend.pipelines.drop(program);
      for (const { timer } of timers) timer.dispose();
    }
  }

  /** Makes a candidate ready to be measured; false if it cannot be, or does as another one. */
  private async admit(name: string): Promise<boolean> {
    const { backend, clock, timers, compiled } = this;
    const { device, pipelines } = backend;
    const plan = this.compile(name);
    if (!plan || timers.some((other) => isSamePlan(other.plan, plan))) return false;
    for (const { program, label } of plan.dispatches) {
      if (!pipelines.isMissing(program)) continue;
      compiled.set(codeOf(program), program);
      await pipelines.compile(program, label);
      // The driver has rejected it.
      if (pipelines.isMissing(program)) return false;
    }
    device.pushErrorScope('validation');
    device.pushErrorScope('out-of-memory');
    let timer: PlanTimer | null = null;
    try {
      timer = new PlanTimer(backend, plan, clock);
      await timer.warmUp();
    } finally {
      const errors = await Promise.all([device.popErrorScope(), device.popErrorScope()]);
      if (timer && errors.some((error) => error !== null)) {
        timer.dispose();
        timer = null;
      }
    }
    if (!timer) return false;
    const measured = timer;
    timers.push({ name, plan, timer, measure: () => measured.measure() });
    return true;
  }

  /** The plan of this choice's kernel alone with a candidate; null if that cannot be measured. */
  private compile(name: string): Plan | null {
    const { backend, made, report } = this;
    const choose: Choose = (asked) =>
      isSame(asked, made.choice) ? name : backend.target.choose?.(asked);
    const start = performance.now();
    try {
      const plan = compilePlan(isolate(made.node), { ...backend.target, choose }, 'tuning');
      const isTaken = plan.choices.some(
        ({ choice, picked }) => isSame(choice, made.choice) && picked === name,
      );
      const bytes = [...plan.inputs, ...plan.outputs].map(byteSize);
      const isLarge = bytes.reduce((sum, size) => sum + size, 0) > LIMITS.bytes;
      const hasTensors = plan.prelude !== null || plan.constants.length > 0;
      return isTaken && !isLarge && !hasTensors ? plan : null;
    } catch {
      // A kernel that cannot be written by itself keeps what the table says.
      return null;
    } finally {
      report.longestTaskMs = Math.max(report.longestTaskMs, performance.now() - start);
    }
  }
}

const isSame = (a: Choice, b: Choice): boolean => a.family === b.family && a.shape === b.shape;

const isSamePlan = (a: Plan, b: Plan): boolean =>
  a.dispatches.length === b.dispatches.length &&
  a.dispatches.every(({ program }, i) => program.wgsl === b.dispatches[i].program.wgsl);
