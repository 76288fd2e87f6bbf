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

/**
 * Takes further messages of the same subject that may be handled together with one that was taken, up to the first that
 * may not, so that their order stays.
 * @param waiting messages in order; those that are returned are taken out
 * @param subject of the message that was taken; nothing joins one without
 * @param subjectOf user that a message is about
 * @param mayJoin whether a message may be handled with others
 * @param most messages to take
 */
export function takeFurther<Message>(
  waiting: Message[],
  subject: string | undefined,
  subjectOf: (message: Message) => string | undefined,
  mayJoin: (message: Message) => boolean,
  most: number,
): Message[] {
  const taken: Message[] = [];
  for (let position = 0; subject !== undefined && position < waiting.length && taken.length < most;) {
    const message = waiting[position];
    if (message === undefined || subjectOf(message) !== subject) {
      position += 1;
    } else if (mayJoin(message)) {
      taken.push(message);
      waiting.splice(position, 1);
    } else {
      break;
    }
  }
  return taken;
}
