/** The format of .tflite files: one graph of float32, as flatbuffers. Numbers are those of the published schema. */
import { createRequire } from 'node:module';
import { peerFolder } from '../packages';

/** What is used of the package `flatbuffers`. */
interface Builder {
  startVector(size: number, count: number, alignment: number): void;
  addInt32(value: number): void;
  addOffset(offset: number): void;
  endVector(): number;
  startObject(fields: number): void;
  addFieldInt8(field: number, value: number, standard: number): void;
  addFieldInt32(field: number, value: number, standard: number): void;
  addFieldFloat32(field: number, value: number, standard: number): void;
  addFieldOffset(field: number, value: number, standard: number): void;
  endObject(): number;
  createString(text: string): number;
  createByteVector(bytes: Uint8Array): number;
  prep(size: number, additional: number): void;
  finish(root: number, identifier: string): void;
  asUint8Array(): Uint8Array;
}

/** Fields of an operator's options, by their place in the table; what is not there has the format's default. */
export interface OperatorOptions {
  readonly stride?: number;
  /** Of a depthwise convolution. */
  readonly multiplier?: number;
  readonly keepsAxes?: boolean;
  readonly transposesSecond?: boolean;
  readonly shape?: readonly number[];
}

type WriteOptions = (builder: Builder, options: OperatorOptions) => void;

interface OperatorKind {
  /** `tflite::BuiltinOperator` */
  readonly code: number;
  readonly version?: number;
  /** `tflite::BuiltinOptions`: which table, and how many fields it has. */
  readonly options?: readonly [table: number, fields: number];
  readonly write?: WriteOptions;
}

/** Places of fields that several tables have at different places. */
const flag =
  (field: number, name: 'keepsAxes' | 'transposesSecond'): WriteOptions =>
  (builder, options) =>
    builder.addFieldInt8(field, options[name] ? 1 : 0, 0);

const strides: WriteOptions = (builder, { stride = 1, multiplier }) => {
  builder.addFieldInt32(1, stride, 0);
  builder.addFieldInt32(2, stride, 0);
  if (multiplier !== undefined) builder.addFieldInt32(3, multiplier, 0);
};

const OPERATORS = {
  ADD: { code: 0, options: [11, 2] },
  CONV_2D: { code: 3, options: [1, 7], write: strides },
  DEPTHWISE_CONV_2D: { code: 4, options: [2, 7], write: strides },
  FULLY_CONNECTED: { code: 9, version: 5, options: [8, 5], write: flag(2, 'keepsAxes') },
  MUL: { code: 18, options: [21, 1] },
  RELU: { code: 19 },
  RELU6: { code: 21 },
  RESHAPE: { code: 22, options: [17, 1] },
  SOFTMAX: {
    code: 25,
    options: [9, 1],
    write: (builder) => builder.addFieldFloat32(0, 1, 0),
  },
  TANH: { code: 28 },
  TRANSPOSE: { code: 39, options: [26, 0] },
  MEAN: { code: 40, options: [27, 1], write: flag(0, 'keepsAxes') },
  SUB: { code: 41, options: [28, 2] },
  EXP: { code: 47, options: [33, 0] },
  SQRT: { code: 75 },
  RSQRT: { code: 76 },
  SQUARED_DIFFERENCE: { code: 99, options: [76, 0] },
  BATCH_MATMUL: { code: 126, options: [101, 3], write: flag(1, 'transposesSecond') },
  GELU: { code: 150, options: [116, 1] },
} as const satisfies Record<string, OperatorKind>;

export type OperatorName = keyof typeof OPERATORS;

export interface TfliteTensor {
  readonly shape: readonly number[];
  /** Of a constant. */
  readonly data?: Float32Array | Int32Array;
}

export interface TfliteGraph {
  readonly tensors: readonly TfliteTensor[];
  readonly operators: readonly {
    readonly name: OperatorName;
    readonly inputs: readonly number[];
    readonly output: number;
    readonly options: OperatorOptions;
  }[];
  readonly input: number;
  readonly output: number;
}

const VERSION = 3;
/** `tflite::TensorType` */
const FLOAT32 = 0;
const INT32 = 2;
/** Codes from here on are told by a field that came later. */
const LAST_SHORT_CODE = 127;

/** Writes a table whose fields come from `write`. */
function table(builder: Builder, fields: number, write: () => void): number {
  builder.startObject(fields);
  write();
  return builder.endObject();
}

function int32s(builder: Builder, values: readonly number[]): number {
  builder.startVector(4, values.length, 4);
  for (const value of [...values].reverse()) builder.addInt32(value);
  return builder.endVector();
}

function offsets(builder: Builder, values: readonly number[]): number {
  builder.startVector(4, values.length, 4);
  for (const value of [...values].reverse()) builder.addOffset(value);
  return builder.endVector();
}

/** The bytes of a file: its input is called `x`, its output `y`. */
export function encodeTflite({ tensors, operators, input, output }: TfliteGraph): Uint8Array {
  const require = createRequire(`${peerFolder('flatbuffers')}/package.json`);
  const { Builder: FlatBuilder } = require('flatbuffers') as {
    Builder: new (size: number) => Builder;
  };
  const builder = new FlatBuilder(1 << 20);
  const names = [...new Set(operators.map(({ name }) => name))];
  const constants = tensors.filter(({ data }) => data !== undefined);
  const buffers = [undefined, ...constants.map(({ data }) => data)].map((data) =>
    writeBuffer(builder, data),
  );
  const tensorTables = tensors.map((tensor, at) =>
    writeTensor(builder, tensor, {
      name: at === input ? 'x' : at === output ? 'y' : `t${at}`,
      // The first buffer is empty: that of what is computed.
      buffer: tensor.data ? constants.indexOf(tensor) + 1 : 0,
    }),
  );
  const operatorTables = operators.map((operator) =>
    writeOperator(builder, operator, names.indexOf(operator.name)),
  );
  const [all, inputs, outputs, ops] = [
    offsets(builder, tensorTables),
    int32s(builder, [input]),
    int32s(builder, [output]),
    offsets(builder, operatorTables),
  ];
  const graph = table(builder, 5, () => {
    [all, inputs, outputs, ops].forEach((offset, field) =>
      builder.addFieldOffset(field, offset, 0),
    );
  });
  const codes = offsets(
    builder,
    names.map((name) => writeCode(builder, OPERATORS[name])),
  );
  const graphs = offsets(builder, [graph]);
  const bufferList = offsets(builder, buffers);
  const model = table(builder, 8, () => {
    builder.addFieldInt32(0, VERSION, 0);
    builder.addFieldOffset(1, codes, 0);
    builder.addFieldOffset(2, graphs, 0);
    builder.addFieldOffset(4, bufferList, 0);
  });
  builder.finish(model, 'TFL3');
  return builder.asUint8Array();
}

function writeBuffer(builder: Builder, data: TfliteTensor['data']): number {
  if (!data) return table(builder, 3, () => undefined);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  // Elements stand at multiples of 16; the length before them takes 4.
  builder.prep(16, bytes.length);
  const vector = builder.createByteVector(bytes);
  return table(builder, 3, () => builder.addFieldOffset(0, vector, 0));
}

function writeTensor(
  builder: Builder,
  { shape, data }: TfliteTensor,
  { name, buffer }: { name: string; buffer: number },
): number {
  const [dims, text] = [int32s(builder, shape), builder.createString(name)];
  return table(builder, 10, () => {
    builder.addFieldOffset(0, dims, 0);
    builder.addFieldInt8(1, data instanceof Int32Array ? INT32 : FLOAT32, 0);
    builder.addFieldInt32(2, buffer, 0);
    builder.addFieldOffset(3, text, 0);
    builder.addFieldInt8(8, 1, 0);
  });
}

function writeOperator(
  builder: Builder,
  { name, inputs, output, options }: TfliteGraph['operators'][number],
  code: number,
): number {
  const kind: OperatorKind = OPERATORS[name];
  const [reads, writes] = [int32s(builder, inputs), int32s(builder, [output])];
  const newShape = options.shape && int32s(builder, options.shape);
  const [type, fields] = kind.options ?? [0, 0];
  const told =
    type > 0
      ? table(builder, fields, () => {
          if (newShape !== undefined) builder.addFieldOffset(0, newShape, 0);
          kind.write?.(builder, options);
        })
      : 0;
  return table(builder, 12, () => {
    builder.addFieldInt32(0, code, 0);
    builder.addFieldOffset(1, reads, 0);
    builder.addFieldOffset(2, writes, 0);
    if (type === 0) return;
    builder.addFieldInt8(3, type, 0);
    builder.addFieldOffset(4, told, 0);
  });
}

function writeCode(builder: Builder, { code, version = 1 }: OperatorKind): number {
  return table(builder, 4, () => {
    builder.addFieldInt8(0, Math.min(code, LAST_SHORT_CODE), 0);
    builder.addFieldInt32(2, version, 1);
    builder.addFieldInt32(3, code, 0);
  });
}
