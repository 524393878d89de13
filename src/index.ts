/** Importing this module registers the backend `webgpu-fused` and the graph-model hook. */
import { register } from './pure';

export * from './pure';

register();
