/** tfjs-layers of the app's, for layers models. */
import type { LayersLoader } from './loaded-model';
import { importPackage } from './packages';

/** @throws CliError if it is not installed. */
export const installedLayers: LayersLoader = async () => {
  interface Layers {
    loadLayersModel: Awaited<ReturnType<LayersLoader>>;
  }
  const { loadLayersModel } = await importPackage<Layers>(
    'model',
    '@tensorflow/tfjs-layers',
    'it for layers models',
    ['@tensorflow/tfjs'],
  );
  return loadLayersModel;
};
