import { blockImports } from './blocks';
import { convolutionImports } from './convolution';
import { einsumImports } from './einsum';
import { elementwiseImports } from './elementwise';
import { matMulImports } from './matmul';
import { movementImports } from './movement';
import type { Importer, ImportTable } from './node-import';
import { reductionImports } from './reduction';
import { shapeImports } from './shape';
import { sliceImports } from './slice';

const importTable: ImportTable = {
  ...elementwiseImports,
  ...shapeImports,
  ...movementImports,
  ...sliceImports,
  ...blockImports,
  ...convolutionImports,
  ...matMulImports,
  ...einsumImports,
  ...reductionImports,
};

/** The importer of an op; undefined where the op stays with tfjs. */
export function importerOf(op: string): Importer | undefined {
  return Object.hasOwn(importTable, op) ? importTable[op] : undefined;
}

/** Names of all ops that can be imported. */
export const importedOps: readonly string[] = Object.keys(importTable).sort();
