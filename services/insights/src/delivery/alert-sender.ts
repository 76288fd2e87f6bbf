/** A message to one person. */
export interface AlertMessage {
  to: string;
  subject: string;
  text: string;
  /** The same for a repeated attempt, so that mail programs can tell a double. */
  messageId: string;
}

/** Carries alerts to people outside the app. */
export interface AlertSender {
  /**
   * Hands a message over.
   * @param message whom and what
   * @throws Error when it was not accepted; the event is then tried again
   */
  send(message: AlertMessage): Promise<void>;
  stop(): void;
}
