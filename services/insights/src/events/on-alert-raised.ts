import { AlertRaised } from '@orrery/contracts';
import { subscribe } from '@orrery/messaging';
import type { Subscription } from '@orrery/messaging';
import type { AlertSender } from '../delivery/alert-sender.ts';
import type { AlertSettingsStore } from '../store/alert-settings-store.ts';
import type { UserSettingsStore } from '../store/user-settings-store.ts';

/**
 * Sends a new alert to the address that the user set, if any.
 * @param parts the users' settings, and the sender where one is set up
 */
export const onAlertRaised = (parts: {
  alertSettings: AlertSettingsStore;
  settings: UserSettingsStore;
  sender: AlertSender | undefined;
}): Subscription<typeof AlertRaised.data> =>
  subscribe(AlertRaised, 'insights', async ({ data: { userId, alertId, texts } }) => {
    if (parts.sender === undefined) {
      return;
    }
    const { email } = await parts.alertSettings.find(userId);
    if (email === null) {
      return;
    }
    const { language = 'en' } = await parts.settings.find(userId);
    const { title, text } = texts[language];
    await parts.sender.send({ to: email, subject: title, text, messageId: `<${alertId}@alerts.orrery>` });
  });
