import type { Socket } from 'node:net';
import type { ConnectionState } from './command.ts';
import type { Dispatcher } from './dispatcher.ts';
import { errorReply } from './reply.ts';
import { frameReply, MessageFramer, parseRequest, type Request } from './wire/messages.ts';

/** Requests of one connection that wait for their turn at most; beyond that nothing more is read. */
const MAX_QUEUED = 1000;

type Reply = Parameters<typeof frameReply>[1];

/** The bytes of a reply. One that cannot be written, because it is nested too deeply, becomes an error. */
function bytesOf(request: Request, reply: Reply): Buffer {
  try {
    return frameReply(request, reply);
  } catch (error) {
    const labels = { inTransaction: false, endsTransaction: false, retryableWrite: false };
    return frameReply(request, errorReply(error, labels));
  }
}

/**
 * Serves one socket: cuts the bytes into messages, answers them one after the other and in order. Whatever is
 * malformed closes this connection and no other.
 */
export class Connection implements ConnectionState {
  readonly id: number;
  appName?: string;
  private readonly socket: Socket;
  private readonly dispatcher: Dispatcher;
  private readonly framer = new MessageFramer();
  private queue: Request[] = [];
  private working: Promise<void> | undefined;
  private readonly logRefusal: (reason: string) => void;

  /** `onClose` is called once when the socket is gone. */
  constructor(
    id: number,
    socket: Socket,
    dispatcher: Dispatcher,
    onClose: () => void,
    logRefusal: (reason: string) => void,
  ) {
    this.id = id;
    this.socket = socket;
    this.dispatcher = dispatcher;
    this.logRefusal = logRefusal;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      this.receive(chunk);
    });
    socket.on('error', () => {
      socket.destroy();
    });
    socket.on('close', () => {
      this.queue = [];
      onClose();
    });
  }

  close(): void {
    this.socket.destroy();
  }

  /** Settles when no command of this connection is being carried out. */
  async idle(): Promise<void> {
    await this.working;
  }

  private receive(chunk: Buffer): void {
    try {
      for (const message of this.framer.push(chunk)) {
        this.queue.push(parseRequest(message));
      }
    } catch (error) {
      this.logRefusal(error instanceof Error ? error.message : String(error));
      this.close();
      return;
    }
    if (this.queue.length > MAX_QUEUED) {
      this.socket.pause();
    }
    this.working ??= this.work().finally(() => {
      this.working = undefined;
    });
  }

  private async work(): Promise<void> {
    for (let request = this.queue.shift(); request !== undefined; request = this.queue.shift()) {
      const { reply, closeConnection } = await this.dispatcher.answer(request, this);
      if (closeConnection) {
        this.close();
        break;
      }
      if (request.wantsReply && !this.socket.destroyed) {
        await this.send(request, reply);
      }
      if (this.socket.isPaused() && this.queue.length === 0) {
        this.socket.resume();
      }
    }
  }

  /** Sends a reply. A client that does not read its replies waits for the next: they must not fill the memory. */
  private async send(request: Request, reply: Reply): Promise<void> {
    const { socket } = this;
    if (socket.write(bytesOf(request, reply))) {
      return;
    }
    socket.pause();
    await new Promise<void>((resolve) => {
      const goOn = (): void => {
        socket.off('drain', goOn);
        socket.off('close', goOn);
        resolve();
      };
      socket.on('drain', goOn);
      socket.on('close', goOn);
    });
    socket.resume();
  }
}
