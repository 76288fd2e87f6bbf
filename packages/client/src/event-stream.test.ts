import { describe, expect, it } from '@jest/globals';
import { type ServerEvent, readEvents } from './event-stream.ts';

const answer = (chunks: readonly string[], type = 'text/event-stream') =>
  new Response(
    new ReadableStream({
      start(controller) {
        const bytes = new TextEncoder();
        chunks.forEach((chunk) => controller.enqueue(bytes.encode(chunk)));
        controller.close();
      },
    }),
    { headers: { 'content-type': type } },
  );
const collect = async (response: Response): Promise<ServerEvent[]> => {
  const all: ServerEvent[] = [];
  for await (const event of readEvents(response)) {
    all.push(event);
  }
  return all;
};
const text =
  ': hello\r\nid: 1\r\nevent: delta\r\ndata: a\r\ndata:  b\r\n\r\ndata\n\nid: 2\rdata: é\r\r: end\n\nevent: x\n\ndata: cut';
const expected = [
  { event: 'delta', data: 'a\n b', id: '1' },
  { event: 'message', data: '', id: '1' },
  { event: 'message', data: 'é', id: '2' },
];

describe('event streams', () => {
  it('are read as the standard says, however they are cut', async () => {
    expect(await collect(answer([text]))).toEqual(expected);
    expect(await collect(answer([...text]))).toEqual(expected);
  });

  it('are refused when the answer is something else', async () => {
    await expect(collect(answer(['{}'], 'application/json'))).rejects.toThrow('no event stream');
  });
});
