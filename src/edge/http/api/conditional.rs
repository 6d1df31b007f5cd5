//! JSON answers that a client may have already: an entity tag of what they say, and 304 where it is the same. It must not
//! know what an answer says.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use worker::{Request, Response, Result};

use crate::edge::http::respond::{self, Answer};
use crate::wire::conditional::names;

/// Bytes of the hash in a tag: with a billion answers, two share one with a probability of 1e-11.
const TAG_BYTES: usize = 12;

/// Who may keep an answer, and for how long.
#[derive(Clone, Copy)]
pub enum Keep {
    /// Only who asked, who looks each time whether it is still true.
    Private,
    /// Anybody, for so many seconds.
    Public(u32),
}

/// Answers 200 with a JSON body, or 304 where the request says that its client has it.
pub fn json(request: &Request, body: String, keep: Keep) -> Result<Answer> {
    let tag = tag_of(&body);
    let is_known = is_known(request, &tag)?;
    let response = if is_known { Response::empty()?.with_status(304) } else { respond::json(200, body)? };
    let headers = response.headers();
    headers.set("etag", &tag)?;
    match keep {
        Keep::Private => {
            headers.set("cache-control", "private, no-cache")?;
            headers.append("vary", "authorization")?;
        }
        Keep::Public(seconds) => headers.set("cache-control", &format!("public, max-age={seconds}"))?,
    }
    Ok(response.into())
}

/// Whether the client has what this tag stands for.
pub fn is_known(request: &Request, tag: &str) -> Result<bool> {
    let header = request.headers().get("if-none-match")?;
    Ok(header.is_some_and(|header| names(&header, tag)))
}

/// A weak tag: on its way an answer may be compressed.
fn tag_of(body: &str) -> String {
    let hash = Sha256::digest(body.as_bytes());
    let start: Vec<u8> = hash.iter().copied().take(TAG_BYTES).collect();
    format!("W/\"{}\"", URL_SAFE_NO_PAD.encode(start))
}
