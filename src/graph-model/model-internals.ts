/** Everything private of `GraphModel` that this package relies on, in one place. */
import type { GraphModel } from '@tensorflow/tfjs-converter';
import type { io, NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import type { GraphDef } from './graph-def';

/** A node as tfjs's executor holds it. */
export interface ExecutorNode {
  readonly name: string;
  readonly op: string;
  category: string;
  inputs: ExecutorNode[];
  inputParams: unknown;
  attrParams: Record<string, { value: unknown } | undefined>;
  outputs: unknown;
}

/** A graph as tfjs's executor holds it. */
export interface ExecutorGraph {
  readonly nodes: Record<string, ExecutorNode>;
  readonly placeholders: ExecutorNode[];
  readonly functions?: Record<string, ExecutorGraph>;
}

/** tfjs's `GraphExecutor`. */
export interface Executor {
  readonly graph: ExecutorGraph;
  readonly weightMap: Record<string, Tensor[]>;
  execute(inputs: NamedTensorMap, outputs: readonly string[]): Tensor[];
  executeAsync(inputs: NamedTensorMap, outputs: readonly string[]): Promise<Tensor[]>;
  mapInputs(inputs: NamedTensorMap): NamedTensorMap;
  mapOutputs(outputs: readonly string[]): string[];
  /** Executors of the model's functions, flat; for those, the same map. */
  readonly functionExecutorMap?: Readonly<Record<string, Executor>>;
  /** Runs the nodes of `executeAsync`; what it answers and is not asked for is disposed of. */
  executeWithControlFlow?(
    inputs: NamedTensorMap,
    context: { readonly tensorListMap: object },
    ...rest: unknown[]
  ): Promise<TensorsByNode>;
}

/** Outputs of nodes; those of a branch not taken are missing. */
export type TensorsByNode = Record<string, readonly (Tensor | undefined)[]>;

/** The private side of a `GraphModel`. */
export interface ModelInternals {
  executor: Executor;
  artifacts: io.ModelArtifacts & { modelTopology?: GraphDef };
  resourceManager: unknown;
  resourceIdToCapturedInput?: Record<number, Tensor>;
  executeInitializerGraph(): Tensor[];
  executeInitializerGraphAsync(): Promise<Tensor[]>;
  setResourceIdToCapturedInput(outputs: Tensor[]): void;
  normalizeInputs(inputs: Tensor | Tensor[] | NamedTensorMap): NamedTensorMap;
  normalizeOutputs(outputs?: string | string[]): string[];
  /** Since 4.14. */
  loadWithWeightMap?(artifacts: io.ModelArtifacts, weightMap: NamedTensorMap): boolean;
  loadSync(artifacts: io.ModelArtifacts): boolean;
  /** Decodes weights; the `io` of tfjs-core. */
  io: unknown;
}

export function internalsOf(model: GraphModel): ModelInternals {
  return model as unknown as ModelInternals;
}

/**
 * Tells which node the model's own executor runs next; it reads the category of each before it does.
 *
 * @returns a function that ends it.
 */
export function watchNodes(model: GraphModel, onNode: (name: string) => void): () => void {
  const nodes = Object.values(internalsOf(model).executor.graph.nodes);
  const categories = nodes.map(({ category }) => category);
  nodes.forEach((node, at) => {
    const get = (): string => {
      onNode(node.name);
      return categories[at];
    };
    Object.defineProperty(node, 'category', { get, configurable: true, enumerable: true });
  });
  return () =>
    nodes.forEach((node, at) => {
      const value = categories[at];
      Object.defineProperty(node, 'category', {
        value,
        writable: true,
        configurable: true,
        enumerable: true,
      });
    });
}

const MODEL_METHODS = [
  ...['execute', 'executeAsync', 'dispose', 'loadSync', 'normalizeInputs'],
  ...['normalizeOutputs', 'setResourceIdToCapturedInput', 'executeInitializerGraph'],
  'executeInitializerGraphAsync',
];

/**
 * Whether this is a tfjs-converter that the hook knows: by version, where that is told, and by the
 * methods that it calls.
 */
export function isKnownConverter(version: string | undefined, prototype: object): boolean {
  const methods = prototype as Record<string, unknown>;
  return (
    (version?.startsWith('4.') ?? true) &&
    MODEL_METHODS.every((name) => typeof methods[name] === 'function')
  );
}
