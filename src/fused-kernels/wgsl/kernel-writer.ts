/**
 * Builds the text of one WGSL compute shader: bindings, uniforms, helper functions, and a body of
 * nested scopes into which statements are placed as far out as their operands allow.
 */
import type { DType, Node, Value } from '../../ir/graph';
import { sizeOf } from '../../ir/graph';
import type { HelperContext } from '../../ir/expression';
import type { IndexExpr } from '../../ir/index-expression';
import * as ix from '../../ir/index-expression';
import { partsOf, Scope, type Passage, type ShaderPart } from './scope';
import { Uniforms } from './uniforms';

/** What a shader does with what it binds: a storage buffer, or a texture, which it can only read. */
export type AccessMode = 'read' | 'read_write' | keyof typeof TEXTURE_TYPES;

/** Types of textures in WGSL: one of the device's, and an image that the browser has, such as a video's. */
const TEXTURE_TYPES = { texture: 'texture_2d<f32>', external: 'texture_external' };

/** A storage buffer or a texture that the shader binds. */
export interface Binding {
  readonly name: string;
  readonly value: Value;
  readonly access: AccessMode;
}

/** A shader and what must be bound to run it. Binding 0 is the uniform buffer; storage follows. */
export interface ShaderProgram {
  /** The kernels it fuses, in order: `Multiply → Conv2D → Add → Relu6`. */
  readonly title: string;
  readonly wgsl: string;
  readonly bindings: readonly Binding[];
  /** Contents of the uniform buffer, 4 bytes a field. */
  readonly uniforms: ArrayBuffer;
  /** Workgroups to dispatch. */
  readonly workgroups: readonly [number, number, number];
  /** Lines that compute one node each; all others are the kernel's own loops. */
  readonly parts: readonly ShaderPart[];
}

export interface WriterOptions {
  /** Invocations of a workgroup along x. */
  readonly workgroupSize: number;
  /** Workgroups along x before a dispatch wraps to y (`maxComputeWorkgroupsPerDimension`). */
  readonly maxWorkgroups: number;
  /**
   * Whether the shader is to serve other sizes as well: then it has what its own sizes could do without,
   * such as tests that they never fail.
   */
  readonly anySize: boolean;
  /** Buffers that some access needs element by element; learned by a first emission. */
  readonly scalarBuffers: Set<Value>;
}

export class KernelWriter {
  private readonly bindings = new Map<Value, Binding>();
  readonly uniforms = new Uniforms();
  /** Buffers that this emission accesses element by element. */
  readonly requiredScalars = new Set<Value>();
  private readonly helpers = new Map<string, Passage>();
  private readonly variables = new Map<string, number>();
  private readonly declarations: string[] = [];
  private readonly root = new Scope(null, '', 0, null);
  private scope = this.root;
  /** The node that is being written, for those who read the shader. */
  private node: Node | null = null;
  private counter = 0;

  constructor(readonly options: WriterOptions) {}

  /** A named dimension, as a uniform; 0 and 1 stay literals where they may change the code. */
  dim(name: string, value: number): string {
    const isPlain = value === 0 || (value === 1 && !this.options.anySize);
    return isPlain ? String(value) : this.uniform(name, value);
  }

  /** An integer that the shader's compiler must not know. */
  uniform(name: string, value: number): string {
    return this.uniforms.named(name, value);
  }

  /** A small number that sizes decide on, such as a padding, as an index whose value is not known. */
  parameter(name: string, value: number, extent: number): IndexExpr {
    if (!this.variables.has(name)) {
      this.place(`let ${name} = ${this.uniform(name, value)};`, 0);
      this.variables.set(name, 0);
    }
    return ix.variable(name, Math.max(extent, value + 1, 2));
  }

  /** Adds a function or constant at module scope, once. Returns its name. */
  helper(name: string, source: string): string {
    this.helpers.set(name, { text: source, of: this.node });
    return name;
  }

  /** Where the helper functions of scalar ops go, at a width. */
  helpersOf(width: 1 | 4): HelperContext {
    return { width, helper: (name, source) => this.helper(name, source) };
  }

  /** Adds a module-scope variable declaration, such as workgroup memory. */
  declare(declaration: string): void {
    this.declarations.push(declaration);
  }

  /** Binds a buffer or a texture; binding it to write wins over binding it to read. */
  bind(value: Value, access: AccessMode): Binding {
    const known = this.bindings.get(value);
    if (known && (known.access === access || access === 'read')) return known;
    const prefix = access === 'read_write' ? 'out' : 'in';
    const binding = { name: known?.name ?? `${prefix}${this.bindings.size}`, value, access };
    this.bindings.set(value, binding);
    return binding;
  }

  /** True if the buffer is declared as `array<vec4>`, which must cover all of it. */
  isVector(value: Value): boolean {
    return sizeOf(value.shape) % 4 === 0 && !this.options.scalarBuffers.has(value);
  }

  /** Notes that the buffer is accessed element by element: it will be declared so. */
  requireScalar(value: Value): void {
    this.requiredScalars.add(value);
    this.options.scalarBuffers.add(value);
  }

  /** A name that nothing has, and no type. */
  freshName(prefix: string): string {
    const name = `${prefix}${this.counter++}`;
    return name === 'i32' ? this.freshName(prefix) : name;
  }

  get currentScope(): Scope {
    return this.scope;
  }

  get depth(): number {
    return this.scope.depth;
  }

  /** Makes an index variable known from here on, which changes at `depth`: the current one, as a rule. */
  defineVariable(name: string, depth = this.scope.depth): void {
    this.variables.set(name, depth);
  }

  /** Depth of the scope in which an index variable was defined. */
  depthOfVariable(name: string): number {
    const depth = this.variables.get(name);
    if (depth === undefined)
      throw new Error(`[webgpu-fused] index variable ${name} is not in scope.`);
    return depth;
  }

  /** Notes that what `write` writes computes `node`. */
  by<T>(node: Node, write: () => T): T {
    const outer = this.node;
    this.node = node;
    const written = write();
    this.node = outer;
    return written;
  }

  /** Appends a statement to the current block. */
  statement(text: string): void {
    this.scope.items.push({ text, of: this.node });
  }

  /** The open scope at `depth`. */
  scopeAt(depth: number): Scope {
    let scope = this.scope;
    while (scope.depth > depth && scope.parent) scope = scope.parent;
    return scope;
  }

  /** What this scope, or one around it, remembers under a key. */
  recall<T>(key: string): T | null {
    for (let scope: Scope | null = this.scope; scope; scope = scope.parent) {
      const known = scope.memo.get(key) as T | undefined;
      if (known !== undefined) return known;
    }
    return null;
  }

  /** Emits `let name = code` in the outermost scope that `depth` allows; returns the name. */
  let(code: string, depth: number, prefix = 'v'): string {
    const name = this.freshName(prefix);
    this.place(`let ${name} = ${code};`, depth);
    return name;
  }

  /** Adds a statement to the open scope at `depth`, in front of the block that is being written there. */
  place(statement: string, depth: number): void {
    const target = this.scopeAt(depth);
    let open: Scope | null = this.scope;
    while (open && open.parent !== target) open = open.parent;
    target.push({ text: statement, of: this.node }, target === this.scope ? null : open);
  }

  /** Writes a nested block; statements that need not be inside move out of it by themselves. */
  block(header: string, body: () => void): void {
    const text = header === '' ? '' : `${header} `;
    const inner = new Scope(this.scope, text, this.scope.depth + 1, this.node);
    this.scope.items.push(inner);
    this.scope = inner;
    body();
    this.scope = inner.parent as Scope;
  }

  /**
   * Defines `thread`, the flat index of the invocation over `count`, and leaves invocations beyond
   * it. Large counts wrap from x to y.
   */
  flatThread(name: string, count: number): [number, number, number] {
    const groups = Math.ceil(count / this.options.workgroupSize);
    const x = Math.min(groups, this.options.maxWorkgroups);
    const y = Math.ceil(groups / x);
    const stride =
      y > 1 ? ` + i32(gid.y) * ${this.dim('rowThreads', x * this.options.workgroupSize)}` : '';
    this.statement(`let ${name} = i32(gid.x)${stride};`);
    this.defineVariable(name);
    this.statement(`if (${name} >= ${this.dim(`${name}Count`, count)}) { return; }`);
    return [x, y, 1];
  }

  /** Assembles the shader. `title` is its first line, `parameters` those of `main`. */
  finish(
    title: string,
    workgroups: readonly [number, number, number],
    parameters = '@builtin(global_invocation_id) gid: vec3<u32>',
  ): ShaderProgram {
    const bindings = [...this.bindings.values()];
    const own = (text: string): Passage => ({ text, of: null });
    const passages = [
      own(`// fused: ${title}`),
      ...this.uniforms.declarations().map(own),
      ...bindings.map((binding, i) =>
        own(`@group(0) @binding(${i + 1}) var${this.typeOf(binding)};`),
      ),
      ...this.declarations.map(own),
      ...this.helpers.values(),
      own(`@compute @workgroup_size(${this.options.workgroupSize})`),
      own(`fn main(${parameters}) {`),
    ];
    this.root.print('  ', passages);
    passages.push(own('}\n'));
    return {
      title,
      wgsl: passages.map(({ text }) => text).join('\n'),
      bindings,
      uniforms: this.uniforms.pack(),
      workgroups,
      parts: partsOf(passages),
    };
  }

  private typeOf({ name, value, access }: Binding): string {
    if (access === 'texture' || access === 'external') return ` ${name}: ${TEXTURE_TYPES[access]}`;
    const element = vectorType(value.dtype, this.isVector(value) ? 4 : 1);
    return `<storage, ${access}> ${name}: array<${element}>`;
  }
}

/** WGSL type of one element in a storage buffer. */
export function scalarType(dtype: DType): 'f32' | 'i32' {
  return dtype === 'float32' ? 'f32' : 'i32';
}

/** WGSL type of `width` elements. */
export function vectorType(dtype: DType, width: 1 | 4): string {
  const scalar = scalarType(dtype);
  return width === 1 ? scalar : `vec4<${scalar}>`;
}

/** Bytes of a value in a buffer: 4 an element. */
export function byteSize(value: Value): number {
  return sizeOf(value.shape) * 4;
}
