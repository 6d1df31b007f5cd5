//! JSON Web Tokens in their compact form (RFC 7519, RFC 7515 §7.1): taken apart, and put together. Reading is strict,
//! and what it gives is not to be believed before its signature is verified. It must not know a key or whose token it is.
//!
//! The crates that do this bring a second generation of the cryptography. `jsonwebtoken` does without, but then it
//! leaves keys and signatures to its user, and still brings a clock, random numbers and the older traits of signatures:
//! much for the few lines that it would save here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::claims::Claims;

/// The longest token, in bytes.
pub const MOST_BYTES: usize = 8_192;

/// Why a token proves nothing.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum TokenError {
    /// It is longer than [`MOST_BYTES`].
    #[error("the token is longer than {MOST_BYTES} bytes")]
    TooLong,
    /// It is no JSON Web Token in compact form.
    #[error("this is no JSON Web Token")]
    Malformed,
    /// It is signed in a way that is not accepted from whom it names, or by a key that is for something else.
    #[error("the token is signed in a way that is not accepted")]
    Algorithm,
    /// It asks for an extension that is not known (`crit`).
    #[error("the token asks for an extension")]
    Extension,
    /// It is for another purpose (`typ`).
    #[error("the token is for another purpose")]
    Type,
    /// It is signed by a key that is not among those that are known. The provider may have a new one.
    #[error("the token is signed by a key that is not known")]
    UnknownKey,
    /// Its signature is not that of its text.
    #[error("the token's signature is not valid")]
    Signature,
    /// It says not until when it is valid, or no longer is.
    #[error("the token has expired")]
    Expired,
    /// It is not valid yet.
    #[error("the token is not valid yet")]
    Early,
    /// It is from somebody else (`iss`).
    #[error("the token is from another issuer")]
    Issuer,
    /// It is for somebody else (`aud`).
    #[error("the token is for another audience")]
    Audience,
    /// It names nobody, or nobody who can be (`sub`).
    #[error("the token names nobody")]
    Subject,
}

/// How a token says that it is signed. There is nothing else: `none` least of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    /// HMAC with SHA-256: a shared secret.
    Hs256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    crit: Option<IgnoredAny>,
}

/// A token, taken apart.
#[derive(Debug)]
pub(super) struct Token<'a> {
    pub algorithm: Algorithm,
    pub r#type: Option<String>,
    pub key_id: Option<String>,
    pub claims: Claims,
    /// What is signed: header and claims as they came.
    pub signed: &'a str,
    pub signature: Vec<u8>,
}

impl<'a> Token<'a> {
    pub fn parse(text: &'a str) -> Result<Self, TokenError> {
        if text.len() > MOST_BYTES {
            return Err(TokenError::TooLong);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        let Header { alg, typ, kid, crit } = decode_json(header)?;
        if crit.is_some() {
            return Err(TokenError::Extension);
        }
        let algorithm = match alg.as_str() {
            "HS256" => Algorithm::Hs256,
            "RS256" => Algorithm::Rs256,
            "ES256" => Algorithm::Es256,
            _ => return Err(TokenError::Algorithm),
        };
        Ok(Self {
            algorithm,
            r#type: typ,
            key_id: kid,
            claims: decode_json(claims)?,
            signed,
            signature: decode(signature)?,
        })
    }
}

/// The part of a token that is signed. Claims of this crate's own types can always be written.
pub(super) fn encode_signed(header: &str, claims: &impl Serialize) -> String {
    let claims = serde_json::to_vec(claims).unwrap_or_default();
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
}

/// The whole token.
pub(super) fn encode(signed: &str, signature: &[u8]) -> String {
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Bytes in base64url without padding; bytes have one text only.
fn decode(text: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenError::Malformed)
}

/// A JSON object. One that says the same thing twice says nothing.
fn decode_json<T: DeserializeOwned>(text: &str) -> Result<T, TokenError> {
    // What is left aside has to be UTF-8 too.
    let json = String::from_utf8(decode(text)?).map_err(|_| TokenError::Malformed)?;
    // A structure can be read from an array too, which no token is.
    if !json.starts_with('{') {
        return Err(TokenError::Malformed);
    }
    serde_json::from_str(&json).map_err(|_| TokenError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(text: &str) -> String {
        URL_SAFE_NO_PAD.encode(text)
    }

    fn error(header: &str, claims: &str) -> Option<TokenError> {
        Token::parse(&format!("{}.{}.AAAA", part(header), part(claims))).err()
    }

    #[test]
    fn a_token_is_taken_apart() {
        let text =
            format!("{}.{}.AQID", part(r#"{"alg":"HS256","typ":"JWT","kid":"k"}"#), part(r#"{"exp":1.5}"#));
        let token = Token::parse(&text).unwrap();
        assert_eq!((token.algorithm, token.signature.as_slice()), (Algorithm::Hs256, [1, 2, 3].as_slice()));
        assert_eq!((token.r#type.as_deref(), token.key_id.as_deref()), (Some("JWT"), Some("k")));
        assert_eq!(Some(token.signed), text.strip_suffix(".AQID"));
    }

    #[test]
    fn what_is_no_token_is_told_apart() {
        const HEADER: &str = r#"{"alg":"HS256"}"#;
        for (header, claims, expected) in [
            (r#"{"alg":"none"}"#, "{}", TokenError::Algorithm),
            (r#"{"alg":"None"}"#, "{}", TokenError::Algorithm),
            (r#"{"alg":"hs256"}"#, "{}", TokenError::Algorithm),
            (r#"{"alg":"RS512"}"#, "{}", TokenError::Algorithm),
            (r#"{"alg":""}"#, "{}", TokenError::Algorithm),
            (r#"{"alg":"HS256","crit":["exp"]}"#, "{}", TokenError::Extension),
            (r#"{"alg":"HS256","crit":[]}"#, "{}", TokenError::Extension),
            ("{}", "{}", TokenError::Malformed),
            (r#"{"alg":null}"#, "{}", TokenError::Malformed),
            (r#"{"alg":"HS256","alg":"none"}"#, "{}", TokenError::Malformed),
            (r#"["HS256",null,null,null]"#, "{}", TokenError::Malformed),
            ("", "{}", TokenError::Malformed),
            (HEADER, "", TokenError::Malformed),
            (HEADER, "[]", TokenError::Malformed),
            (HEADER, r#"{"sub":"a","sub":"b"}"#, TokenError::Malformed),
            (HEADER, r#"{"sub":"a","s\u0075b":"b"}"#, TokenError::Malformed),
            (HEADER, r#"{"exp":1,"exp":2}"#, TokenError::Malformed),
            (HEADER, r#"{"iss":"a","iss":"b"}"#, TokenError::Malformed),
            (HEADER, r#"{"aud":"a","aud":"b"}"#, TokenError::Malformed),
            (r#"{"alg":"HS256","kid":1}"#, "{}", TokenError::Malformed),
            (r#"{"alg":"HS256","kid":["k"]}"#, "{}", TokenError::Malformed),
            (r#"{"alg":"HS256","kid":"k","kid":"l"}"#, "{}", TokenError::Malformed),
            (r#"{"alg":["HS256"]}"#, "{}", TokenError::Malformed),
            (HEADER, r#"{"exp":"1"}"#, TokenError::Malformed),
            (HEADER, r#"{"sub":1}"#, TokenError::Malformed),
        ] {
            assert_eq!(error(header, claims), Some(expected), "{header} {claims}");
        }
        assert_eq!(error(HEADER, "{}"), None);
    }

    #[test]
    fn a_text_of_another_shape_is_none() {
        let (header, claims) = (part(r#"{"alg":"HS256"}"#), part("{}"));
        for text in [
            "",
            ".",
            "..",
            "...",
            &header,
            &format!("{header}.{claims}"),
            &format!("{header}.{claims}.AAAA."),
            &format!(".{header}.{claims}.AAAA"),
            &format!("{header}.{claims}.AAA="),
            &format!("{header}.{claims}.AB"),
            &format!("{header}.{claims}.+/+/"),
            &format!(" {header}.{claims}.AAAA"),
            &format!("{header}=.{claims}.AAAA"),
        ] {
            assert_eq!(Token::parse(text).err(), Some(TokenError::Malformed), "{text}");
        }
        assert_eq!(Token::parse(&"a".repeat(8_193)).err(), Some(TokenError::TooLong));
    }
}
