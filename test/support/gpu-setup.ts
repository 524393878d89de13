import { forceClassOfEnvironment } from './adapter-class';
import { takeGpuErrors } from './gpu';

forceClassOfEnvironment();

// WGSL and validation errors do not throw: a test that left one behind has failed.
afterEach(async () => {
  const errors = await takeGpuErrors();
  if (errors.length > 0) throw new Error(`Uncaptured GPU errors:\n${errors.join('\n')}`);
});
