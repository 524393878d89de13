/** The table of ops that regions may hold: how each is read as invocations of kernels. */
import { whyLeft } from '../../lowering/left-to-tfjs';
import { convolutionImports } from './convolution';
import { countedImports } from './counted';
import { elementwiseImports } from './elementwise';
import { movementImports } from './movement';
import type { Importer, ImportTable } from './node-import';
import { productImports } from './product';
import { reductionImports } from './reduction';
import { scatterImports } from './scatter';
import { shapeImports } from './shape';

const importTable: ImportTable = {
  ...elementwiseImports,
  ...shapeImports,
  ...movementImports,
  ...scatterImports,
  ...convolutionImports,
  ...productImports,
  ...reductionImports,
  ...countedImports,
};

/** The importer of an op; undefined where the op stays with tfjs. */
export function importerOf(op: string): Importer | undefined {
  return Object.hasOwn(importTable, op) ? importTable[op] : undefined;
}

/** Why an op that has no importer stays with tfjs. */
export function whyNotImported(op: string): string {
  const reason = whyLeft(op);
  return reason ? `op ${op} stays with tfjs: ${reason}` : `op ${op} is unknown`;
}

/** Names of all ops that can be imported. */
export const importedOps: readonly string[] = Object.keys(importTable).sort();
