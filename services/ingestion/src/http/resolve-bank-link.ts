import { setTimeout as pause } from 'node:timers/promises';
import { ResolveBankLink } from '@orrery/contracts';
import { handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import type { LinkBank } from '../use-cases/link-bank.ts';

const LOOK_MS = 150;

/**
 * `POST /internal/bank-links/resolve`.
 * @param linkBank the use cases
 */
export const resolveBankLink = (linkBank: LinkBank): MountedRoute =>
  handle(ResolveBankLink, async ({ body, identity, signal }) => {
    const userId = requireUserId(identity);
    const deadline = Date.now() + body.waitMs;
    let state = await linkBank.progress(userId, body);
    while (!state.isReady && state.lastErrorCode === null && Date.now() < deadline && !signal.aborted) {
      await pause(LOOK_MS);
      state = await linkBank.progress(userId, body);
    }
    return { status: 200, body: state };
  });
