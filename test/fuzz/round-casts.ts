/**
 * `cpu` casts integers to float32 by calling them so: above 2²⁴ they keep digits that no float32 has, and
 * compare by these. Here a cast rounds, as on every other backend.
 */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

const cast = tf.getKernel('Cast', 'cpu');

tf.unregisterKernel('Cast', 'cpu');
tf.registerKernel({
  ...cast,
  kernelFunc: (invocation) => {
    const result = cast.kernelFunc(invocation) as tf.TensorInfo;
    const { x } = invocation.inputs as { x: tf.TensorInfo };
    if (x.dtype !== 'int32' || result.dtype !== 'float32') return result;
    const backend = invocation.backend as { readSync(id: object): ArrayLike<number> } & {
      makeTensorInfo(shape: number[], dtype: tf.DataType, values: Float32Array): tf.TensorInfo;
      disposeIntermediateTensorInfo(info: tf.TensorInfo): void;
    };
    const rounded = Float32Array.from(backend.readSync(result.dataId));
    backend.disposeIntermediateTensorInfo(result);
    return backend.makeTensorInfo(result.shape, 'float32', rounded);
  },
});
