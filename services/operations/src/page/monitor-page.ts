import type { OperationsReply } from '@orrery/contracts';
import type { Gathered, ServiceJobRun, ServiceState } from '../constellation.ts';
import { shortDuration, shortInstant } from './describe-time.ts';
import { type Html, html, nothing } from './html.ts';

/** Path of the page; its actions are below it. */
export const MONITOR_PATH = '/admin/monitor';

/** What the person is told after an action, by the word in the address. */
export const NOTICES = {
  started: 'The job was started. Its state is in the table of jobs.',
  running: 'That job is running already.',
  missing: 'There is no such job any more.',
  replayed: 'The parked events are back in their queue.',
  away: 'The service did not answer. Nothing was done.',
} as const;
export type Notice = keyof typeof NOTICES;

/** Everything the page shows. */
export interface MonitorView {
  states: readonly ServiceState[];
  runs: Gathered<ServiceJobRun>;
  now: Date;
  /** Goes into every form; see csrf.ts. */
  formToken: string;
  notice: Notice | undefined;
}

const document = (title: string, body: Html): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="stylesheet" href="${MONITOR_PATH}/style.css" />
      </head>
      <body>
        ${body}
      </body>
    </html> `.text;

/**
 * The form that asks for an administrator's token.
 * @param message what was wrong with the last one, or undefined
 */
export const signInPage = (message: string | undefined): string =>
  document(
    'Orrery: sign in',
    html`<main class="sign-in">
      <section>
        <h1>Orrery operations</h1>
        ${message === undefined ? nothing : html`<p class="notice" role="alert">${message}</p>`}
        <form method="post" action="${MONITOR_PATH}/sign-in">
          <label for="token">Token of an administrator</label>
          <input id="token" name="token" type="password" autocomplete="off" required maxlength="4096" />
          <p class="soft">
            A start on a laptop prints one as <code>ADMIN_TOKEN</code>. It is kept in this browser until you
            sign out or it ends.
          </p>
          <p><button class="main">Sign in</button></p>
        </form>
      </section>
    </main>`,
  );

const section = (id: string, title: string, body: Html): Html =>
  html`<section aria-labelledby="${id}">
    <h2 id="${id}">${title}</h2>
    ${body}
  </section> `;

const table = (caption: string, heads: readonly string[], rows: readonly Html[], none: string): Html =>
  rows.length === 0
    ? html`<p class="soft">${none}</p>`
    : html`<table>
        <caption>
          ${caption}
        </caption>
        <thead>
          <tr>
            ${heads.map((head) => html`<th scope="col">${head}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>`;

const state = (isGood: boolean, words: string): Html =>
  html`<span class="${isGood ? 'good' : 'bad'}">${words}</span>`;

const dependencies = (checks: OperationsReply['checks']): Html => {
  const bad = Object.entries(checks).filter(([, answer]) => answer !== 'ok');
  return bad.length === 0
    ? html`${Object.keys(checks).join(', ')}`
    : html`${bad.map(([name, answer]) => html`<span class="bad">${name}: ${answer}</span> `)}`;
};

const outboxText = (outbox: OperationsReply['outbox']): string =>
  outbox === null
    ? 'not known'
    : outbox.pending === 0
      ? 'empty'
      : `${outbox.pending} waiting, oldest ${shortDuration(outbox.oldestAgeSeconds * 1_000)}`;

const serviceRow =
  (now: Date) =>
  ({ service, state: answer }: ServiceState): Html =>
    answer === undefined
      ? html`<tr>
          <th scope="row">${service}</th>
          <td>${state(false, 'no answer')}</td>
          <td></td>
          <td></td>
          <td></td>
          <td></td>
        </tr> `
      : html`<tr>
          <th scope="row">${service}</th>
          <td>${state(answer.ready, answer.ready ? 'ready' : 'not ready')}</td>
          <td>${dependencies(answer.checks)}</td>
          <td>${outboxText(answer.outbox)}</td>
          <td>${shortDuration(now.getTime() - Date.parse(answer.startedAt))}</td>
          <td>${answer.version}</td>
        </tr> `;

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

function queueTable(states: readonly ServiceState[]): Html {
  const queues = states.flatMap(({ service, state: answer }) =>
    (answer?.queues ?? []).map((queue) => ({ service, ...queue })),
  );
  const unknown = states.filter(({ state: answer }) => answer?.queues === null).map(({ service }) => service);
  const row = ({ service, type, waiting, parked }: (typeof queues)[number]): Html =>
    html`<tr>
      <th scope="row">${service}</th>
      <td><code>${type}</code></td>
      <td class="number">${waiting}</td>
      <td class="number">${parked}</td>
    </tr> `;
  const heads = ['Consumer', 'Event', 'Waiting', 'Parked'];
  const busy = queues.filter(({ waiting, parked }) => waiting + parked > 0);
  return html`${table('Queues with messages', heads, busy.map(row), `All ${queues.length} queues are empty.`)}
    ${unknown.length === 0 ? nothing : html`<p class="bad">Queues of ${unknown.join(', ')} could not be counted.</p>`}
    <details>
      <summary>All queues</summary>
      ${table('Every queue', heads, queues.map(row), 'None is known.')}
    </details>`;
}

const parkedTable = (view: MonitorView): Html =>
  table(
    'Events that could not be handled and wait for a decision',
    ['Consumer', 'Event', 'Reason', 'Count', 'Oldest (UTC)', ''],
    view.states.flatMap(({ service, state: answer }) =>
      (answer?.deadLetters ?? []).map(
        ({ type, reason, count, oldest }) =>
          html`<tr>
            <th scope="row">${service}</th>
            <td><code>${type}</code></td>
            <td>${reason}</td>
            <td class="number">${count}</td>
            <td>${shortInstant(oldest)}</td>
            <td>${button(view, 'dead-letters', { service, type }, 'Replay', `${type} at ${service}`)}</td>
          </tr> `,
      ),
    ),
    'No event is parked.',
  );

const runState = (run: Pick<ServiceJobRun, 'state' | 'error'>): Html =>
  run.state === 'failed'
    ? html`<span class="bad">failed: ${run.error?.message ?? 'unknown'}</span>`
    : html`<span class="${run.state === 'succeeded' ? 'good' : 'warning'}">${run.state}</span>`;

const runTime = ({ startedAt, finishedAt }: Pick<ServiceJobRun, 'startedAt' | 'finishedAt'>): string =>
  startedAt === null || finishedAt === null
    ? ''
    : shortDuration(Date.parse(finishedAt) - Date.parse(startedAt));

const jobTable = (view: MonitorView): Html =>
  table(
    'Jobs with their last run; times are UTC',
    ['Service', 'Job', 'Schedule', 'Next run', 'Last run', 'Ended', 'Took', ''],
    view.states.flatMap(({ service, state: answer }) =>
      (answer?.jobs ?? []).map(
        ({ name, cron, timeZone, nextRun, lastRun }) =>
          html`<tr>
            <th scope="row">${service}</th>
            <td>${name}</td>
            <td>${cron === null ? 'on demand' : html`<code>${cron}</code> ${timeZone ?? ''}`}</td>
            <td>${nextRun === null ? '' : shortInstant(nextRun)}</td>
            <td>${lastRun === null ? 'never' : shortInstant(lastRun.createdAt)}</td>
            <td>${lastRun === null ? '' : runState(lastRun)}</td>
            <td class="number">${lastRun === null ? '' : runTime(lastRun)}</td>
            <td>${button(view, 'jobs', { service, name }, 'Run now', name)}</td>
          </tr> `,
      ),
    ),
    'No service has a job.',
  );

const runTable = ({ runs: { data } }: MonitorView): Html =>
  table(
    'Latest runs over all services; times are UTC',
    ['Service', 'Job', 'Started', 'Ended', 'Took'],
    data.map(
      (run) =>
        html`<tr>
          <th scope="row">${run.service}</th>
          <td>${run.name}</td>
          <td>${shortInstant(run.createdAt)}</td>
          <td>${runState(run)}</td>
          <td class="number">${runTime(run)}</td>
        </tr> `,
    ),
    'No job has run yet.',
  );

const FACT_GROUPS = [
  { group: 'models', title: 'Models', none: 'No service reports a model.' },
  { group: 'banks', title: 'Linked banks', none: 'No bank is linked.' },
  {
    group: 'spend',
    title: 'Language model',
    none: 'No language model was asked since the services started.',
  },
] as const;

const factTable = (states: readonly ServiceState[], group: string, none: string): Html =>
  table(
    'As the services report it',
    ['Service', 'What', 'Value'],
    states.flatMap(({ service, state: answer }) =>
      (answer?.facts ?? [])
        .filter((fact) => fact.group === group)
        .map(
          ({ name, value, state: mood }) =>
            html`<tr>
              <th scope="row">${service}</th>
              <td>${name}</td>
              <td><span class="${mood === 'warning' ? 'warning' : ''}">${value}</span></td>
            </tr> `,
        ),
    ),
    none,
  );

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

function summary(states: readonly ServiceState[]): Html {
  const answers = states.flatMap(({ state: answer }) => (answer === undefined ? [] : [answer]));
  const queues = answers.flatMap(({ queues: own }) => own ?? []);
  const figures = [
    { words: 'services ready', figure: `${answers.filter(({ ready }) => ready).length} of ${states.length}` },
    { words: 'events waiting', figure: sum(queues.map(({ waiting }) => waiting)) },
    { words: 'events parked', figure: sum(queues.map(({ parked }) => parked)) },
    { words: 'in outboxes', figure: sum(answers.map(({ outbox }) => outbox?.pending ?? 0)) },
    {
      words: 'jobs running',
      figure: answers.flatMap(({ jobs }) => jobs).filter(({ lastRun }) => lastRun?.state === 'running')
        .length,
    },
  ];
  return html`<div class="numbers">
    ${figures.map(({ words, figure }) => html`<div><b>${figure}</b><span class="soft">${words}</span></div>`)}
  </div>`;
}

/**
 * The operations page.
 * @param view what it shows
 */
export const monitorPage = (view: MonitorView): string =>
  document(
    'Orrery operations',
    html`<header>
        <h1>Orrery operations</h1>
        <p class="soft">
          As of ${shortInstant(view.now.toISOString())} UTC. <a href="${MONITOR_PATH}">Look again</a>
        </p>
        <form method="post" action="${MONITOR_PATH}/sign-out">
          <input type="hidden" name="formToken" value="${view.formToken}" /><button>Sign out</button>
        </form>
      </header>
      <main>
        ${view.notice === undefined ? nothing : html`<p class="notice" role="status">${NOTICES[view.notice]}</p>`}
        ${summary(view.states)}
        ${section('services', 'Services', table('Services and what they depend on', ['Service', 'State', 'Dependencies', 'Outbox', 'Up for', 'Version'], view.states.map(serviceRow(view.now)), 'No service is known.'))}
        ${section('queues', 'Queues', queueTable(view.states))}
        ${section('parked', 'Parked events', parkedTable(view))} ${section('jobs', 'Jobs', jobTable(view))}
        ${section('runs', 'Latest runs', runTable(view))}
        ${FACT_GROUPS.map(({ group, title, none }) => section(group, title, factTable(view.states, group, none)))}
      </main>`,
  );
