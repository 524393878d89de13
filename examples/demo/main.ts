/**
 * The demo: real models look at real photographs, fused and on stock `webgpu`. They should see the
 * same; one of them with fewer dispatches.
 */
import { Command, InvalidArgumentError } from 'commander';

export interface DemoOptions {
  all: boolean;
  html: string;
  open: boolean;
  reps: number;
}

/** Lightest first: the first one is shown where none is named. */
export const TASK_NAMES = ['faces', 'people', 'pose', 'safety', 'objects'] as const;
export type TaskName = (typeof TASK_NAMES)[number];

function positiveInteger(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('It is not a positive whole number.');
}

function taskName(text: string, before: TaskName[] = []): TaskName[] {
  const name = TASK_NAMES.find((each) => each === text);
  if (name) return [...before, name];
  throw new InvalidArgumentError(`There are ${TASK_NAMES.join(', ')}.`);
}

const command = new Command('npm run demo --')
  .description('Real models look at real photographs, fused and on stock webgpu, side by side.')
  .argument('[tasks...]', `some of: ${TASK_NAMES.join(', ')} (default: ${TASK_NAMES[0]})`, taskName)
  .option('--all', 'every task; the last ones take minutes on a software adapter', false)
  .option('--html <file>', 'where the picture goes', 'demo.html')
  .option('--open', 'open it in the browser as soon as there is something to see', false)
  .option('--reps <n>', 'timed runs of each side', positiveInteger, 5)
  .parse();

// What follows takes seconds to load, which whoever asks for help need not wait for.
const { runDemo } = await import('./run');
try {
  const options = command.opts<DemoOptions>();
  const [named] = command.processedArgs as [TaskName[]];
  const asked = options.all ? TASK_NAMES : named;
  await runDemo(asked.length > 0 ? asked : TASK_NAMES.slice(0, 1), options);
  process.exit(0);
} catch (error) {
  process.stderr.write(`[demo] ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
