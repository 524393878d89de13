// A reader of WGSL that knows the type of every expression, enough of it for the shaders of this
// package (WGSL, W3C Candidate Recommendation, sections 3, 6, 8 and 9). What it reads it writes
// again, expression by expression, through the hooks of a rewriter. It throws where it meets what it
// does not know, so that no shader passes by unseen.

/** @typedef {{code: string, type: string}} Expr the text of an expression, and its WGSL type */

/**
 * What a rewriter may replace; each answers the new text, or null to leave the text as it is.
 *
 * @typedef {object} Hooks
 * @property {(operator: string, a: Expr, b: Expr, type: string) => string | null} binary
 * @property {(name: string, args: Expr[], type: string) => string | null} call
 */

const TOKEN =
  /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|0[xX][\da-fA-F]*\.?[\da-fA-F]*(?:[pP][+-]?\d+)?[iufh]?|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[iufh]?|[A-Za-z_]\w*|<<=|>>=|->|\+\+|--|&&|\|\||[<>=!+\-*/%&|^]=|<<|[-+*/%&|^!~<>=.,;:(){}[\]@?]/gy;

const BLANK = /^(?:\s|\/\/|\/\*)/;
const NAME = /^[A-Za-z_]/;
const NUMBER = /^[.\d]/;

/** Names that a list of types may follow. */
const GENERIC = new Set(['array', 'bitcast', 'ptr', 'atomic', 'vec2', 'vec3', 'vec4']);
const ALIAS = { f: 'f32', i: 'i32', u: 'u32', h: 'f16' };

const COMPARISONS = new Set(['<', '<=', '>', '>=', '==', '!=']);
/** Binary operators by precedence, loosest first. `>>` is two tokens: `array<vec4<f32>>` has none. */
const LEVELS = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  [...COMPARISONS],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];
const ASSIGNMENTS = new Set(['=', '+=', '-=', '*=', '/=', '%=', '&=', '|=', '^=', '<<=', '>>=']);

/** Functions whose result has the type of their arguments. */
const SAME_TYPE = new Set(
  (
    'abs acos asin atan atan2 ceil clamp cos cosh countLeadingZeros countOneBits countTrailingZeros exp exp2 extractBits ' +
    'firstLeadingBit floor fma fract insertBits inverseSqrt ldexp log log2 max min mix normalize pow reverseBits round ' +
    'saturate select sign sin sinh smoothstep sqrt step tan tanh trunc subgroupAdd subgroupMax subgroupMin ' +
    'subgroupMul subgroupShuffle subgroupShuffleXor subgroupShuffleDown subgroupShuffleUp subgroupBroadcast ' +
    'subgroupBroadcastFirst subgroupExclusiveAdd subgroupInclusiveAdd subgroupAnd subgroupOr subgroupXor'
  ).split(' '),
);
const RESULT = /** @type {Record<string, string>} */ ({
  any: 'bool',
  all: 'bool',
  arrayLength: 'u32',
  length: 'f32',
  distance: 'f32',
  workgroupBarrier: 'void',
  storageBarrier: 'void',
  subgroupAny: 'bool',
  subgroupAll: 'bool',
  subgroupElect: 'bool',
});

const fail = (/** @type {string} */ what) => {
  throw new Error(`lossy-wgsl: ${what}`);
};

/** The element type of a vector or array, or the type itself. */
export function elementOf(/** @type {string} */ type) {
  return /^(?:vec\d|array)<(.*?)(?:,\d*\w*)?>$/.exec(type)?.[1] ?? type;
}

/** The number of components of a vector; 1 for a scalar. */
export function widthOf(/** @type {string} */ type) {
  return Number(/^vec(\d)/.exec(type)?.[1] ?? 1);
}

/** `element` at the width of a vector. */
export function vectorOf(/** @type {string} */ element, /** @type {number} */ width) {
  return width === 1 ? element : `vec${width}<${element}>`;
}

/** The type that operands of an operator or a function agree on: vectors and concrete types win. */
function common(/** @type {string[]} */ types) {
  const width = Math.max(...types.map(widthOf));
  const elements = types.map(elementOf);
  const concrete = elements.find((type) => !type.startsWith('abstract'));
  const float = elements.includes('abstract-float') ? 'abstract-float' : 'abstract-int';
  return vectorOf(concrete ?? float, width);
}

function tokenize(/** @type {string} */ source) {
  const tokens = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const at = TOKEN.lastIndex;
    const [text] =
      TOKEN.exec(source) ?? fail(`cannot read ${JSON.stringify(source.slice(at, at + 40))}`);
    if (!BLANK.test(text)) tokens.push(text);
  }
  return tokens;
}

class Reader {
  at = 0;
  /** @type {Map<string, string>[]} */
  scopes = [new Map()];
  /** @type {Map<string, Map<string, string>>} */
  structs = new Map();
  /** @type {Map<string, string>} */
  functions = new Map();

  /** @param {string[]} tokens @param {Hooks} hooks */
  constructor(tokens, hooks) {
    this.tokens = tokens;
    this.hooks = hooks;
  }

  /** The next token; '' at the end. */
  peek() {
    return this.tokens[this.at] ?? '';
  }

  take() {
    return this.tokens[this.at++] ?? fail('the shader ends too early');
  }

  /** Takes the next token if it is `text`. */
  accept(/** @type {string} */ text) {
    if (this.peek() !== text) return false;
    this.at++;
    return true;
  }

  expect(/** @type {string} */ text) {
    if (!this.accept(text)) {
      fail(
        `got ${this.tokens.slice(this.at - 8, this.at + 4).join(' ')}; needs ${text} before the last 4`,
      );
    }
    return text;
  }

  declare(/** @type {string} */ name, /** @type {string} */ type) {
    this.scopes[this.scopes.length - 1].set(name, type);
  }

  lookUp(/** @type {string} */ name) {
    for (let i = this.scopes.length - 1; i >= 0; i--) {
      const type = this.scopes[i].get(name);
      if (type !== undefined) return type;
    }
    return fail(`${name} has no type`);
  }

  module() {
    // Functions and structs may be used before they are declared.
    const { tokens } = this;
    tokens.forEach((token, i) => {
      if (token === 'fn') this.functions.set(tokens[i + 1], this.resultAfter(i));
    });
    let text = '';
    while (this.at < tokens.length) text += `${this.declaration()}\n`;
    return text;
  }

  /** The result type of the function whose `fn` is token i. */
  resultAfter(/** @type {number} */ i) {
    const body = this.tokens.indexOf('{', i);
    const arrow = this.tokens.lastIndexOf('->', body);
    if (arrow < i) return 'void';
    const saved = this.at;
    this.at = arrow + 1;
    const type = this.type();
    this.at = saved;
    return type;
  }

  attributes() {
    let text = '';
    while (this.accept('@')) {
      text += `@${this.take()}`;
      if (this.peek() === '(') text += this.balanced();
      text += ' ';
    }
    return text;
  }

  /** Everything to the parenthesis that closes the next one. */
  balanced() {
    let text = '';
    let open = 0;
    do {
      const token = this.take();
      if (token === '(') open++;
      if (token === ')') open--;
      text += token;
    } while (open > 0);
    return text;
  }

  declaration() {
    const attributes = this.attributes();
    const keyword = this.take();
    switch (keyword) {
      case 'enable':
      case 'requires': {
        let text = keyword;
        while (this.peek() !== ';') text += ` ${this.take()}`;
        return `${text}${this.expect(';')}`;
      }
      case 'struct':
        return attributes + this.struct();
      case 'fn':
        return attributes + this.function();
      case 'var':
      case 'const':
      case 'override':
        return `${attributes}${this.variable(keyword)}${this.expect(';')}`;
      case ';':
        return '';
      default:
        return fail(`a declaration that begins with ${keyword}`);
    }
  }

  struct() {
    const name = this.take();
    const fields = new Map();
    let text = `struct ${name} {`;
    this.expect('{');
    while (!this.accept('}')) {
      const attributes = this.attributes();
      const field = this.take();
      this.expect(':');
      const type = this.type();
      fields.set(field, type);
      text += ` ${attributes}${field}: ${type},`;
      this.accept(',');
    }
    this.accept(';');
    this.structs.set(name, fields);
    return `${text} }`;
  }

  function() {
    const name = this.take();
    this.scopes.push(new Map());
    this.expect('(');
    const parameters = [];
    while (!this.accept(')')) {
      const attributes = this.attributes();
      const parameter = this.take();
      this.expect(':');
      const type = this.type();
      this.declare(parameter, type);
      parameters.push(`${attributes}${parameter}: ${type}`);
      this.accept(',');
    }
    const result = this.accept('->') ? ` -> ${this.attributes()}${this.type()}` : '';
    const text = `fn ${name}(${parameters.join(', ')})${result} ${this.block()}`;
    this.scopes.pop();
    return text;
  }

  /** @returns {string} */
  type() {
    const name = this.take();
    const alias = /^(vec[234])([fiuh])$/.exec(name);
    if (alias) return `${alias[1]}<${ALIAS[/** @type {'f'} */ (alias[2])]}>`;
    if (this.peek() !== '<') return name;
    return `${name}<${this.templateArguments().join(',')}>`;
  }

  /** @returns {string[]} */
  templateArguments() {
    this.expect('<');
    const args = [];
    do {
      args.push(NUMBER.test(this.peek()) ? this.take() : this.type());
    } while (this.accept(','));
    this.expect('>');
    return args;
  }

  /** `let`, `var` and `const`, without the semicolon. */
  variable(/** @type {string} */ keyword) {
    let space = '';
    if (this.peek() === '<') {
      this.expect('<');
      space = '<';
      while (this.peek() !== '>') space += this.take();
      space += this.expect('>');
    }
    const name = this.take();
    const given = this.accept(':') ? this.type() : null;
    let text = `${keyword}${space} ${name}${given ? `: ${given}` : ''}`;
    let type = given;
    if (this.accept('=')) {
      const value = this.expression();
      text += ` = ${value.code}`;
      type ??= keyword === 'const' ? value.type : concrete(value.type);
    }
    this.declare(name, type ?? fail(`${name} has neither type nor value`));
    return text;
  }

  block() {
    this.scopes.push(new Map());
    let text = `${this.expect('{')}\n`;
    while (!this.accept('}')) text += `${this.statement()}\n`;
    this.scopes.pop();
    return `${text}}`;
  }

  /** @returns {string} */
  statement() {
    switch (this.peek()) {
      case ';':
        return this.take();
      case '{':
        return this.block();
      case 'if': {
        this.take();
        let text = `if (${this.expression().code}) ${this.block()}`;
        if (this.accept('else'))
          text += ` else ${this.peek() === 'if' ? this.statement() : this.block()}`;
        return text;
      }
      case 'while':
        this.take();
        return `while (${this.expression().code}) ${this.block()}`;
      case 'loop':
      case 'continuing':
        return `${this.take()} ${this.block()}`;
      case 'for':
        return this.forLoop();
      case 'return': {
        this.take();
        const value = this.peek() === ';' ? '' : ` ${this.expression().code}`;
        return `return${value}${this.expect(';')}`;
      }
      case 'break': {
        this.take();
        const condition = this.accept('if') ? ` if (${this.expression().code})` : '';
        return `break${condition}${this.expect(';')}`;
      }
      case 'continue':
        return `${this.take()}${this.expect(';')}`;
      case 'switch':
        return this.switchStatement();
      default:
        return `${this.simple()}${this.expect(';')}`;
    }
  }

  forLoop() {
    this.take();
    this.scopes.push(new Map());
    this.expect('(');
    const first = this.peek() === ';' ? '' : this.simple();
    this.expect(';');
    const condition = this.peek() === ';' ? '' : this.expression().code;
    this.expect(';');
    const step = this.peek() === ')' ? '' : this.simple();
    this.expect(')');
    const text = `for (${first}; ${condition}; ${step}) ${this.block()}`;
    this.scopes.pop();
    return text;
  }

  switchStatement() {
    this.take();
    let text = `switch (${this.expression().code}) {\n`;
    this.expect('{');
    while (!this.accept('}')) {
      if (this.accept('default')) text += 'default';
      else {
        this.expect('case');
        const selectors = [];
        do {
          selectors.push(this.accept('default') ? 'default' : this.expression().code);
        } while (this.accept(','));
        text += `case ${selectors.join(', ')}`;
      }
      this.accept(':');
      text += `: ${this.block()}\n`;
    }
    return `${text}}`;
  }

  /** A declaration, assignment, increment or call. */
  simple() {
    if (['let', 'var', 'const'].includes(this.peek())) return this.variable(this.take());
    const target = this.accept('_') ? { code: '_', type: '' } : this.unary();
    const operator = this.peek();
    if (operator === '++' || operator === '--') return `${target.code}${this.take()}`;
    if (!ASSIGNMENTS.has(operator)) return target.code;
    this.take();
    const value = this.expression();
    if (operator === '=') return `${target.code} = ${value.code}`;
    const { code } = this.combine(operator.slice(0, -1), target, value);
    return `${target.code} = ${code}`;
  }

  expression() {
    return this.level(0);
  }

  /** @param {number} level @returns {Expr} */
  level(level) {
    if (level === LEVELS.length) return this.unary();
    let left = this.level(level + 1);
    for (;;) {
      const shift = this.peek() === '>' && this.tokens[this.at + 1] === '>';
      const operator = shift ? '>>' : this.peek();
      if (!LEVELS[level].includes(operator)) return left;
      this.at += shift ? 2 : 1;
      left = this.combine(operator, left, this.level(level + 1));
    }
  }

  /** @param {string} operator @param {Expr} a @param {Expr} b @returns {Expr} */
  combine(operator, a, b) {
    const operands = common([a.type, b.type]);
    const isShift = operator === '<<' || operator === '>>';
    const isTest = COMPARISONS.has(operator);
    const type = isTest ? vectorOf('bool', widthOf(operands)) : isShift ? a.type : operands;
    const code = this.hooks.binary(operator, a, b, operands) ?? `(${a.code} ${operator} ${b.code})`;
    return { code, type };
  }

  /** @returns {Expr} */
  unary() {
    const operator = this.peek();
    if (!['-', '!', '~', '&', '*'].includes(operator)) return this.postfix();
    this.take();
    const { code, type } = this.unary();
    if (operator === '&') return { code: `&${code}`, type: `ptr<${type}>` };
    if (operator === '*') return { code: `(*${code})`, type: pointee(type) };
    return { code: `(${operator}${code})`, type };
  }

  /** @returns {Expr} */
  postfix() {
    let { code, type } = this.primary();
    for (;;) {
      if (this.accept('[')) {
        code += `[${this.expression().code}]`;
        this.expect(']');
        type = elementOf(type);
      } else if (this.accept('.')) {
        const member = this.take();
        code += `.${member}`;
        type = this.structs.get(type)?.get(member) ?? vectorOf(elementOf(type), member.length);
      } else return { code, type };
    }
  }

  /** @returns {Expr} */
  primary() {
    if (this.accept('(')) {
      const { code, type } = this.expression();
      this.expect(')');
      return { code: `(${code})`, type };
    }
    const token = this.take();
    if (NUMBER.test(token)) return { code: token, type: literalType(token) };
    if (token === 'true' || token === 'false') return { code: token, type: 'bool' };
    if (!NAME.test(token)) return fail(`an expression that begins with ${token}`);
    const isGeneric = GENERIC.has(token) && this.peek() === '<';
    const given = isGeneric ? this.templateArguments() : [];
    const name = isGeneric ? `${token}<${given.join(',')}>` : token;
    if (this.peek() !== '(') return { code: name, type: this.lookUp(name) };
    this.take();
    /** @type {Expr[]} */
    const args = [];
    while (!this.accept(')')) {
      args.push(this.expression());
      this.accept(',');
    }
    const type = this.resultOf(token, given, args);
    const code = this.hooks.call(token, args, type);
    return { code: code ?? `${name}(${args.map((arg) => arg.code).join(', ')})`, type };
  }

  /** @param {string} name @param {string[]} given @param {Expr[]} args @returns {string} */
  resultOf(name, given, args) {
    const types = args.map((arg) => arg.type);
    const known = this.functions.get(name) ?? RESULT[name];
    if (known !== undefined) return known;
    if (this.structs.has(name) || ['f32', 'i32', 'u32', 'bool', 'f16'].includes(name)) return name;
    if (name === 'bitcast') return given[0];
    if (GENERIC.has(name)) {
      if (given.length > 0) return `${name}<${given.join(',')}>`;
      const element = elementOf(common(types));
      return name === 'array'
        ? `array<${element},${args.length}>`
        : `${name}<${concrete(element)}>`;
    }
    const alias = /^(vec[234])([fiuh])$/.exec(name);
    if (alias) return `${alias[1]}<${ALIAS[/** @type {'f'} */ (alias[2])]}>`;
    if (name === 'dot') return elementOf(common(types));
    if (name === 'workgroupUniformLoad') return pointee(types[0]);
    if (name.startsWith('atomic'))
      return elementOf(pointee(types[0]).replace(/^atomic<(.*)>$/, '$1'));
    if (name === 'select') return common(types.slice(0, 2));
    if (name.startsWith('subgroup')) return types[0];
    return SAME_TYPE.has(name) ? common(types) : fail(`the function ${name}`);
  }
}

function pointee(/** @type {string} */ type) {
  return /^ptr<(?:\w+,)?(.*)>$/.exec(type)?.[1] ?? fail(`${type} is no pointer`);
}

/** The type of a variable that is given a value of `type`. */
function concrete(/** @type {string} */ type) {
  return type.replace('abstract-float', 'f32').replace('abstract-int', 'i32');
}

function literalType(/** @type {string} */ text) {
  const isHex = /^0x/i.test(text);
  if (text.endsWith('u')) return 'u32';
  if (text.endsWith('i')) return 'i32';
  if (text.endsWith('f') && (!isHex || /p/i.test(text))) return 'f32';
  return /[.]|p/i.test(text) || (!isHex && /e/i.test(text)) ? 'abstract-float' : 'abstract-int';
}

/**
 * Reads a shader and writes it through `hooks`. The text changes elsewhere too: parentheses are
 * written out, comments are gone.
 *
 * @param {string} source
 * @param {Hooks} hooks
 */
export function rewriteWgsl(source, hooks) {
  return new Reader(tokenize(source), hooks).module();
}
