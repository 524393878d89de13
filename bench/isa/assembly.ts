/** What AMD's assembly, as RADV prints it, says of a kernel's loops. */

/** Instructions of a stretch of code, by kind. */
export interface Mix {
  readonly instructions: number;
  /** Multiply-adds of floats; a packed or a dual instruction is two. */
  readonly multiplyAdds: number;
  /** Loads from buffers, and the bytes that they load for one invocation. */
  readonly loads: number;
  readonly loadedBytes: number;
  readonly wideLoads: number;
  /** Accesses of workgroup memory. */
  readonly shared: number;
  readonly barriers: number;
  /** Steps of integer divisions: WGSL's `/` and `%` have no instruction of their own. */
  readonly divisions: number;
}

/** A loop of the code: instructions `begin` to `end`, the branch back among them. */
interface Loop {
  readonly begin: number;
  readonly end: number;
}

/** The loops that do a kernel's work. */
export interface LoopReport {
  /** Of one turn of the loop with most multiply-adds of its own. */
  readonly inner: Mix;
  /**
   * Of one turn of the smallest loop around it that loads, staging included. Two mixes where the turns of a
   * loop inside are unknown, of the fewest and of very many: any ratio lies between those of the two. None if
   * more is unknown.
   */
  readonly whole: readonly Mix[];
}

interface Listing {
  readonly instructions: readonly string[];
  readonly loops: readonly Loop[];
}

/** The loop that does the work, and what it loads; null for code without a loop of multiply-adds. */
export function describeLoops(assembly: string): LoopReport | null {
  const listing = parse(assembly);
  // Unrolled, the multiply-adds are beside loops that do something else, or have fewer of them.
  const inner = listing.loops
    .map((loop) => ({ loop, multiplyAdds: ownMix(listing, loop).multiplyAdds }))
    .sort((a, b) => b.multiplyAdds - a.multiplyAdds)
    .at(0);
  if (!inner || inner.multiplyAdds === 0) return null;
  return { inner: turnOf(listing, inner.loop).mix, whole: loadingTurn(listing, inner.loop) };
}

/** One turn of the smallest loop that contains `inner` and loads: where the operands of a tile are staged. */
function loadingTurn(listing: Listing, inner: Loop): readonly Mix[] {
  const around = [inner, ...listing.loops.filter((loop) => contains(loop, inner))];
  const loading = around
    .sort((a, b) => a.end - a.begin - (b.end - b.begin))
    .find((loop) => count(listing, loop).loads > 0);
  if (!loading) return [];
  const { mix, unknown } = turnOf(listing, loading);
  if (unknown > 1) return [];
  return unknown === 0 ? [mix] : [mix, turnOf(listing, loading, MANY).mix];
}

/** Turns of a loop, so many that nothing around it counts. */
const MANY = 1e6;

/** Loops directly inside a loop. */
function loopsIn({ loops }: Listing, loop: Loop): Loop[] {
  const inside = loops.filter((other) => contains(loop, other));
  return inside.filter((one) => !inside.some((other) => contains(other, one)));
}

/** Of the instructions of a loop that are in no loop inside it. */
function ownMix(listing: Listing, loop: Loop): Mix {
  return loopsIn(listing, loop).reduce(
    (mix, inside) => plus(mix, count(listing, inside), -1),
    count(listing, loop),
  );
}

/**
 * One turn of a loop, loops inside it taken as often as they turn; `turnsUnknown` times where that is in a
 * register. `unknown` counts such loops that multiply or load: the others are taken once.
 */
function turnOf(listing: Listing, loop: Loop, turnsUnknown = 1): { mix: Mix; unknown: number } {
  let mix = ownMix(listing, loop);
  let unknown = 0;
  for (const one of loopsIn(listing, loop)) {
    const inside = turnOf(listing, one, turnsUnknown);
    const turns = turnsOf(listing, one);
    const matters = inside.mix.multiplyAdds > 0 || inside.mix.loadedBytes > 0;
    unknown += inside.unknown + (matters && turns === null ? 1 : 0);
    mix = plus(mix, inside.mix, turns ?? (matters ? turnsUnknown : 1));
  }
  return { mix, unknown };
}

/** `a + times · b`. */
function plus(a: Mix, b: Mix, times: number): Mix {
  const names = Object.keys(a) as (keyof Mix)[];
  return Object.fromEntries(
    names.map((name) => [name, a[name] + times * b[name]]),
  ) as unknown as Mix;
}

/** How often a loop turns that counts a register from 0 up to a literal; null for any other. */
function turnsOf({ instructions }: Listing, { begin, end }: Loop): number | null {
  const body = instructions.slice(begin, end);
  for (const compare of body) {
    const limit = /^s_cmpk?_(?:lt|ge|eq|lg|gt|le)_[iu]32 (s\d+), (0x[0-9a-f]+|\d+)/.exec(compare);
    if (!limit) continue;
    const [, register, bound] = limit;
    for (const add of body) {
      const step = new RegExp(
        `^s_add(?:k_i32 ${register}, |_[iu]32 ${register}, ${register}, )(\\S+)`,
      ).exec(add);
      if (step && Number(step[1]) > 0 && Number(bound) > 0)
        return Math.ceil(Number(bound) / Number(step[1]));
    }
  }
  return null;
}

const contains = (outer: Loop, other: Loop): boolean =>
  outer !== other && outer.begin <= other.begin && other.end <= outer.end;

function parse(assembly: string): Listing {
  const code = assembly.split('=== Assembly')[1] ?? '';
  const labels = new Map<string, number>();
  const instructions: string[] = [];
  for (const line of code.split('\n')) {
    const label = /^(BB\d+):/.exec(line);
    if (label) labels.set(label[1], instructions.length);
    else if (line.startsWith('\t')) instructions.push(line.split(';')[0].trim());
  }
  const loops: Loop[] = [];
  instructions.forEach((instruction, at) => {
    const target = /^s_c?branch\w* (BB\d+)/.exec(instruction)?.[1];
    const begin = target === undefined ? undefined : labels.get(target);
    if (begin === undefined || begin > at) return;
    // `continue` branches back as well: the last branch to a label ends the loop.
    const known = loops.findIndex((loop) => loop.begin === begin);
    if (known >= 0) loops.splice(known, 1);
    loops.push({ begin, end: at + 1 });
  });
  return { instructions, loops };
}

function count({ instructions }: Listing, { begin, end }: Loop): Mix {
  const body = instructions.slice(begin, end);
  const matching = (pattern: RegExp): string[] => body.filter((one) => pattern.test(one));
  const loads = matching(/^(buffer|global|flat)_load/);
  const bytes = loads.map(bytesOf);
  return {
    instructions: body.length,
    multiplyAdds: body.reduce((sum, one) => sum + multiplyAddsOf(one), 0),
    loads: loads.length,
    loadedBytes: bytes.reduce((sum, one) => sum + one, 0),
    wideLoads: bytes.filter((one) => one === 16).length,
    shared: matching(/^ds_/).length,
    barriers: matching(/^s_barrier/).length,
    divisions: matching(/^v_rcp_iflag|^v_mul_hi_u32|^s_mul_hi_u32/).length,
  };
}

function multiplyAddsOf(instruction: string): number {
  if (instruction.startsWith('v_dual_')) {
    return (instruction.match(/v_dual_(fmac|fmaak|fmamk)/g) ?? []).length;
  }
  if (/^v_pk_fma_f/.test(instruction)) return 2;
  return /^v_(fma|fmac|fmaak|fmamk|mad|mac|madak|madmk|fma_mix)_?\w*f(32|16)/.test(instruction)
    ? 1
    : 0;
}

/** Bytes that a load gives one invocation, by the suffix of its name. */
function bytesOf(load: string): number {
  const [name] = load.split(' ');
  const vector = /(?:dword|b32)x(\d)/.exec(name);
  if (vector) return 4 * Number(vector[1]);
  const bits = /_b(\d+)$/.exec(name);
  if (bits) return Number(bits[1]) / 8;
  return /(ubyte|sbyte|_u8|_i8)/.test(name) ? 1 : /(short|16)/.test(name) ? 2 : 4;
}
