import { parentPort, workerData } from 'node:worker_threads';
import { simulateMissions } from './simulate-missions.ts';

parentPort?.postMessage(simulateMissions(workerData as Parameters<typeof simulateMissions>[0]));
