import { mainBackendDatabaseName } from '@orrery/main-backend';
import { AppError, type MountedRoute, defineService, openUserData } from '@orrery/service-kit';
import { createActivityCounts } from './clients/activity-client.ts';
import { openMainBackend } from './clients/main-backend.ts';
import { createCollectArchives } from './clients/user-data-client.ts';
import { type IdentityConfig, IdentityConfig as Settings } from './config.ts';
import { onUserErased } from './events/on-user-erased.ts';
import { IDENTITY_HOLDINGS } from './holdings.ts';
import { listAuditLog } from './http/audit-log.ts';
import { administrationRoutes } from './http/compat/segmentation-api/administration.ts';
import { logOut, readMainUser, readMe, signInRoutes } from './http/compat/segmentation-api/auth.ts';
import { ownAccountRoutes } from './http/compat/segmentation-api/own-account.ts';
import { mainUserBody } from './http/compat/segmentation-api/user-shape.ts';
import { privacyRoutes } from './http/privacy.ts';
import { createGatekeeper } from './http/require-account.ts';
import { readStanding } from './http/standing.ts';
import { USER_NOT_FOUND } from './identity-errors.ts';
import { applyRetention } from './jobs/apply-retention.ts';
import { followDeletions } from './jobs/follow-deletions.ts';
import { openPasswordDesk } from './passwords/password-desk.ts';
import { createAccountStore } from './store/account-store.ts';
import { createAttemptStore } from './store/attempt-store.ts';
import { createAuditStore } from './store/audit-store.ts';
import { createConsentStore } from './store/consent-store.ts';
import { createErasureStore } from './store/erasure-store.ts';
import { createSeenUserStore } from './store/seen-user-store.ts';
import { createSessionStore } from './store/session-store.ts';
import { accessTokenSigner } from './tokens/sign-access-token.ts';
import { createAdministerAccounts } from './use-cases/administer-accounts.ts';
import { bootstrapAdmin } from './use-cases/bootstrap-admin.ts';
import { createEndAccount } from './use-cases/end-account.ts';
import { beginErasure } from './use-cases/erase-user.ts';
import { createFindStanding } from './use-cases/find-standing.ts';
import { createKeepAccount } from './use-cases/keep-account.ts';
import { createSignIn } from './use-cases/sign-in.ts';
import { createThrottleLogins } from './use-cases/throttle-logins.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Longer than any token that names a deleted account may live. */
const ENDED_ACCOUNT_LIFE_MS = 90 * DAY_MS;

const secretOf = ({ JWT_SECRET, SECRET_KEY }: IdentityConfig): string => JWT_SECRET ?? SECRET_KEY ?? '';

/** Users' standing, and accounts of our own when there is no main back end. */
export const identity = defineService({
  name: 'identity',
  config: Settings,
  calls: ['ingestion', 'categorization', 'insights'],
  async create(runtime) {
    const { config, mongo, clock, logger, inTransaction, recordEvents } = runtime;
    const accessLifeSeconds = config.ACCESS_TOKEN_EXPIRE_MINUTES * 60;

    const audit = createAuditStore(mongo);
    const userData = await openUserData({
      service: 'identity',
      mongo,
      holdings: IDENTITY_HOLDINGS,
      alsoErase: async (userId, session) => ({ audit_log: await audit.forget(userId, session) }),
    });
    const { markOf } = userData;
    const accounts = createAccountStore(mongo);
    const sessions = createSessionStore(mongo, markOf, {
      accessLifeMs: accessLifeSeconds * 1_000 + MINUTE_MS,
      sessionLifeMs: config.REFRESH_TOKEN_EXPIRE_DAYS * DAY_MS,
    });
    const attempts = createAttemptStore(mongo, markOf);
    const erasures = createErasureStore(mongo, ENDED_ACCOUNT_LIFE_MS);
    const consents = createConsentStore(mongo);
    const seen = createSeenUserStore(mongo);
    await Promise.all([accounts, sessions, attempts, audit, erasures].map((store) => store.prepare()));

    const endAccount = createEndAccount({ accounts, sessions, erasures, markOf, recordEvents });
    const mainBackend = openMainBackend(
      config.DATABASE_URL ?? config.MONGODB_URI,
      mainBackendDatabaseName(config),
    );
    const isBesideMain = config.IDENTITY_MODE === 'main';
    const gatekeeper = createGatekeeper({ accounts, sessions });

    const accountRoutes = async (): Promise<MountedRoute[]> => {
      const passwords = await openPasswordDesk();
      const throttle = createThrottleLogins(attempts, {
        isOn: config.RATE_LIMIT,
        perAccount: config.RATE_LIMIT_LOGIN_ACCOUNT,
        perAddress: config.RATE_LIMIT_LOGIN,
      });
      const outcome = await bootstrapAdmin(
        { accounts, passwords, inTransaction },
        {
          username: config.ADMIN_USERNAME,
          email: config.ADMIN_EMAIL,
          password: config.ADMIN_PASSWORD,
        },
      );
      if (outcome.kind === 'name-taken') {
        logger.error('a user has the name or e-mail of the first administrator; change ADMIN_USERNAME');
      }
      if (outcome.kind === 'made' && outcome.password !== undefined) {
        runtime.tellOperator(
          `First administrator: ${config.ADMIN_USERNAME}, password ${outcome.password} (shown only this once)`,
        );
      }
      const sign = accessTokenSigner(secretOf(config), accessLifeSeconds);
      const activity = createActivityCounts(runtime);
      const signIn = createSignIn({
        accounts,
        sessions,
        passwords,
        throttle,
        sign,
        inTransaction,
        recordEvents,
        logger,
      });
      const keepAccount = createKeepAccount({
        accounts,
        sessions,
        passwords,
        throttle,
        endAccount,
        inTransaction,
      });
      const administer = createAdministerAccounts({
        accounts,
        sessions,
        audit,
        endAccount,
        inTransaction,
        recordEvents,
      });
      return [
        ...signInRoutes({ signIn, accessLifeSeconds }),
        readMe(gatekeeper),
        ...ownAccountRoutes({ gatekeeper, keepAccount, activity }),
        ...administrationRoutes({ gatekeeper, accounts, administer, activity }),
      ];
    };

    const erase = (userId: string): Promise<string> =>
      inTransaction(async (session) =>
        (await accounts.find(userId, session)) === undefined
          ? beginErasure({ erasures, recordEvents }, userId, session)
          : endAccount(userId, session),
      );

    const { findUser: findMainUser } = mainBackend.reader;
    const routes = isBesideMain
      ? [
          readMainUser(async (userId) => {
            const user = await findMainUser(userId);
            if (user === undefined) {
              throw new AppError(USER_NOT_FOUND);
            }
            return mainUserBody(user);
          }),
        ]
      : await accountRoutes();

    return {
      routes: [
        ...routes,
        logOut(sessions),
        readStanding(
          createFindStanding({
            accounts,
            sessions,
            erasures,
            markOf,
            mode: config.IDENTITY_MODE,
            findMainUser,
            onSeen: (userId) => seen.note(userId, clock.now().toISOString().slice(0, 10)),
          }),
        ),
        listAuditLog(gatekeeper, audit),
        ...privacyRoutes({
          consents,
          erasures,
          inTransaction,
          recordEvents,
          archiveOf: userData.archiveOf,
          collect: createCollectArchives(runtime),
          erase,
        }),
        userData.route,
      ],
      subscriptions: [userData.onErasureRequested, ...onUserErased(erasures)],
      jobs: [
        ...(isBesideMain ? [followDeletions({ seen, findMainUser, erase })] : []),
        applyRetention({
          audit,
          erasures,
          clock,
          auditDays: config.AUDIT_RETENTION_DAYS,
          erasureDays: config.ERASURE_RETENTION_DAYS,
        }),
      ],
      async stop() {
        await mainBackend.close();
      },
    };
  },
});
