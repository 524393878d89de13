// Names of members that are private and nothing else: a minifier may shorten them, as no other code knows them.
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from '../support/process.mjs';

const isPrivate = (/** @type {ts.Node} */ node) =>
  ts.canHaveModifiers(node) &&
  ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword);

/** Whether a node declares a property: of a class, by a parameter of its constructor, of a type or of an object. */
const isProperty = (/** @type {ts.Node} */ node) =>
  ts.isClassElement(node) ||
  ts.isTypeElement(node) ||
  ts.isObjectLiteralElement(node) ||
  (ts.isParameter(node) && ts.canHaveModifiers(node) && ts.getModifiers(node) !== undefined);

/**
 * Every name of private members in `src`, without those that mean something else as well: a property of another
 * object, of the host or of the platform (whose types are read), or a text, as which a property can be asked for.
 */
export function privateNames() {
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} };
  const config = ts.getParsedCommandLineOfConfigFile(join(ROOT, 'tsconfig.json'), {}, host);
  if (!config) throw new Error('tsconfig.json cannot be read');
  const hidden = new Set();
  const known = new Set();
  /** @type {(node: ts.Node) => void} */
  const visit = (node) => {
    if (ts.isStringLiteralLike(node)) known.add(node.text);
    if (isProperty(node)) {
      const { name } = /** @type {ts.NamedDeclaration} */ (node);
      if (name && ts.isIdentifier(name)) (isPrivate(node) ? hidden : known).add(name.text);
    }
    ts.forEachChild(node, visit);
  };
  ts.createProgram(config.fileNames, config.options).getSourceFiles().forEach(visit);
  return [...hidden].filter((name) => !known.has(name));
}
