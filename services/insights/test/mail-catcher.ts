import { createServer } from 'node:net';
import type { Socket } from 'node:net';

/** A mail server of a test that keeps what it is given. */
export interface MailCatcher {
  url: string;
  /** Messages as they came, headers included. */
  mails: readonly { to: string; text: string }[];
  stop(): Promise<void>;
}

/** Starts a mail server on a free port that accepts every message (RFC 5321, the part that a sender needs). */
export const startMailCatcher = async (): Promise<MailCatcher> => {
  const mails: { to: string; text: string }[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    let pending = '';
    let to = '';
    let isData = false;
    const answer = (line: string): void => {
      socket.write(`${line}\r\n`);
    };
    const take = (line: string): void => {
      const verb = line.slice(0, 4).toUpperCase();
      if (verb === 'RCPT') {
        to = /<(.*)>/.exec(line)?.[1] ?? '';
      }
      isData = verb === 'DATA';
      answer(isData ? '354 go on' : verb === 'QUIT' ? '221 bye' : '250 ok');
    };
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      pending += chunk;
      for (;;) {
        const mark = isData ? '\r\n.\r\n' : '\r\n';
        const end = pending.indexOf(mark);
        if (end < 0) {
          return;
        }
        const part = pending.slice(0, end);
        pending = pending.slice(end + mark.length);
        if (isData) {
          mails.push({ to, text: part });
          isData = false;
          answer('250 kept');
        } else {
          take(part);
        }
      }
    });
    answer('220 catcher');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `smtp://127.0.0.1:${String(port)}`,
    mails,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        for (const socket of sockets) {
          socket.destroy();
        }
      }),
  };
};
