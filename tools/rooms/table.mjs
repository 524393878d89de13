/**
 * The rooms of `src`, and what each may import besides itself, types included. Imports point one way:
 * a room sees only rooms above it. A room that is missing here may import nothing, and nobody it.
 */
const PURE_MIDDLE = ['ir', 'patterns', 'fused-kernels', 'lowering', 'registry', 'compiler'];

/** @type {Readonly<Record<string, readonly string[]>>} */
export const ROOMS = {
  ir: [],
  patterns: ['ir'],
  'fused-kernels': ['ir'],
  lowering: ['ir'],
  registry: ['ir', 'patterns', 'fused-kernels', 'lowering'],
  compiler: ['ir', 'patterns', 'fused-kernels', 'registry'],
  host: [],
  runtime: [...PURE_MIDDLE, 'host'],
  capture: ['ir', 'compiler', 'host', 'runtime'],
  eager: [...PURE_MIDDLE, 'host', 'runtime'],
  'graph-model': ['ir', 'lowering', 'registry'],
  named: ['ir', 'lowering', 'eager'],
  report: ['ir'],
  verify: [...PURE_MIDDLE, 'host', 'runtime', 'graph-model'],
  backend: [...PURE_MIDDLE, 'host', 'runtime', 'capture', 'eager', 'report'],
  plans: [...PURE_MIDDLE, 'host', 'runtime', 'graph-model', 'backend'],
  measure: [],
  html: ['host', 'report', 'graph-model', 'eager', 'measure'],
  cli: [
    ...[...PURE_MIDDLE, 'host', 'runtime', 'eager', 'graph-model', 'report', 'verify'],
    ...['backend', 'measure', 'html'],
  ],
};

/** Rooms that are pure: no tfjs, no GPU. */
export const PURE = [...PURE_MIDDLE, 'report'];

/** The plain records of what was fused and what was not: any room may fill them in. */
export const RECORDS = 'src/report/record.ts';
