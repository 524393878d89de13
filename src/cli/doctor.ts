/** The command `doctor`: what is installed, which adapter there is, what is missing and how to get it. */
import { relative } from 'node:path';
import { classifyAdapter } from '../fused-kernels/target';
import { version } from '../host/version';
import { CliError, EXIT, messageOf } from './cli-error';
import { ADAPTER_CURE, describeAdapter, provideGpu } from './gpu';
import { copiesOf, versionOf, type PackageCopy } from './packages';
import type { Parts } from './parts';
import type { Terminal } from './terminal';

export interface DoctorOptions {
  readonly json?: boolean;
}

/** One thing that was looked at. */
interface Finding {
  readonly what: string;
  /** `missing`: nothing runs without it here; `note`: it runs, and is worth knowing. */
  readonly state: 'ok' | 'note' | 'missing';
  readonly found: string;
  readonly cure?: string;
}

/** An adapter, as plain data. */
interface AdapterReport {
  readonly name: string;
  readonly class: string;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

/** Node that is needed, as in `engines`. */
const NODE = 20;

/** What has to be there, and at what versions. */
const PEERS = [
  '@tensorflow/tfjs-core',
  '@tensorflow/tfjs-converter',
  '@tensorflow/tfjs-backend-webgpu',
];
const PEER_RANGE = { major: 4, from: 11, to: 22 };

/** Limits that decide which kernels can be used. */
const LIMITS = [
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupsPerDimension',
] as const;

const MARKS = { ok: 'green', note: 'yellow', missing: 'red' } as const;

export async function doctorCommand(
  { json }: DoctorOptions,
  terminal: Terminal,
  parts: Parts,
): Promise<number> {
  const findings = [nodeVersion(), ...PEERS.map(peer), ...copies(), layers()];
  const { finding, adapter } = await findAdapter();
  findings.push(finding);
  const isComplete = !findings.some(({ state }) => state === 'missing');
  if (adapter && isComplete) findings.push(await compute(parts));
  const isHealthy = !findings.some(({ state }) => state === 'missing');
  if (json) terminal.json({ version, isHealthy, findings, adapter });
  else terminal.print(format(findings, adapter, terminal));
  return isHealthy ? EXIT.ok : EXIT.no;
}

function nodeVersion(): Finding {
  const isNew = Number(process.versions.node.split('.')[0]) >= NODE;
  return {
    what: 'Node',
    found: `${process.version} on ${process.platform}-${process.arch}`,
    ...(isNew
      ? { state: 'ok' }
      : { state: 'missing', cure: `Install Node ${NODE} or newer: https://nodejs.org` }),
  };
}

function peer(name: string): Finding {
  const found = versionOf(name);
  const { major, from, to } = PEER_RANGE;
  const cure = `Run npm install ${name}@${major}.${to}.`;
  if (found === undefined) return { what: name, state: 'missing', found: 'not installed', cure };
  const [has, minor] = found.split('.').map(Number);
  if (has === major && minor >= from && minor <= to) return { what: name, state: 'ok', found };
  const range = `${major}.${from} to ${major}.${to}`;
  return { what: name, state: 'missing', found: `${found}; needs ${range}`, cure };
}

/** Copies of tfjs in the project at hand: each has a class of graph models of its own. */
function copies(): Finding[] {
  const found = copiesOf('@tensorflow/tfjs-core', process.cwd());
  if (found.length < 2) return [];
  const at = ({ folder, version: has }: PackageCopy): string =>
    `${has} in ${relative(process.cwd(), folder)}`;
  return [
    {
      what: 'copies of tfjs-core',
      state: 'note',
      found: found.map(at).join('; '),
      cure: "Models of a library's own copy are fused after register({ GraphModel, registerOp }), with those of that copy.",
    },
  ];
}

function layers(): Finding {
  const what = '@tensorflow/tfjs-layers';
  const found = versionOf(what);
  if (found !== undefined) return { what, state: 'ok', found };
  const cure = `For layers models run npm install ${what}.`;
  return { what, state: 'note', found: 'not installed', cure };
}

async function findAdapter(): Promise<{ finding: Finding; adapter?: AdapterReport }> {
  const what = 'WebGPU';
  const missing = (found: string, cure: string): { finding: Finding } => ({
    finding: { what, state: 'missing', found, cure },
  });
  const dawn = versionOf('webgpu');
  if (dawn === undefined) {
    return missing('no package webgpu, which is WebGPU in Node', 'Run npm install webgpu.');
  }
  let adapter: GPUAdapter | null;
  try {
    adapter = await (await provideGpu('doctor')).requestAdapter();
  } catch (error) {
    const why = error instanceof CliError ? error.message : `it does not load: ${messageOf(error)}`;
    return missing(`webgpu ${dawn}, but ${why}`, 'Run npm rebuild webgpu, or install it again.');
  }
  if (!adapter) return missing(`webgpu ${dawn}, but no adapter`, ADAPTER_CURE);
  const { info, limits, features } = adapter;
  const report: AdapterReport = {
    name: describeAdapter(info),
    class: classifyAdapter(info),
    features: [...features].sort(),
    limits: Object.fromEntries(LIMITS.map((name) => [name, limits[name]])),
  };
  const finding: Finding = {
    what,
    found: `webgpu ${dawn}, ${report.name}`,
    ...(report.class === 'software'
      ? { state: 'note', cure: "A software adapter: its answers are right, its times not a GPU's." }
      : { state: 'ok' }),
  };
  return { finding, adapter: report };
}

/** Computes something on the backend. */
async function compute(parts: Parts): Promise<Finding> {
  const what = 'webgpu-fused';
  try {
    await parts.backend();
    const tf = await import('@tensorflow/tfjs-core');
    if (!(await tf.setBackend(what))) throw new Error('setBackend answered false');
    const values = await tf.relu(tf.add([-1, 2], 3)).data();
    if (values.join() !== '2,5') throw new Error(`relu([-1, 2] + 3) is [${values.join(', ')}]`);
    return { what, state: 'ok', found: `${version} computes` };
  } catch (error) {
    const cure = 'Update the driver, or name another one in VK_ICD_FILENAMES.';
    return { what, state: 'missing', found: `${version}, but ${messageOf(error)}`, cure };
  }
}

function format(
  findings: readonly Finding[],
  adapter: AdapterReport | undefined,
  terminal: Terminal,
): string {
  const width = Math.max(...findings.map(({ what }) => what.length));
  const lines = findings.flatMap(({ what, state, found, cure }) => [
    `${terminal.style(MARKS[state], state.padEnd(7))}  ${what.padEnd(width)}  ${found}`,
    ...(cure === undefined ? [] : [`${' '.repeat(9 + width + 2)}${cure}`]),
  ]);
  if (!adapter) return lines.join('\n');
  const name = Math.max(...Object.keys(adapter.limits).map((limit) => limit.length));
  return [
    ...lines,
    '',
    `${adapter.name}, kernels of class ${adapter.class}`,
    ...Object.entries(adapter.limits).map(
      ([limit, value]) => `  ${limit.padEnd(name)}  ${value.toLocaleString('en')}`,
    ),
    `  ${adapter.features.join(', ')}`,
  ].join('\n');
}
