// Drivers may assume that no value is NaN, and may flush denormals (WGSL, section 15.7.2); some do.
// This rewrites shaders so that any adapter computes as the worst of them: a test that passes on
// such a device needs no property that WGSL does not promise.
import { elementOf, rewriteWgsl, vectorOf, widthOf } from './parse.mjs';

/**
 * `nan`: comparisons with NaN hold where they should not (so `!(a < b)` becomes `a >= b`, `x != x`
 * false), `max`, `min` and `clamp` drop NaN, as NVIDIA's drivers have it; exp and log give numbers,
 * as SwiftShader's do; what a value minus itself, divided by itself or times 0 is, is not computed.
 *
 * `denormals`: arithmetic takes and gives 0 for numbers below 2^-126.
 *
 * @typedef {'nan' | 'denormals'} Loss
 */

const COMPARE = /** @type {Record<string, string>} */ ({
  '<': 'less',
  '<=': 'lessEqual',
  '>': 'greater',
  '>=': 'greaterEqual',
  '==': 'equal',
  '!=': 'unequal',
});
const ARITHMETIC = new Set(['+', '-', '*', '/', '%']);
/** Functions that give a number for NaN. */
const FORGETFUL = new Set([
  'max',
  'min',
  'clamp',
  'saturate',
  'sign',
  'exp',
  'exp2',
  'log',
  'log2',
]);
/** Functions that only look at the sign, or choose: they may keep denormals even where others flush. */
const KEEPS_DENORMALS = new Set([
  'abs',
  'select',
  'bitcast',
  'f32',
  'array',
  'max',
  'min',
  'clamp',
]);

const isFloat = (/** @type {string} */ type) => ['f32', 'abstract-float'].includes(elementOf(type));

/** Helper functions for vectors of `width`. */
function helpers(/** @type {number} */ width) {
  const [f, u, b] = ['f32', 'u32', 'bool'].map((type) => vectorOf(type, width));
  const n = (/** @type {string} */ name) => `lossy_${name}${width}`;
  const not = `(${n('nan')}(a) | ${n('nan')}(b))`;
  const test = (/** @type {string} */ name, /** @type {string} */ operator) =>
    `fn ${n(name)}(a: ${f}, b: ${f}) -> ${b} { return ${not} | (a ${operator} b); }`;
  const forget = (/** @type {string} */ name, /** @type {string} */ value) =>
    `fn ${n(name)}(a: ${f}) -> ${f} { return select(${name}(a), ${value}, ${n('nan')}(a)); }`;
  return `
fn ${n('nan')}(a: ${f}) -> ${b} { return (bitcast<${u}>(a) & ${u}(0x7fffffffu)) > ${u}(0x7f800000u); }
${test('less', '<')}
${test('lessEqual', '<=')}
${test('greater', '>')}
${test('greaterEqual', '>=')}
${test('equal', '==')}
fn ${n('unequal')}(a: ${f}, b: ${f}) -> ${b} { return !(${not} | (a == b)); }
fn ${n('max')}(a: ${f}, b: ${f}) -> ${f} { return select(select(select(b, a, a > b), b, ${n('nan')}(a)), a, ${n('nan')}(b)); }
fn ${n('min')}(a: ${f}, b: ${f}) -> ${f} { return select(select(select(b, a, a < b), b, ${n('nan')}(a)), a, ${n('nan')}(b)); }
fn ${n('clamp')}(a: ${f}, b: ${f}, c: ${f}) -> ${f} { return ${n('min')}(${n('max')}(a, b), c); }
fn ${n('saturate')}(a: ${f}) -> ${f} { return ${n('clamp')}(a, ${f}(0.0), ${f}(1.0)); }
${forget('sign', `${f}(0.0)`)}
${forget('exp', `bitcast<${f}>(${u}(lossy_infinity))`)}
${forget('exp2', `bitcast<${f}>(${u}(lossy_infinity))`)}
${forget('log', `${f}(89.0)`)}
${forget('log2', `${f}(128.0)`)}
fn ${n('flush')}(a: ${f}) -> ${f} {
  let bits = bitcast<${u}>(a);
  return bitcast<${f}>(select(bits, bits & ${u}(0x80000000u), (bits & ${u}(0x7f800000u)) == ${u}(0u)));
}`;
}

/**
 * The shader, with what WGSL lets it lose.
 *
 * @param {string} source
 * @param {readonly Loss[]} losses
 */
export function lossyWgsl(source, losses) {
  const nan = losses.includes('nan');
  const denormals = losses.includes('denormals');
  /** @type {Set<number>} */
  const widths = new Set();
  const helper = (/** @type {string} */ name, /** @type {string} */ type) => {
    widths.add(widthOf(type));
    return `lossy_${name}${widthOf(type)}`;
  };
  const flushed = (/** @type {string} */ code, /** @type {string} */ type) =>
    denormals ? `${helper('flush', type)}(${code})` : code;
  /** An operand at the width of the others: `vec * scalar` is of two types. */
  const widened = (/** @type {{code: string, type: string}} */ arg, /** @type {string} */ type) =>
    widthOf(arg.type) === widthOf(type)
      ? arg.code
      : `${vectorOf('f32', widthOf(type))}(${arg.code})`;

  const body = rewriteWgsl(source, {
    binary(operator, a, b, type) {
      if (!isFloat(type) || [a, b].every((arg) => arg.type.startsWith('abstract'))) return null;
      const [left, right] = [a, b].map((arg) => flushed(widened(arg, type), type));
      if (operator in COMPARE) {
        return nan
          ? `${helper(COMPARE[operator], type)}(${left}, ${right})`
          : `(${left} ${operator} ${right})`;
      }
      if (!ARITHMETIC.has(operator)) return null;
      if (nan) {
        const f = vectorOf('f32', widthOf(type));
        if (a.code === b.code && operator === '-') return `${f}(0.0)`;
        if (a.code === b.code && operator === '/') return `${f}(1.0)`;
        if (operator === '*' && [a, b].some(({ code }) => /^-?0(\.0*)?$/.test(code)))
          return `${f}(0.0)`;
      }
      return flushed(`(${left} ${operator} ${right})`, type);
    },
    call(name, args, type) {
      if (
        !isFloat(type) ||
        args.length === 0 ||
        args.every((arg) => arg.type.startsWith('abstract'))
      )
        return null;
      const forgets = nan && FORGETFUL.has(name);
      const isBuiltin = args.every((arg) => isFloat(arg.type)) && !name.startsWith('vec');
      const isOwn = new RegExp(`\\bfn\\s+${name}\\b`).test(source);
      const flushes = denormals && isBuiltin && !isOwn && !KEEPS_DENORMALS.has(name);
      if (!forgets && !flushes) return null;
      const codes = args.map((arg) =>
        flushes ? flushed(widened(arg, arg.type), arg.type) : widened(arg, type),
      );
      const code = `${forgets ? helper(name, type) : name}(${codes.join(', ')})`;
      return flushes ? flushed(code, type) : code;
    },
  });
  if (widths.size === 0) return source;
  return `${body}
var<private> lossy_infinity: u32 = 0x7f800000u;
${[...widths].map(helpers).join('\n')}
`;
}

/** Whether a shader is one of tfjs's own: those are not ours to make right. */
const isStock = (/** @type {string} */ code) => /\bfn isnanVec4\(/.test(code);

/**
 * Makes a device lose what drivers may lose, in every shader but those of tfjs's own kernels.
 *
 * @param {GPUDevice} device
 * @param {readonly Loss[]} losses
 * @param {(problem: string) => void} report hears of shaders that are valid, but cannot be read here
 */
export function loseOnDevice(device, losses, report) {
  const create = device.createShaderModule.bind(device);
  device.createShaderModule = (descriptor) => {
    if (isStock(descriptor.code)) return create(descriptor);
    let code;
    try {
      code = lossyWgsl(descriptor.code, losses);
    } catch (error) {
      const module = create(descriptor);
      void module.getCompilationInfo().then(({ messages }) => {
        if (!messages.some(({ type }) => type === 'error')) report(String(error));
      });
      return module;
    }
    return create({ ...descriptor, code });
  };
}
