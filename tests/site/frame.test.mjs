// What the page takes a frame for.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readFrame } from "../../site/frame.ts";

const read = (frame) => readFrame(JSON.stringify(frame));

test("a greeting, a gap and a publication are told apart", () => {
  const greeting = { type: "connected", connectionId: "c", token: "T", epoch: "1", seq: 0, timestamp: 5 };
  assert.deepEqual(read(greeting), { kind: "greeting", seq: 0, epoch: "1", frame: greeting });
  assert.deepEqual(read({ type: "gap", token: "T", from: 42, to: 60 }), {
    kind: "gap",
    seq: 60,
    isOtherOrder: false,
  });
  assert.equal(read({ type: "gap", token: "T", from: null, to: 60 }).isOtherOrder, true);
  const publication = { type: "TRADE", token: "T", seq: 7 };
  assert.deepEqual(read(publication), { kind: "publication", seq: 7, frame: publication });
});

test("a publication is one whatever its type says", () => {
  for (const type of ["connected", "gap", "pong", "error", undefined, 5])
    assert.equal(read({ type, from: null, to: 9, token: "T", seq: 7 }).kind, "publication", type);
});

test("what has no place, or none that is one, says nothing", () => {
  for (const place of [undefined, null, -1, 0.5, "7", 2 ** 53, {}, true]) {
    assert.equal(read({ type: "connected", epoch: "1", seq: place }).kind, "other");
    assert.equal(read({ type: "gap", from: 1, to: place }).kind, "other");
    assert.equal(read({ type: "PRICE_UPDATE", price: 1, seq: place }).kind, "other");
  }
  assert.equal(read({ type: "connected", epoch: 5, seq: 7 }).kind, "publication");
});

test("any text at all is read without a fault", () => {
  for (const text of ["", "pong", "{", "null", "5", '"x"', "[]", '[{"seq":1}]'])
    assert.deepEqual(readFrame(text), { kind: "other" }, text);
});
