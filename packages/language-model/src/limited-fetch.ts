/**
 * `fetch` whose answers end with an error beyond a number of bytes, so that a broken or hostile server cannot fill the
 * memory before the deadline.
 * @param maxBytes largest answer
 */
export const limitedFetch =
  (maxBytes: number) =>
  async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const response = await fetch(input, { ...init, redirect: 'error' });
    if (response.body === null) {
      return response;
    }
    let bytes = 0;
    const limit = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        if (bytes > maxBytes) {
          controller.error(new RangeError(`the answer is larger than ${String(maxBytes)} bytes`));
          return;
        }
        controller.enqueue(chunk);
      },
    });
    return new Response(response.body.pipeThrough(limit), {
      status: response.status,
      statusText: response.statusText,
      headers: response.headers,
    });
  };
