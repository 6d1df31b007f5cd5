// A subscriber as one should be: it knows its place, and whenever its connection ends it comes back with it. What it
// got is there to be looked at; it asserts nothing.

import { range } from "./service.mjs";

/** How long it waits, in milliseconds, for the service to end a connection that both sides have closed. */
const PATIENCE = 500;

export class Follower {
  /** What arrived, snapshots aside, as objects in the order of arrival. */
  publications = [];
  /** The gaps that it was told of. */
  gaps = [];
  /** The codes with which its connections were closed. */
  closings = [];
  #subscriber;
  #place = {};
  #isDone = false;

  /** Starts to follow a topic; `query` is for each of its connections. */
  static async start(service, token, query = {}) {
    const follower = new Follower();
    follower.#subscriber = await follower.#connect(service, token, query);
    follower.#follow(service, token, query);
    return follower;
  }

  /** Breaks the connection, as a phone in a tunnel does. */
  cut() {
    this.#subscriber?.cut();
  }

  /** Reads no more for a while; `resume` reads on. */
  pause() {
    this.#subscriber?.socket.pause();
  }

  resume() {
    this.#subscriber?.socket.resume();
  }

  /** Does not come back any more. */
  stop() {
    this.#isDone = true;
    this.cut();
  }

  /** Whether it got each place from 1 to `last` exactly once and in order, and was told of no gap. */
  hasAll(last) {
    const places = this.publications.map(({ seq }) => seq);
    return this.gaps.length === 0 && places.join() === range(1, last).join();
  }

  async #connect(service, token, query) {
    const subscriber = await service.subscribe(token, {
      query: { ...query, ...this.#place },
      closeTimeout: PATIENCE,
    });
    const { seq, epoch } = JSON.parse(subscriber.greeting);
    this.#place = { since: this.#place.since ?? seq, epoch };
    return subscriber;
  }

  async #follow(service, token, query) {
    while (!this.#isDone && !service.isStopped) {
      try {
        this.#subscriber ??= await this.#connect(service, token, query);
        for (;;) this.#take(JSON.parse(await this.#subscriber.next()));
      } catch {
        if (this.#subscriber) this.closings.push((await this.#subscriber.closed).code);
        this.#subscriber = undefined;
        // The service may be busy with coming back itself.
        await new Promise((resolve) => setTimeout(resolve, 10 * Math.random()));
      }
    }
  }

  #take(frame) {
    if (frame.type === "gap") this.gaps.push(frame);
    if (frame.type === "gap" || frame.snapshot) return;
    for (const publication of frame.type === "BATCH_UPDATE" ? frame.updates : [frame]) {
      this.publications.push(publication);
      this.#place.since = publication.seq;
    }
  }
}
