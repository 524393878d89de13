/** The program as people call it: what it prints, what it says of bad input, how it ends. */
import { execFile, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchBrowser, openWithAdapter } from '../../tools/browser/launch.mjs';
import type { ReportData } from '../../src/html/report-data';
import {
  BAD_INPUTS,
  callProgram,
  saidFor,
  writeSmallModel,
  writeUnknownOp,
  type Ended,
} from './situations/program';
import { serveConsumers } from './support';

let folder: string;

const call = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
  callProgram(args, { env });

const writeModel = (name: string): string => writeSmallModel(folder, name);

/** Runs a copy of the program that no other package is beside. */
function callAlone(args: readonly string[]): Promise<Ended> {
  const root = join(folder, 'alone', 'node_modules', 'tfjs-backend-webgpu-fused');
  cpSync('dist', join(root, 'dist'), { recursive: true });
  cpSync('package.json', join(root, 'package.json'));
  return new Promise((resolve) => {
    const options = { cwd: join(folder, 'alone'), timeout: 60_000 };
    execFile(
      process.execPath,
      [join(root, 'dist/cli.mjs'), ...args],
      options,
      (error, out, err) => {
        resolve({ code: error ? Number(error.code) : 0, out, err });
      },
    );
  });
}

/** A dense layer, as `tf.layers` stores it. */
function writeLayersModel(): string {
  const at = join(folder, 'layers');
  mkdirSync(at, { recursive: true });
  const layer = (name: string, units: number, activation: string, more: object = {}): object => ({
    class_name: 'Dense',
    config: { name, units, activation, use_bias: true, trainable: true, ...more },
  });
  const config = {
    name: 'small',
    layers: [
      layer('first', 8, 'relu', { batch_input_shape: [null, 4], dtype: 'float32' }),
      layer('second', 2, 'sigmoid'),
    ],
  };
  const weights = [
    { name: 'first/kernel', shape: [4, 8], dtype: 'float32' },
    { name: 'first/bias', shape: [8], dtype: 'float32' },
    { name: 'second/kernel', shape: [8, 2], dtype: 'float32' },
    { name: 'second/bias', shape: [2], dtype: 'float32' },
  ];
  const json = {
    format: 'layers-model',
    modelTopology: { class_name: 'Sequential', config, keras_version: '2', backend: 'tensorflow' },
    weightsManifest: [{ paths: ['weights.bin'], weights }],
  };
  writeFileSync(join(at, 'model.json'), JSON.stringify(json));
  const values = Float32Array.from({ length: 4 * 8 + 8 + 8 * 2 + 2 }, (_, i) => Math.sin(i));
  writeFileSync(join(at, 'weights.bin'), new Uint8Array(values.buffer));
  return at;
}

/** Vulkan finds no driver. */
const NO_DRIVER = { VK_ICD_FILENAMES: '/nonexistent.json', VK_DRIVER_FILES: '/nonexistent.json' };

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fused-cli-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('help', () => {
  test('names the commands and the exit codes', async () => {
    const { code, out, err } = await call(['--help']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const name of ['explain', 'verify', 'bench', 'export', 'doctor'])
      expect(out).toContain(name);
    expect(out).toContain('Exit codes: 0 done');
    expect((await call([])).code).toBe(2);
  });

  test.each(['explain', 'verify', 'bench', 'export', 'doctor'])('of %s', async (name) => {
    const { code, out } = await call([name, '--help']);
    expect(code).toBe(0);
    expect(out).toContain(`Usage: tfjs-backend-webgpu-fused ${name}`);
    expect(out).toContain('--json');
  });

  test('the version is that of the package', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect((await call(['--version'])).out.trim()).toBe(version);
  });
});

describe('explain', () => {
  test('says what is fused, without a driver', async () => {
    const { code, out } = await call(['explain', writeModel('explained')], NO_DRIVER);
    expect(code).toBe(0);
    expect(out).toMatch(/stock webgpu: about 3 dispatches, /);
    expect(out).toMatch(/fused: {8}1 dispatch\b/);
    expect(out).toContain('1×  conv2d  Conv2D → Add → Relu');
    expect(out).not.toContain('\u001b[');
  });

  test('as JSON: plain data, with the shader and the ops of its lines', async () => {
    const model = join(writeModel('json'), 'model.json');
    const { code, out } = await call(['explain', model, '--json', '--adapter', 'nvidia']);
    expect(code).toBe(0);
    const told = JSON.parse(out) as {
      dispatches: object;
      nodes: { name: string; fate: string; inputs: string[] }[];
      regions: { plan: { kernels: Kernel[]; values: { kind: string; name: string }[] } }[];
    };
    interface Kernel {
      wgsl: string;
      parts: { kernel: string; first: number; last: number; origins: string[] }[];
      reads: number[];
    }
    expect(told.dispatches).toEqual({ before: 3, after: 1 });
    expect(told.nodes.find(({ name }) => name === 'result')).toMatchObject({
      fate: 'fused',
      inputs: ['biased'],
    });
    const [{ plan }] = told.regions;
    const [kernel] = plan.kernels;
    const lines = kernel.wgsl.split('\n');
    const relu = kernel.parts.find((part) => part.kernel === 'Relu');
    expect(relu?.origins).toEqual(['result']);
    expect(lines.slice((relu?.first ?? 0) - 1, relu?.last).join('\n')).toMatch(/max|select/);
    expect(kernel.reads.map((value) => plan.values[value].name)).toContain('image');
  });

  test('inputs have the shape that is asked for, of a model at an address', async () => {
    const server = await serveConsumers();
    const args = ['explain', `${server.url}/model`, '--json', '--input', 'image=5,8,8,3'];
    const { code, out } = await call(args);
    await server.close();
    expect(code).toBe(0);
    const { nodes } = JSON.parse(out) as { nodes: { name: string; shape: number[] }[] };
    expect(nodes.find(({ name }) => name === 'result')?.shape).toEqual([5, 8, 8, 4]);
  });

  test('says why an op stays with tfjs', async () => {
    const { code, out } = await call(['explain', writeUnknownOp(folder)]);
    expect(code).toBe(0);
    expect(out).toContain('1×  tfjs  op Fourier is unknown');
  });

  test('of a layers model, on a device that computes nothing', async () => {
    const { code, out } = await call(['explain', writeLayersModel()], NO_DRIVER);
    expect(code).toBe(0);
    expect(out).toContain('a layers model: a warm call on a device that computes nothing');
    expect(out).toMatch(/fused: {8}1 dispatch\b/);
  });

  test('the report of a layers model has its flush: kernels, shaders, what flows', async () => {
    const file = join(folder, 'layers.html');
    const { code, out } = await call(['explain', writeLayersModel(), '--html', file], NO_DRIVER);
    expect(code).toBe(0);
    expect(out).toContain(`wrote ${file}`);
    const [, data] = /id="data">(.*?)<\/script>/.exec(readFileSync(file, 'utf8')) ?? [];
    const { dispatches, nodes, plans, shaders } = JSON.parse(data) as ReportData;
    expect(dispatches.after).toBe(1);
    expect(dispatches.before).toBeGreaterThan(2);
    expect(plans[0].kernels).toHaveLength(1);
    expect(shaders).toHaveLength(1);
    const named = new Map(nodes.map((node) => [node.name, node]));
    for (const origin of plans[0].kernels[0].origins) {
      expect(named.get(origin)).toMatchObject({ fate: 'fused', dtype: 'float32' });
    }
    const last = nodes.at(-1);
    expect(last?.shape).toEqual([1, 2]);
    for (const { inputs } of nodes)
      for (const input of inputs) expect([...named.keys()]).toContain(input);
    expect(nodes.filter(({ inputs }) => inputs.length > 0)).toHaveLength(nodes.length - 1);
  });
});

describe('export', () => {
  interface Exported {
    modelTopology: {
      node: { name: string; op: string; input: string[]; attr: { computes?: { s: string } } }[];
      library: {
        function: {
          signature: { name: string; inputArg: { name: string }[] };
          nodeDef: { name: string; op: string; input: string[] }[];
          ret: Record<string, string>;
        }[];
      };
    };
  }

  test('a dispatch is a function that holds its nodes; every input is there', async () => {
    const out = join(folder, 'fused.json');
    const { code, out: said } = await call(['export', writeModel('exported'), '--out', out]);
    expect(code).toBe(0);
    expect(said).toContain('2 nodes, 1 of them fused');
    const { modelTopology } = JSON.parse(readFileSync(out, 'utf8')) as Exported;
    const [input, dispatch] = modelTopology.node;
    expect(input).toMatchObject({ name: 'image', op: 'Placeholder', input: [] });
    expect(dispatch.input).toEqual(['image']);
    expect(Buffer.from(dispatch.attr.computes?.s ?? '', 'base64').toString()).toBe(
      'Conv2D → Add → Relu',
    );
    const [inside] = modelTopology.library.function;
    expect(inside.signature.name).toBe(dispatch.op);
    expect(inside.signature.inputArg.map(({ name }) => name)).toEqual(['image']);
    expect(inside.ret).toEqual({ result: 'result:0' });
    const names = new Set(['image', ...inside.nodeDef.map(({ name }) => name)]);
    expect(inside.nodeDef.map(({ op }) => op)).toEqual(
      expect.arrayContaining(['Const', 'Conv2D', 'BiasAdd', 'Relu']),
    );
    for (const node of inside.nodeDef) {
      for (const ref of node.input) expect(names).toContain(ref.replace(/:\d+$/, ''));
    }
  });

  test('a layers model is refused, and told the cure', async () => {
    const { code, err } = await call(['export', writeLayersModel()]);
    expect(code).toBe(2);
    expect(err).toContain('needs a graph model');
  });
});

describe('verify', () => {
  test('judges a model by float64', async () => {
    const { code, out } = await call(['verify', writeModel('verified')]);
    expect(code).toBe(0);
    expect(out).toContain('nothing diverges');
    expect(out).toMatch(/result float32 \[1,8,8,4\]: error \d/);
  });

  test('as JSON, a layers model', async () => {
    const { code, out } = await call(['verify', writeLayersModel(), '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ ok: true, divergences: [] });
  });
});

describe('bench', () => {
  test('runs both sides in turn', async () => {
    const args = ['bench', writeModel('benched'), '--reps', '2', '--warmups', '3'];
    const { code, out, err } = await call(args);
    expect(code).toBe(0);
    expect(out).toMatch(/dispatches +\d+ +1 +\d/);
    expect(out).toMatch(/largest difference \d/);
    expect(err).toContain('timing, 2 runs of each in turn');
  });

  test('as JSON, with where the numbers come from', async () => {
    const { code, out } = await call(['bench', writeLayersModel(), '--json', '--reps', '1']);
    expect(code).toBe(0);
    const told = JSON.parse(out) as { sides: { counts: { dispatches: number } }[] };
    expect(told).toHaveProperty('provenance.adapter');
    expect(told.sides[1].counts.dispatches).toBeLessThan(told.sides[0].counts.dispatches);
  });
});

describe('bench --browser', () => {
  test('measures in the page that it serves', async () => {
    const args = ['bench', writeModel('served'), '--browser', '--reps', '1', '--warmups', '2'];
    const program = spawn(process.execPath, ['dist/cli.mjs', ...args]);
    const ended = new Promise<number | null>((resolve) => program.on('exit', resolve));
    let out = '';
    program.stdout.on('data', (text: Buffer) => (out += text.toString()));
    const address = await new Promise<string>((resolve) => {
      let err = '';
      program.stderr.on('data', (text: Buffer) => {
        err += text.toString();
        const [, found] = /open (http:\S+) in the browser/.exec(err) ?? [];
        if (found) resolve(found);
      });
    });
    const browser = await launchBrowser();
    try {
      await openWithAdapter(await browser.newPage(), address);
      expect(await ended).toBe(0);
    } finally {
      await browser.close();
      program.kill();
    }
    expect(out).toMatch(/dispatches +\d+ +1 +\d/);
    expect(out).toMatch(/largest difference \d/);
    expect(out).toMatch(/swiftshader · Chrom\w+ \d+ on Linux/i);
  });

  test('a program that is not there', async () => {
    const { code, err } = await call(['bench', writeModel('gone'), '--browser', '/no/browser']);
    expect(code).toBe(2);
    expect(err).toMatch(/got \/no\/browser that does not start: .*ENOENT/);
  });
});

test('trace: a call by kernel, stock beside fused', async () => {
  const file = join(folder, 'trace.json');
  const { code, out } = await call(['trace', writeModel('traced'), '--out', file]);
  expect(code).toBe(0);
  expect(out).toContain('ui.perfetto.dev');
  const { traceEvents } = JSON.parse(readFileSync(file, 'utf8')) as {
    traceEvents: {
      ph: string;
      pid: number;
      name: string;
      dur: number;
      args: { nodes: string[] };
    }[];
  };
  const kernels = traceEvents.filter(({ ph }) => ph === 'X');
  expect(kernels.filter(({ pid }) => pid === 0).length).toBeGreaterThan(1);
  const [fused, ...others] = kernels.filter(({ pid }) => pid === 1);
  expect(others).toEqual([]);
  expect(fused.name).toBe('Conv2D → Add → Relu');
  expect(fused.dur).toBeGreaterThan(0);
  expect(fused.args.nodes).toEqual(expect.arrayContaining(['conv', 'result']));
});

test('trace: a call that waits in between is refused for that, whatever stock says of it', async () => {
  const { code, err } = await call(['trace', 'bench/models/magika']);
  expect(code).toBe(2);
  expect(err).toMatch(/trace: got a call that waits in between, such as executeAsync/);
});

test('explain --time: the report has the time of each kernel, and of each node by stock', async () => {
  const file = join(folder, 'timed.html');
  const model = writeModel('timed');
  const { code } = await call(['explain', model, '--html', file, '--time']);
  expect(code).toBe(0);
  const [, data] = /id="data">(.*?)<\/script>/.exec(readFileSync(file, 'utf8')) ?? [];
  const { plans, time } = JSON.parse(data) as {
    plans: { kernels: { ms: number }[] }[];
    time: { fused: number; stock: number; stockNodes: Record<string, number> };
  };
  expect(plans[0].kernels[0].ms).toBeGreaterThan(0);
  expect(time.fused).toBeCloseTo(plans[0].kernels[0].ms);
  expect(Object.keys(time.stockNodes)).toEqual(expect.arrayContaining(['conv', 'result']));
  expect(time.stock).toBeGreaterThan(0);
  expect((await call(['explain', model, '--time'])).code).toBe(2);
});

describe('doctor', () => {
  interface Told {
    isHealthy: boolean;
    findings: { what: string; state: string; cure?: string }[];
    adapter?: { class: string };
  }

  test('finds the adapter, and computes something', async () => {
    const { code, out } = await call(['doctor', '--json']);
    const told = JSON.parse(out) as Told;
    expect(code).toBe(0);
    expect(told.isHealthy).toBe(true);
    expect(told.adapter).toHaveProperty('class');
    expect(told.findings.at(-1)).toMatchObject({ what: 'webgpu-fused', state: 'ok' });
  });

  test('without a driver it says how to get one, and ends with 1', async () => {
    const { code, out } = await call(['doctor'], NO_DRIVER);
    expect(code).toBe(1);
    expect(out).toMatch(/missing +WebGPU .*but no adapter/);
    expect(out).toContain('Install the driver of the GPU');
  });
});

describe('with nothing else installed', () => {
  test('doctor says what is missing, and how to get it', async () => {
    const { code, out } = await callAlone(['doctor']);
    expect(code).toBe(1);
    expect(out).toMatch(/missing +@tensorflow\/tfjs-core +not installed/);
    expect(out).toContain('Run npm install @tensorflow/tfjs-core@4.22.');
    expect(out).toContain('Run npm install webgpu.');
  });

  test('the other commands name the package', async () => {
    const { code, out, err } = await callAlone(['explain', writeModel('alone-model')]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('got no package @tensorflow/tfjs-core; needs it beside this one.');
  });
});

describe('what is wrong is named, and the program ends with 2', () => {
  const transcripts = readFileSync('docs/transcripts.md', 'utf8');

  test.each(BAD_INPUTS.map((one) => [one.title, one] as const))(
    '%s',
    async (_title, { write, args, says }) => {
      write?.(folder);
      const { code, out, err } = await callProgram(args, { cwd: folder });
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err).toMatch(says);
      expect(err).not.toMatch(/\n\s+at /);
      for (const line of saidFor(err, folder)) expect(transcripts).toContain(line);
    },
  );

  test('no adapter', async () => {
    const { code, err } = await call(['verify', writeModel('driver')], NO_DRIVER);
    expect(code).toBe(2);
    expect(err).toMatch(/verify: got no WebGPU adapter; needs .* Install the driver/);
  });
});
