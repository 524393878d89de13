// A page that keeps the plans of its model, bundled by test/package/plans.test.ts.
import * as tf from '@tensorflow/tfjs';
import { explain } from 'tfjs-backend-webgpu-fused';
import { keepPlan, recallPlan } from 'tfjs-backend-webgpu-fused/plans';

async function visit() {
  await tf.setBackend('webgpu-fused');
  const model = await tf.loadGraphModel('/model/model.json');
  const recalled = await recallPlan(model);
  const x = tf.ones([1, ...model.inputs[0].shape.slice(1)]);
  const values = Array.from(await model.predict(x).data());
  const { text } = explain(model).compilation;
  return { recalled, text, values, isKept: await keepPlan(model) };
}

globalThis.visit = visit();
