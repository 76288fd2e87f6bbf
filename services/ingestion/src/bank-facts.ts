import type { OperationalFact } from '@orrery/contracts';
import type { Connection } from 'mongoose';

/**
 * What operators see about linked banks: how many are in each state. Nothing about any user.
 * @param connection database of the service
 */
export async function bankFacts(connection: Connection): Promise<OperationalFact[]> {
  const counts = await connection
    .collection('items')
    .aggregate<{ _id: string; count: number }>([
      { $group: { _id: '$status', count: { $sum: 1 } } },
      { $sort: { _id: 1 } },
    ])
    .toArray();
  return counts.map(({ _id: status, count }) => ({
    group: 'banks',
    name: status.replaceAll('_', ' '),
    value: count,
    state: status === 'login_required' ? 'warning' : 'ok',
  }));
}
