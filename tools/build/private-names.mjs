// Names of members that no other code can know: a minifier may shorten them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from '../support/process.mjs';

/** Rooms whose objects live while something is compiled: no other copy of the package in a page meets one. */
const COMPILING = /\/src\/(ir|patterns|fused-kernels|lowering|compiler)\//;

const isPrivate = (/** @type {ts.Node} */ node) =>
  ts.canHaveModifiers(node) &&
  !!ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword);

/** Whether a node declares a member of a class, by itself or as a parameter of its constructor. */
const isMember = (/** @type {ts.Node} */ node) =>
  ts.isClassElement(node) || (ts.isParameter(node) && ts.getModifiers(node) !== undefined);

/**
 * Names of members of classes in `src` that are private, or belong to what compiles; without those that mean something
 * else as well: a word of the published types, a property of another object or type, of the host or of the platform
 * (whose types are read), or a text, as which a property can be asked for. To be asked once the published types are
 * written.
 */
export function privateNames() {
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} };
  const config = ts.getParsedCommandLineOfConfigFile(join(ROOT, 'tsconfig.json'), {}, host);
  if (!config) throw new Error('tsconfig.json cannot be read');
  const own = new Set(config.fileNames);
  const members = new Set();
  const known = publishedWords();
  for (const file of ts.createProgram(config.fileNames, config.options).getSourceFiles()) {
    const compiles = COMPILING.test(file.fileName);
    /** @type {(node: ts.Node) => void} */
    const visit = (node) => {
      if (ts.isStringLiteralLike(node)) known.add(node.text);
      if (isMember(node) || ts.isTypeElement(node) || ts.isObjectLiteralElement(node)) {
        const isHidden = own.has(file.fileName) && isMember(node) && (compiles || isPrivate(node));
        const { name } = /** @type {ts.NamedDeclaration} */ (node);
        if (name && ts.isIdentifier(name)) (isHidden ? members : known).add(name.text);
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return [...members].filter((name) => !known.has(name));
}

/** @returns {Set<string>} */
function publishedWords() {
  const files = readdirSync(join(ROOT, 'dist'), { recursive: true, encoding: 'utf8' });
  const types = files.filter((name) => name.endsWith('.d.ts'));
  if (types.length === 0) throw new Error('dist/ has no types yet');
  return new Set(
    types.flatMap((name) => readFileSync(join(ROOT, 'dist', name), 'utf8').match(/\w+/g) ?? []),
  );
}
