import { nodeArguments, prepare, run } from './bootstrap/prepare.mjs';

/**
 * Starts one program of the workspace on a prepared machine: `node scripts/run.mjs <program.ts> [arguments]`.
 * Everything behind `npm start`, `npm test` and the other npm scripts comes through here.
 */
const [program, ...args] = process.argv.slice(2);
try {
  if (program === undefined) {
    throw new Error('usage: node scripts/run.mjs <program.ts> [arguments]');
  }
  const node = await prepare();
  process.exitCode = await run(node, nodeArguments(program, args));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
