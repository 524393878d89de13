/** The program `tfjs-backend-webgpu-fused`: see `cli/main`. What it may not need is loaded when it does. */
import { runProgram } from './cli/main';

void runProgram(process.argv, {
  backend: async () => void (await import('./index')),
  verify: () => import('./verify'),
});
