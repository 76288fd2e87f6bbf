import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { mainBackendDatabaseName } from '@orrery/main-backend';
import { ConfigError, type RunningServices, openLogDestination, runServices } from '@orrery/service-kit';
import jwt from 'jsonwebtoken';
import { MongoClient } from 'mongodb';
import { loadDemo } from './demo/load-demo.ts';
import { DEMO_USERS } from './demo/main-backend-users.ts';
import { type EmbeddedDatabase, startEmbeddedDatabase } from './embedded-database.ts';
import { localSecrets } from './local-secrets.ts';
import { SERVICES } from './services.ts';
import { type LocalBank, startLocalBank } from './local-bank.ts';
import { type LocalModel, startLocalModel } from './local-model.ts';
import { showProgressOn } from './progress.ts';
import {
  given,
  localOrigins,
  type Settings,
  StartError,
  orPortTaken,
  readSettings,
  requireFreePort,
} from './settings.ts';

/** `npm start`: the whole constellation in this process, on embedded defaults. */

const TOKEN_LIFE = '30d';
const SAME_INTERRUPT_MS = 500;

interface Constellation {
  running: RunningServices;
  gatewayUrl: string;
  /** For the terminal; an address from the settings may hold a password and is not shown. */
  databaseText: string;
  /** The local bank, when there are no keys of Plaid. */
  bank: LocalBank | undefined;
  /** Undefined when the settings name another. */
  model: LocalModel | undefined;
  stop(): Promise<boolean>;
}

const progress = showProgressOn(process.stdout);
/** What services say to nobody but the person at the terminal. */
const forThePerson: string[] = [];

/** Prints it, once: a start that fails or is stopped has made that administrator all the same. */
function sayToThePerson(): void {
  for (const sentence of forThePerson.splice(0)) {
    console.log(`\n${sentence}`);
  }
}

// The database in MONGODB_URI is not the main back end's, only the one in an address of its own.
const mainDatabase = (): string =>
  mainBackendDatabaseName({
    DATABASE_URL: given(process.env, 'DATABASE_URL'),
    MONGO_DB_NAME: given(process.env, 'MONGO_DB_NAME'),
  });

async function startConstellation(
  settings: Settings,
  dataDirectory: string,
): Promise<Constellation & { mongoUri: string; jwtSecret: string }> {
  const secrets = await localSecrets(dataDirectory);
  const logPath = join(dataDirectory, 'orrery.log');
  const log = openLogDestination(logPath);
  // Asked early: the gateway starts last, when the first administrator's password has been made and shown.
  await requireFreePort(settings.PORT, 'PORT');
  let database: EmbeddedDatabase | undefined;
  const configuredUri = given(process.env, 'MONGODB_URI');
  if (configuredUri === undefined) {
    progress.show('Starting the embedded database');
    database = await startEmbeddedDatabase({
      dataDirectory: join(dataDirectory, 'mongo'),
      port: settings.EMBEDDED_MONGO_PORT,
    });
  }
  const mongoUri = configuredUri ?? database?.uri ?? '';
  const jwtSecret =
    given(process.env, 'JWT_SECRET') ?? given(process.env, 'SECRET_KEY') ?? secrets.JWT_SECRET;
  let bank: LocalBank | undefined;
  let model: LocalModel | undefined;
  const closeOwn = async (): Promise<void> => {
    await bank?.stop();
    await model?.stop();
    await database?.stop();
    log.close();
  };
  try {
    bank = await startLocalBank(process.env, mongoUri, settings.PLAID_SANDBOX_PORT);
    model = await startLocalModel(process.env, settings.MODEL_SANDBOX_PORT);
    const running = await runServices(SERVICES, {
      env: {
        PLAID_TOKEN_KEYS: secrets.PLAID_TOKEN_KEYS,
        ...(database === undefined ? {} : { MAIN_BACKEND_INDEXES: 'on' }),
        ...localOrigins(process.env),
        ...(settings.PORT === 0
          ? {}
          : { PLAID_WEBHOOK_URL: `http://127.0.0.1:${String(settings.PORT)}/webhooks/plaid` }),
        ...process.env,
        ...bank?.env,
        ...model?.env,
        APP_ENV: given(process.env, 'APP_ENV') ?? 'local',
        MONGODB_URI: mongoUri,
        DATABASE_URL: given(process.env, 'DATABASE_URL') ?? mongoUri,
        MONGO_DB_NAME: mainDatabase(),
        JWT_SECRET: jwtSecret,
        SERVICE_TOKEN_SECRET: given(process.env, 'SERVICE_TOKEN_SECRET') ?? secrets.SERVICE_TOKEN_SECRET,
        // One address is public; the services behind it take free ports and are found by the gateway.
        PORT: '0',
        GATEWAY_PORT: String(settings.PORT),
      },
      logDestination: log,
      onStarted: ({ name }) => progress.show(`Started ${name}`),
      tellOperator: (sentence) => forThePerson.push(sentence),
    });
    progress.end();
    return {
      running,
      gatewayUrl: running.urlOf('gateway'),
      databaseText: database === undefined ? 'as MONGODB_URI says' : database.uri,
      bank,
      model,
      mongoUri,
      jwtSecret,
      async stop() {
        const inTime = await running.stop();
        await closeOwn();
        return inTime;
      },
    };
  } catch (error) {
    await closeOwn();
    // Only the gateway has a port that settings name; the two stand-ins have said theirs by now.
    throw orPortTaken(error, settings.PORT, 'PORT');
  }
}

type DemoUser = (typeof DEMO_USERS)[number];

const tokenFor = (secret: string, { _id, role, email }: DemoUser): string =>
  jwt.sign({ id: _id.toHexString(), role, email }, secret, { algorithm: 'HS256', expiresIn: TOKEN_LIFE });

function announce(
  constellation: Constellation,
  settings: Settings,
  jwtSecret: string,
  dataDirectory: string,
  startedAt: number,
): void {
  const [alex, , admin] = DEMO_USERS;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`Orrery is ready after ${seconds} s.

  Gateway   ${constellation.gatewayUrl}
  API       ${constellation.gatewayUrl}/docs
  Monitor   ${constellation.gatewayUrl}/admin/monitor (sign in with ADMIN_TOKEN)
  Bank      ${constellation.bank === undefined ? "Plaid's" : `${constellation.bank.url} (a local stand-in for Plaid)`}
  Model     ${constellation.model === undefined ? 'as the settings say' : `${constellation.model.url} (a local stand-in that answers by rules)`}
  Database  ${constellation.databaseText}
  Data      ${dataDirectory}
  Log       ${join(dataDirectory, 'orrery.log')}

Tokens, good for 30 days:
  export USER_TOKEN=${tokenFor(jwtSecret, alex)}
  export ADMIN_TOKEN=${tokenFor(jwtSecret, admin)}

Worth a try in a second terminal, after the two lines above${settings.DEMO === '1' ? '' : ' (DEMO=1 loads data)'}:
  curl -s -H "Authorization: Bearer $USER_TOKEN" '${constellation.gatewayUrl}/v1/transactions?limit=5'
  curl -s -H "Authorization: Bearer $USER_TOKEN" -H 'Accept-Language: en' '${constellation.gatewayUrl}/api/spending_report'
  curl -sN -H "Authorization: Bearer $USER_TOKEN" -H 'Content-Type: application/json' -d '{"message": "How much did I spend on groceries last month?"}' '${constellation.gatewayUrl}/v1/chat/messages'`);
  sayToThePerson();
  console.log('\nCtrl-C stops it.');
}

const startedAt = performance.now();
let constellation: Constellation | undefined;
let stopping = false;
let stoppingSince = 0;

async function leave(): Promise<void> {
  if (stopping) {
    // One Ctrl-C can arrive twice: from the terminal and passed on by a parent.
    if (performance.now() - stoppingSince < SAME_INTERRUPT_MS) {
      return;
    }
    console.error('Stopped without waiting for work in progress.');
    process.exit(1);
  }
  stopping = true;
  stoppingSince = performance.now();
  console.log(
    '\nStopping: requests and events in progress are finished first (Ctrl-C again to cut them off).',
  );
  sayToThePerson();
  const inTime = (await constellation?.stop()) ?? true;
  process.exit(inTime ? 0 : 1);
}

// A terminal that was closed must not keep the drain from finishing.
process.stdout.on('error', () => undefined);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    leave().catch((error: unknown) => {
      console.error(error);
      process.exit(1);
    });
  });
}

try {
  const settings = readSettings(process.env);
  const dataDirectory = resolve(settings.DATA_DIR);
  await mkdir(dataDirectory, { recursive: true });
  console.log('Starting Orrery …');
  const started = await startConstellation(settings, dataDirectory);
  constellation = started;
  if (settings.DEMO === '1') {
    const client = await new MongoClient(given(process.env, 'DATABASE_URL') ?? started.mongoUri).connect();
    try {
      await loadDemo({
        gatewayUrl: started.gatewayUrl,
        dataDirectory,
        mainBackend: client.db(mainDatabase()),
        tokenOf: (user) => tokenFor(started.jwtSecret, user),
        now: new Date(given(process.env, 'ORRERY_NOW') ?? Date.now()),
        hasLocalBank: started.bank !== undefined,
        progress: (text) => progress.show(text),
      });
    } finally {
      await client.close();
      progress.end();
    }
  }
  announce(started, settings, started.jwtSecret, dataDirectory, startedAt);
} catch (error) {
  progress.end();
  sayToThePerson();
  const isForPeople = error instanceof StartError || error instanceof ConfigError;
  console.error(isForPeople ? error.message : error);
  await constellation?.stop();
  process.exit(1);
}
