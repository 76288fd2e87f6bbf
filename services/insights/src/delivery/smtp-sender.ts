import { createTransport } from 'nodemailer';
import type { AlertSender } from './alert-sender.ts';

/** A mail server that does not answer must not hold an event's transaction for long. */
const PATIENCE_MS = 8_000;

/**
 * Sends alerts by e-mail.
 * @param url `smtp://` or `smtps://` address of the mail server, with user and password if it asks for them
 * @param from sender of the messages
 */
export const createSmtpSender = (url: string, from: string): AlertSender => {
  const transport = createTransport(
    { url, connectionTimeout: PATIENCE_MS, greetingTimeout: PATIENCE_MS, socketTimeout: PATIENCE_MS },
    { from, disableFileAccess: true, disableUrlAccess: true },
  );
  return {
    send: async ({ to, subject, text, messageId }) => {
      await transport.sendMail({ to, subject, text, messageId });
    },
    stop: () => {
      transport.close();
    },
  };
};
