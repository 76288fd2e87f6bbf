/**
 * Health check of a container: asks the address given, else `/health/live` of the internal port. Any answer that is no
 * failure of the server counts, so that sandboxes without such a path can be asked too.
 */
const [address = `http://127.0.0.1:${process.env['METRICS_PORT'] ?? '9090'}/health/live`] =
  process.argv.slice(2);
const answer = await fetch(address, { signal: AbortSignal.timeout(2_500) }).catch(() => undefined);
process.exitCode = answer !== undefined && answer.status < 500 ? 0 : 1;
