import { once } from 'node:events';
import { connect } from 'node:net';
import { openDatabase } from '../packages/mongo/src/index.ts';

/** A person who typed a command waits; a service that starts has more patience. */
const WAIT_MS = 3_000;
const AMQP_PORT = 5672;

/** Hosts of an address, without the user and password in it. */
const hostsOf = (address: string): string =>
  /^[a-z+]+:\/\/(?:[^@/]*@)?([^/?]+)/i.exec(address)?.[1] ?? 'that address';

const answers = async (hosts: string): Promise<boolean> => {
  const { hostname, port } = new URL(`tcp://${hosts}`);
  const socket = connect({ host: hostname, port: port === '' ? AMQP_PORT : Number(port) });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(WAIT_MS) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
};

/**
 * Says at once which server a command misses, before anything waits for it.
 * @param servers addresses as they are set
 * @throws Error that names the server, the setting and what to do
 */
export const needServers = async (servers: {
  mongodbUri?: string | undefined;
  rabbitmqUrl?: string | undefined;
}): Promise<void> => {
  const { mongodbUri, rabbitmqUrl } = servers;
  if (rabbitmqUrl !== undefined && !(await answers(hostsOf(rabbitmqUrl)))) {
    throw new Error(`No broker answers at ${hostsOf(rabbitmqUrl)} (RABBITMQ_URL).`);
  }
  if (mongodbUri !== undefined) {
    try {
      const connection = await openDatabase(mongodbUri, 'admin', { serverSelectionTimeoutMs: WAIT_MS });
      await connection.close();
    } catch (error) {
      throw new Error(
        `No database answers at ${hostsOf(mongodbUri)} (MONGODB_URI). Is \`npm start\` running? Another server is named by MONGODB_URI.`,
        { cause: error },
      );
    }
  }
};
