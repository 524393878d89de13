/** Draws a frame with what was found in it. */
import type { Findings, PictureBox, PictureMask } from '../demo/tasks/task';
import type { Frames } from './frames';

/** Hues that can be told apart; equal labels have equal ones. */
const HUES = [46, 190, 330, 96, 264, 18, 150, 220];

export class Screen {
  private readonly pen: CanvasRenderingContext2D;
  private readonly mask = document.createElement('canvas');

  constructor(private readonly canvas: HTMLCanvasElement) {
    this.pen = canvas.getContext('2d') as CanvasRenderingContext2D;
  }

  draw({ image, width, height }: Frames, findings?: Findings): void {
    const { canvas, pen } = this;
    if (canvas.width !== width || canvas.height !== height) {
      [canvas.width, canvas.height] = [width, height];
    }
    pen.drawImage(image, 0, 0, width, height);
    if (!findings) return;
    if (findings.mask) this.dimOutside(findings.mask);
    this.drawLimbs(findings);
    for (const box of findings.boxes ?? []) this.drawBox(box);
  }

  /** Pixels of the picture for one of the page. */
  private get scale(): number {
    const { width, height, clientWidth, clientHeight } = this.canvas;
    return Math.max(width / (clientWidth || width), height / (clientHeight || height));
  }

  /** What is not in the mask becomes dark and blue; its edge is as soft as the model is unsure. */
  private dimOutside({ width, height, values }: PictureMask): void {
    const { canvas, mask, pen } = this;
    [mask.width, mask.height] = [width, height];
    const image = new ImageData(width, height);
    values.forEach((share, at) => image.data.set([10, 18, 52, 205 * (1 - share)], 4 * at));
    mask.getContext('2d')?.putImageData(image, 0, 0);
    pen.imageSmoothingEnabled = true;
    pen.imageSmoothingQuality = 'high';
    pen.drawImage(mask, 0, 0, canvas.width, canvas.height);
  }

  private drawLimbs({ limbs = [], points = [] }: Findings): void {
    const { pen, scale } = this;
    pen.lineCap = 'round';
    limbs.forEach(([from, to], at) => {
      pen.strokeStyle = `hsl(${HUES[at % HUES.length]} 95% 62%)`;
      pen.lineWidth = 4 * scale;
      pen.beginPath();
      pen.moveTo(from.x, from.y);
      pen.lineTo(to.x, to.y);
      pen.stroke();
    });
    for (const { x, y } of points) {
      pen.beginPath();
      pen.arc(x, y, 5 * scale, 0, 2 * Math.PI);
      pen.fillStyle = '#fff';
      pen.fill();
      pen.lineWidth = 2 * scale;
      pen.strokeStyle = '#101828';
      pen.stroke();
    }
  }

  private drawBox({ text, x, y, width, height }: PictureBox): void {
    const { canvas, pen, scale } = this;
    const color = `hsl(${hueOf(text.replace(/ [\d.]+%$/, ''))} 95% 62%)`;
    const [high, pad] = [24 * scale, 8 * scale];
    pen.lineWidth = 3 * scale;
    pen.strokeStyle = color;
    pen.beginPath();
    pen.roundRect(x, y, width, height, 8 * scale);
    pen.stroke();
    pen.font = `600 ${13 * scale}px system-ui, sans-serif`;
    pen.textBaseline = 'middle';
    const wide = pen.measureText(text).width + 2 * pad;
    const left = Math.max(0, Math.min(x, canvas.width - wide));
    const top = y - high - 4 * scale < 0 ? y + 4 * scale : y - high - 4 * scale;
    pen.fillStyle = color;
    pen.beginPath();
    pen.roundRect(left, top, wide, high, 6 * scale);
    pen.fill();
    pen.fillStyle = '#101828';
    pen.fillText(text, left + pad, top + high / 2);
  }
}

function hueOf(label: string): number {
  let hash = 0;
  for (const char of label) hash = (hash * 31 + char.charCodeAt(0)) % 9973;
  return HUES[hash % HUES.length];
}
