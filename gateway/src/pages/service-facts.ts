import { ReadModelReadiness, type ServiceName } from '@orrery/contracts';
import {
  SERVICE_TOKEN_HEADER,
  type ServiceTokenKeys,
  serviceIdentity,
  signServiceToken,
} from '@orrery/service-kit';
import type { Json, ServiceDocument } from './merge-openapi.ts';

const TIMEOUT_MS = 2_000;
const DOCUMENT_MS = 60_000;
const READINESS_MS = 1_000;

/** What the gateway asks the services about themselves; answers are kept, so that nobody can make it a load. */
export interface ServiceFacts {
  /** OpenAPI documents of the services that answer; one that is down keeps its last document. */
  documents(): Promise<readonly ServiceDocument[]>;
  /** Whether each service says that it can serve. */
  readiness(): Promise<Readonly<Record<string, boolean>>>;
  /** Which parts of the shopper analysis exist; empty when the service that has them is not behind this gateway. */
  analysis(): Promise<Readonly<Record<string, boolean>>>;
}

const NO_ANALYSIS = { model: false, scaler: false, columns: false };

const cached = <Value>(lifeMs: number, make: () => Promise<Value>): (() => Promise<Value>) => {
  let kept: { at: number; value: Promise<Value> } | undefined;
  return () => {
    if (kept === undefined || performance.now() - kept.at > lifeMs) {
      kept = { at: performance.now(), value: make() };
    }
    return kept.value;
  };
};

/**
 * @param services whom to ask
 * @param addressOf where they are
 * @param keys signs the questions
 */
export function serviceFacts(
  services: readonly ServiceName[],
  addressOf: (service: ServiceName) => string,
  keys: ServiceTokenKeys,
): ServiceFacts {
  const lastDocuments = new Map<ServiceName, Json>();

  async function ask(service: ServiceName, path: string): Promise<Response | undefined> {
    try {
      const token = signServiceToken(keys, {
        identity: serviceIdentity('gateway'),
        target: service,
        requestId: `gateway${path.replaceAll('/', '-')}`,
      });
      return await fetch(`${addressOf(service)}${path}`, {
        headers: { [SERVICE_TOKEN_HEADER]: token },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch {
      return undefined;
    }
  }

  const askAnalysis = async (): Promise<Readonly<Record<string, boolean>>> => {
    if (!services.includes('segmentation')) {
      return {};
    }
    const answer = await ask('segmentation', ReadModelReadiness.path);
    if (answer?.ok !== true) {
      await answer?.body?.cancel();
      return NO_ANALYSIS;
    }
    const parsed = ReadModelReadiness.responses[200].safeParse(await answer.json());
    return parsed.success ? parsed.data : NO_ANALYSIS;
  };

  const askDocuments = async (): Promise<boolean> => {
    const answers = await Promise.all(
      services.map(async (service) => {
        const answer = await ask(service, '/openapi.json');
        if (answer?.ok === true) {
          lastDocuments.set(service, (await answer.json()) as Json);
        }
        return answer?.ok === true;
      }),
    );
    return answers.every(Boolean);
  };
  let isComplete = false;
  const keptLong = cached(DOCUMENT_MS, askDocuments);
  const keptShort = cached(READINESS_MS, askDocuments);

  return {
    async documents() {
      isComplete = await (isComplete ? keptLong() : keptShort());
      return [...lastDocuments].map(([service, document]) => ({ service, document }));
    },
    readiness: cached(READINESS_MS, async () => {
      const entries = await Promise.all(
        services.map(async (service): Promise<[string, boolean]> => {
          const answer = await ask(service, '/health/ready');
          await answer?.body?.cancel();
          return [service, answer?.ok === true];
        }),
      );
      return Object.fromEntries(entries);
    }),
    analysis: cached(READINESS_MS, askAnalysis),
  };
}
