/** The table of inline rules: what is computed where it is loaded, and never stored. */
import type { InlineRule } from '../wgsl/inliner';
import { frameRules } from './frame';
import { movementRules } from './movement';
import { resizeRules } from './resize';

/** Everything but scalar ops that a kernel can compute inside its loads. */
export const inlineRules: ReadonlyMap<string, InlineRule> = new Map([
  ...frameRules,
  ...movementRules,
  ...resizeRules,
]);
