// `tf` and `webgpuFused` are the globals of the three scripts in index.html.
const MODEL = '/bench/models/magika/model.json';
const KINDS = '/examples/shared/content-types.json';

const element = (id) => document.getElementById(id);

/** The first and the last 1,024 bytes; 256 stands for no byte. */
function encode(text) {
  const bytes = new TextEncoder().encode(text.trim());
  const codes = new Int32Array(2048).fill(256);
  codes.set(bytes.slice(0, 1024), 0);
  const end = bytes.slice(-1024);
  codes.set(end, 2048 - end.length);
  return tf.tensor(codes, [1, 2048], 'int32');
}

async function main() {
  await tf.setBackend('webgpu-fused');
  const [model, kinds] = await Promise.all([
    tf.loadGraphModel(MODEL),
    fetch(KINDS).then((response) => response.json()),
  ]);

  async function ask() {
    const input = encode(element('text').value);
    const output = await model.executeAsync(input);
    const probabilities = await output.data();
    tf.dispose([input, output]);
    const top = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
    const names = top
      .slice(0, 3)
      .map((i) => `${kinds[i]} ${(100 * probabilities[i]).toFixed(1)} %`);
    element('answer').textContent = names.join(' · ');
  }

  await ask();
  showFusion(webgpuFused.explain(model));
  element('ask').disabled = false;
  element('ask').onclick = () => ask().catch(showError);
}

/** One row for each dispatch. */
function showFusion({ dispatches, bytes, regions }) {
  const megabytes = (count) => `${(count / 1e6).toFixed(1)} MB`;
  element('summary').textContent =
    `about ${dispatches.before} kernels as single ops → ${dispatches.after} dispatches, ` +
    `about ${megabytes(bytes.before)} → ${megabytes(bytes.after)} read and written`;
  const table = element('kernels');
  const addRow = (cells) => {
    const row = table.insertRow();
    for (const text of cells) row.insertCell().textContent = text;
  };
  addRow(['family', 'computes, in order', 'nodes of the model']);
  for (const { plan } of regions) {
    for (const { family, label, origins } of plan?.kernels ?? []) {
      addRow([family, label, String(origins.length)]);
    }
  }
}

function showError(error) {
  element('answer').textContent = error.message;
  console.error(error);
}

main().catch(showError);
