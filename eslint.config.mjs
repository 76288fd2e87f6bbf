import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  {
    ignores: [
      '**/node_modules/**',
      '.data/**',
      '.tools/**',
      'docs/**',
      'infra/mongo/**',
      'infra/service-template/**',
      'packages/client/src/schema.ts',
    ],
  },
  eslint.configs.recommended,
  ...tseslint.configs.strict,
  {
    languageOptions: {
      globals: Object.fromEntries(
        [
          'module',
          'process',
          'console',
          'URL',
          'Buffer',
          'setTimeout',
          'clearTimeout',
          'performance',
          'fetch',
          'AbortSignal',
        ].map((name) => [name, 'readonly']),
      ),
    },
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-dynamic-delete': 'off',
      'no-empty': ['error', { allowEmptyCatch: false }],
      'no-console': 'error',
      eqeqeq: ['error', 'always'],
      curly: ['error', 'all'],
    },
  },
  {
    files: [
      'scripts/**',
      '**/cli.ts',
      'infra/all-in-one/**',
      'infra/docker/**',
      '**/bench/**',
      'tests/setup/**',
      'tests/faults/kill-journey.ts',
      'tests/faults/run.ts',
      'tests/newcomer/**',
      'tests/eval/run.ts',
    ],
    rules: { 'no-console': 'off' },
  },
);
