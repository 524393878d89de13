/** Where a command writes: results to stdout, progress to stderr, colours only where somebody looks. */

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

const CODES: Readonly<Record<Style, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
};

/** A stream, as far as it is written to. */
export interface Sink {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export class Terminal {
  private readonly hasColor: boolean;
  /** Whether the last line of stderr is progress, which the next one replaces. */
  private isShowing = false;

  constructor(
    private readonly out: Sink,
    private readonly err: Sink,
    env: NodeJS.ProcessEnv = {},
  ) {
    this.hasColor = !env.NO_COLOR && (out.isTTY === true || Boolean(env.FORCE_COLOR));
  }

  print(text: string): void {
    this.clear();
    this.out.write(`${text}\n`);
  }

  json(value: unknown): void {
    this.print(JSON.stringify(value, null, 2));
  }

  /** Says what is being done: in place on a terminal, as a line elsewhere. */
  progress(text: string): void {
    this.clear();
    this.err.write(this.err.isTTY ? `${text} …` : `${text}\n`);
    this.isShowing = this.err.isTTY === true;
  }

  fail(message: string): void {
    this.clear();
    this.err.write(`${message}\n`);
  }

  style(style: Style, text: string): string {
    const [on, off] = CODES[style];
    return this.hasColor ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  }

  private clear(): void {
    if (this.isShowing) this.err.write('\r\u001b[2K');
    this.isShowing = false;
  }
}
