/** The program: its commands, what they take, how it ends. Each command is loaded when it is called. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { ADAPTER_CLASSES } from '../fused-kernels/target';
import { version } from '../host/version';
import type { BenchOptions } from './bench';
import { CliError, EXIT, messageOf } from './cli-error';
import type { DoctorOptions } from './doctor';
import type { ExplainOptions } from './explain';
import type { ExportOptions } from './export';
import type { InputShapes } from './loaded-model';
import type { Parts } from './parts';
import { Terminal } from './terminal';
import type { TraceOptions } from './trace';
import type { VerifyOptions } from './verify';

const MODEL = 'a model.json, a folder with one, or the address of either (graph or layers model)';

const ENDING = `
Exit codes: 0 done; 1 the answer is no (results diverge, something is missing); 2 it could not be
done: an option, a file, the model or the machine is not what it needs.
Results go to stdout, progress and errors to stderr. NO_COLOR switches colours off.`;

/** Runs the program and ends the process: a device would keep it alive. */
export async function runProgram(argv: readonly string[], parts: Parts): Promise<never> {
  const terminal = new Terminal(process.stdout, process.stderr, process.env);
  // Until Dawn has something to wait for, nothing else keeps the process.
  setInterval(() => undefined, 1000);
  const code = await run(argv, parts, terminal);
  await new Promise((resolve) => process.stdout.write('', resolve));
  process.exit(code);
}

async function run(argv: readonly string[], parts: Parts, terminal: Terminal): Promise<number> {
  const ended: { code: number } = { code: EXIT.ok };
  const program = makeProgram(parts, terminal, (code) => (ended.code = code));
  try {
    if (argv.length <= 2) program.help({ error: true });
    await program.parseAsync(argv);
    return ended.code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.unusable;
    terminal.fail(terminal.style('red', describe(error)));
    return EXIT.unusable;
  }
}

/** An error in one line; a stack where it is nobody's fault but ours. */
function describe(error: unknown): string {
  if (error instanceof CliError) return error.message;
  const missing = /Cannot find package '([^']+)'/.exec(messageOf(error))?.[1];
  if (missing !== undefined) {
    return new CliError('packages', {
      got: `no package ${missing}`,
      needs: 'it beside this one',
      cure: `Run npm install ${missing}.`,
    }).message;
  }
  if (messageOf(error).startsWith('[webgpu-fused]')) return messageOf(error);
  return process.env.DEBUG && error instanceof Error
    ? (error.stack ?? error.message)
    : `[webgpu-fused] ${messageOf(error)} (DEBUG=1 shows where)`;
}

function makeProgram(parts: Parts, terminal: Terminal, end: (code: number) => void): Command {
  const program = new Command('tfjs-backend-webgpu-fused')
    .description(
      'Looks into TensorFlow.js models: what is fused, whether it is right, how fast it is.',
    )
    .version(version)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', ENDING);

  program
    .command('explain')
    .description('say what is fused in a model and what is not, and why; needs no GPU')
    .argument('<model>', MODEL)
    .addOption(adapterOption())
    .addOption(inputOption())
    .option('--html <file>', 'write a report to open in a browser')
    .option('--time', "with the time of each kernel in it, on this machine's own adapter")
    .option('--json', 'print everything as JSON')
    .action(async (model: string, options: ExplainOptions) => {
      const { explainCommand } = await import('./explain');
      end(await explainCommand(model, options, terminal, parts));
    });

  program
    .command('verify')
    .description('judge what the fused model computes by float64, and name what is wrong')
    .argument('<model>', MODEL)
    .addOption(inputOption())
    .option('--scripts <folder>', 'write a script there for each divergence')
    .option('--json', 'print everything as JSON')
    .action(async (model: string, options: VerifyOptions) => {
      const { verifyCommand } = await import('./verify');
      end(await verifyCommand(model, options, terminal, parts));
    });

  program
    .command('bench')
    .description('run a model on stock webgpu and fused, in turn, and compare')
    .argument('<model>', MODEL)
    .addOption(inputOption())
    .option('--reps <n>', 'timed runs of each side', positiveInteger, 9)
    .option('--warmups <n>', 'runs of each before anything counts', positiveInteger, 8)
    .option('--browser [program]', 'in a browser: the program to start, or one that you open')
    .option('--browser-arg <arg>', 'an argument for that program; may be repeated', collect, [])
    .option('--json', 'print everything as JSON')
    .action(async (model: string, options: BenchOptions) => {
      const { benchCommand } = await import('./bench');
      end(await benchCommand(model, options, terminal, parts));
    });

  program
    .command('trace')
    .description('write a warm call by kernel, stock and fused, for Perfetto or chrome://tracing')
    .argument('<model>', MODEL)
    .addOption(inputOption())
    .option('--out <file>', 'where to', 'trace.json')
    .option('--json', 'print the sums as JSON')
    .action(async (model: string, options: TraceOptions) => {
      const { traceCommand } = await import('./trace');
      end(await traceCommand(model, options, terminal, parts));
    });

  program
    .command('export')
    .description('write the fused graph as a model.json to look at in Netron; needs no GPU')
    .argument('<model>', MODEL)
    .addOption(adapterOption())
    .addOption(inputOption())
    .option('--out <file>', 'where to', 'fused-model.json')
    .option('--json', 'print it instead')
    .action(async (model: string, options: ExportOptions) => {
      const { exportCommand } = await import('./export');
      end(await exportCommand(model, options, terminal));
    });

  program
    .command('doctor')
    .description('say what is installed, which adapter there is, and what is missing')
    .option('--json', 'print everything as JSON')
    .action(async (options: DoctorOptions) => {
      const { doctorCommand } = await import('./doctor');
      end(await doctorCommand(options, terminal, parts));
    });

  return program;
}

function adapterOption(): Option {
  return new Option('--adapter <class>', 'the class of adapter that kernels are chosen for')
    .choices(ADAPTER_CLASSES)
    .default('unknown');
}

/** `--input name=1,224,224,3`, as often as there are inputs. */
function inputOption(): Option {
  return new Option('--input <name=shape>', 'the shape of an input: image=1,224,224,3; repeatable')
    .argParser<InputShapes>((text, before) => ({ ...before, ...parseInput(text) }))
    .default({}, 'as in the model, 1 where it leaves a dimension open');
}

function parseInput(text: string): InputShapes {
  const at = text.lastIndexOf('=');
  const dims = text
    .slice(at + 1)
    .split(',')
    .flatMap((dim) => (dim === '' ? [] : [Number(dim)]));
  if (at > 0 && dims.every((dim) => Number.isInteger(dim) && dim >= 0)) {
    return { [text.slice(0, at)]: dims };
  }
  throw new InvalidArgumentError('It is not a name and a shape, as in image=1,224,224,3.');
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('It is not a positive whole number.');
}

function collect(text: string, before: readonly string[]): string[] {
  return [...before, text];
}
