// Pictures for the tests, made byte by byte.

import { crc32, deflateSync } from "node:zlib";

function chunk(type, content) {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const named = Buffer.concat([Buffer.from(type), content]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}

/** A black PNG. `seed` makes one that no other picture is. */
export function png(width = 2, height = 2, seed = "") {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("tEXt", Buffer.from(`seed\0${seed}`)),
    chunk("IDAT", deflateSync(Buffer.alloc((width + 1) * height))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** The smallest lossless WebP: one pixel. */
export const WEBP = Buffer.from("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==", "base64");

/** The beginning of a JPEG of 16 × 16 pixels, up to its frame header. */
export const JPEG = Buffer.from(
  "ffd8ffe000104a46494600010100000100010000ffc0000b080010001001011100ffd9",
  "hex",
);
