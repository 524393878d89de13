/** The guide: each page's examples are one program, which runs in Node and prints what the page says. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FLAGS } from '../../src/host/flags';
import { residualGraphModel } from '../support/residual-graph-model';
import { serveFolder, type StaticServer } from '../support/static-server';
import { runScript } from './situations/scripts';

const FOLDER = 'docs/guide';
const BLOCK = /^```js\n([\s\S]*?)^```$/gm;
const PRINTED = /console\.log\(.*\); \/\/ (.+)$/gm;
const BLOCKS = 2;

const pages = readdirSync(FOLDER).map((name) => {
  const text = readFileSync(join(FOLDER, name), 'utf8');
  const program = [...text.matchAll(BLOCK)].map(([, code]) => code).join('\n');
  const printed = [...program.matchAll(PRINTED)].map(([, says]) => says);
  return { name, program, printed };
});

let server: StaticServer;

beforeAll(async () => {
  const { json, weights } = residualGraphModel(BLOCKS);
  server = await serveFolder('.', {
    '/model/model.json': JSON.stringify(json),
    '/model/weights.bin': weights,
  });
});

afterAll(() => server.close());

test.each(pages.filter(({ program }) => program).map((page) => [page.name, page] as const))(
  'the examples of %s run, and print what it says',
  async (_name, { program, printed }) => {
    const url = JSON.stringify(`${server.url}/model/model.json`);
    const source = `import 'tfjs-backend-webgpu-fused/node';\nconst url = ${url};\n${program}`;
    const { out, error, code } = await runScript(source);
    expect({ out, wrong: code === 0 ? '' : error }).toEqual({ out: printed, wrong: '' });
  },
);

test('every function and every flag has an example that runs', async () => {
  const shown = pages.map(({ program }) => program).join('\n');
  const list = `
    const found = {};
    for (const entry of ['node', 'report', 'verify', 'plans', 'html']) {
      Object.assign(found, await import('tfjs-backend-webgpu-fused/' + entry));
    }
    console.log(Object.keys(found).join(' '));`;
  const { out } = await runScript(list);
  const names = (out.at(-1) ?? '').split(' ');
  expect(names.length).toBeGreaterThan(25);
  const missing = [...names, ...Object.keys(FLAGS)].filter(
    (name) => !new RegExp(`\\b${name}\\b`).test(shown),
  );
  expect(missing).toEqual([]);
});
