/** A consumer that takes messages and never finishes one, to be killed in the middle. Prints a line per delivery. */
import { openTestBus, BusPlace } from './open-test-bus.ts';
import { NoteTaken } from './test-events.ts';

const { bus } = await openTestBus(BusPlace.parse(JSON.parse(process.argv[2] ?? '{}')));
await bus.consume('categorization', [NoteTaken], () => {
  process.stdout.write('delivered\n');
  return new Promise(() => {
    setInterval(() => undefined, 1_000);
  });
});
process.stdout.write('consuming\n');
