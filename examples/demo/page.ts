/** The picture of the demo: photographs with what both sides saw, as one file of HTML. */
import { encode } from 'jpeg-js';
import type { Picture } from './photos';
import type { Findings, PictureMask } from './tasks/task';

/** What one side saw, and what it took. */
export interface Side {
  findings: Findings;
  dispatches: number;
  /** NaN until both sides were timed in turn. */
  milliseconds: number;
}

/** One photograph, seen by both; by stock, which takes longer to compile, a while later. */
export interface Comparison {
  title: string;
  picture: Picture;
  stock?: Side;
  fused: Side;
  /** What was fused, as text. */
  fusion?: string;
}

/** How often a page that is not complete looks for more. */
const REFRESH_SECONDS = 3;

/** @param goesOn more will come: the page, if it is open, loads itself again */
export function demoPage(comparisons: readonly Comparison[], goesOn = false): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
${goesOn ? `<meta http-equiv="refresh" content="${REFRESH_SECONDS}">` : ''}
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>webgpu-fused: the demo</title>
<style>${STYLE}</style>
<h1>The same answers, fewer dispatches</h1>
<p>Each photograph through one model: on stock <code>webgpu</code>, and on <code>webgpu-fused</code>.</p>
${comparisons.map(card).join('\n')}
</html>
`;
}

function card({ title, picture, stock, fused, fusion }: Comparison): string {
  return `<section>
<h2>${escape(title)} <small>${escape(picture.name)}, ${picture.width}×${picture.height}</small></h2>
<div class="sides">
${stock ? pane('webgpu', picture, stock, stock) : waiting('webgpu', picture)}
${pane('webgpu-fused', picture, fused, stock)}
</div>
${fusion ? `<details><summary>What was fused</summary><pre>${escape(fusion)}</pre></details>` : ''}
</section>`;
}

function pane(name: string, picture: Picture, side: Side, stock?: Side): string {
  const { findings, dispatches } = side;
  const isDrawn = findings.boxes ?? findings.points;
  const text = isDrawn ? [] : findings.lines.slice(0, findings.mask ? 1 : undefined);
  return `<figure class="${name}">
${drawing(picture, findings)}
<figcaption><strong>${name}</strong> ${dispatches} dispatches${time(side, stock)}
${text.map((line) => `<br>${escape(line)}`).join('')}
${bar(dispatches, Math.max(dispatches, stock?.dispatches ?? 0))}</figcaption>
</figure>`;
}

function time(side: Side, stock?: Side): string {
  const { milliseconds } = side;
  if (!stock || Number.isNaN(milliseconds)) return '';
  const faster = side === stock ? '' : ` <b>${(stock.milliseconds / milliseconds).toFixed(2)}×</b>`;
  return `, ${milliseconds.toFixed(1)} ms${faster}`;
}

/** The photograph, until this side has looked at it. */
function waiting(name: string, picture: Picture): string {
  return `<figure class="${name} waits">
${drawing(picture, { lines: [] })}
<figcaption><strong>${name}</strong> compiles its shaders, to compare …</figcaption>
</figure>`;
}

function bar(value: number, most: number): string {
  return `<i style="width: ${((100 * value) / most).toFixed(1)}%"></i>`;
}

/** The photograph, masked where there is a mask, with boxes, limbs and joints over it. */
function drawing(picture: Picture, findings: Findings): string {
  const { boxes = [], points = [], limbs = [], mask } = findings;
  const { width, height } = picture;
  const image = jpegOf(picture, mask);
  const size = Math.round(width / 32);
  const marks = boxes.map(
    ({ text, x, y, width: wide, height: high }) =>
      `<rect x="${x}" y="${y}" width="${wide}" height="${high}" stroke-width="${size / 5}"/>` +
      `<text x="${x}" y="${Math.max(size, y - size / 4)}" font-size="${size}">${escape(text)}</text>`,
  );
  for (const [from, to] of limbs) {
    const ends = `x1="${from.x}" y1="${from.y}" x2="${to.x}" y2="${to.y}"`;
    marks.push(`<line ${ends} stroke-width="${size / 5}"/>`);
  }
  for (const { x, y } of points) marks.push(`<circle cx="${x}" cy="${y}" r="${size / 4}"/>`);
  return `<svg viewBox="0 0 ${width} ${height}"><image width="${width}" height="${height}" href="data:image/jpeg;base64,${image}"/>${marks.join('')}</svg>`;
}

/** Photographs without a mask as JPEG: each is drawn several times. */
const encoded = new WeakMap<Picture, string>();

function jpegOf(picture: Picture, mask?: PictureMask): string {
  const known = mask ? undefined : encoded.get(picture);
  if (known) return known;
  const { width, height } = picture;
  const jpeg = encode({ width, height, data: pixels(picture, mask) }, 82).data.toString('base64');
  if (!mask) encoded.set(picture, jpeg);
  return jpeg;
}

/** Red, green, blue, alpha; what is not in the mask is dark. */
function pixels({ width, height, rgb }: Picture, mask?: PictureMask): Buffer {
  const data = Buffer.alloc(width * height * 4, 255);
  for (let at = 0; at < width * height; at++) {
    const share = mask ? 0.25 + 0.75 * maskAt(mask, (at % width) / width, at / width / height) : 1;
    for (let channel = 0; channel < 3; channel++) {
      data[4 * at + channel] = rgb[3 * at + channel] * share;
    }
  }
  return data;
}

function maskAt({ width, height, values }: PictureMask, x: number, y: number): number {
  const column = Math.min(width - 1, Math.floor(x * width));
  return values[Math.min(height - 1, Math.floor(y * height)) * width + column];
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1a2233; --soft: #5d6880; --line: #d9dfea; --paper: #f5f7fb; --card: #fff; --fused: #2f6fed; --stock: #b3bccd }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecf5; --soft: #98a3ba; --line: #2a3346; --paper: #0e131d; --card: #161d2b; --fused: #6ea0ff; --stock: #56617a } }
body { max-width: 1200px; margin: 0 auto; padding: 28px 20px 48px; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
h1 { margin: 0; letter-spacing: -.02em } h2 { margin: 34px 0 12px; font-size: 19px } p, small { color: var(--soft); font-weight: 400 }
.sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); gap: 16px }
figure { margin: 0; border: 1px solid var(--line); border-radius: 12px; background: var(--card); overflow: hidden }
svg { display: block; width: 100% } rect, line { fill: none; stroke: #ffd84d } circle { fill: #ffd84d; stroke: #0009 } text { fill: #ffd84d; font-weight: 700; paint-order: stroke; stroke: #0009; stroke-width: 3px }
figure.waits svg { opacity: .45 } figcaption { padding: 10px 14px 14px; color: var(--soft) } strong { color: var(--ink) } b { color: var(--fused) }
figcaption i { display: block; height: 6px; margin-top: 8px; border-radius: 3px; background: var(--stock) } .webgpu-fused i { background: var(--fused) }
details { margin-top: 12px } summary { cursor: pointer; color: var(--soft) } pre { overflow: auto; padding: 12px 14px; border: 1px solid var(--line); border-radius: 12px; background: var(--card); font-size: 12.5px }
`;
