import type { ServiceName } from '@orrery/contracts';
import type { Gathered, ServiceJobRun, ServiceState } from '../constellation.ts';
import { concernsOf } from './attention.ts';
import { shortDuration, shortInstant } from './describe-time.ts';
import { type Html, html, nothing } from './html.ts';
import { type Cell, MONITOR_PATH, marked, page, section, table } from './layout.ts';

/** What the person is told after an action, by the word in the address. */
export const NOTICES = {
  started: 'The job was started. Its state is in the table of jobs.',
  running: 'That job is running already. Nothing was done.',
  missing: 'There is no such job any more. Nothing was done.',
  replayed: 'The parked events are back in their queue.',
  'nothing-parked': 'No such event is parked any more. Nothing was done.',
  away: 'The service did not answer. Nothing was done.',
} as const;
export type Notice = keyof typeof NOTICES;

/** Everything the page shows. */
export interface MonitorView {
  states: readonly ServiceState[];
  runs: Gathered<ServiceJobRun>;
  now: Date;
  /** Goes into every form; see form-token.ts. */
  formToken: string;
  notice: Notice | undefined;
}

type Answer = NonNullable<ServiceState['state']> & { service: ServiceName };

/** While something runs, its end is what the person waits for. */
const LOOKS_AGAIN_S = 10;

const answersOf = ({ states }: MonitorView): Answer[] =>
  states.flatMap(({ service, state }) => (state === undefined ? [] : [{ ...state, service }]));

/** Names who could not be asked, so that what is missing does not look like nothing. */
const withoutAnswer = (services: readonly string[], what: string): Html =>
  services.length === 0
    ? nothing
    : html`<p>${marked('bad', `${what} of ${services.join(', ')} could not be read.`)}</p>`;

const silentServices = ({ states }: MonitorView): ServiceName[] =>
  states.filter(({ state }) => state === undefined).map(({ service }) => service);

const dependencies = (checks: Answer['checks']): Html => {
  const bad = Object.entries(checks).filter(([, answer]) => answer !== 'ok');
  return bad.length === 0
    ? html`${Object.keys(checks).join(', ')}`
    : html`${bad.map(([name, answer]) => html`${marked('bad', `${name}: ${answer}`)} `)}`;
};

const outboxText = (outbox: Answer['outbox']): string =>
  outbox === null
    ? 'not known'
    : outbox.pending === 0
      ? 'empty'
      : `${outbox.pending} waiting, oldest ${shortDuration(outbox.oldestAgeSeconds * 1_000)}`;

const serviceTable = ({ states, now }: MonitorView): Html =>
  table(
    'Services and what they depend on',
    ['Service', 'State', 'Dependencies', 'Outbox', 'Up for', 'Version'],
    states.map(({ service, state }) =>
      state === undefined
        ? [service, marked('bad', 'no answer'), '', '', '', '']
        : [
            service,
            state.ready ? marked('good', 'ready') : marked('bad', 'not ready'),
            { long: dependencies(state.checks) },
            outboxText(state.outbox),
            shortDuration(now.getTime() - Date.parse(state.startedAt)),
            state.version,
          ],
    ),
    'No service is known.',
  );

const button = (
  view: MonitorView,
  action: string,
  fields: Record<string, string>,
  words: string,
  about: string,
): Html =>
  html`<form method="post" action="${MONITOR_PATH}/${action}">
    <input type="hidden" name="formToken" value="${view.formToken}" />
    ${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
    <button aria-label="${`${words} ${about}`}">${words}</button>
  </form>`;

function queueTable(view: MonitorView): Html {
  const answers = answersOf(view);
  const queues = answers.flatMap(({ service, queues: own }) =>
    (own ?? []).map((queue) => ({ service, ...queue })),
  );
  const row = ({ service, type, waiting, parked }: (typeof queues)[number]): Cell[] => [
    service,
    html`<code>${type}</code>`,
    { number: waiting },
    { number: parked },
  ];
  const heads = ['Consumer', 'Event', 'Waiting', 'Parked'];
  const busy = queues.filter(({ waiting, parked }) => waiting + parked > 0);
  const unknown = [
    ...answers.filter(({ queues: own }) => own === null).map(({ service }) => service),
    ...silentServices(view),
  ];
  const none = queues.length === 0 ? 'No queue could be counted.' : `All ${queues.length} queues are empty.`;
  return html`${table('Queues with messages', heads, busy.map(row), none)} ${withoutAnswer(unknown, 'Queues')}
    <details>
      <summary>All queues</summary>
      ${table('Every queue', heads, queues.map(row), 'None is known.')}
    </details>`;
}

function parkedTable(view: MonitorView): Html {
  const answers = answersOf(view);
  const unknown = [
    ...answers.filter(({ deadLetters }) => deadLetters === null).map(({ service }) => service),
    ...silentServices(view),
  ];
  const rows = answers.flatMap(({ service, deadLetters }) =>
    (deadLetters ?? []).map(({ type, reason, count, oldest }): Cell[] => [
      service,
      html`<code>${type}</code>`,
      { long: reason },
      { number: count },
      shortInstant(oldest),
      button(view, 'dead-letters', { service, type }, 'Replay', `${type} at ${service}`),
    ]),
  );
  return html`${table(
    'Events that could not be handled and wait for a decision; Replay takes all of one kind',
    ['Consumer', 'Event', 'Reason', 'Count', 'Oldest (UTC)', ''],
    rows,
    unknown.length === 0 ? 'No event is parked.' : 'No other event is parked.',
  )}
  ${withoutAnswer(unknown, 'Parked events')}`;
}

const runState = (run: Pick<ServiceJobRun, 'state' | 'error'>): Html =>
  run.state === 'failed'
    ? marked('bad', `failed: ${run.error?.message ?? 'unknown'}`)
    : marked(run.state === 'succeeded' ? 'good' : 'warning', run.state);

const runTime = ({ startedAt, finishedAt }: Pick<ServiceJobRun, 'startedAt' | 'finishedAt'>): string =>
  startedAt === null || finishedAt === null
    ? ''
    : shortDuration(Date.parse(finishedAt) - Date.parse(startedAt));

const jobTable = (view: MonitorView): Html =>
  html`${table(
    'Jobs with their last run; times are UTC',
    ['Job', 'Service', 'Schedule', 'Next run', 'Last run', 'Ended', 'Took', ''],
    answersOf(view).flatMap(({ service, jobs }) =>
      jobs.map(({ name, cron, timeZone, nextRun, lastRun }): Cell[] => [
        name,
        service,
        cron === null ? 'on demand' : html`<code>${cron}</code> ${timeZone ?? ''}`,
        nextRun === null ? '' : shortInstant(nextRun),
        lastRun === null ? 'never' : shortInstant(lastRun.createdAt),
        { long: lastRun === null ? '' : runState(lastRun) },
        { number: lastRun === null ? '' : runTime(lastRun) },
        button(view, 'jobs', { service, name }, 'Run now', name),
      ]),
    ),
    'No service has a job.',
  )}
  ${withoutAnswer(silentServices(view), 'Jobs')}`;

const runTable = ({ runs: { data, unavailable } }: MonitorView): Html =>
  html`${table(
    'Latest runs over all services; times are UTC',
    ['Job', 'Service', 'Started', 'Ended', 'Took'],
    data.map((run): Cell[] => [
      run.name,
      run.service,
      shortInstant(run.createdAt),
      { long: runState(run) },
      { number: runTime(run) },
    ]),
    'No job has run yet.',
  )}
  ${withoutAnswer(unavailable, 'Runs')}`;

const FACT_GROUPS = [
  { group: 'models', title: 'Models', none: 'No service reports a model.' },
  { group: 'banks', title: 'Linked banks', none: 'No bank is linked.' },
  {
    group: 'spend',
    title: 'Language model',
    none: 'No language model was asked since the services started.',
  },
] as const;

const factTable = (view: MonitorView, group: string, none: string): Html =>
  html`${table(
    'As the services report it',
    ['What', 'Service', 'Value'],
    answersOf(view).flatMap(({ service, facts }) =>
      facts
        .filter((fact) => fact.group === group)
        .map(({ name, value, state: mood }): Cell[] => [
          name,
          service,
          mood === 'warning' ? marked('warning', String(value)) : value,
        ]),
    ),
    silentServices(view).length === 0 ? none : 'Nothing else is reported.',
  )}
  ${withoutAnswer(silentServices(view), 'Figures')}`;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const runningJobs = (view: MonitorView): number =>
  answersOf(view)
    .flatMap(({ jobs }) => jobs)
    .filter(({ lastRun }) => lastRun?.state === 'running' || lastRun?.state === 'queued').length;

function figures(view: MonitorView): Html {
  const answers = answersOf(view);
  const queues = answers.flatMap(({ queues: own }) => own ?? []);
  const shown = [
    {
      words: 'services ready',
      figure: `${answers.filter(({ ready }) => ready).length} of ${view.states.length}`,
    },
    { words: 'events waiting', figure: sum(queues.map(({ waiting }) => waiting)) },
    { words: 'events parked', figure: sum(queues.map(({ parked }) => parked)) },
    { words: 'in outboxes', figure: sum(answers.map(({ outbox }) => outbox?.pending ?? 0)) },
    { words: 'jobs running', figure: runningJobs(view) },
  ];
  return html`<div class="numbers">
    ${shown.map(({ words, figure }) => html`<div><b>${figure}</b><span class="soft">${words}</span></div>`)}
  </div>`;
}

function attention({ states }: MonitorView): Html {
  const concerns = concernsOf(states);
  return concerns.length === 0
    ? html`<p class="all-well">${marked('good', 'Everything is in order.')}</p>`
    : html`<section class="attention" aria-labelledby="attention">
        <h2 id="attention">Needs attention</h2>
        <ul>
          ${concerns.map(({ text, section: id }) => html`<li><a href="#${id}">${text}</a></li>`)}
        </ul>
      </section>`;
}

/**
 * The operations page.
 * @param view what it shows
 */
export function monitorPage(view: MonitorView): string {
  const isBusy = runningJobs(view) > 0;
  return page(
    'Orrery operations',
    html`<header>
        <h1>Orrery operations</h1>
        <p class="soft">
          As of ${shortInstant(view.now.toISOString())} UTC.
          ${isBusy ? `While a job runs, this page loads itself again every ${LOOKS_AGAIN_S} s.` : ''}
          <a href="${MONITOR_PATH}">Look again</a>
        </p>
        <form method="post" action="${MONITOR_PATH}/sign-out">
          <input type="hidden" name="formToken" value="${view.formToken}" /><button>Sign out</button>
        </form>
      </header>
      <main>
        ${view.notice === undefined ? nothing : html`<p class="notice" role="status">${NOTICES[view.notice]}</p>`}
        ${figures(view)} ${attention(view)} ${section('services', 'Services', serviceTable(view))}
        ${section('queues', 'Queues', queueTable(view))}
        ${section('parked', 'Parked events', parkedTable(view))} ${section('jobs', 'Jobs', jobTable(view))}
        ${section('runs', 'Latest runs', runTable(view))}
        ${FACT_GROUPS.map(({ group, title, none }) => section(group, title, factTable(view, group, none)))}
      </main>`,
    isBusy ? LOOKS_AGAIN_S : undefined,
  );
}
