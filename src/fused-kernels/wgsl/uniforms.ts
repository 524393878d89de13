/**
 * The uniforms of a shader: what they are called, and what they hold. Names say what a size does, so that
 * kernels which differ in sizes only have the same text.
 */

/** A uniform. */
interface Field {
  readonly type: 'i32' | 'f32';
  readonly value: number;
}

/** Literals up to this size are written out; larger ones are uniforms, so that shapes share a pipeline. */
const MAX_LITERAL = 4;

export class Uniforms {
  /** In order, by their names. */
  private readonly fields = new Map<string, Field>();
  /** The values that share a name, of which each has its number. */
  private readonly integers = new Map<string, number[]>();

  /** An integer that the shader's compiler must not know. */
  named(name: string, value: number): string {
    const field = this.fields.get(name);
    if (!field) this.fields.set(name, { type: 'i32', value });
    else if (field.value !== value) {
      throw new Error(`two values of one uniform, ${name}: ${field.value} and ${value}`);
    }
    return `u.${name}`;
  }

  /**
   * An integer of index arithmetic. What belongs to a buffer (`scope` is its name) is a uniform whose
   * name says what it is (`role`: the stride of a variable, an offset): kernels that differ in shapes
   * only have the same text. Without a scope, small integers are literals.
   */
  integer(value: number, scope?: string, role = ''): string {
    if (Math.abs(value) <= (scope === undefined ? MAX_LITERAL : 1)) {
      return value < 0 ? `(${value})` : String(value);
    }
    if (value < 0) return `(-${this.integer(-value, scope, role)})`;
    return this.size(value, scope, role);
  }

  /**
   * A size that is a uniform whatever it is. Sizes of different roles are told apart even where they are
   * equal, because those of another shape are not.
   */
  size(value: number, scope: string | undefined, role: string): string {
    const name = scope ? (role === '' ? scope : `${scope}_${role}`) : role || 'n';
    const values = this.integers.get(name) ?? [];
    this.integers.set(name, values);
    if (!values.includes(value)) values.push(value);
    const place = values.indexOf(value);
    // One stride or offset of a buffer is the usual case; extents and plain numbers are counted.
    return this.named(place === 0 && role !== '' ? name : `${name}_${place}`, value);
  }

  /** A float that the shader's compiler must not know, because other sizes have others, such as 1 / size. */
  number(value: number): string {
    const numbers = [...this.fields].filter(([, { type }]) => type === 'f32');
    const known = numbers.find(([, field]) => Object.is(field.value, value));
    if (known) return `u.${known[0]}`;
    const name = `number${numbers.length}`;
    this.fields.set(name, { type: 'f32', value });
    return `u.${name}`;
  }

  /** A float that WGSL cannot write as a constant expression: NaN and the infinities. */
  special(value: number): string {
    const name = Number.isNaN(value) ? 'nan' : 'infinity';
    if (!this.fields.has(name)) this.fields.set(name, { type: 'f32', value: Math.abs(value) });
    return value === -Infinity ? '(-u.infinity)' : `u.${name}`;
  }

  /** The lines that declare them; none where there are none. */
  declarations(): string[] {
    if (this.fields.size === 0) return [];
    const fields = [...this.fields].map(([name, { type }]) => `  ${name}: ${type},\n`).join('');
    return [`struct Uniforms {\n${fields}}`, '@group(0) @binding(0) var<uniform> u: Uniforms;'];
  }

  /** What the uniform buffer holds: 4 bytes a field. */
  pack(): ArrayBuffer {
    const buffer = new ArrayBuffer(Math.ceil((this.fields.size * 4) / 16) * 16);
    const view = new DataView(buffer);
    [...this.fields.values()].forEach(({ type, value }, i) => {
      if (type === 'i32') view.setInt32(i * 4, value, true);
      else view.setFloat32(i * 4, value, true);
    });
    return buffer;
  }
}
