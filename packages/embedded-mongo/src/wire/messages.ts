import { MongoServerError } from '../semantics/errors.ts';
import type { BsonDocument } from '../semantics/types.ts';
import { getField, setField } from '../semantics/values.ts';
import { decodeDocument, documentLength } from './bson-decode.ts';
import { encodeDocument, type RawDocument } from './bson-encode.ts';

/** Largest message that is read, header included. */
export const MAX_MESSAGE_BYTES = 48_000_000;

/** Largest number of documents in one OP_MSG section, as announced in hello. */
export const MAX_WRITE_BATCH = 100_000;

const HEADER_BYTES = 16;
const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const FLAG_CHECKSUM = 1;
const FLAG_MORE_TO_COME = 2;
const KNOWN_REQUIRED_FLAGS = 0x3;

/** A request as the dispatcher sees it. */
export interface Request {
  requestId: number;
  /** The command document; documents of kind-1 sections are merged into it as arrays. */
  command: BsonDocument;
  /** Raw bytes of the documents of each kind-1 section, by name: inserted documents need not be encoded again. */
  rawSections: ReadonlyMap<string, Buffer[]>;
  /** How the reply is framed. */
  protocol: 'msg' | 'query';
  /** False when the client asked for no answer (write concern 0). */
  wantsReply: boolean;
}

function protocolError(reason: string): never {
  throw new MongoServerError(17, `Protocol error: ${reason}`);
}

/** Cuts a stream of bytes, split anyhow, into whole messages. */
export class MessageFramer {
  private chunks: Buffer[] = [];
  private size = 0;
  private wanted = 0;

  /**
   * Takes the next bytes from the socket and returns the messages completed by them, in order.
   * Throws MongoServerError 17 when a length is impossible.
   */
  push(chunk: Buffer): Buffer[] {
    this.chunks.push(chunk);
    this.size += chunk.length;
    const messages: Buffer[] = [];
    for (;;) {
      if (this.wanted === 0) {
        if (this.size < HEADER_BYTES) {
          return messages;
        }
        this.wanted = this.joined().readInt32LE(0);
        if (this.wanted < HEADER_BYTES || this.wanted > MAX_MESSAGE_BYTES) {
          protocolError(`message length ${this.wanted}`);
        }
      }
      if (this.size < this.wanted) {
        return messages;
      }
      const bytes = this.joined();
      messages.push(bytes.subarray(0, this.wanted));
      const rest = bytes.subarray(this.wanted);
      this.chunks = rest.length > 0 ? [rest] : [];
      this.size = rest.length;
      this.wanted = 0;
    }
  }

  private joined(): Buffer {
    const [only] = this.chunks;
    if (this.chunks.length === 1 && only !== undefined) {
      return only;
    }
    const joined = Buffer.concat(this.chunks, this.size);
    this.chunks = [joined];
    return joined;
  }
}

function zeroTerminated(bytes: Buffer, start: number): { text: string; next: number } {
  const end = bytes.indexOf(0, start);
  if (end < 0) {
    protocolError('name without end');
  }
  return { text: bytes.toString('utf8', start, end), next: end + 1 };
}

function parseMessage(bytes: Buffer, requestId: number): Request {
  if (bytes.length < HEADER_BYTES + 5) {
    protocolError('message without sections');
  }
  const flags = bytes.readUInt32LE(HEADER_BYTES);
  if ((flags & 0xffff & ~KNOWN_REQUIRED_FLAGS) !== 0) {
    protocolError(`unknown flag bits ${flags}`);
  }
  const end = bytes.length - ((flags & FLAG_CHECKSUM) !== 0 ? 4 : 0);
  const body = bytes.subarray(0, end);
  let position = HEADER_BYTES + 4;
  let command: BsonDocument | undefined;
  const sections = new Map<string, Buffer[]>();
  while (position < end) {
    const kind = body[position];
    position += 1;
    if (kind === 0) {
      if (command !== undefined) {
        protocolError('two body sections');
      }
      const length = documentLength(body, position);
      command = decodeDocument(body.subarray(position, position + length));
      position += length;
    } else if (kind === 1) {
      position = readSequence(body, position, end, sections);
    } else {
      protocolError(`section kind ${String(kind)}`);
    }
  }
  if (command === undefined) {
    return protocolError('no body section');
  }
  for (const [name, documents] of sections) {
    if (getField(command, name) !== undefined) {
      protocolError(`section ${name} is also a field of the body`);
    }
    setField(
      command,
      name,
      documents.map((document) => decodeDocument(document)),
    );
  }
  return {
    requestId,
    command,
    rawSections: sections,
    protocol: 'msg',
    wantsReply: (flags & FLAG_MORE_TO_COME) === 0,
  };
}

function readSequence(body: Buffer, start: number, limit: number, sections: Map<string, Buffer[]>): number {
  if (start + 4 > limit) {
    protocolError('section without length');
  }
  const end = start + body.readInt32LE(start);
  if (end > limit || end < start + 5) {
    protocolError('section with a wrong length');
  }
  const { text: name, next } = zeroTerminated(body, start + 4);
  const documents: Buffer[] = [];
  let position = next;
  while (position < end) {
    const length = documentLength(body, position);
    documents.push(body.subarray(position, position + length));
    position += length;
  }
  if (position !== end || sections.has(name)) {
    protocolError('section whose documents do not fill it');
  }
  sections.set(name, documents);
  return end;
}

function parseQuery(bytes: Buffer, requestId: number): Request {
  const { text: namespace, next } = zeroTerminated(bytes, HEADER_BYTES + 4);
  if (!namespace.endsWith('.$cmd')) {
    protocolError('OP_QUERY is answered for commands only');
  }
  const wrapped = decodeDocument(bytes, next + 8);
  const inner = getField(wrapped, '$query');
  const command = typeof inner === 'object' && inner !== null ? (inner as BsonDocument) : wrapped;
  if (getField(command, '$db') === undefined) {
    command.$db = namespace.slice(0, -'.$cmd'.length);
  }
  return { requestId, command, rawSections: new Map(), protocol: 'query', wantsReply: true };
}

/**
 * Parses one whole message (as `MessageFramer` cuts them).
 * Throws MongoServerError 17 or 22 when it is malformed; such a connection has to be closed.
 */
export function parseRequest(bytes: Buffer): Request {
  const requestId = bytes.readInt32LE(4);
  const operation = bytes.readInt32LE(12);
  switch (operation) {
    case OP_MSG:
      return parseMessage(bytes, requestId);
    case OP_QUERY:
      return parseQuery(bytes, requestId);
    default:
      return protocolError(`operation code ${operation}`);
  }
}

let nextReplyId = 1;

/** Frames a reply document for the request it answers; returns the bytes to send. */
export function frameReply(request: Request, reply: BsonDocument | RawDocument): Buffer {
  const isMessage = request.protocol === 'msg';
  const headroom = isMessage ? HEADER_BYTES + 5 : HEADER_BYTES + 20;
  const bytes = encodeDocument(reply, headroom);
  nextReplyId = (nextReplyId + 1) & 0x7fffffff;
  bytes.writeInt32LE(bytes.length, 0);
  bytes.writeInt32LE(nextReplyId, 4);
  bytes.writeInt32LE(request.requestId, 8);
  bytes.writeInt32LE(isMessage ? OP_MSG : OP_REPLY, 12);
  if (isMessage) {
    bytes.writeInt32LE(0, 16);
    bytes[20] = 0;
  } else {
    bytes.writeInt32LE(8, 16);
    bytes.fill(0, 20, 32);
    bytes.writeInt32LE(1, 32);
  }
  return bytes;
}
