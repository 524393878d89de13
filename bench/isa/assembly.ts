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
  /** Of one turn of the innermost loop with most multiply-adds. */
  readonly inner: Mix;
  /** Bytes loaded from buffers a FLOP, over the loop around it that loads; null if that is unknown. */
  readonly bytesPerFlop: number | null;
}

interface Listing {
  readonly instructions: readonly string[];
  readonly loops: readonly Loop[];
}

/** The loop that does the work, and what it loads; null for code without a loop of multiply-adds. */
export function describeLoops(assembly: string): LoopReport | null {
  const listing = parse(assembly);
  const { loops } = listing;
  const isInner = (loop: Loop): boolean => !loops.some((other) => contains(loop, other));
  const inner = loops
    .filter(isInner)
    .map((loop) => ({ loop, mix: count(listing, loop) }))
    .sort((a, b) => b.mix.multiplyAdds - a.mix.multiplyAdds)
    .at(0);
  if (!inner || inner.mix.multiplyAdds === 0) return null;
  return { inner: inner.mix, bytesPerFlop: bytesPerFlop(listing, inner.loop) };
}

/** The smallest loop that contains `inner` and loads: where the operands of a tile are staged. */
function bytesPerFlop(listing: Listing, inner: Loop): number | null {
  const around = [inner, ...listing.loops.filter((loop) => contains(loop, inner))];
  const loading = around
    .sort((a, b) => a.end - a.begin - (b.end - b.begin))
    .find((loop) => count(listing, loop).loads > 0);
  if (!loading) return null;
  const { flops, bytes } = workOf(listing, loading);
  return flops === null || bytes === null ? null : bytes / flops;
}

/** FLOP and bytes of one turn of a loop, loops inside it taken as often as they turn. */
function workOf(listing: Listing, loop: Loop): { flops: number | null; bytes: number | null } {
  const inside = listing.loops.filter((other) => contains(loop, other));
  const direct = inside.filter((one) => !inside.some((other) => contains(other, one)));
  let { multiplyAdds, loadedBytes } = count(listing, loop);
  for (const one of direct) {
    const own = count(listing, one);
    multiplyAdds -= own.multiplyAdds;
    loadedBytes -= own.loadedBytes;
    const work = workOf(listing, one);
    const turns = turnsOf(listing, one);
    if (own.multiplyAdds === 0 && own.loadedBytes === 0) continue;
    if (turns === null || work.flops === null || work.bytes === null) {
      return { flops: null, bytes: null };
    }
    multiplyAdds += (turns * work.flops) / 2;
    loadedBytes += turns * work.bytes;
  }
  return { flops: 2 * multiplyAdds, bytes: loadedBytes };
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
