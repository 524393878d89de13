/** What the program and the page that it serves tell each other. */
import type { io } from '@tensorflow/tfjs-core';
import type { BenchReport, SidesSettings } from '../bench-sides';
import type { ModelKind } from '../model-check';

/** Where what is; the page is at `/`. */
export const PATHS = {
  request: '/request.json',
  weights: '/weights.bin',
  progress: '/progress',
  result: '/result',
} as const;

/** What the page is to measure; weights come by themselves. */
export interface PageRequest {
  readonly name: string;
  readonly kind: ModelKind;
  readonly artifacts: Omit<io.ModelArtifacts, 'weightData'>;
  readonly settings: SidesSettings;
}

/** What it found, or why it could not. */
export type PageResult = { readonly report: BenchReport } | { readonly failure: string };
