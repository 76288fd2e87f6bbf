import { BankBalancesRead, BankItemBroken, BankItemLinked, BankItemRemoved } from '@orrery/contracts';
import { subscribe } from '@orrery/messaging';
import type { Subscription } from '@orrery/messaging';
import type { FollowBanks } from '../use-cases/follow-banks.ts';

/**
 * Follows the links of banks and the balances of their accounts.
 * @param banks the use case
 */
export const onBankEvents = (banks: FollowBanks): Subscription[] => [
  subscribe(BankItemLinked, 'insights', ({ data }, transaction) => banks.linked(data, transaction)),
  subscribe(BankItemBroken, 'insights', ({ data }, transaction) => banks.broken(data, transaction)),
  subscribe(BankItemRemoved, 'insights', ({ data }, transaction) => banks.removed(data, transaction)),
  subscribe(BankBalancesRead, 'insights', ({ data }, transaction) => banks.balancesRead(data, transaction)),
];
