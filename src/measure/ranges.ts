/** Which bytes of which buffers a dispatch binds. */

/** Part of a buffer. */
export interface BufferRange {
  buffer: GPUBuffer;
  offset: number;
  size: number;
}

/** Bytes that the ranges cover together: what is bound twice counts once. */
export function coveredBytes(ranges: readonly BufferRange[]): number {
  const byBuffer = new Map<GPUBuffer, BufferRange[]>();
  for (const range of ranges) {
    const list = byBuffer.get(range.buffer);
    if (list) list.push(range);
    else byBuffer.set(range.buffer, [range]);
  }
  let bytes = 0;
  for (const list of byBuffer.values()) {
    let covered = 0;
    for (const { offset, size } of list.sort((a, b) => a.offset - b.offset)) {
      bytes += Math.max(0, offset + size - Math.max(covered, offset));
      covered = Math.max(covered, offset + size);
    }
  }
  return bytes;
}

/** The buffer ranges of a bind group's entries, without uniform buffers. */
export function storageRanges(
  entries: Iterable<GPUBindGroupEntry>,
  uniformBindings: ReadonlySet<number> | undefined,
): BufferRange[] {
  const ranges: BufferRange[] = [];
  for (const { binding, resource } of entries) {
    const range = toRange(resource);
    if (range && !isUniform(range.buffer, binding, uniformBindings)) ranges.push(range);
  }
  return ranges;
}

function toRange(resource: GPUBindingResource): BufferRange | undefined {
  if (resource instanceof GPUBuffer) return { buffer: resource, offset: 0, size: resource.size };
  if (!('buffer' in resource)) return undefined;
  const { buffer, offset = 0, size = buffer.size - offset } = resource;
  return { buffer, offset, size };
}

/** With an explicit layout the layout says so; without one, what the buffer can be used for. */
function isUniform(
  buffer: GPUBuffer,
  binding: number,
  uniformBindings: ReadonlySet<number> | undefined,
): boolean {
  if (uniformBindings) return uniformBindings.has(binding);
  return (buffer.usage & GPUBufferUsage.STORAGE) === 0;
}
