import { randomBytes } from 'node:crypto';
import type { Clock } from '@orrery/calendar';
import { type RunningServices, runServices } from '@orrery/service-kit';
import jwt from 'jsonwebtoken';
import { MongoClient } from 'mongodb';
import { SERVICES } from '../../infra/all-in-one/src/services.ts';

const SECRET = 'the-secret-of-a-main-back-end-in-a-journey';

/** The whole constellation in this process, as `npm start` runs it, with databases of its own. */
export interface Constellation {
  url: string;
  /** Prefix of its databases. */
  namespace: string;
  client: MongoClient;
  /** The services as they run, with the events that each handles. */
  services: RunningServices['services'];
  /** `Authorization` header of a user or an administrator. */
  signIn(userId: string, role?: 'USER' | 'ANALYST' | 'ADMIN'): { authorization: string };
  stop(): Promise<void>;
}

/**
 * Starts every service behind the gateway.
 * @param env settings beside the usual ones
 * @param onLogLine gets every log line of every service
 * @param clock business time of all of them; default the machine's
 */
export async function startConstellation(
  env: Record<string, string> = {},
  onLogLine?: (line: string) => void,
  clock?: Clock,
): Promise<Constellation> {
  const mongoUri = process.env['TEST_MONGODB_URI'] ?? '';
  const namespace = `e${randomBytes(5).toString('hex')}`;
  const client = await new MongoClient(mongoUri).connect();
  const running = await runServices(SERVICES, {
    env: {
      NODE_ENV: 'test',
      APP_ENV: 'local',
      RATE_LIMIT: 'off',
      LOG_LEVEL: 'silent',
      MONGODB_URI: mongoUri,
      DATABASE_URL: mongoUri,
      MONGO_DB_NAME: `${namespace}_main`,
      ORRERY_NAMESPACE: namespace,
      JWT_SECRET: SECRET,
      PORT: '0',
      ADMIN_PASSWORD: 'the-first-administrator-of-a-journey',
      ...env,
    },
    ...(onLogLine === undefined ? {} : { logDestination: { write: onLogLine } }),
    ...(clock === undefined ? {} : { clock }),
  });
  return {
    url: running.urlOf('gateway'),
    namespace,
    client,
    services: running.services,
    signIn: (userId, role = 'USER') => ({
      authorization: `Bearer ${jwt.sign({ id: userId, role }, SECRET, { expiresIn: '1h' })}`,
    }),
    async stop() {
      await running.stop();
      const { databases } = await client.db().admin().listDatabases({ nameOnly: true });
      for (const { name } of databases.filter(({ name }) => name.startsWith(`${namespace}_`))) {
        await client.db(name).dropDatabase();
      }
      await client.close();
    },
  };
}
