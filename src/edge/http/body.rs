//! Request bodies of a bounded size. It must not know what a body says.

use futures::StreamExt as _;
use worker::Request;

use super::problems::HttpError;

/// The body of a request, of at most `limit` bytes. One that says that it is longer is not read at all, one that does
/// not say how long it is only as far as the limit.
pub async fn read(request: &mut Request, limit: usize) -> Result<Vec<u8>, HttpError> {
    let length = request
        .headers()
        .get("content-length")?
        .and_then(|text| text.parse::<usize>().ok());
    match length {
        Some(length) if length > limit => Err(HttpError::BodyTooLarge { limit }),
        Some(_) => Ok(request.bytes().await?),
        None => read_stream(request, limit).await,
    }
}

async fn read_stream(request: &mut Request, limit: usize) -> Result<Vec<u8>, HttpError> {
    let mut body = Vec::new();
    // A request without a body has no stream.
    let Ok(mut stream) = request.stream() else {
        return Ok(body);
    };
    while let Some(chunk) = stream.next().await {
        body.extend_from_slice(&chunk?);
        if body.len() > limit {
            return Err(HttpError::BodyTooLarge { limit });
        }
    }
    Ok(body)
}
