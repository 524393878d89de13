/** Does anything grow while a warm model runs again and again? */
import * as tf from '@tensorflow/tfjs-core';
import type { ModelSession } from './session';

/** What an engine and its backend hold. */
interface Holdings {
  tensors: number;
  /** What tensors share: a tensor that is gone may leave its data behind. */
  data: number;
  bytes: number;
  buffers: number;
}

/** What was held more after the runs than before. */
export interface LeakReport extends Holdings {
  runs: number;
}

/** Runs a warm session and compares what is held before and after. */
export async function checkLeaks(session: ModelSession, runs: number): Promise<LeakReport> {
  await session.activate();
  await session.infer();
  const before = holdings();
  for (let i = 0; i < runs; i++) await session.infer();
  const after = holdings();
  return {
    runs,
    tensors: after.tensors - before.tensors,
    data: after.data - before.data,
    bytes: after.bytes - before.bytes,
    buffers: after.buffers - before.buffers,
  };
}

function holdings(): Holdings {
  const memory = tf.memory() as tf.MemoryInfo & { numBytesInGPU?: number };
  const { bufferManager } = tf.backend() as { bufferManager?: BufferCounts };
  const buffers = bufferManager
    ? bufferManager.getNumUsedBuffers() + bufferManager.getNumFreeBuffers()
    : 0;
  return {
    tensors: memory.numTensors,
    data: memory.numDataBuffers,
    bytes: memory.numBytesInGPU ?? memory.numBytes,
    buffers,
  };
}

/** Of stock's buffer manager. */
interface BufferCounts {
  getNumUsedBuffers(): number;
  getNumFreeBuffers(): number;
}
