/** Compiling a model ahead of its first call. */
import type { GraphModel } from '@tensorflow/tfjs-converter';
import { dispose, Tensor, zeros, type NamedTensorMap } from '@tensorflow/tfjs-core';
import { explain, requireRewriter, type ModelExplanation } from './explain';
import { runSteps, type Steps } from '../ir/steps';
import { checkOptions, hasOpenShape, type OpenShape, type OptimizeOptions } from './example-inputs';
import { internalsOf } from './model-internals';
import type { ModelRewriter, PreparedCall } from './model-rewriter';

/** What a dimension that may have any size is compiled with: neither 1 nor odd, which are classes of their own. */
const OPEN_SIZE = 8;

/** Runs that may end in another division of the model, before it is left as it is. */
const MAX_ATTEMPTS = 32;

/**
 * Rewrites and compiles a graph model now instead of at its first run, for inputs of the shapes
 * given. A model with control flow runs once or a few times, on zeros unless examples are given,
 * because only then are all shapes known; so do the ops that tfjs runs between regions.
 *
 * @returns the same as `explain(model)`.
 * @throws Error if the model is not rewritten (see `explain`), if an input or output is named that
 *   it does not have, an example does not fit its input, or there is none for one of unknown shape.
 */
export async function optimize(
  model: GraphModel,
  options: OptimizeOptions = {},
): Promise<ModelExplanation> {
  const rewriter = requireRewriter(model, 'optimize');
  checkOptions('optimize', model, options);
  await withExamples(model, rewriter, options, (prepare) => compileAll(rewriter, prepare));
  return explain(model);
}

/** Prepares a call with the example inputs; undefined if tfjs should run it. */
export type PrepareExample = () => PreparedCall | undefined;

/** Does something with calls on example inputs, and frees those that were made for it. */
export async function withExamples<T>(
  model: GraphModel,
  rewriter: ModelRewriter,
  options: OptimizeOptions,
  use: (prepare: PrepareExample) => Promise<T>,
): Promise<T> {
  if (hasOpenShape(options)) rewriter.sizesVary = true;
  const internals = internalsOf(model);
  if (internals.resourceIdToCapturedInput == null) {
    internals.setResourceIdToCapturedInput(await internals.executeInitializerGraphAsync());
  }
  const examples = makeExamples(model, options.inputs ?? {});
  try {
    const inputs = internals.normalizeInputs({ ...examples.tensors });
    const outputs = internals.normalizeOutputs(options.outputs);
    return await use(() => rewriter.prepare(inputs, outputs));
  } finally {
    dispose(examples.made);
  }
}

/** How work is done: at once, or in turns with other work of the page. */
export interface WorkPace {
  /** Does what comes in pieces. */
  steps<T>(this: void, work: Steps<T>): T | Promise<T>;
  /** Does what does not. */
  task<T>(this: void, work: () => T | Promise<T>): Promise<T>;
}

const AT_ONCE: WorkPace = { steps: runSteps, task: async (work) => work() };

/** Compiles every region that a call runs, dividing the model anew where one is refused. */
export async function compileAll(
  rewriter: ModelRewriter,
  prepare: PrepareExample,
  pace = AT_ONCE,
): Promise<void> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const known = rewriter.exclusions;
    const call = await pace.task(prepare);
    if (!call) return;
    if (call.rewrite.partition.isWhole) await pace.steps(rewriter.compileWhole(call));
    else if (call.requirements.isDynamic) {
      await pace.task(async () => rewriter.free(await rewriter.executeAsync(call)));
    } else await pace.task(() => rewriter.free(rewriter.rehearse(call)));
    if (rewriter.exclusions === known) return;
  }
}

/** A tensor for each input of the model; `made` are those that did not come from the caller. */
function makeExamples(
  model: GraphModel,
  given: Readonly<Record<string, Tensor | OpenShape>>,
): { tensors: NamedTensorMap; made: Tensor[] } {
  const tensors: NamedTensorMap = {};
  const made: Tensor[] = [];
  model.inputs.forEach(({ name, shape, dtype }, at) => {
    // Signatures call an input by a name of their own.
    const key = model.inputNodes[at];
    // Hash tables and their like: the model makes them itself.
    const signature = model.modelSignature as { inputs?: Record<string, { resourceId?: number }> };
    if (signature?.inputs?.[key]?.resourceId != null) return;
    const example = given[key] ?? given[name];
    if (example instanceof Tensor) {
      tensors[key] = example;
      return;
    }
    const dims = example ?? shape?.map((dim) => (dim < 0 ? 1 : dim));
    if (!dims) {
      throw new Error(
        `[webgpu-fused] optimize: got no shape for input ${key}; needs one. ` +
          `Pass { inputs: { '${key}': [1, 2, 3] } } or an example tensor.`,
      );
    }
    const closed = dims.map((dim, axis) => {
      const own = shape?.[axis] ?? -1;
      return dim ?? (own >= 0 ? own : OPEN_SIZE);
    });
    tensors[key] = zeros(closed, dtype ?? 'float32');
    made.push(tensors[key]);
  });
  return { tensors, made };
}
