// The command that publishes a price to a token, for a shell. It knows no page.

import { isTopic } from "./topic.ts";

/** The command that posts to the service at `origin`, as a shell takes it; none where `token` is no topic. */
export function publishLine(origin: string, token: string): string | undefined {
  if (!isTopic(token)) return undefined;
  return [
    `curl -X POST ${quoted(`${origin}/broadcast/${token}`)} \\`,
    `  -H "Authorization: Bearer $WEBHOOK_SECRET" \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -d '{"type":"PRICE_UPDATE","price":123.45}'`,
  ].join("\n");
}

/** A text that a shell takes as it is. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
