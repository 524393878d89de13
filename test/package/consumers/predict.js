// What each consumer does once it has `tf` and the plugin: load a model over HTTP, run it on the
// backend in question and on cpu. A plain function, for it also runs in a page.
async function predict(tf, fused, { modelUrl, backend }) {
  const run = async (name) => {
    if (!(await tf.setBackend(name))) throw new Error(`backend ${name} failed to initialise`);
    const model = await tf.loadGraphModel(modelUrl);
    const [, height, width, channels] = model.inputs[0].shape;
    const size = height * width * channels;
    const pixels = Float32Array.from({ length: size }, (_, i) => Math.sin(i));
    const input = tf.tensor(pixels, [1, height, width, channels]);
    const outputs = [];
    // More than once: a plan that is kept is to give the same answers as the run that made it.
    for (let i = 0; i < 3; i++) {
      const output = model.predict(input);
      outputs.push(Array.from(await output.data()));
      output.dispose();
    }
    return outputs;
  };
  const [expected] = await run('cpu');
  const outputs = await run(backend);
  return { backend: tf.getBackend(), version: fused.version, expected, outputs };
}

globalThis.predict = predict;
