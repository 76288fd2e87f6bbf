import { newTokenKey } from '../services/ingestion/src/domain/bank/token-cipher.ts';

/**
 * `npm run bank-keys`: makes a key for the access tokens of linked banks and says how to put it to use. It changes
 * nothing; tokens are sealed anew by the job `reseal-bank-tokens` once the new key stands first in PLAID_TOKEN_KEYS.
 */
const id = `k${new Date().toISOString().slice(0, 10).replaceAll('-', '')}`;

console.log(`A new key:

  ${newTokenKey(id)}

First key:  PLAID_TOKEN_KEYS=<this key>
Rotation:   PLAID_TOKEN_KEYS=<this key>,<the keys that are set now>
            Restart ingestion, run the job reseal-bank-tokens (POST /admin/jobs/reseal-bank-tokens/run, or wait for
            the next night), and take the older keys out when it has succeeded.`);
