export interface Broker {
  url: string;
  /** `given` by RABBITMQ_URL, `found` on the usual port, or `private` and ours to end. */
  kind: 'given' | 'found' | 'private';
  stop(): Promise<void>;
}

export interface PrivateBroker extends Broker {
  kind: 'private';
  port: number;
  directory: string;
  /** SIGKILL to the whole broker; its data stay. */
  kill9(): Promise<void>;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
}

export interface BrokerOptions {
  /** False never calls apt-get; default true. */
  install?: boolean;
  log?: (line: string) => void;
}

export function ensureBroker(options?: BrokerOptions): Promise<Broker | { skipped: string }>;
export function startPrivateBroker(options?: BrokerOptions): Promise<PrivateBroker | { skipped: string }>;
export function answersAmqp(port: number): Promise<boolean>;
