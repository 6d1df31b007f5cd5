// One side of a conversation that site/asyncapi.json describes: what is said and heard is a message of its channel, and
// is remembered as seen. It knows no message.

import assert from "node:assert/strict";
import { fragment, load, validatorFor } from "./documents.mjs";

const FILE = "asyncapi.json";
const document = load(FILE);
const validator = validatorFor(FILE);

/** The messages that were said or heard, as `channel/message`. */
export const seen = new Set();

/** The names of the messages that the service sends on a channel, as an answer or not, or receives. */
export function messagesOf(channel, action) {
  const operations = Object.values(document.operations).filter(
    (operation) => operation.channel.$ref === `#/channels/${channel}`,
  );
  const own = operations.filter((operation) => operation.action === action);
  const answers = action === "send" ? operations.flatMap(({ reply }) => reply ?? []) : [];
  const messages = [...own, ...answers].flatMap((operation) => operation.messages);
  return [...new Set(messages.map(({ $ref }) => $ref.split("/").at(-1)))];
}

/** The first example of a message. */
export function exampleOf(message) {
  return structuredClone(document.components.messages[message].examples[0].payload);
}

/** Whether a value is a message by its schema. */
export function is(message, value) {
  return validator.validate(`${FILE}${fragment("components", "messages", message, "payload")}`, value);
}

/** What is wrong with a value that is no such message. */
function faultsOf(message, value) {
  return is(message, value) ? "" : `${JSON.stringify(value)} is no ${message}: ${validator.errorsText()}`;
}

/** The messages that are publications, of which one may be several: a trade in a feed is a trade as well. */
const PUBLICATIONS = new Set(
  Object.keys(document.components.messages).filter((message) => is("publication", exampleOf(message))),
);

export class Conversation {
  constructor(channel, subscriber) {
    this.channel = channel;
    this.subscriber = subscriber;
    this.sent = messagesOf(channel, "send");
    this.received = messagesOf(channel, "receive");
  }

  /** Says a message: the example of the document, with other values for some members. */
  say(message, others = {}) {
    const example = exampleOf(message);
    const value = typeof example === "string" ? example : { ...example, ...others };
    assert.ok(this.received.includes(message), `${this.channel} takes no ${message}`);
    assert.equal(faultsOf(message, value), "");
    seen.add(`${this.channel}/${message}`);
    this.subscriber.send(typeof value === "string" ? value : JSON.stringify(value));
  }

  /** Takes the next frame, which has to be this message and no other one. */
  async hear(message) {
    return this.recognise(message, await this.subscriber.next());
  }

  /** Reads a frame, which has to be this message and no other one. A publication is one by more than one schema. */
  recognise(message, frame) {
    const value = /^[{["]/.test(frame) ? JSON.parse(frame) : frame;
    assert.ok(this.sent.includes(message), `${this.channel} sends no ${message}`);
    assert.equal(faultsOf(message, value), "");
    const others = this.sent.filter((other) => other !== message && is(other, value));
    const rivals = PUBLICATIONS.has(message) ? others.filter((other) => !PUBLICATIONS.has(other)) : others;
    assert.deepEqual(rivals, [], `${frame} is a ${message}`);
    seen.add(`${this.channel}/${message}`);
    return value;
  }

  /** Takes the next frames, each of which has to be the message at its place. */
  async hearAll(...messages) {
    const values = [];
    for (const message of messages) values.push(await this.hear(message));
    return values;
  }
}
