// Runs the code cells of a notebook in order, in the runtime of its kernel, without Jupyter, and compares what
// they show with the outputs in the file.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import ts from 'typescript';
import { ROOT, runOrThrow } from '../support/process.mjs';
import { ensureDeno } from './ensure-deno.mjs';

const TIMEOUT_MS = 200_000;

/**
 * @typedef {object} Cell
 * @property {'code' | 'markdown'} cell_type
 * @property {string[]} source
 * @property {{tags?: string[]}} [metadata]
 * @property {number | null} [execution_count]
 * @property {object[]} [outputs]
 */

/** The tag of cells whose outputs are not the same on every run. */
const VARIES = 'varies';

/**
 * Runs a notebook of the Deno kernel. The cells become one module, in which what a cell defines is
 * known in the next ones and what it ends with is shown, as in Jupyter.
 *
 * @param {string} file relative to the root of the repository
 * @param {{write: boolean, compare: boolean, env: Record<string, string>, log: (line: string) => void}} options
 *   `write` keeps the outputs in the file, `compare` wants those that are there
 * @returns {Promise<string>} what the cells printed
 * @throws {Error} if a cell fails, or shows something else than the file says
 */
export async function runNotebook(file, { write, compare, env, log }) {
  const deno = await ensureDeno(log);
  const path = join(ROOT, file);
  const notebook = JSON.parse(readFileSync(path, 'utf8'));
  /** @type {Cell[]} */
  const cells = notebook.cells.filter((/** @type {Cell} */ cell) => cell.cell_type === 'code');
  // Beside the notebook, where relative imports and packages are found as they are from there.
  const stem = join(dirname(path), `.${basename(path, '.ipynb')}-${process.pid}`);
  const [host, module, results] = [`${stem}.host.mjs`, `${stem}.ts`, `${stem}.json`];
  try {
    writeFileSync(module, cells.map(cellToModule).join('\n'));
    writeFileSync(host, hostScript(module, results));
    await runOrThrow([deno, 'run', '--allow-all', '--no-check', '--quiet', host], {
      cwd: dirname(path),
      env: { ...process.env, ...env, NO_COLOR: '1' },
      timeout: TIMEOUT_MS,
    });
    /** @type {{error?: string, outputs: object[][], text: string}} */
    const { error, outputs, text } = JSON.parse(readFileSync(results, 'utf8'));
    if (error) throw new Error(`${file}, cell ${outputs.length} of ${cells.length}: ${error}`);
    const fresh = outputs.map((list, i) => written(list, i + 1));
    if (write) {
      cells.forEach((cell, i) => Object.assign(cell, fresh[i]));
      writeFileSync(path, `${JSON.stringify(notebook, null, 1)}\n`);
    } else if (compare) {
      cells.forEach((cell, i) => expectOutputs(`${file}, cell ${i + 1}`, cell, fresh[i].outputs));
    }
    return text;
  } finally {
    for (const temporary of [host, module, results]) rmSync(temporary, { force: true });
  }
}

/** @param {Cell} cell @param {number} index */
function cellToModule(cell, index) {
  const source = cell.source.join('');
  const { statements } = ts.createSourceFile('cell.ts', source, ts.ScriptTarget.Latest, true);
  const last = statements.at(-1);
  const begin = `globalThis.notebook.begin(${index});`;
  if (!last || !ts.isExpressionStatement(last)) return `${begin}\n${source}`;
  const before = source.slice(0, last.getStart());
  return `${begin}\n${before}globalThis.notebook.show(${last.expression.getText()});`;
}

/**
 * The script that runs the module: it keeps what each cell prints and shows.
 *
 * @param {string} module
 * @param {string} results
 */
function hostScript(module, results) {
  return `
import { writeFileSync } from 'node:fs';
import { format } from 'node:util';

const outputs = [];
let text = '';
let error;
const show = Symbol.for('Jupyter.display');
globalThis.notebook = {
  begin: () => outputs.push([]),
  show(value) {
    if (value === undefined) return;
    const data = value?.[show]?.() ?? { 'text/plain': format('%o', value) };
    text += data['text/plain'] + '\\n';
    outputs.at(-1).push({ output_type: 'execute_result', data, metadata: {} });
  },
};
console.log = (...values) => {
  const line = format(...values) + '\\n';
  text += line;
  const list = outputs.at(-1);
  const stream = list.at(-1);
  if (stream?.output_type === 'stream') stream.text += line;
  else list.push({ name: 'stdout', output_type: 'stream', text: line });
};
try {
  await import(${JSON.stringify(`./${basename(module)}`)});
} catch (thrown) {
  error = String(thrown?.message ?? thrown);
}
writeFileSync(${JSON.stringify(results)}, JSON.stringify({ error, outputs, text }));
Deno.exit(0);
`;
}

/**
 * Outputs as the notebook format has them: lists of lines.
 *
 * @param {object[]} outputs
 * @param {number} count
 */
function written(outputs, count) {
  const lines = (/** @type {string} */ text) => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  return {
    execution_count: count,
    outputs: outputs.map((output) => {
      const { text, data } =
        /** @type {{text?: string, data?: Record<string, string | object>}} */ (output);
      if (text !== undefined) return { ...output, text: lines(text) };
      const split = Object.entries(data ?? {}).map(([type, value]) => [
        type,
        typeof value === 'string' ? lines(value) : value, // JSON stays as it is
      ]);
      return { ...output, data: Object.fromEntries(split), execution_count: count };
    }),
  };
}

/**
 * @param {string} where
 * @param {Cell} cell
 * @param {object[]} outputs what it shows now
 */
function expectOutputs(where, { outputs: kept = [], metadata }, outputs) {
  if (metadata?.tags?.includes(VARIES) || isDeepStrictEqual(kept, outputs)) return;
  const [was, is] = [kept, outputs].map((list) => JSON.stringify(list));
  const at = [...is].findIndex((char, i) => char !== was[i]);
  const around = (/** @type {string} */ text) => text.slice(Math.max(0, at - 60), at + 120);
  throw new Error(
    `${where} shows something else than the file has: …${around(is)}… instead of …${around(was)}…. ` +
      'If that is meant, keep it: node tools/run-examples.mjs notebook --write',
  );
}
