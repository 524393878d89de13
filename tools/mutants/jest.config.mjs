// Tests on sources whose checks can be deleted, for tools/mutants/main.mjs.
import config from '../../jest.config.js';
import { ROOT } from '../support/process.mjs';

const projects = /** @type {import('@jest/types').Config.InitialProjectOptions[]} */ (
  config.projects
);
const unit = projects.find(({ displayName }) => displayName === 'unit');

export default {
  ...unit,
  rootDir: ROOT,
  displayName: 'mutants',
  forceExit: true,
  testEnvironmentOptions: { globalsCleanup: 'off' },
  testTimeout: 60_000,
  testMatch: ['<rootDir>/tools/mutants/*.test.ts'],
  transform: { '^.+\\.[mc]?[jt]sx?$': '<rootDir>/tools/mutants/transform.mjs' },
  setupFilesAfterEnv: ['<rootDir>/tools/mutants/runtime.cjs'],
};
