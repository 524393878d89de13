/** Panning and zooming of a drawing: drag, pinch, wheel while it has the focus, keys. */

interface View {
  x: number;
  y: number;
  scale: number;
}

const SMALLEST = 0.08;
const READABLE = 0.65;
const LARGEST = 3;
const KEYS: Readonly<Record<string, readonly [x: number, y: number]>> = {
  ArrowLeft: [60, 0],
  ArrowRight: [-60, 0],
  ArrowUp: [0, 60],
  ArrowDown: [0, -60],
};

export class PanZoom {
  private view: View = { x: 0, y: 0, scale: 1 };
  private readonly pointers = new Map<number, { x: number; y: number }>();

  /** @param content is moved within `frame`. */
  constructor(
    private readonly frame: SVGElement,
    private readonly content: SVGElement,
  ) {
    frame.addEventListener('pointerdown', (event) => this.down(event));
    frame.addEventListener('pointermove', (event) => this.move(event));
    for (const name of ['pointerup', 'pointercancel', 'pointerleave'] as const) {
      frame.addEventListener(name, ({ pointerId }) => this.pointers.delete(pointerId));
    }
    frame.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
    frame.addEventListener('keydown', (event) => this.key(event));
  }

  /**
   * Shows a drawing of this width from its top, as large as it fits: no larger than life, and no smaller than can be
   * read. What does not fit is shown around `middle`.
   */
  fitWidth(width: number, middle = width / 2): void {
    const { clientWidth } = this.frame;
    const scale = Math.min(1, Math.max(READABLE, (clientWidth - 32) / Math.max(1, width)));
    const spare = clientWidth - width * scale;
    const x = spare >= 0 ? spare / 2 : Math.min(16, clientWidth / 2 - middle * scale);
    this.set({ x, y: 16, scale });
  }

  /** Shows all of a drawing. */
  fit(width: number, height: number): void {
    const { clientWidth, clientHeight } = this.frame;
    const fits = Math.min((clientWidth - 32) / width, (clientHeight - 32) / height, 1);
    const scale = Math.max(SMALLEST, fits);
    this.set({ x: (clientWidth - width * scale) / 2, y: 16, scale });
  }

  /** Brings a point of the drawing to the middle, large enough to read. */
  center(x: number, y: number): void {
    const scale = Math.max(0.8, this.view.scale);
    const { clientWidth, clientHeight } = this.frame;
    this.set({ x: clientWidth / 2 - x * scale, y: clientHeight / 2 - y * scale, scale });
  }

  zoom(factor: number, x = this.frame.clientWidth / 2, y = this.frame.clientHeight / 2): void {
    const scale = Math.min(LARGEST, Math.max(SMALLEST, this.view.scale * factor));
    const ratio = scale / this.view.scale;
    this.set({ x: x - (x - this.view.x) * ratio, y: y - (y - this.view.y) * ratio, scale });
  }

  private set(view: View): void {
    this.view = view;
    const { x, y, scale } = view;
    this.content.setAttribute('transform', `translate(${x} ${y}) scale(${scale})`);
  }

  private down(event: PointerEvent): void {
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  }

  private move(event: PointerEvent): void {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    const [other] = [...this.pointers].filter(([id]) => id !== event.pointerId);
    this.pointers.set(event.pointerId, now);
    if (!other) {
      const { x, y, scale } = this.view;
      this.set({ x: x + now.x - before.x, y: y + now.y - before.y, scale });
      return;
    }
    const [, still] = other;
    const distance = (from: { x: number; y: number }): number =>
      Math.hypot(from.x - still.x, from.y - still.y);
    const { left, top } = this.frame.getBoundingClientRect();
    const factor = distance(now) / Math.max(1, distance(before));
    this.zoom(factor, (now.x + still.x) / 2 - left, (now.y + still.y) / 2 - top);
  }

  /** Without the focus, a wheel scrolls the page. */
  private wheel(event: WheelEvent): void {
    if (!event.ctrlKey && document.activeElement !== this.frame) return;
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY / 400), event.offsetX, event.offsetY);
  }

  private key(event: KeyboardEvent): void {
    const step = KEYS[event.key];
    if (step) {
      const { x, y, scale } = this.view;
      this.set({ x: x + step[0], y: y + step[1], scale });
    } else if (event.key === '+' || event.key === '=') this.zoom(1.25);
    else if (event.key === '-') this.zoom(0.8);
    else return;
    event.preventDefault();
  }
}
