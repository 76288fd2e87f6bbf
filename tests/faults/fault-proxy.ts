import { once } from 'node:events';
import { type Socket, connect, createServer } from 'node:net';

/** What the proxy does to bytes that pass; all off by default. */
export interface Faults {
  /** Pause before each piece of data, in milliseconds, and how much of it is random (0 to 1). */
  latencyMs?: number;
  jitter?: number;
  /** Bytes after which a connection is reset. */
  cutAfterBytes?: number;
  /** Takes connections and passes nothing on. */
  blackHole?: boolean;
  /** Resets every new connection. */
  refuse?: boolean;
}

/** A TCP proxy on loopback between two of our parts. */
export interface FaultProxy {
  port: number;
  /** Faults for data from now on, on open connections too. */
  set(faults: Faults): void;
  /** Resets every open connection; returns how many. */
  cutAll(): number;
  stop(): Promise<void>;
}

/**
 * Starts a proxy.
 * @param target port on loopback that it leads to
 * @param random decides jitter, so that a run can be repeated
 */
export async function startFaultProxy(target: number, random: () => number): Promise<FaultProxy> {
  let faults: Faults = {};
  const open = new Set<Socket>();

  const pump = (from: Socket, to: Socket): void => {
    let passed = 0;
    let order = Promise.resolve();
    from.on('data', (chunk: Buffer) => {
      const { latencyMs = 0, jitter = 0, cutAfterBytes, blackHole = false } = faults;
      if (blackHole) {
        return;
      }
      passed += chunk.length;
      if (cutAfterBytes !== undefined && passed > cutAfterBytes) {
        from.resetAndDestroy();
        to.resetAndDestroy();
        return;
      }
      const wait = latencyMs * (1 - jitter + 2 * jitter * random());
      // Pieces keep their order whatever their pauses.
      order = order.then(async () => {
        if (wait > 0) {
          await new Promise((resolve) => setTimeout(resolve, wait));
        }
        if (!to.destroyed) {
          to.write(chunk);
        }
      });
    });
    from.on('end', () => {
      void order.then(() => to.end());
    });
    from.on('error', () => to.destroy());
    from.on('close', () => {
      open.delete(from);
      to.destroy();
    });
  };

  const server = createServer({ allowHalfOpen: true }, (inside) => {
    if (faults.refuse === true) {
      inside.resetAndDestroy();
      return;
    }
    const outside = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true });
    open.add(inside).add(outside);
    pump(inside, outside);
    pump(outside, inside);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();

  const cutAll = (): number => {
    const cut = open.size / 2;
    for (const socket of open) {
      socket.resetAndDestroy();
    }
    open.clear();
    return Math.ceil(cut);
  };
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    set: (next) => {
      faults = next;
    },
    cutAll,
    stop: async () => {
      cutAll();
      server.close();
      await once(server, 'close');
    },
  };
}
