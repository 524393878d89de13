/** What an importer sees of a model node, and how it hands the node to a lowering. */
import type { GraphBuilder } from '../../ir/builder';
import type { DType, Value } from '../../ir/graph';
import { RefusedError, refuse } from '../../ir/infer/refused';
import type { Lowered, Lowering, Operands } from '../../lowering/lowering';
import {
  boolAttr,
  dtypeAttr,
  numberAttr,
  numbersAttr,
  stringAttr,
  stringsAttr,
  type NodeDef,
} from '../graph-def';
import { InvalidModelError } from '../invalid-model';

/** Turns one model node into primitives; returns its outputs, or its only one. */
export type Importer = (node: NodeImport) => Value | readonly (Value | undefined)[];

/** Importers by op name. */
export type ImportTable = Readonly<Record<string, Importer>>;

/** Thrown where an operand steers shapes and its elements are not known on the host. */
export class HostValueNeeded extends RefusedError {
  readonly value: Value;

  constructor(value: Value, what: string) {
    super(`${what} is not known on the host`);
    this.value = value;
  }
}

/** What an importer sees of a model node: operands, attributes and the builder. */
export class NodeImport {
  readonly b: GraphBuilder;
  readonly def: NodeDef;
  /** Data inputs in order; inputs that only order execution are left out. */
  readonly inputs: readonly Value[];

  constructor(b: GraphBuilder, def: NodeDef, inputs: readonly Value[]) {
    this.b = b;
    this.def = def;
    this.inputs = inputs;
  }

  /** Operand `at`; counted from the end if negative. */
  input(at: number): Value {
    return this.inputs.at(at) ?? refuse(`input ${at} is missing`);
  }

  /**
   * Operand `at` flattened to axes, sizes or indices, which must be known on the host.
   *
   * @throws InvalidModelError if they are no whole numbers: tfjs would run them.
   */
  numbers(at: number): number[] {
    const numbers = this.hostNumbers(at);
    if (!numbers.every(Number.isInteger)) {
      throw InvalidModelError.ofInput(this.def, at, numbers, 'whole numbers');
    }
    return numbers;
  }

  private hostNumbers(at: number): number[] {
    const value = this.input(at);
    const host = this.b.hostValues(value);
    if (!host) throw new HostValueNeeded(value, `input ${at}`);
    return Array.from(host);
  }

  /** The first element of operand `at`, or `fallback` if the node has no such operand. */
  number(at: number, fallback?: number): number {
    if (fallback !== undefined && this.inputs.length <= (at < 0 ? -at - 1 : at)) return fallback;
    return this.hostNumbers(at)[0];
  }

  stringAttr(name: string, fallback = ''): string {
    return stringAttr(this.def, name) ?? fallback;
  }

  stringsAttr(name: string): string[] {
    return stringsAttr(this.def, name) ?? [];
  }

  numberAttr(name: string, fallback: number): number {
    return numberAttr(this.def, name) ?? fallback;
  }

  numbersAttr(name: string): number[] | undefined {
    return numbersAttr(this.def, name);
  }

  boolAttr(name: string): boolean {
    return boolAttr(this.def, name);
  }

  /** A type attribute; refuses types that the IR lacks. */
  dtypeAttr(name: string, fallback?: DType): DType {
    if (!this.def.attr?.[name]?.type && fallback) return fallback;
    return dtypeAttr(this.def, name) ?? refuse(`attribute ${name} is a type the IR does not have`);
  }
}

/** The operands that the lowering takes: a node has them first, and those that steer shapes behind. */
const leading =
  (names: readonly string[] | undefined) =>
  (node: NodeImport): Operands =>
    names ? node.inputs.slice(0, names.length) : node.inputs;

/** An importer that reads a node as an invocation of a kernel: its attributes, and its operands. */
export function invokes<A extends object, R extends Lowered>(
  { inputs, lower }: Lowering<A, R>,
  attributes: (node: NodeImport) => A,
  operands: (node: NodeImport) => Operands = leading(inputs),
): (node: NodeImport) => R {
  return (node) => lower(node.b, operands(node), attributes(node));
}
