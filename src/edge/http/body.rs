//! Request bodies of a bounded size, as they are: none that was compressed. It must not know what a body says.

use futures::StreamExt as _;
use worker::Request;

use super::problems::HttpError;

/// How much of a body over the limit is read and thrown away, in bytes. A client that is cut off while it sends sees a
/// reset connection instead of the answer.
const DRAINED_BYTES: usize = 16 * 1_048_576;

/// The body of a request, of at most `limit` bytes. One that says that it is longer, or compressed, is not read at all.
pub async fn read(request: &mut Request, limit: usize) -> Result<Vec<u8>, HttpError> {
    let encoding = request.headers().get("content-encoding")?;
    if !encoding.is_none_or(|codings| is_identity(&codings)) {
        return Err(HttpError::BodyEncoded);
    }
    let length = request.headers().get("content-length")?.and_then(|text| text.parse::<usize>().ok());
    match length {
        Some(length) if length > limit => Err(HttpError::BodyTooLarge { limit }),
        Some(_) => within(limit, request.bytes().await?),
        None => read_stream(request, limit).await,
    }
}

fn within(limit: usize, body: Vec<u8>) -> Result<Vec<u8>, HttpError> {
    if body.len() > limit { Err(HttpError::BodyTooLarge { limit }) } else { Ok(body) }
}

async fn read_stream(request: &mut Request, limit: usize) -> Result<Vec<u8>, HttpError> {
    let mut body = Vec::new();
    // A request without a body has no stream.
    let Ok(mut stream) = request.stream() else {
        return Ok(body);
    };
    let mut received = 0_usize;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk?;
        received = received.saturating_add(chunk.len());
        if received <= limit {
            body.extend_from_slice(&chunk);
        }
        if received > DRAINED_BYTES {
            break;
        }
    }
    if received > limit { Err(HttpError::BodyTooLarge { limit }) } else { Ok(body) }
}

/// Whether a list of content codings (RFC 9110 §8.4) leaves a body as it is.
fn is_identity(codings: &str) -> bool {
    codings
        .split(',')
        .map(str::trim)
        .all(|coding| coding.is_empty() || coding.eq_ignore_ascii_case("identity"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_without_a_coding_is_as_it_is() {
        for codings in ["", "identity", "Identity, identity", " , "] {
            assert!(is_identity(codings), "{codings}");
        }
        for codings in ["gzip", "br", "identity, gzip", "x", "identityx"] {
            assert!(!is_identity(codings), "{codings}");
        }
    }
}
