import { describe, expect, it } from '@jest/globals';
import { newWebhookSecret, signWebhook } from './sign-webhook.ts';

describe('the signature of a webhook', () => {
  it('is the one of the specification’s example', () => {
    expect(
      signWebhook({
        id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
        seconds: 1_614_265_330,
        body: '{"test": 2432232314}',
        secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      }),
    ).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('changes with id, time, body and secret', () => {
    const message = { id: 'a', seconds: 1, body: '{}', secret: newWebhookSecret() };
    const signature = (changed: Partial<typeof message>): string =>
      signWebhook({ ...message, ...changed })['webhook-signature'];
    const all = [
      signature({}),
      signature({ id: 'b' }),
      signature({ seconds: 2 }),
      signature({ body: '{ }' }),
      signature({ secret: newWebhookSecret() }),
    ];

    expect(new Set(all).size).toBe(all.length);
  });
});
