export * from './chat-socket.ts';
export * from './create-client.ts';
export * from './event-stream.ts';
export type { components, operations, paths } from './schema.ts';
