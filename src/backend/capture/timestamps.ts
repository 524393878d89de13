/** Timestamps around a compute pass, as stock's `getQueryTime` expects them. */
import type { WebGPUFusedBackend } from '../backend';
import { internalsOf } from '../host';

/** What a pass must be begun with to be timed; nothing where the device cannot. */
export function timestampsOf(backend: WebGPUFusedBackend): GPUComputePassDescriptor {
  const internals = internalsOf(backend);
  if (!internals.supportTimestampQuery) return {};
  internals.querySet ??= backend.device.createQuerySet({
    type: 'timestamp',
    count: internals.querySetCount,
  });
  return {
    timestampWrites: {
      querySet: internals.querySet,
      beginningOfPassWriteIndex: 0,
      endOfPassWriteIndex: 1,
    },
  };
}
