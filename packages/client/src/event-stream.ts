/** One event of an event stream. */
export interface ServerEvent {
  /** Default `message`. */
  event: string;
  data: string;
  /** The last id that the stream gave; sent back as `Last-Event-ID` to continue. */
  id: string;
}

/** Splits text into lines that end in LF, CR or CRLF; keeps what has no end yet. */
function lineSplitter(): (text: string) => string[] {
  let rest = '';
  return (text) => {
    rest += text;
    // A CR at the end may be the first half of CRLF.
    const held = rest.endsWith('\r') ? '\r' : '';
    const lines = rest.slice(0, rest.length - held.length).split(/\r\n|\n|\r/);
    rest = (lines.pop() ?? '') + held;
    return lines;
  };
}

/**
 * The events of an answer with `text/event-stream`, as the HTML standard reads them. Leaving the loop ends the request.
 * @param response the answer of `fetch`
 * @throws Error when the answer is no event stream
 */
export async function* readEvents(response: Response): AsyncGenerator<ServerEvent> {
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  if (!response.ok || !isStream || response.body === null) {
    throw new Error(`no event stream, but ${response.status} ${response.headers.get('content-type') ?? ''}`);
  }
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  const split = lineSplitter();
  let event = '';
  let data: string[] = [];
  let id = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return;
      }
      for (const line of split(decoder.decode(value, { stream: true }))) {
        const [, field = '', text = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
        if (line === '') {
          if (data.length > 0) {
            yield { event: event === '' ? 'message' : event, data: data.join('\n'), id };
          }
          event = '';
          data = [];
        } else if (field === 'data') {
          data.push(text);
        } else if (field === 'event') {
          event = text;
        } else if (field === 'id' && !text.includes('\0')) {
          id = text;
        }
      }
    }
  } finally {
    await reader.cancel();
  }
}
