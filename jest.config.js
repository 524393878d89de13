/** @type {import('jest').Config} */
const common = {
  setupFiles: ['<rootDir>/test/support/quiet.ts'],
  transform: {
    '^.+\\.[mc]?[jt]sx?$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript' },
          target: 'es2022',
          // As tsconfig.json has it.
          transform: { useDefineForClassFields: false },
        },
        sourceMaps: 'inline',
      },
    ],
  },
  transformIgnorePatterns: ['/node_modules/', '<rootDir>/dist/'],
  modulePathIgnorePatterns: [
    '<rootDir>/.cache/',
    '<rootDir>/dist/',
    '<rootDir>/examples/.*/node_modules/',
  ],
};

/** @type {import('jest').Config} */
const gpu = {
  ...common,
  testMatch: ['<rootDir>/test/gpu/**/*.test.ts'],
  testEnvironment: '<rootDir>/test/support/gpu-environment.mjs',
  // Jest would delete the properties of the GPU classes, which all test files share.
  testEnvironmentOptions: { globalsCleanup: 'off' },
  setupFilesAfterEnv: ['<rootDir>/test/support/gpu-setup.ts'],
};

/** @type {import('jest').Config} */
export default {
  // Dawn, and the timer that it needs, would keep the process alive.
  forceExit: true,
  // Jest ignores the time-out of a project.
  testTimeout: 120_000,
  projects: [
    { ...common, displayName: 'unit', testMatch: ['<rootDir>/test/unit/**/*.test.ts'] },
    { ...gpu, displayName: 'gpu' },
    {
      ...gpu,
      displayName: 'lossy',
      testEnvironmentOptions: { ...gpu.testEnvironmentOptions, losses: ['nan', 'denormals'] },
    },
    {
      ...common,
      displayName: 'package',
      testMatch: ['<rootDir>/test/package/**/*.test.ts'],
    },
  ],
};
