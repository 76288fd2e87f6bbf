import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const LocalSecrets = z.object({ JWT_SECRET: z.string().min(32), SERVICE_TOKEN_SECRET: z.string().min(32) });
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
  try {
    return LocalSecrets.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (!isMissing(error)) {
      throw new Error(`${path} is damaged; remove it to make new secrets (all tokens end)`, { cause: error });
    }
  }
  const secret = (): string => randomBytes(32).toString('base64url');
  const made: LocalSecrets = { JWT_SECRET: secret(), SERVICE_TOKEN_SECRET: secret() };
  await mkdir(directory, { recursive: true });
  await writeFile(`${path}.new`, JSON.stringify(made), { mode: 0o600 });
  await rename(`${path}.new`, path);
  return made;
}
