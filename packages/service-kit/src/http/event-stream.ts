/** One event of a `text/event-stream`. */
export interface StreamEvent {
  event?: string;
  /** Written as JSON. */
  data: unknown;
  /** What a client sends back as `Last-Event-ID` when it reconnects. */
  id?: string;
}

// Below the 60 s after which proxies close an idle connection.
const HEARTBEAT_MS = 15_000;
const HEARTBEAT = ': keep-alive\n\n';

const singleLine = (text: string): string => text.replaceAll(/[\r\n\0]/g, ' ');

const frameOf = ({ event, data, id }: StreamEvent): string => {
  const lines = [
    ...(id === undefined ? [] : [`id: ${singleLine(id)}`]),
    ...(event === undefined ? [] : [`event: ${singleLine(event)}`]),
    // JSON has no raw line breaks, so one data line is enough.
    `data: ${JSON.stringify(data)}`,
  ];
  return `${lines.join('\n')}\n\n`;
};

/**
 * Text of an event stream, with a comment every 15 s so that proxies keep the connection. Ends with the source, or when
 * the client leaves; the source is then told to stop by its `return`.
 * @param source the events
 * @param options `signal`: the request's; `heartbeatMs`: pause between comments
 */
export const eventStream = async function* (
  source: AsyncIterable<StreamEvent>,
  options: { signal: AbortSignal; heartbeatMs?: number },
): AsyncGenerator<string> {
  const { signal, heartbeatMs = HEARTBEAT_MS } = options;
  const events = source[Symbol.asyncIterator]();
  let timer: NodeJS.Timeout | undefined;
  let endWaiting: () => void = () => undefined;
  const stopWaiting = (): void => {
    endWaiting();
  };
  signal.addEventListener('abort', stopWaiting, { once: true });
  try {
    let next = events.next();
    while (!signal.aborted) {
      const silence = new Promise<undefined>((resolve) => {
        endWaiting = () => {
          resolve(undefined);
        };
        timer = setTimeout(endWaiting, heartbeatMs);
      });
      const result = await Promise.race([next, silence]);
      clearTimeout(timer);
      if (result === undefined) {
        if (!signal.aborted) {
          yield HEARTBEAT;
        }
        continue;
      }
      if (result.done === true) {
        return;
      }
      yield frameOf(result.value);
      next = events.next();
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stopWaiting);
    // Not awaited: a generator that waits for its next event answers `return` only after that event.
    events.return?.().then(
      () => undefined,
      () => undefined,
    );
  }
};
