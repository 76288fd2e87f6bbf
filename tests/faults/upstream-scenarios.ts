import type { ServiceName } from '@orrery/contracts';
import { type Measuring, besideABadUpstream } from './bad-upstream.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { JOURNEY, type Scenario, type Setting, startAll, withProcesses } from './scenario.ts';

const AROUND_INSIGHTS: readonly ServiceName[] = ['gateway', 'identity', ...JOURNEY];

/** Windows of 400 requests, so that the fourth slowest of each is its 99th percentile. */
const measuring = (setting: Setting): Measuring => ({
  windowMs: 4_000,
  rounds: setting.isShort ? 3 : 5,
  mostRounds: 9,
});

/** A process that takes connections and never answers. */
export const frozen: Scenario = {
  name: 'frozen process',
  fault: 'SIGSTOP of insights under load, then SIGCONT',
  promise: 'p99 of other routes at most twice the baseline; good again within 5 s of its end',
  inShort: false,
  run: (setting) =>
    withProcesses(setting, { names: AROUND_INSIGHTS }, async (processes) => {
      await startAll(processes.all);
      const insights = processes.of('insights');
      return besideABadUpstream(
        processes,
        { spoil: () => insights.freeze(true), repair: () => insights.freeze(false) },
        // Long enough that callers give up while it is frozen.
        { windowMs: 12_000, rounds: 3, mostRounds: 5 },
      );
    }),
};

/** A network that delays, cuts and swallows. */
export const slowUpstream: Scenario = {
  name: 'slow and cut connections',
  fault:
    'insights answers through a proxy that delays by 1.5 s, resets after some bytes, then swallows everything',
  promise:
    'p99 of other routes at most twice the baseline; 502, 503 or 504 instead of hanging; good again within 5 s of its end',
  inShort: true,
  run: async (setting) => {
    const proxies: Awaited<ReturnType<typeof startFaultProxy>>[] = [];
    try {
      return await withProcesses(setting, { names: AROUND_INSIGHTS }, async (processes) => {
        const proxy = await startFaultProxy(processes.of('insights').port, setting.random);
        proxies.push(proxy);
        const gateway = processes.of('gateway');
        gateway.setting('GATEWAY_INSIGHTS_URL', `http://127.0.0.1:${proxy.port}`);
        await startAll(processes.all);
        const faults = [{ latencyMs: 1_500, jitter: 0.5 }, { cutAfterBytes: 300 }, { blackHole: true }];
        const results: string[] = [];
        for (const fault of setting.isShort ? faults.slice(0, 2) : faults) {
          const [what = ''] = Object.keys(fault);
          const result = await besideABadUpstream(
            processes,
            {
              spoil: () => {
                proxy.set(fault);
              },
              repair: () => {
                proxy.set({});
                proxy.cutAll();
              },
            },
            measuring(setting),
          );
          results.push(`${what}: ${result}`);
        }
        return results.join('; ');
      });
    } finally {
      await Promise.all(proxies.map((proxy) => proxy.stop()));
    }
  },
};
