import { loadGraphModelSync, registerOp, type GraphModel } from '@tensorflow/tfjs-converter';
import { unsortedSegmentSum, util, type Tensor1D, type io } from '@tensorflow/tfjs-core';
import type {
  AttrValue,
  FunctionDef,
  GraphDef,
  NodeDef,
} from '../../../../src/graph-model/graph-def';

export type Attrs = Record<string, AttrValue>;
type ConstType = 'float32' | 'int32' | 'bool' | 'string';

const TYPES: Record<ConstType, string> = {
  float32: 'DT_FLOAT',
  int32: 'DT_INT32',
  bool: 'DT_BOOL',
  string: 'DT_STRING',
};

/** Attributes as `model.json` writes them. */
export const attr = {
  s: (text: string): AttrValue => ({ s: btoa(text) }),
  i: (value: number): AttrValue => ({ i: String(value) }),
  f: (value: number): AttrValue => ({ f: value }),
  b: (value: boolean): AttrValue => ({ b: value }),
  type: (dtype: ConstType): AttrValue => ({ type: TYPES[dtype] }),
  ints: (values: readonly number[]): AttrValue => ({ list: { i: values.map(String) } }),
  strings: (texts: readonly string[]): AttrValue => ({ list: { s: texts.map(btoa) } }),
  shape: (dims: readonly number[]): AttrValue => ({
    shape: { dim: dims.map((size) => ({ size })) },
  }),
};

/** An op of the app's own: no version of the package will ever have a form for it. */
export const LEFT_TO_TFJS = 'SumsOfSegments';
registerOp(LEFT_TO_TFJS, ({ inputs: [x, ids] }) =>
  unsortedSegmentSum(x, ids as Tensor1D, ids.size),
);

/** A small graph model, written node by node. */
export class TestGraph {
  readonly nodes: NodeDef[] = [];
  readonly functions: FunctionDef[] = [];
  private readonly specs: io.WeightsManifestEntry[] = [];
  private readonly data: Uint8Array[] = [];
  private constants = 0;

  placeholder(name: string, dtype: ConstType, shape: readonly number[]): string {
    return this.node(name, 'Placeholder', [], {
      dtype: attr.type(dtype),
      shape: attr.shape(shape),
    });
  }

  /** A weight; without a name, one is made up. */
  constant(
    values: ArrayLike<number> | number,
    shape: readonly number[] = typeof values === 'number' ? [] : [values.length],
    dtype: 'float32' | 'int32' | 'bool' = 'float32',
    name = `const_${this.constants++}`,
  ): string {
    const list = typeof values === 'number' ? [values] : values;
    const types = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };
    if (list.length !== util.sizeFromShape([...shape])) throw new Error(`bad constant ${name}`);
    this.specs.push({ name, shape: [...shape], dtype });
    this.data.push(new Uint8Array(types[dtype].from(list).buffer));
    return this.node(name, 'Const', [], { dtype: attr.type(dtype), value: { tensor: {} } });
  }

  ints(values: readonly number[] | number): string {
    return this.constant(values, undefined, 'int32');
  }

  node(name: string, op: string, input: readonly string[], attrs: Attrs = {}): string {
    this.nodes.push({ name, op, input: [...input], attr: { ...attrs } });
    return name;
  }

  /** A node of an op that stays with tfjs; its values are those of `x`, of `rows` rows. */
  leftToTfjs(name: string, x: string, rows: number): string {
    const ids = this.ints(Array.from({ length: rows }, (_, row) => row));
    return this.node(name, LEFT_TO_TFJS, [x, ids]);
  }

  artifacts(options: Partial<io.ModelArtifacts> = {}): io.ModelArtifacts {
    const weightData = new Uint8Array(this.data.reduce((sum, part) => sum + part.length, 0));
    let offset = 0;
    for (const part of this.data) {
      weightData.set(part, offset);
      offset += part.length;
    }
    const modelTopology: GraphDef = {
      node: this.nodes,
      library: { function: this.functions },
      versions: { producer: 1, minConsumer: 1 },
    };
    return { modelTopology, weightSpecs: this.specs, weightData: weightData.buffer, ...options };
  }

  load(options: Partial<io.ModelArtifacts> = {}): GraphModel {
    return loadGraphModelSync(this.artifacts(options)) as unknown as GraphModel;
  }
}

/** Numbers that repeat after a while, on both sides of 0. */
export function wave(size: number, step = 0.37, offset = -1.5): number[] {
  return Array.from({ length: size }, (_, i) => Math.fround(offset + ((i * step * 7.3) % 3)));
}
