// Compiles against the built declarations, as a CommonJS file of a user does.
import fused = require('tfjs-backend-webgpu-fused');
import pure = require('tfjs-backend-webgpu-fused/pure');

export const versions: readonly string[] = [fused.version, pure.version];
