// What a frame of the socket is. Whoever publishes chooses most of it, so the service's own words are told apart by fields
// that no publication can have or lack: `epoch`, which publishers may not send, and `seq`, which each publication gets.

/** A frame: a publication, or the service's own word. */
export interface Frame {
  type?: unknown;
  [field: string]: unknown;
}

/** What a frame is. */
export type ServerFrame =
  /** The socket is open, and the order of the topic is here. */
  | { kind: "greeting"; seq: number; epoch: string; frame: Frame }
  /** What came up to `seq` is not held any more; of another order nobody knows from where on. */
  | { kind: "gap"; seq: number; isOtherOrder: boolean }
  | { kind: "publication"; seq: number; frame: Frame }
  /** An answer, such as a pong, or what this page does not know. */
  | { kind: "other" };

const OTHER: ServerFrame = { kind: "other" };

/** What a frame of this text is; one that is not understood says nothing. */
export function readFrame(text: string): ServerFrame {
  const frame = parse(text);
  if (!frame) return OTHER;
  const seq = placeOf(frame.seq);
  if (frame.type === "connected" && typeof frame.epoch === "string")
    return seq === undefined ? OTHER : { kind: "greeting", seq, epoch: frame.epoch, frame };
  if (seq !== undefined) return { kind: "publication", seq, frame };
  const to = placeOf(frame.to);
  if (frame.type !== "gap" || to === undefined) return OTHER;
  return { kind: "gap", seq: to, isOtherOrder: frame.from === null };
}

function parse(text: string): Frame | undefined {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A place in an order: 0 for one in which nothing has come yet. */
function placeOf(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}
