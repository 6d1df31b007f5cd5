// What the Node peers have in common: POST /broadcast/:topic with the bearer, a limit in bytes, one JSON object; and
// POST /broadcast with many messages. The peers differ in what they do with a payload.

import { createServer } from "node:http";

const MAX_BYTES = 65_536;
const MAX_BATCH_BYTES = 1_048_576;

/**
 * An HTTP server that takes posts.
 * @param {(topic: string, payload: object) => object | Promise<object>} publish what a post's answer says
 */
export function takingPosts(publish) {
  const bearer = `Bearer ${process.env.WEBHOOK_SECRET}`;
  return createServer((request, response) => {
    const answer = (status, body) => {
      const text = JSON.stringify(body);
      response.writeHead(status, {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(text),
      });
      response.end(text);
    };
    const [, kind, topic] = request.url.split("/");
    if (request.method !== "POST" || kind !== "broadcast") return answer(404, { success: false });
    if (request.headers.authorization !== bearer) return answer(401, { success: false });
    const most = topic ? MAX_BYTES : MAX_BATCH_BYTES;
    const chunks = [];
    let bytes = 0;
    request.on("data", (chunk) => {
      bytes += chunk.length;
      if (bytes <= most) chunks.push(chunk);
    });
    request.on("end", async () => {
      if (bytes > most) return answer(413, { success: false });
      let payload;
      try {
        payload = JSON.parse(Buffer.concat(chunks).toString());
      } catch {
        return answer(400, { success: false });
      }
      if (topic) {
        if (!isObject(payload)) return answer(400, { success: false });
        return answer(200, { success: true, ...(await publish(topic, payload)) });
      }
      const { messages } = payload ?? {};
      if (!Array.isArray(messages) || !messages.every((one) => isObject(one?.payload))) {
        return answer(400, { success: false });
      }
      const each = async ({ token, payload }) => ({
        token,
        success: true,
        ...(await publish(token, payload)),
      });
      answer(200, { success: true, results: await Promise.all(messages.map(each)) });
    });
  });
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Serves where the bench expects it. */
export function serve(server) {
  // Publishers keep their connections for longer than Node's 5 s.
  server.keepAliveTimeout = 65_000;
  server.listen({ port: Number(process.env.PORT), host: "127.0.0.1", backlog: 4096 });
}
