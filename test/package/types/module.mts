// Compiles against the built declarations, as an ES module of a user does.
import * as fused from 'tfjs-backend-webgpu-fused';
import * as pure from 'tfjs-backend-webgpu-fused/pure';

export const versions: readonly string[] = [fused.version, pure.version];
