// What the Node peers have in common: POST /broadcast/:topic with the bearer, a limit in bytes, one JSON object. The
// peers differ in what they do with it.

import { createServer } from "node:http";

const MAX_BYTES = 65_536;

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
    const chunks = [];
    let bytes = 0;
    request.on("data", (chunk) => {
      bytes += chunk.length;
      if (bytes <= MAX_BYTES) chunks.push(chunk);
    });
    request.on("end", async () => {
      if (bytes > MAX_BYTES) return answer(413, { success: false });
      let payload;
      try {
        payload = JSON.parse(Buffer.concat(chunks).toString());
      } catch {
        return answer(400, { success: false });
      }
      if (typeof payload !== "object" || payload === null || Array.isArray(payload)) {
        return answer(400, { success: false });
      }
      answer(200, { success: true, ...(await publish(topic, payload)) });
    });
  });
}

/** Serves where the bench expects it. */
export function serve(server) {
  // Publishers keep their connections for longer than Node's 5 s.
  server.keepAliveTimeout = 65_000;
  server.listen({ port: Number(process.env.PORT), host: "127.0.0.1", backlog: 4096 });
}
