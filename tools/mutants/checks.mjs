// Finds the checks of a source: conditions that decide whether something may be rewritten or fused.
// Each can be deleted by itself, so that somebody may ask whether a test notices.
import ts from 'typescript';

/**
 * @typedef {object} Check
 * @property {number} start where the condition begins in the text
 * @property {number} end
 * @property {boolean} deleted what the condition is worth when its check is gone
 * @property {string} text of the condition
 * @property {number} line from 1 on
 */

/**
 * Checks of a TypeScript source, in order. They are
 *
 * - each alternative of a condition that leads to a reason, to "no", or to the next candidate:
 *   `if (a || b) return 'it crops'` are two, `padded ? 'it pads' : null` is one;
 * - each part of a conjunction, as in the condition of a filter: `isConstant(w) && rank === 2` are two;
 * - each condition that a pattern states beside kernel and operands: `{ where: isMean }`.
 *
 * @param {string} text
 * @param {string} [name]
 * @returns {Check[]}
 */
export function checksOf(text, name = 'source.ts') {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  /** @type {Check[]} */
  const checks = [];
  /** @type {Set<ts.Node>} */
  const taken = new Set();

  /** @param {ts.Expression} condition @param {boolean} deleted */
  const add = (condition, deleted) => {
    if (taken.has(condition)) return;
    taken.add(condition);
    const start = condition.getStart(source);
    const line = source.getLineAndCharacterOfPosition(start).line + 1;
    checks.push({ start, end: condition.end, deleted, text: condition.getText(source), line });
  };

  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isIfStatement(node) && !node.elseStatement && isRefusal(node.thenStatement)) {
      for (const one of operandsOf(node.expression, ts.SyntaxKind.BarBarToken)) {
        markConjunction(one, taken);
        add(one, false);
      }
    } else if (ts.isConditionalExpression(node)) {
      if (isReason(node.whenTrue)) add(node.condition, false);
      else if (isReason(node.whenFalse)) add(node.condition, true);
    } else if (ts.isPropertyAssignment(node) && node.name.getText(source) === 'where') {
      if (ts.isArrowFunction(node.initializer) && !ts.isBlock(node.initializer.body)) {
        add(node.initializer.body, true);
      }
    } else if (isConjunction(node) && !taken.has(node)) {
      for (const one of operandsOf(node, ts.SyntaxKind.AmpersandAmpersandToken)) {
        // An object after conditions is what they are for.
        if (!ts.isObjectLiteralExpression(one)) add(one, true);
      }
      markConjunction(node, taken);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return checks.sort((a, b) => a.start - b.start);
}

/** @param {ts.Node} node @returns {node is ts.BinaryExpression} */
function isConjunction(node) {
  return (
    ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken
  );
}

/**
 * The operands of a chain of one operator.
 *
 * @param {ts.Expression} node
 * @param {ts.SyntaxKind} operator
 * @returns {ts.Expression[]}
 */
function operandsOf(node, operator) {
  if (ts.isParenthesizedExpression(node)) return operandsOf(node.expression, operator);
  return ts.isBinaryExpression(node) && node.operatorToken.kind === operator
    ? [...operandsOf(node.left, operator), ...operandsOf(node.right, operator)]
    : [node];
}

/** Has the links of a chain taken for one check. @param {ts.Node} node @param {Set<ts.Node>} taken */
function markConjunction(node, taken) {
  if (!isConjunction(node)) return;
  taken.add(node);
  markConjunction(node.left, taken);
}

/** Whether a statement says no: answers a reason or nothing, or goes on to the next. @param {ts.Statement} statement */
function isRefusal(statement) {
  const last = ts.isBlock(statement) ? statement.statements.at(-1) : statement;
  if (!last) return false;
  if (ts.isContinueStatement(last) || ts.isThrowStatement(last)) return true;
  if (!ts.isReturnStatement(last)) return false;
  const { expression } = last;
  return (
    !expression ||
    isReason(expression) ||
    expression.kind === ts.SyntaxKind.NullKeyword ||
    expression.kind === ts.SyntaxKind.FalseKeyword
  );
}

/** @param {ts.Expression} expression */
function isReason(expression) {
  return ts.isStringLiteralLike(expression) || ts.isTemplateExpression(expression);
}

/**
 * The source with every check wrapped: `$check(number, condition, what it is worth when deleted)`.
 *
 * @param {string} text
 * @param {readonly Check[]} checks
 * @param {number} first number of the first check
 */
export function instrument(text, checks, first) {
  const edits = checks.flatMap(({ start, end, deleted }, i) => [
    // Of conditions inside each other, the outer one opens first and closes last.
    { at: start, order: -end, text: `$check(${first + i}, ` },
    { at: end, order: -start - 1e9, text: `, ${deleted})` },
  ]);
  edits.sort((a, b) => a.at - b.at || a.order - b.order);
  let result = '';
  let at = 0;
  for (const edit of edits) {
    result += text.slice(at, edit.at) + edit.text;
    at = edit.at;
  }
  return result + text.slice(at);
}
