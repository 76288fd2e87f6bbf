import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const LocalSecrets = z.object({
  JWT_SECRET: z.string().min(32),
  SERVICE_TOKEN_SECRET: z.string().min(32),
  PLAID_TOKEN_KEYS: z.string().min(32),
});
export type LocalSecrets = z.output<typeof LocalSecrets>;

const FILE = 'secrets.json';

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

/**
 * Secrets of this machine's installation: random, made on the first start and kept, so that tokens stay good over a
 * restart. Only the owner can read the file.
 * @param directory the data directory
 * @throws when the file exists but cannot be read as secrets
 */
export async function localSecrets(directory: string): Promise<LocalSecrets> {
  const path = join(directory, FILE);
  let kept: unknown;
  try {
    kept = JSON.parse(await readFile(path, 'utf8'));
    const whole = LocalSecrets.safeParse(kept);
    if (whole.success) {
      return whole.data;
    }
    // An installation from before banks could be linked has no key for their tokens yet.
    kept = LocalSecrets.omit({ PLAID_TOKEN_KEYS: true }).parse(kept);
  } catch (error) {
    if (!isMissing(error)) {
      throw new Error(`${path} is damaged; remove it to make new secrets (all tokens end)`, { cause: error });
    }
  }
  const secret = (): string => randomBytes(32).toString('base64url');
  const made = LocalSecrets.parse({
    JWT_SECRET: secret(),
    SERVICE_TOKEN_SECRET: secret(),
    PLAID_TOKEN_KEYS: `local:${secret()}`,
    ...(typeof kept === 'object' ? kept : {}),
  });
  await mkdir(directory, { recursive: true });
  await writeFile(`${path}.new`, JSON.stringify(made), { mode: 0o600 });
  await rename(`${path}.new`, path);
  return made;
}
