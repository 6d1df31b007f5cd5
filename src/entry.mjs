// What the runtime loads: the Rust Worker behind a wall. A panic resets the whole WebAssembly instance, and whatever
// Rust was in the middle of is never resumed: without the wall, its callers would wait for ever. Here they get an error
// at once, and a request one with a body; sockets that may have missed something are asked to come back. It decides
// nothing else.

import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import * as rust from "./index.js";

/** The `worker` crate's own record: whether the instance panicked (`criticalError`), and which one this is (`instanceId`). */
const instance = rust.__worker_init_state();

/** A WebAssembly error of any kind, such as a stack that overflows, leaves an instance that must not be used again. */
function isLoss(error) {
  const isLost = error instanceof WebAssembly.RuntimeError;
  if (isLost) instance.criticalError = true;
  return isLost;
}

/** Replaces an instance that is lost. Each new instance has a new `instanceId`. */
function replaceLostInstance() {
  if (!instance.criticalError) return;
  instance.criticalError = false;
  rust.__wbg_reset_state();
}

/**
 * The calls that are in Rust now, held weakly: the runtime drops a cancelled request without a word, and then nothing
 * else knows its call any more.
 */
const inRust = new Set();
const dropped = new FinalizationRegistry((call) => inRust.delete(call));

function failAll(error) {
  for (const call of inRust) call.deref()?.reject(error);
}

// A panic after an await has no caller: it surfaces here.
addEventListener("error", ({ error }) => {
  if (isLoss(error)) failAll(error);
});

/** Runs a call into Rust that fails when the instance is lost under it. */
async function behindTheWall(call) {
  const lost = Promise.withResolvers();
  const reference = new WeakRef(lost);
  inRust.add(reference);
  dropped.register(lost, reference, reference);
  try {
    replaceLostInstance();
    return await Promise.race([call(), lost.promise]);
  } catch (error) {
    if (isLoss(error)) failAll(error);
    throw error;
  } finally {
    inRust.delete(reference);
    dropped.unregister(reference);
    // Until here the call is alive, and so is what the set holds only weakly.
    lost.resolve();
  }
}

/** The same document as `wire::problem` gives for a failure inside. */
function unavailable() {
  const problem = {
    type: "about:blank",
    title: "Service Unavailable",
    status: 503,
    code: "unavailable",
    detail: "the service could not do this now",
  };
  const headers = {
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    "retry-after": "1",
    // Those of `http::respond`.
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
  };
  return Response.json(problem, { status: 503, headers });
}

export default class extends WorkerEntrypoint {
  async fetch(request) {
    try {
      return await behindTheWall(() => rust.fetch(request, this.env, this.ctx));
    } catch (error) {
      console.error(JSON.stringify({ level: "error", event: "lost", error: String(error) }));
      return unavailable();
    }
  }

  scheduled(controller) {
    return behindTheWall(() => rust.scheduled(controller, this.env, this.ctx));
  }
}

/** `wire::close`: the service was interrupted, come back. */
const INTERRUPTED = [4000, "interrupted: come back, and resume"];

/** `wire::close`: a frame is too large. */
const MESSAGE_TOO_BIG = 1009;

function close(socket, ...frame) {
  try {
    socket.close(...frame);
  } catch {
    // It is closing already.
  }
}

/**
 * Runs an object's call. Where its instance is lost while something was under way that its sockets would have to hear
 * of, nobody knows any more who did: all are asked to come back. Rust left a note (`edge::unfinished`).
 */
async function inObject(state, call) {
  try {
    return await behindTheWall(call);
  } catch (error) {
    if (state.isUnfinished) {
      state.isUnfinished = false;
      for (const socket of state.getWebSockets()) close(socket, ...INTERRUPTED);
    }
    throw error;
  }
}

/**
 * The class of Durable Objects whose methods are those of a Rust class, behind the wall. A frame larger than
 * `largestFrame(env)` bytes closes its socket and is not copied into Rust.
 */
function behindTheWallAs(Rust, largestFrame = () => 0) {
  return class extends DurableObject {
    #object;
    #instanceId;
    #largestFrame;

    constructor(state, env) {
      super(state, env);
      // What Rust leaves running would otherwise keep the object in memory for ever once its instance is lost.
      const waitUntil = state.waitUntil.bind(state);
      state.waitUntil = (promise) => waitUntil(inObject(state, () => promise).catch(() => {}));
      replaceLostInstance();
      this.#build();
    }

    #build() {
      this.#object = new Rust(this.ctx, this.env);
      this.#instanceId = instance.instanceId;
      this.#largestFrame = largestFrame(this.env);
    }

    /** Calls a method of the Rust object, which is built anew where its instance was replaced. */
    #call(call) {
      return inObject(this.ctx, () => {
        if (this.#instanceId !== instance.instanceId) this.#build();
        return call(this.#object);
      });
    }

    fetch(request) {
      return this.#call((object) => object.fetch(request));
    }

    alarm() {
      return this.#call((object) => object.alarm());
    }

    webSocketMessage(socket, message) {
      return this.#call((object) => {
        // A text of so many UTF-16 units has at least as many bytes. Rust counts those.
        if ((message.length ?? message.byteLength) > this.#largestFrame) {
          return close(socket, MESSAGE_TOO_BIG, `a frame has at most ${this.#largestFrame} bytes`);
        }
        return object.webSocketMessage(socket, message);
      });
    }

    webSocketClose(socket, code, reason, wasClean) {
      return this.#call((object) => object.webSocketClose(socket, code, reason, wasClean));
    }

    webSocketError(socket, error) {
      return this.#call((object) => object.webSocketError(socket, error));
    }
  };
}

export class BroadcastRoom extends behindTheWallAs(rust.BroadcastRoom, rust.largestClientFrame) {}

export class Relay extends behindTheWallAs(rust.Relay, rust.largestClientFrame) {}

export class SignIn extends behindTheWallAs(rust.SignIn) {}

export class SignedRequests extends behindTheWallAs(rust.SignedRequests) {}

export class PublisherSocket extends behindTheWallAs(rust.PublisherSocket, rust.largestPublisherFrame) {
  /** A frame that was lost gets no answer, also one that came while the instance was lost: its publisher sends it again. */
  async webSocketMessage(socket, message) {
    try {
      await super.webSocketMessage(socket, message);
    } catch (error) {
      close(socket, ...INTERRUPTED);
      throw error;
    }
  }
}
