import { ResolveBankLink } from '@orrery/contracts';
import { handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { classifyPlaidError } from '../domain/bank/plaid-failure.ts';
import type { LinkBank } from '../use-cases/link-bank.ts';

/** Status of a failed reading; only the code is kept with a link. */
const statusOf = (code: string): number => {
  const kind = classifyPlaidError({ errorType: '', errorCode: code });
  return kind === 'sign-in' ? 409 : kind === 'gone' ? 410 : 502;
};

/**
 * `POST /internal/bank-links/resolve`.
 * @param linkBank the use cases
 */
export const resolveBankLink = (linkBank: LinkBank): MountedRoute =>
  handle(ResolveBankLink, async ({ body, identity, signal }) => {
    const userId = requireUserId(identity);
    const code = body.waitMs === 0 ? null : await linkBank.readNow(userId, body, body.waitMs, signal);
    const link = await linkBank.progress(userId, body);
    return {
      status: 200,
      body: { ...link, failure: code === null ? null : { code, status: statusOf(code) } },
    };
  });
