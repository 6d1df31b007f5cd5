//! Answers that a client may have already: each has a tag, and who shows the tag of what it has is told that it is still
//! so. It must not know what is answered.

use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use worker::{Headers, Response, Result};

use crate::edge::http::respond;

/// Bytes of a body's hash that its tag has.
const TAG_BYTES: usize = 12;

/// A JSON answer that a client may keep and has to ask about before it uses it again: 304 where it has just this one.
///
/// # Errors
/// What the runtime throws.
pub fn json(request: &Headers, body: String) -> Result<Response> {
    let tag = tag_of(&body);
    let is_known = request.get("if-none-match")?.is_some_and(|tags| has(&tags, &tag));
    let response = if is_known { Response::empty()?.with_status(304) } else { respond::json(200, body)? };
    response.headers().set("etag", &tag)?;
    response.headers().set("cache-control", "no-cache")?;
    Ok(response)
}

/// A tag by RFC 9110 §8.8.3. It is a weak one: on its way a body may be compressed.
fn tag_of(body: &str) -> String {
    let mut tag = String::from("W/\"");
    for byte in Sha256::digest(body.as_bytes()).iter().take(TAG_BYTES) {
        // Writing to a string does not fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

/// Whether an `If-None-Match` names a tag. Weak or not makes no difference (RFC 9110 §13.1.2).
fn has(tags: &str, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    tags.split(',').any(|known| known.trim() == "*" || opaque(known) == opaque(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_stands_for_one_body() {
        assert_eq!(tag_of("a"), tag_of("a"));
        assert_ne!(tag_of("a"), tag_of("b"));
        assert!(tag_of("a").starts_with("W/\"ca978112"));
    }

    #[test]
    fn a_client_may_name_several_tags_weak_or_not() {
        let tag = tag_of("a");
        let strong = tag.trim_start_matches("W/").to_owned();
        for tags in [tag.clone(), strong, "*".to_owned(), format!("\"x\", {tag} ,\"y\"")] {
            assert!(has(&tags, &tag), "{tags}");
        }
        for tags in ["", "\"x\"", "W/\"\""] {
            assert!(!has(tags, &tag), "{tags}");
        }
    }
}
