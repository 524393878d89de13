/** All programs of the benchmark of shapes. */
import { graphPrograms } from './graph-models';
import { otherPrograms } from './other-programs';
import type { ShapeProgram } from './program';

export const PROGRAMS: readonly ShapeProgram[] = [...graphPrograms, ...otherPrograms];

export function programNamed(name: string): ShapeProgram {
  const found = PROGRAMS.find((program) => program.name === name);
  if (!found) throw new Error(`No program named "${name}".`);
  return found;
}
