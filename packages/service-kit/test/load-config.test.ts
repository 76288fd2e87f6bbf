import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { CommonConfig, loadServiceConfig } from '../src/config/common-config.ts';
import {
  ConfigError,
  describeConfig,
  loadConfig,
  onOff,
  type Environment,
} from '../src/config/load-config.ts';

const Schema = z.object({
  DATABASE_URL: z.string().describe('Where the data is'),
  PAGE_SIZE: z.coerce.number('must be a number').int().default(50).describe('Rows of a page'),
  API_KEY: z
    .string()
    .min(4, 'needs at least 4 characters')
    .optional()
    .meta({ description: 'Key of the model', secret: true }),
  MODE: z.enum(['main', 'standalone']).default('standalone'),
  LOUD: onOff.default(false),
});

const problemsOf = (attempt: () => unknown): readonly string[] => {
  try {
    attempt();
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.problems;
    }
    throw error;
  }
  return [];
};

const PRODUCTION: Environment = {
  NODE_ENV: 'production',
  MONGODB_URI: 'mongodb://db/',
  RABBITMQ_URL: 'amqp://broker',
  SERVICE_TOKEN_SECRET: 'bb0d1a7e44f0c1b7a3ab2c9d5f6e7081',
};
const ingestion = { name: 'ingestion', config: z.object({}), calls: ['insights'] } as const;

describe('settings', () => {
  it('prefer the name of the service, then the plain name, then the default; empty is not given', () => {
    const config = loadConfig(
      Schema,
      { DATABASE_URL: 'shared', CHAT_DATABASE_URL: 'own', PAGE_SIZE: '', LOUD: 'on' },
      'chat',
    );

    expect(config).toEqual({ DATABASE_URL: 'own', PAGE_SIZE: 50, MODE: 'standalone', LOUD: true });
  });

  it('report every problem at once, in plain words and without values', () => {
    const problems = problemsOf(() =>
      loadConfig(Schema, { PAGE_SIZE: 'many', API_KEY: 'c4y', MODE: 'other' }, 'chat'),
    );

    expect(problems).toHaveLength(4);
    expect(problems[0]).toBe('DATABASE_URL is missing: Where the data is');
    expect(problems[1]).toBe('PAGE_SIZE must be a number');
    expect(problems.join(' ')).not.toContain('c4y');
  });

  it('describe themselves for documents without showing secrets', () => {
    expect(describeConfig(Schema)).toEqual([
      expect.objectContaining({
        name: 'DATABASE_URL',
        type: 'text',
        required: true,
        meaning: 'Where the data is',
      }),
      expect.objectContaining({ name: 'PAGE_SIZE', type: 'integer', required: false, defaultText: '50' }),
      expect.objectContaining({
        name: 'API_KEY',
        secret: true,
        meaning: 'Key of the model',
        defaultText: undefined,
      }),
      expect.objectContaining({ name: 'MODE', type: 'main | standalone', defaultText: 'standalone' }),
      expect.objectContaining({ name: 'LOUD', type: '0 | 1', defaultText: 'false' }),
    ]);
    const secrets = describeConfig(CommonConfig).filter(({ secret }) => secret);
    expect(secrets.every(({ defaultText }) => defaultText === undefined)).toBe(true);
    expect(describeConfig(CommonConfig).every(({ meaning }) => meaning !== '')).toBe(true);
  });

  it('have defaults for development', () => {
    expect(loadServiceConfig(ingestion, {}).common).toMatchObject({
      HOST: '127.0.0.1',
      PORT: 0,
      NODE_ENV: 'development',
    });
  });

  it('refuse development defaults, missing addresses and frozen time in production', () => {
    const problems = problemsOf(() =>
      loadServiceConfig(ingestion, { NODE_ENV: 'production', ORRERY_NOW: '2026-03-01T00:00:00Z' }),
    );

    for (const name of [
      'MONGODB_URI',
      'RABBITMQ_URL',
      'SERVICE_TOKEN_SECRET',
      'INSIGHTS_URL',
      'ORRERY_NOW',
    ]) {
      expect(problems.filter((problem) => problem.startsWith(`ingestion: ${name} must`))).toHaveLength(1);
    }
    expect(problems).toHaveLength(5);
  });

  it('refuse a sample secret in production and accept a whole set', () => {
    const whole = { ...PRODUCTION, INSIGHTS_URL: 'http://insights:8080/' };
    const sample = { ...whole, SERVICE_TOKEN_SECRET: 'development-only-service-token-secret' };

    expect(problemsOf(() => loadServiceConfig(ingestion, sample))).toEqual([
      'ingestion: SERVICE_TOKEN_SECRET is a sample value; production needs a secret of its own',
    ]);
    expect(loadServiceConfig(ingestion, whole).addresses.get('insights')).toBe('http://insights:8080');
  });
});
