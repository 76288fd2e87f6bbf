import { connect, type Socket } from 'node:net';
import type { Document } from 'mongodb';
import { decodeDocument } from '../src/wire/bson-decode.ts';
import { encodeDocument } from '../src/wire/bson-encode.ts';
import { MessageFramer } from '../src/wire/messages.ts';

/** What a request fails with when the connection ends before its reply. */
export const CLOSED = 'the connection was closed';

/** A message as bytes: header, flags and sections. */
export function message(
  requestId: number,
  flags: number,
  sections: readonly Buffer[],
  operation = 2013,
): Buffer {
  const body = Buffer.concat([Buffer.alloc(4), ...sections]);
  body.writeInt32LE(flags, 0);
  const header = Buffer.alloc(16);
  header.writeInt32LE(16 + body.length, 0);
  header.writeInt32LE(requestId, 4);
  header.writeInt32LE(operation, 12);
  return Buffer.concat([header, body]);
}

/** The section with the command itself. */
export function bodySection(command: Document): Buffer {
  return Buffer.concat([Buffer.from([0]), encodeDocument(command)]);
}

/** A section with a list of documents. */
export function sequenceSection(name: string, documents: readonly Document[]): Buffer {
  const content = Buffer.concat([Buffer.from(`${name}\0`), ...documents.map((one) => encodeDocument(one))]);
  const size = Buffer.alloc(4);
  size.writeInt32LE(content.length + 4, 0);
  return Buffer.concat([Buffer.from([1]), size, content]);
}

/** Speaks the wire protocol byte by byte, for what no driver would send. */
export class RawClient {
  readonly replies: { requestId: number; operation: number; document: Document }[] = [];
  closed = false;
  private readonly socket: Socket;
  private readonly framer = new MessageFramer();
  private listeners: (() => void)[] = [];
  private nextId = 1;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      for (const reply of this.framer.push(chunk)) {
        const operation = reply.readInt32LE(12);
        const document = decodeDocument(reply, operation === 1 ? 36 : 21);
        this.replies.push({ requestId: reply.readInt32LE(8), operation, document: plain(document) });
      }
      this.notify();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.closed = true;
      this.notify();
    });
  }

  /** Connects to a server on the loopback address. */
  static connect(port: number): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1' }, () => {
        resolve(new RawClient(socket));
      });
      socket.once('error', reject);
    });
  }

  /** Sends bytes as they are. */
  send(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  /** Sends a command and waits for its reply. */
  async command(command: Document): Promise<Document> {
    const id = 1_000_000 + this.nextId;
    this.nextId += 1;
    this.send(message(id, 0, [bodySection(command)]));
    return this.reply(id);
  }

  /** Waits for the reply to a request. Throws when the connection is closed instead. */
  async reply(requestId: number): Promise<Document> {
    for (;;) {
      const found = this.replies.find((reply) => reply.requestId === requestId);
      if (found !== undefined) {
        return found.document;
      }
      if (this.closed) {
        throw new Error(CLOSED);
      }
      await this.change();
    }
  }

  /** Waits until the server closes the connection. */
  async untilClosed(): Promise<void> {
    while (!this.closed) {
      await this.change();
    }
  }

  close(): void {
    this.socket.destroy();
  }

  private change(): Promise<void> {
    return new Promise((resolve) => {
      this.listeners.push(resolve);
    });
  }

  private notify(): void {
    for (const listener of this.listeners.splice(0)) {
      listener();
    }
  }
}

/** Numbers as JavaScript numbers, to compare replies easily. */
function plain(value: Document): Document {
  const convert = (one: unknown): unknown => {
    if (Array.isArray(one)) {
      return one.map(convert);
    }
    if (typeof one !== 'object' || one === null) {
      return one;
    }
    if (Object.getPrototypeOf(one) === Object.prototype) {
      return Object.fromEntries(Object.entries(one).map(([key, inner]) => [key, convert(inner)]));
    }
    return 'value' in one && typeof one.value === 'number' ? one.value : one;
  };
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, convert(inner)]));
}
