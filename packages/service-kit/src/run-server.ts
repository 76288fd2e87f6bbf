import { ConfigError } from './config/load-config.ts';

const textOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

/** Writes a fault of a stand-in server to standard error, with its stack: it handles invented data only. */
export const reportFault = (error: unknown): void => {
  process.stderr.write(`${textOf(error)}\n`);
};

/**
 * The whole program of a server that is not a service, such as a local stand-in: starts it, says where it listens, stops
 * it on SIGTERM or SIGINT and exits with 0; exits with 1 when the start or the stop fails.
 * @param name what the line on standard output calls it
 * @param start starts the server and returns its address and what stops it
 */
export const runServer = async (
  name: string,
  start: () => Promise<{ url: string; stop(): Promise<void> }>,
): Promise<void> => {
  try {
    const server = await start();
    process.stdout.write(`${name} listens on ${server.url}\n`);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        server.stop().then(
          () => process.exit(0),
          (error: unknown) => {
            reportFault(error);
            process.exit(1);
          },
        );
      });
    }
  } catch (error) {
    process.stderr.write(`${error instanceof ConfigError ? error.message : textOf(error)}\n`);
    process.exitCode = 1;
  }
};
