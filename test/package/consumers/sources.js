// Pixels of every kind, of odd sizes, with one to four channels, as elements and into a convolution:
// what stock makes of them, and what the package does. A plain function, for it runs in a page.
async function predict(tf, fused, { backend }) {
  const SIZES = [
    [1, 1],
    [29, 17],
  ];
  tf.env().set('WEBGPU_IMPORT_EXTERNAL_TEXTURE', false);
  const paint = (canvas, hue, isOpaque) => {
    const { width, height } = canvas;
    const context = canvas.getContext('2d');
    context.clearRect(0, 0, width, height);
    const gradient = context.createLinearGradient(0, 0, width, height);
    gradient.addColorStop(0, `hsla(${hue}, 80%, 50%, ${isOpaque ? 1 : 0.5})`);
    gradient.addColorStop(1, `hsla(${hue + 90}, 60%, 30%, ${isOpaque ? 1 : 0.9})`);
    context.fillStyle = gradient;
    context.fillRect(0, 0, width, height);
    return canvas;
  };
  const makeCanvas = (width, height) =>
    Object.assign(document.createElement('canvas'), { width, height });
  const decode = async (canvas) => {
    const image = new Image();
    image.src = canvas.toDataURL();
    await image.decode();
    return image;
  };
  const record = async (canvas) => {
    const recorder = new MediaRecorder(canvas.captureStream(30), { mimeType: 'video/webm' });
    const chunks = [];
    recorder.ondataavailable = ({ data }) => chunks.push(data);
    const stopped = new Promise((resolve) => (recorder.onstop = resolve));
    recorder.start();
    for (let at = 0; at < 8; at++) {
      paint(canvas, at * 30, true);
      await new Promise((resolve) => setTimeout(resolve, 33));
    }
    recorder.stop();
    await stopped;
    const video = Object.assign(document.createElement('video'), { muted: true });
    video.src = URL.createObjectURL(new Blob(chunks, { type: 'video/webm' }));
    await video.play();
    await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
    video.pause();
    return video;
  };
  const sources = [];
  for (const [width, height] of SIZES) {
    const opaque = paint(makeCanvas(width, height), 20, true);
    const clear = paint(makeCanvas(width, height), 200, false);
    const offscreen = paint(new OffscreenCanvas(width, height), 70, false);
    sources.push(opaque, await createImageBitmap(clear));
    if (width === 1) continue;
    sources.push(clear, offscreen, await decode(clear));
    sources.push(clear.getContext('2d').getImageData(0, 0, width, height));
  }
  sources.push(await record(makeCanvas(64, 36)));
  const seeded = (shape, seed) => tf.randomUniform(shape, -1, 1, 'float32', seed);
  const model = (image, channels) =>
    tf.conv2d(image.toFloat().div(255).expandDims(0), seeded([3, 3, channels, 4], 3), 2, 'same');
  const nextTask = () => new Promise((resolve) => setTimeout(resolve, 0));
  const run = async (name) => {
    if (!(await tf.setBackend(name))) throw new Error(`backend ${name} failed to initialise`);
    const outputs = [];
    const read = async (tensor) => {
      outputs.push(Array.from(await tensor.data()));
      tensor.dispose();
    };
    const before = tf.memory();
    for (const source of sources) {
      for (const channels of [1, 2, 3, 4]) {
        if (channels === 3) {
          await read(tf.tidy(() => model(tf.browser.fromPixels(source, channels), channels)));
        }
        await read(tf.browser.fromPixels(source, channels));
      }
      const x = await tf.browser.fromPixelsAsync(source);
      // Kept over tasks, under another shape, read twice.
      await nextTask();
      const flat = x.reshape([-1, 3]);
      const copy = flat.clone();
      tf.dispose([x, flat]);
      await read(tf.tidy(() => tf.mean(copy.toFloat().mul(2), 1)));
      await read(copy);
      tf.browser.fromPixels(source).dispose();
    }
    const canvas = paint(makeCanvas(20, 12), 10, true);
    const over = tf.browser.fromPixels(canvas);
    paint(canvas, 180, true);
    await read(over.add(1));
    over.dispose();
    const { numTensors, numDataBuffers } = tf.memory();
    return {
      outputs,
      growth: numTensors - before.numTensors + numDataBuffers - before.numDataBuffers,
    };
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
