// Runs a model on a hundred frames of a canvas, as an app with a camera does; every other frame
// comes as an ImageBitmap. A plain function, for it runs in a page.
async function predict(tf, fused, { modelUrl, backend }) {
  const FRAMES = 100;
  const canvas = document.querySelector('canvas');
  const context = canvas.getContext('2d');
  const draw = (frame) => {
    const { width, height } = canvas;
    const gradient = context.createLinearGradient(0, 0, width, height);
    gradient.addColorStop(0, `hsl(${frame * 7}, 80%, 50%)`);
    gradient.addColorStop(1, `hsl(${frame * 13 + 90}, 60%, 30%)`);
    context.fillStyle = gradient;
    context.fillRect(0, 0, width, height);
  };
  const run = async (name) => {
    if (!(await tf.setBackend(name))) throw new Error(`backend ${name} failed to initialise`);
    const model = await tf.loadGraphModel(modelUrl);
    const outputs = [];
    let tensors = 0;
    for (let frame = 0; frame < FRAMES; frame++) {
      draw(frame);
      const source = frame % 2 ? await createImageBitmap(canvas) : canvas;
      const y = tf.tidy(() => {
        const pixels = tf.browser.fromPixels(source);
        return model.predict(tf.expandDims(tf.div(tf.cast(pixels, 'float32'), 255), 0));
      });
      outputs.push(Array.from(await y.data()));
      y.dispose();
      if (frame === 5) tensors = tf.memory().numTensors;
    }
    return { outputs, growth: tf.memory().numTensors - tensors };
  };
  const stock = await run('webgpu');
  const own = await run(backend);
  return {
    backend: tf.getBackend(),
    version: fused.version,
    growth: own.growth,
    expected: stock.outputs.flat(),
    outputs: [own.outputs.flat()],
  };
}

globalThis.predict = predict;
