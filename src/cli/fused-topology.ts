/**
 * A fused model as a `model.json` for viewers of graphs: a node for each dispatch and each op that tfjs runs;
 * a dispatch is a function, with the nodes of the model inside. It is to be looked at, not to be run.
 */
import type { ModelExplanation, NodeFate } from '../graph-model';
import { nodeOf, unitsOf, type GraphUnit, type Units } from '../html/page/units';
import { reportData, type ReportData } from '../html/report-data';

/** An attribute of a node, as the protocol buffers of TensorFlow say it in JSON. */
type Attribute =
  | { readonly s: string }
  | { readonly i: string }
  | { readonly type: string }
  | { readonly shape: { readonly dim: readonly { readonly size: string }[] } };

interface ExportedNode {
  readonly name: string;
  readonly op: string;
  readonly input: readonly string[];
  readonly attr: Readonly<Record<string, Attribute>>;
}

interface ExportedFunction {
  readonly signature: {
    readonly name: string;
    readonly description: string;
    readonly inputArg: readonly { readonly name: string; readonly type: string }[];
    readonly outputArg: readonly { readonly name: string; readonly type: string }[];
  };
  readonly nodeDef: readonly ExportedNode[];
  readonly ret: Readonly<Record<string, string>>;
}

export interface FusedModelJson {
  readonly format: 'graph-model';
  readonly generatedBy: string;
  readonly modelTopology: {
    readonly node: readonly ExportedNode[];
    readonly library: { readonly function: readonly ExportedFunction[] };
    readonly versions: { readonly producer: number };
  };
  readonly weightsManifest: readonly never[];
}

export function fusedModelJson(told: ModelExplanation, generatedBy: string): FusedModelJson {
  const data = reportData(told, { title: told.model, subtitle: '' });
  const units = unitsOf(data);
  const names = new Map(units.all.map((unit, at) => [unit, unitName(unit, at)]));
  const nameOf = (unit: GraphUnit): string => names.get(unit) as string;
  const inputsOf = (unit: GraphUnit): string[] =>
    units.flows.filter(([, to]) => to === unit).map(([from]) => nameOf(from));
  const node = units.all.map((unit): ExportedNode => ({
    name: nameOf(unit),
    op: unit.kind === 'kernel' ? functionName(nameOf(unit)) : opOf(unit),
    input: inputsOf(unit),
    attr: unit.kernel ? kernelAttributes(unit, data) : {},
  }));
  const kernels = units.all.filter(({ kind }) => kind === 'kernel');
  return {
    format: 'graph-model',
    generatedBy,
    modelTopology: {
      node,
      library: { function: kernels.map((unit) => functionOf(unit, nameOf(unit), units)) },
      versions: { producer: 1 },
    },
    weightsManifest: [],
  };
}

/** Of a dispatch, its number among the boxes and its family: `7_conv2d`. */
function unitName({ kind, title, kernel, members }: GraphUnit, at: number): string {
  if (kernel) return `${at}_${kernel.family}`;
  return kind === 'stock' ? members[0].name : title;
}

const functionName = (node: string): string => `fused_${node}`;
const opOf = ({ kind, title }: GraphUnit): string => (kind === 'input' ? 'Placeholder' : title);

function kernelAttributes({ kernel }: GraphUnit, { shaders }: ReportData): ExportedNode['attr'] {
  if (!kernel) return {};
  const { label, family, bytes, workgroups, shader } = kernel;
  return {
    computes: text(label),
    family: text(family),
    bytes: { i: String(bytes) },
    workgroups: text(workgroups.join(' × ')),
    wgsl: text(shaders[shader]),
  };
}

/** The nodes inside; what they read from elsewhere are arguments, and weights are constants. */
function functionOf(unit: GraphUnit, name: string, { homes }: Units): ExportedFunction {
  const inside = new Set(unit.members.map((member) => member.name));
  const outside = unique(
    unit.members.flatMap(({ inputs }) => inputs.map(nodeOf)).filter((input) => !inside.has(input)),
  );
  const weights = outside.filter((input) => isWeight(input, unit, homes));
  const args = outside.filter((input) => !weights.includes(input));
  const read = new Set(unit.members.flatMap(({ inputs }) => inputs.map(nodeOf)));
  const results = unit.members.filter((member) => !read.has(member.name));
  const arg = (each: string) => ({ name: each, type: 'DT_FLOAT' });
  return {
    signature: {
      name: functionName(name),
      description: unit.title,
      inputArg: args.map(arg),
      outputArg: results.map((member) => arg(member.name)),
    },
    nodeDef: [
      ...weights.map((weight): ExportedNode => ({
        name: weight,
        op: 'Const',
        input: [],
        attr: {},
      })),
      ...unit.members.map(nodeDefOf),
    ],
    ret: Object.fromEntries(results.map((member) => [member.name, `${member.name}:0`])),
  };
}

/** What no box gives and no input of the plan is. */
function isWeight(name: string, { kernel, plan }: GraphUnit, homes: Units['homes']): boolean {
  if (homes.has(name) || !kernel || !plan) return false;
  return !plan.values.some((value) => value.kind === 'input' && nodeOf(value.name) === name);
}

function nodeDefOf({ name, op, inputs, shape, dtype }: NodeFate): ExportedNode {
  return {
    ...{ name, op, input: inputs },
    attr: {
      ...(shape && {
        _output_shape: { shape: { dim: shape.map((size) => ({ size: String(size) })) } },
      }),
      ...(dtype && { T: { type: DTYPES[dtype] ?? 'DT_FLOAT' } }),
    },
  };
}

const DTYPES: Readonly<Record<string, string>> = {
  ...{ float32: 'DT_FLOAT', int32: 'DT_INT32', bool: 'DT_BOOL' },
  ...{ string: 'DT_STRING', complex64: 'DT_COMPLEX64' },
};

const text = (value: string): Attribute => ({ s: Buffer.from(value).toString('base64') });
const unique = (names: readonly string[]): string[] => [...new Set(names)];
