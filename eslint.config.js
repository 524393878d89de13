import eslint from '@eslint/js';
import importX, { createNodeResolver } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/**
 * What each part of the house may import, besides itself: imports point one way,
 * `ir ← patterns, fused-kernels ← registry ← backend ← graph-model, named ← index`.
 * A part that is missing here may import nothing; index.ts and pure.ts may import all.
 */
const MAY_IMPORT = {
  ir: [],
  patterns: ['ir'],
  'fused-kernels': ['ir'],
  registry: ['ir', 'patterns', 'fused-kernels'],
  backend: ['ir', 'patterns', 'fused-kernels', 'registry', 'report'],
  'graph-model': ['ir', 'patterns', 'fused-kernels', 'registry', 'backend'],
  named: ['ir', 'backend'],
  report: ['ir'],
};

/** The plain records of what was fused and what was not: any part may fill them in. */
const RECORDS = './report/record.ts';

/** Parts that are pure: no tfjs, no GPU. */
const PURE = ['ir', 'patterns', 'fused-kernels', 'report'];

const zones = Object.entries(MAY_IMPORT).map(([part, others]) => ({
  target: `./src/${part}`,
  from: './src',
  except: [RECORDS, ...[part, ...others].map((name) => `./${name}`)],
  message: `src/${part} may import ${others.length ? others.join(', ') : 'nothing'} besides itself.`,
}));

export default tseslint.config(
  {
    ignores: [
      'dist/',
      '.cache/',
      'coverage/',
      'examples/**/node_modules/',
      'examples/**/dist/',
      '*.tmp.ts',
    ],
  },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.test.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/require-await': 'off', // an interface may ask for a promise
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowArray: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/unbound-method': 'off', // tfjs hands out functions as methods
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-undef': 'off', // TypeScript's work
      'no-loss-of-precision': 'off', // tfjs's constants have more digits than a number
      'prefer-const': ['error', { destructuring: 'all' }],
    },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: { ecmaVersion: 'latest', sourceType: 'module' },
    rules: { 'no-undef': 'off' }, // checked by TypeScript, through tsconfig.test.json
  },
  {
    files: ['src/**/*.ts'],
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.d.ts', '.js'] })],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
    },
    rules: {
      'import-x/no-cycle': 'error',
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones }],
      'no-console': ['error', { allow: ['warn', 'info'] }],
    },
  },
  {
    files: [`src/{${PURE.join(',')}}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['@tensorflow/*'],
              message: `${PURE.join(', ')} are pure data and functions: no tfjs in them.`,
            },
          ],
        },
      ],
    },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: { '@typescript-eslint/no-unsafe-assignment': 'off' },
  },
  {
    files: ['examples/**/*.ts'],
    extends: [tseslint.configs.disableTypeChecked],
  },
);
