//! `POST /tokens/:mint/image`, `POST /users/:wallet/image`, `PUT /uploads/:permission` and `GET /images/:key`. It must not
//! know how a picture is recognised.

use worker::{Object, Request, Response};

use super::problem::ApiError;
use super::resource::{TokenPath, WalletPath};
use super::{Call, caller, conditional, users};
use crate::auth::signing_secret::SigningSecrets;
use crate::auth::upload_permission::{self, LIFETIME_SECONDS};
use crate::core::image_key::{ImageKey, ImageOwner};
use crate::edge::http::body;
use crate::edge::http::problems::HttpError;
use crate::edge::http::publishers::{self, Authenticated};
use crate::edge::http::respond::{self, Answer};
use crate::edge::signed_requests;
use crate::edge::store::{images, uploads};
use crate::edge::{log, runtime};
use crate::wire::image::{self as bodies, ImageType, MAX_IMAGE_BYTES, MAX_WISH_BYTES};
use crate::wire::profile::{ProfileChange, image_url};
use crate::wire::request_body::Change;

/// A picture's bytes are a picture and nothing else, whatever they could be read as.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; sandbox";

/// Lets a publisher upload a token's picture.
pub async fn for_token(mut request: Request, call: &Call<'_>, token: TokenPath) -> Result<Answer, HttpError> {
    let Authenticated { body, signed, .. } =
        publishers::authenticate(&mut request, call.env, call.config, MAX_WISH_BYTES).await?;
    let token = token?;
    if token.namespace().is_some() {
        return Err(ApiError::NoToken.into());
    }
    if let Some(signed) = signed {
        // Who captured the request would get a permission of their own.
        signed_requests::claim_once(call.env, signed, &format!("POST /tokens/{token}/image")).await?;
    }
    permit(call, ImageOwner::Token(token), &body)
}

/// Lets a user upload a picture of their own.
pub async fn for_user(
    mut request: Request,
    call: &Call<'_>,
    wallet: WalletPath,
) -> Result<Answer, HttpError> {
    let wallet = caller::owner(&request, call, wallet).await?;
    let wish = body::read(&mut request, MAX_WISH_BYTES).await?;
    permit(call, ImageOwner::User(wallet), &wish)
}

fn permit(call: &Call<'_>, owner: ImageOwner, wish: &[u8]) -> Result<Answer, HttpError> {
    let now = runtime::now();
    let random = u32::from_be_bytes(runtime::random_bytes()?);
    let key = ImageKey::new(owner, now, random, bodies::wanted_type(wish).as_deref());
    let permission = upload_permission::issue(secrets(call)?, &key, now);
    let upload_url = format!("{}/uploads/{permission}", call.origin);
    let public_url = image_url(call.origin, &key);
    Ok(respond::json(200, bodies::permission(&upload_url, &public_url, &key, LIFETIME_SECONDS))?.into())
}

/// Takes a picture, once for each permission. One that is refused does not use it up.
pub async fn upload(mut request: Request, call: &Call<'_>, permission: &str) -> Result<Answer, HttpError> {
    let opened = upload_permission::open(permission, secrets(call)?, runtime::now());
    let key = opened.ok_or(ApiError::NoPermission)?;
    if uploads::is_claimed(call.env, &key).await? {
        return Err(ApiError::NoPermission.into());
    }
    let bytes = body::read(&mut request, MAX_IMAGE_BYTES).await?;
    let kind = ImageType::of(&bytes).map_err(ApiError::from)?;
    // From here on only one of several uploads with this permission goes on.
    if !uploads::claim(call.env, &key, runtime::now()).await? {
        return Err(ApiError::NoPermission.into());
    }
    let size = bytes.len();
    if let Err(error) = images::put(call.env, &key, kind, bytes).await {
        uploads::release(call.env, &key).await?;
        return Err(error.into());
    }
    show(call, &key).await?;
    if let Err(error) = uploads::delete_surplus(call.env, &key).await {
        // It is there, whatever became of those before it.
        log::schedule_failed("uploads", &error);
    }
    let public_url = image_url(call.origin, &key);
    Ok(respond::json(200, bodies::uploaded(&public_url, &key, kind, size))?.into())
}

/// Makes a picture that of its owner.
async fn show(call: &Call<'_>, key: &ImageKey) -> Result<(), HttpError> {
    match key.owner() {
        ImageOwner::Token(token) => {
            let url = image_url(call.origin, key);
            uploads::show_for_token(call.env, token, &url, runtime::now()).await?;
        }
        ImageOwner::User(wallet) => {
            let change = ProfileChange { image: Change::Set(key.clone()), ..ProfileChange::default() };
            users::write(call.env, wallet, &change).await?.map_err(ApiError::from)?;
        }
    }
    Ok(())
}

/// A picture. Its bytes go from the bucket to the client without a stop here.
pub async fn picture(request: &Request, call: &Call<'_>, key: &str) -> Result<Answer, HttpError> {
    let unknown = || ApiError::Unknown { what: "picture" };
    let key = ImageKey::parse(key).ok_or_else(unknown)?;
    if call.method == "HEAD" || request.headers().has("if-none-match")? {
        let known = images::head(call.env, &key).await?.ok_or_else(unknown)?;
        if conditional::is_known(request, &known.http_etag())? {
            return Ok(with_headers(Response::empty()?.with_status(304), &known)?.into());
        }
        if call.method == "HEAD" {
            let response = with_headers(Response::empty()?, &known)?;
            response.headers().set("content-length", &known.size().to_string())?;
            return Ok(response.into());
        }
    }
    let found = images::get(call.env, &key).await?.ok_or_else(unknown)?;
    let body = found.body().ok_or_else(unknown)?.response_body()?;
    Ok(with_headers(Response::from_body(body)?, &found)?.into())
}

fn with_headers(response: Response, picture: &Object) -> worker::Result<Response> {
    let headers = response.headers();
    let media_type = picture.http_metadata().content_type;
    headers.set("content-type", media_type.as_deref().unwrap_or("application/octet-stream"))?;
    headers.set("etag", &picture.http_etag())?;
    headers.set("cache-control", images::CACHE_CONTROL)?;
    headers.set("x-content-type-options", "nosniff")?;
    headers.set("content-security-policy", CONTENT_SECURITY_POLICY)?;
    headers.set("cross-origin-resource-policy", "cross-origin")?;
    Ok(response)
}

fn secrets<'a>(call: &Call<'a>) -> Result<&'a SigningSecrets, HttpError> {
    call.config.identity.trust.own.as_ref().ok_or(HttpError::NoAuthSecret)
}
