/**
 * Takes the first waiting message whose subject is not at work. Events about one user change the same documents, so
 * that two at once would only make one of them start over; events of different users go side by side.
 * @param waiting messages in order; the one that is returned is taken out
 * @param subjectOf user that a message is about, undefined when it does not say
 * @param atWork subjects of the messages that are being handled
 */
export function takeNext<Message>(
  waiting: Message[],
  subjectOf: (message: Message) => string | undefined,
  atWork: ReadonlySet<string>,
): Message | undefined {
  const position = waiting.findIndex((message) => {
    const subject = subjectOf(message);
    return subject === undefined || !atWork.has(subject);
  });
  return position < 0 ? undefined : waiting.splice(position, 1)[0];
}
