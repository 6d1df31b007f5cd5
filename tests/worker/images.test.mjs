// Pictures of tokens and users: a permission, an upload, and the picture for everybody.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { request } from "node:http";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { ask, refused, rows, User } from "./api.mjs";
import { bearer, inSeconds, SECRETS, walletToken } from "./identity.mjs";
import { JPEG, png, WEBP } from "./pictures.mjs";
import { range, SECRET, startService, stopServices } from "./service.mjs";

const PUBLISHER = bearer(SECRET);
const MEBIBYTE = 1_048_576;
const DAY = 86_400;

let service;
let ana;
before(async () => {
  service = await startService({ secrets: SECRETS });
  ana = await User.signedIn(service);
});
after(stopServices);

/** A permission to upload a token's picture. */
async function permission(token = "DROP", body = undefined) {
  const answer = await ask(service, "POST", `/tokens/${token}/image`, body, PUBLISHER);
  assert.equal(answer.status, 200, answer.text);
  return answer.body;
}

const pathOf = (url) => url.slice(service.origin.length);

/** Uploads as an app does: no credentials but the URL. */
const upload = ({ uploadUrl }, bytes, headers) => ask(service, "PUT", pathOf(uploadUrl), bytes, headers);

/** The bytes and headers of a picture, as anybody gets them. */
async function look(publicUrl, init) {
  const response = await service.request(pathOf(publicUrl), init);
  return {
    status: response.status,
    headers: response.headers,
    bytes: Buffer.from(await response.arrayBuffer()),
  };
}

const imageOf = async (token) =>
  (await rows(service, "SELECT image FROM tokens WHERE mint = ?", token))[0]?.image;
const uploadOf = async (key) => (await rows(service, "SELECT * FROM uploads WHERE key = ?", key))[0];

test("a publisher gets a URL for a token's picture, and what is put there everybody can see", async () => {
  const { uploadUrl, publicUrl, key, ...others } = await permission("PIC");
  assert.deepEqual(others, { expiresIn: 3600 });
  assert.match(key, /^tokens\/PIC\/image-\d+\.webp$/);
  assert.equal(publicUrl, `${service.origin}/images/${key}`);
  assert.ok(uploadUrl.startsWith(`${service.origin}/uploads/`));
  assert.equal((await look(publicUrl)).status, 404, "before it is there");

  const picture = png();
  const { status, body } = await upload({ uploadUrl }, picture);
  assert.equal(status, 200);
  assert.deepEqual(body, { publicUrl, key, contentType: "image/png", size: picture.length });
  const seen = await look(publicUrl);
  assert.equal(seen.status, 200);
  assert.deepEqual(seen.bytes, picture);
  const header = (name) => seen.headers.get(name);
  assert.equal(header("content-type"), "image/png", "its bytes decide, not its name");
  assert.equal(header("cache-control"), "public, max-age=31536000, immutable");
  assert.equal(header("x-content-type-options"), "nosniff");
  assert.match(header("content-security-policy"), /^default-src 'none'/);
  assert.equal(await imageOf("PIC"), publicUrl);
  assert.equal((await uploadOf(key)).unused_since, null);
});

test("who has a picture already gets 304, and HEAD gives what there is without the bytes", async () => {
  const wish = await permission("TAG");
  const picture = png(3, 3);
  await upload(wish, picture);
  const { headers } = await look(wish.publicUrl);
  const tag = headers.get("etag");
  for (const known of [tag, `"x", W/${tag}`, "*"]) {
    const again = await look(wish.publicUrl, { headers: { "if-none-match": known } });
    assert.deepEqual([again.status, again.bytes.length, again.headers.get("etag")], [304, 0, tag], known);
    assert.match(again.headers.get("cache-control"), /immutable/);
  }
  const other = await look(wish.publicUrl, { headers: { "if-none-match": '"x"' } });
  assert.deepEqual([other.status, other.bytes], [200, picture]);
  const head = await look(wish.publicUrl, { method: "HEAD" });
  assert.deepEqual([head.status, head.bytes.length, head.headers.get("etag")], [200, 0, tag]);
  assert.equal(head.headers.get("content-length"), String(picture.length));
  assert.equal(head.headers.get("content-type"), "image/png");
});

test("WebP, PNG and JPEG are taken, whatever they are called, and nothing else", async () => {
  for (const [bytes, type] of [
    [WEBP, "image/webp"],
    [png(), "image/png"],
    [JPEG, "image/jpeg"],
  ]) {
    const wish = await permission("KIND", { contentType: "image/png" });
    assert.match(wish.key, /\.png$/);
    const { body } = await upload(wish, bytes, { "content-type": "text/html" });
    assert.equal(body.contentType, type);
    assert.equal((await look(wish.publicUrl)).headers.get("content-type"), type);
  }
  const wish = await permission("KIND");
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from("GIF89a\x01\0\x01\0\0\0\0;", "latin1"),
    Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
    Buffer.from("<!doctype html><script>alert(1)</script>"),
    png().subarray(0, 20),
    Buffer.concat([Buffer.from(" "), png()]),
    JPEG.subarray(0, 20),
    WEBP.subarray(0, 24),
    png(9_000, 1),
  ])
    refused(await upload(wish, bytes, { "content-type": "image/png" }), 400, "invalid_payload", /picture/);
  assert.equal(await uploadOf(wish.key), undefined);
  assert.equal((await upload(wish, png())).status, 200, "what was refused did not use the URL up");
});

test("a picture that is a page as well is shown as a picture, and does nothing", async () => {
  const page = Buffer.from("<!doctype html><script>alert(document.domain)</script>");
  for (const [picture, type] of [
    [png(), "image/png"],
    [JPEG, "image/jpeg"],
    [WEBP, "image/webp"],
  ]) {
    const wish = await permission("POLYGLOT");
    const polyglot = Buffer.concat([picture, page]);
    const taken = await upload(wish, polyglot, { "content-type": "text/html" });
    if (taken.status !== 200) {
      refused(taken, 400, "invalid_payload", /picture/);
      continue;
    }
    const { headers, bytes } = await look(wish.publicUrl, { headers: { accept: "text/html" } });
    assert.deepEqual(bytes, polyglot);
    assert.equal(headers.get("content-type"), type);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.match(headers.get("content-security-policy"), /default-src 'none'.*sandbox/);
  }
});

test("a picture has at most 5 MiB, and what is more does not use the URL up", async () => {
  const wish = await permission("BIG");
  const large = Buffer.concat([png(), Buffer.alloc(5 * MEBIBYTE)]);
  const allowed = large.subarray(0, 5 * MEBIBYTE);
  refused(await upload(wish, large), 413, "payload_too_large", /5242880/);
  assert.equal(await chunked(wish.uploadUrl, large), 413);
  const compressed = await upload(wish, gzipSync(allowed), { "content-encoding": "gzip" });
  refused(compressed, 415, "unsupported_media_type", /Content-Encoding/);
  assert.equal((await upload(wish, allowed)).status, 200);
  assert.equal((await look(wish.publicUrl)).bytes.length, allowed.length);
});

/** Puts a body without saying how long it is, and returns the status. */
function chunked(url, bytes) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: "PUT" }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on("error", reject);
    for (let from = 0; from < bytes.length; from += 65_536) sent.write(bytes.subarray(from, from + 65_536));
    sent.end();
  });
}

test("a URL is good for one picture, also where two come at once", async () => {
  const wish = await permission("ONCE");
  assert.equal((await upload(wish, png(2, 2, "first"))).status, 200);
  refused(await upload(wish, png(2, 2, "second")), 403, "forbidden", /uploadUrl/);
  assert.deepEqual((await look(wish.publicUrl)).bytes, png(2, 2, "first"));

  for (let round = 0; round < 5; round += 1) {
    const contested = await permission("ONCE");
    const pictures = ["a", "b", "c", "d"].map((seed) => png(2, 2, seed));
    const answers = await Promise.all(pictures.map((bytes) => upload(contested, bytes)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 403, 403, 403]);
    const winner = pictures[answers.findIndex(({ status }) => status === 200)];
    assert.deepEqual((await look(contested.publicUrl)).bytes, winner);
  }
});

test("a URL that was changed, or made with another secret, is good for nothing", async () => {
  const { uploadUrl } = await permission("FORGED");
  const [permitted, signature] = uploadUrl.split("/uploads/")[1].split(".");
  const encode = (text) => Buffer.from(text).toString("base64url");
  const text = Buffer.from(permitted, "base64url").toString();
  for (const other of [
    `${encode(text.replace("FORGED", "OTHER"))}.${signature}`,
    `${encode(text.replace(/^\d+/, "99999999999"))}.${signature}`,
    `${permitted}.${encode("x".repeat(32))}`,
    `${permitted}.`,
    permitted,
    "%00",
    "%ff.%ff",
    "x".repeat(4_000),
  ])
    refused(await ask(service, "PUT", `/uploads/${other}`, png()), 403, "forbidden", /uploadUrl/, other);
  const stranger = await startService({
    secrets: { ...SECRETS, AUTH_SECRET: "another secret of more than 32 bytes, for this" },
  });
  refused(await ask(stranger, "PUT", pathOf(uploadUrl), png()), 403, "forbidden", /uploadUrl/);
  await stranger.stop();
});

test("a URL that has expired is good for nothing", async () => {
  const signed = (expires) => {
    const permitted = `${Math.floor(expires)}/tokens/LATE/image-1.webp`;
    const sealed = `glow-broadcast upload permission\0${permitted}`;
    const signature = createHmac("sha256", SECRETS.AUTH_SECRET).update(sealed).digest("base64url");
    return `/uploads/${Buffer.from(permitted).toString("base64url")}.${signature}`;
  };
  refused(await ask(service, "PUT", signed(inSeconds(-1)), png()), 403, "forbidden", /uploadUrl/);
  assert.equal((await ask(service, "PUT", signed(inSeconds(60)), png())).status, 200);
});

test("only a publisher gets a URL for a token, and only the wallet itself one for a user", async () => {
  const ben = await User.signedIn(service);
  refused(await ask(service, "POST", "/tokens/DROP/image"), 401, "unauthorized");
  refused(await ben.post("/tokens/DROP/image"), 401, "unauthorized");
  refused(await ask(service, "POST", "/tokens/a%20b/image", "", PUBLISHER), 400, "invalid_topic");
  for (const topic of [`wallet:${ana.address}`, "feed:trades"])
    refused(
      await ask(service, "POST", `/tokens/${topic}/image`, "", PUBLISHER),
      400,
      "invalid_topic",
      /token/,
    );
  const path = `${ana.path}/image`;
  refused(await ask(service, "POST", path), 401, "unauthorized");
  refused(await ask(service, "POST", path, "", PUBLISHER), 401, "unauthorized");
  refused(await ben.post(path), 403, "forbidden");
  const old = bearer(await walletToken(ana.wallet, inSeconds(-120)));
  refused(await ask(service, "POST", path, "", old), 401, "unauthorized");
  refused(await ana.post(path, " ".repeat(5_000)), 413, "payload_too_large");
});

test("a user's picture is in their profile, and can be taken away and put back, by them alone", async () => {
  const [cleo, ben] = [await User.signedIn(service), await User.signedIn(service)];
  const asked = await cleo.post(`${cleo.path}/image`, { contentType: "image/jpeg", name: "../../x" });
  assert.match(asked.body.key, new RegExp(`^users/${cleo.address}/profile-\\d+\\.jpg$`));
  assert.equal((await upload(asked.body, png())).status, 200);
  const { publicUrl, key } = asked.body;
  assert.equal((await cleo.get()).body.image, publicUrl, "who had no profile has one now");

  assert.equal((await cleo.put({ image: null })).body.image, null);
  assert.ok((await uploadOf(key)).unused_since > 0);
  assert.equal((await cleo.put({ image: key })).body.image, publicUrl);
  assert.equal((await uploadOf(key)).unused_since, null);
  assert.equal((await cleo.put({ image: publicUrl, name: "Cleo" })).body.image, publicUrl);
  for (const image of [publicUrl, key])
    refused(await ben.put({ image }), 400, "invalid_payload", /`image`/, "another one's picture");
});

test("what names no picture is not found", async () => {
  for (const path of [
    "/images/",
    "/images/x",
    "/images/tokens/DROP/image-1.webp",
    "/images/tokens/%00",
    "/images/%ff",
    "/images/tokens/DROP",
    "/images/tokens%2FDROP%2Fimage-1.webp",
    "/images/..%2f..%2fwrangler.toml",
    "/images/%252e%252e/x",
    "/images//tokens/DROP/image-1.webp",
    `/images/${"x".repeat(2_000)}`,
  ])
    refused(await ask(service, "GET", path), 404, "not_found", /picture/, path);
  const { key } = await permission();
  const answer = await ask(service, "PUT", `/images/${key}`, png());
  refused(answer, 405, "method_not_allowed");
});

test("pictures that nobody has used for a day are deleted, and the others stay", async () => {
  const user = await User.signedIn(service);
  const pictures = {};
  for (const name of ["replaced", "fresh", "shown"]) {
    pictures[name] = (await user.post(`${user.path}/image`)).body;
    await upload(pictures[name], png(2, 2, name));
  }
  for (const name of ["former", "current"]) {
    pictures[name] = await permission("SWEPT");
    await upload(pictures[name], png(2, 2, name));
  }
  const now = Math.floor(Date.now() / 1000);
  const age = (name, seconds) =>
    rows(
      service,
      "UPDATE uploads SET unused_since = ? WHERE key = ? AND unused_since > 0",
      now - seconds,
      pictures[name].key,
    );
  for (const name of ["replaced", "shown", "former", "current"]) await age(name, DAY + 60);
  await age("fresh", DAY - 60);

  const statuses = async () => {
    const found = {};
    for (const [name, { publicUrl }] of Object.entries(pictures))
      found[name] = (await look(publicUrl)).status;
    return found;
  };
  const expected = { replaced: 404, fresh: 200, shown: 200, former: 404, current: 200 };
  for (let time = 0; time < 2; time += 1) {
    await service.harness.getWorker().scheduled({ cron: "*/10 * * * *" });
    assert.deepEqual(await statuses(), expected);
  }
  assert.equal(await uploadOf(pictures.replaced.key), undefined);
  refused(await user.put({ image: pictures.replaced.key }), 400, "invalid_payload", /`image`/);
  refused(await upload(pictures.shown, png()), 403, "forbidden");
});

test("of a user's pictures that nobody uses, those before the last two are deleted at once", async () => {
  const user = await User.signedIn(service);
  const pictures = [];
  for (const n of range(1, 5)) {
    const { body } = await user.post(`${user.path}/image`);
    assert.equal((await upload(body, png(2, 2, `${n}`))).status, 200);
    pictures.push(body);
  }
  const statuses = [];
  for (const { publicUrl } of pictures) statuses.push((await look(publicUrl)).status);
  assert.deepEqual(statuses, [404, 404, 200, 200, 200]);
  const kept = await rows(service, "SELECT key FROM uploads WHERE owner = ? ORDER BY key", user.address);
  assert.deepEqual(
    kept.map(({ key }) => key),
    pictures.slice(2).map(({ key }) => key),
  );
  refused(await user.put({ image: pictures[0].key }), 400, "invalid_payload", /`image`/);
  assert.equal((await user.put({ image: pictures[2].key })).status, 200);
});

test("a picture that is being deleted can't be chosen any more", async () => {
  const user = await User.signedIn(service);
  const { body } = await user.post(`${user.path}/image`);
  await upload(body, png());
  await user.put({ image: null });
  await rows(service, "UPDATE uploads SET unused_since = 0 WHERE key = ?", body.key);
  refused(await user.put({ image: body.key }), 400, "invalid_payload", /`image`/);
  await service.harness.getWorker().scheduled({ cron: "*/10 * * * *" });
  assert.equal((await look(body.publicUrl)).status, 404, "an interrupted step is finished by the next");
});

test("without a secret to sign with there are no URLs", async () => {
  const bare = await startService({});
  refused(await ask(bare, "POST", "/tokens/DROP/image", "", PUBLISHER), 503, "not_configured");
  refused(await ask(bare, "PUT", "/uploads/x", png()), 503, "not_configured");
  await bare.stop();
});
