import type { Clock } from '@orrery/calendar';
import { AdviceGenerated } from '@orrery/contracts';
import { newEvent } from '@orrery/messaging';
import type { Runtime } from '@orrery/service-kit';
import type { FormerAdvice } from '../clients/former-advice.ts';
import { findAlerts } from '../domain/admin/admin-alerts.ts';
import { digestOf } from '../domain/digest.ts';
import {
  candidatesFor,
  chooseSuggestions,
  wordSuggestion,
  type Candidate,
} from '../domain/suggestions/suggest.ts';
import type { Signal } from '../domain/suggestions/signal.ts';
import type { PhraseBook } from '../domain/suggestions/templates.ts';
import type { AlertChanges, AlertStore } from '../store/alert-store.ts';
import type { SignalStore } from '../store/signal-store.ts';
import type { KeptSuggestions, SuggestionStore } from '../store/suggestion-store.ts';
import type { UserMonth } from './read-month.ts';

export interface AdviseUsersParts extends Pick<Runtime<unknown>, 'inTransaction' | 'recordEvents'> {
  suggestions: SuggestionStore;
  alerts: AlertStore;
  signals: SignalStore;
  /** Undefined without a main back end. */
  former: FormerAdvice | undefined;
  clock: Clock;
}

/** An alert that stands this long is raised anew, so that it is looked at again. */
const RAISE_AGAIN_MS = 30 * 24 * 60 * 60 * 1_000;

const digestOfChosen = (chosen: readonly Candidate[]): string =>
  digestOf(chosen.map(({ kind, slots }) => [kind, slots]));

/**
 * Gives a group of users their suggestions of the day and brings the alerts about them up to date, in one transaction.
 * Users whose facts are the same keep their suggestions; doing it twice changes nothing.
 * @param parts stores, events and business time
 */
export const createAdviseUsers = (parts: AdviseUsersParts) => {
  const { suggestions, alerts, signals, former, clock, inTransaction, recordEvents } = parts;

  const alertChanges = async (months: readonly UserMonth[], now: Date): Promise<AlertChanges> => {
    const changes: AlertChanges = { raise: [], reword: [], clear: [] };
    const standing = await alerts.standingOf(months.map(({ userId }) => userId));
    const again = new Date(now.getTime() - RAISE_AGAIN_MS);
    const found = months.flatMap((month) => findAlerts(month.summary).map((alert) => ({ month, alert })));
    const keyOf = (userId: string, category: string): string => `${userId}:${category}`;
    const wanted = new Map(
      found.map(({ month, alert }) => [keyOf(month.userId, alert.category), alert.message.text] as const),
    );
    const kept = new Set<string>();
    for (const alert of standing) {
      const message = wanted.get(keyOf(alert.userId, alert.category));
      if (message === undefined || alert.createdAt < again) {
        changes.clear.push(alert.id);
        continue;
      }
      kept.add(keyOf(alert.userId, alert.category));
      if (message !== alert.message) {
        changes.reword.push({ id: alert.id, message });
      }
    }
    const fresh = found.filter(({ month, alert }) => !kept.has(keyOf(month.userId, alert.category)));
    if (fresh.length === 0) {
      return changes;
    }
    const told = await former?.recentAlerts(
      fresh.map(({ month }) => month.userId),
      again,
    );
    changes.raise = fresh
      .filter(({ month, alert }) => told?.has(keyOf(month.userId, alert.category)) !== true)
      .map(({ month, alert }) => ({
        userId: month.userId,
        userEmail: month.email === '' ? 'N/A' : month.email,
        message: alert.message.text,
        category: alert.category,
      }));
    return changes;
  };

  const suggestionChanges = async (
    months: readonly UserMonth[],
    told: ReadonlyMap<string, Signal[]>,
    book: PhraseBook,
    now: Date,
  ) => {
    const states = await suggestions.states(months.map(({ userId }) => userId));
    const keep = new Map<string, KeptSuggestions>();
    const renew: string[] = [];
    for (const { userId, summary } of months) {
      const chosen = chooseSuggestions(candidatesFor(summary, told.get(userId) ?? []));
      const digest = digestOfChosen(chosen);
      const state = states.get(userId);
      if (state?.digest !== digest) {
        keep.set(userId, {
          day: summary.today,
          digest,
          createdAt: now,
          suggestions: chosen.map((candidate) => wordSuggestion(candidate, book)),
        });
      } else if (state.day !== summary.today) {
        renew.push(userId);
      }
    }
    return { keep, renew };
  };

  return {
    /**
     * Advises users.
     * @param months of a few hundred users at most; those about whom nothing is known are left as they are
     * @param book the model's wordings
     * @returns how many got other suggestions than before
     */
    async advise(months: readonly UserMonth[], book: PhraseBook): Promise<{ changed: number }> {
      const known = months.filter(({ summary }) => summary.hasRows);
      const [first] = known;
      const now = clock.now();
      const told = await signals.ofUsers(known.map(({ userId }) => userId));
      const [{ keep, renew }, changes] = await Promise.all([
        suggestionChanges(known, told, book, now),
        alertChanges(months, now),
      ]);
      const isUnchanged =
        keep.size + renew.length + changes.raise.length + changes.reword.length + changes.clear.length === 0;
      if (isUnchanged) {
        return { changed: 0 };
      }
      await inTransaction(async (session) => {
        await suggestions.keep(keep, session);
        await suggestions.renew(renew, first?.summary.today ?? '', now, session);
        await alerts.apply(changes, now, session);
        await recordEvents(
          session,
          [...keep].map(([userId, { digest, suggestions: made }]) =>
            newEvent(AdviceGenerated, userId, {
              userId,
              kind: 'suggestions',
              adviceId: digest,
              generatedAt: now.toISOString(),
              titles: made.map(({ text }) => text.slice(0, 512)),
            }),
          ),
        );
      });
      return { changed: keep.size };
    },
  };
};

export type AdviseUsers = ReturnType<typeof createAdviseUsers>;
