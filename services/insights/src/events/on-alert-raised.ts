import { AlertRaised } from '@orrery/contracts';
import { subscribe } from '@orrery/messaging';
import type { Subscription } from '@orrery/messaging';
import type { AlertSender } from '../delivery/alert-sender.ts';
import type { WebhookDeliveryStore } from '../store/webhook-delivery-store.ts';
import type { AlertSettingsStore } from '../store/alert-settings-store.ts';
import type { UserSettingsStore } from '../store/user-settings-store.ts';

/**
 * Sends a new alert to the address that the user set, if any, and notes it for the user's server: a job sends it there,
 * so that a slow server of one user holds up no event.
 * @param parts the users' settings, and the ways to send that are set up
 */
export const onAlertRaised = (parts: {
  alertSettings: AlertSettingsStore;
  settings: UserSettingsStore;
  sender: AlertSender | undefined;
  deliveries: WebhookDeliveryStore | undefined;
}): Subscription<typeof AlertRaised.data> =>
  subscribe(AlertRaised, 'insights', async ({ data }, { session }) => {
    const { userId, alertId, kind, subject, createdAt, texts } = data;
    const { sender, deliveries } = parts;
    if (sender === undefined && deliveries === undefined) {
      return;
    }
    const { email, webhook } = await parts.alertSettings.find(userId, session);
    const { language = 'en' } = await parts.settings.find(userId);
    const { title, text } = texts[language];
    if (deliveries !== undefined && webhook !== null) {
      const alert = { id: alertId, kind, title, text, subject, createdAt };
      const body = JSON.stringify({ type: 'alert.raised', timestamp: createdAt, data: alert });
      await deliveries.add(userId, { alertId, body }, session);
    }
    if (sender !== undefined && email !== null) {
      await sender.send({ to: email, subject: title, text, messageId: `<${alertId}@alerts.orrery>` });
    }
  });
