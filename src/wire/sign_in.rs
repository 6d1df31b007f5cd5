//! The bodies of sign-ins, and their answers. It must not know what a nonce or a signature is.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{ObjectError, request_body};

/// The largest body, in bytes.
pub const MAX_SIGN_IN_BYTES: usize = 4_096;

/// `POST /auth/nonce`.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub struct NonceRequest {
    /// The wallet that is to sign.
    pub wallet: String,
}

/// `POST /auth/verify`.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub struct VerifyRequest {
    /// The wallet that signed.
    pub wallet: String,
    /// The nonce that it was given.
    pub nonce: String,
    /// Its signature.
    pub signature: String,
}

/// The answer to `POST /auth/nonce`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NonceAnswer<'a> {
    /// The nonce.
    pub nonce: &'a str,
    /// What is to be signed, to the letter.
    pub message: &'a str,
    /// Until when, in Unix seconds as every time of the contract that programs read.
    pub expires_at: u64,
}

/// The answer to `POST /auth/verify`, as RFC 6749 §5.1 has it, in the contract's spelling.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyAnswer<'a> {
    /// The token.
    pub access_token: &'a str,
    /// How it is sent: `Bearer`.
    pub token_type: &'static str,
    /// For how many seconds it is valid.
    pub expires_in: u64,
    /// Whose it is.
    pub wallet: &'a str,
}

/// Why a body is no sign-in.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SignInError {
    /// Not UTF-8.
    #[error("the body is not UTF-8")]
    NotUtf8,
    /// Not JSON.
    #[error("the body is not JSON: {reason}")]
    NotJson {
        /// Where and why.
        reason: String,
    },
    /// Not `{"wallet"}`.
    #[error("the body is no {{\"wallet\":\"<public key>\"}}")]
    NonceShape,
    /// Not `{"wallet","nonce","signature"}`.
    #[error("the body is no {{\"wallet\":\"…\",\"nonce\":\"…\",\"signature\":\"…\"}}")]
    VerifyShape,
}

/// Reads the body of `POST /auth/nonce`. Members that are not known are left aside.
///
/// # Errors
/// [`SignInError`].
pub fn nonce_request(body: &[u8]) -> Result<NonceRequest, SignInError> {
    read(body, SignInError::NonceShape)
}

/// Reads the body of `POST /auth/verify`. Members that are not known are left aside.
///
/// # Errors
/// [`SignInError`].
pub fn verify_request(body: &[u8]) -> Result<VerifyRequest, SignInError> {
    read(body, SignInError::VerifyShape)
}

/// The JSON of an answer.
#[must_use]
pub fn answer(answer: &impl Serialize) -> String {
    super::to_json(answer)
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8], shape: SignInError) -> Result<T, SignInError> {
    let text = request_body::text_of(body).map_err(|_| SignInError::NotUtf8)?;
    super::from_object(text).map_err(|error| match error {
        ObjectError::NotJson { reason } => SignInError::NotJson { reason },
        ObjectError::Shape => shape,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_read() {
        let request = verify_request(br#" {"wallet":"w","nonce":"n","signature":"s","domain":"d"}"#).unwrap();
        let expected =
            VerifyRequest { wallet: "w".to_owned(), nonce: "n".to_owned(), signature: "s".to_owned() };
        assert_eq!(request, expected);
        assert_eq!(nonce_request(br#"{"wallet":"w"}"#).unwrap().wallet, "w");
    }

    #[test]
    fn what_is_no_json_and_what_has_another_shape_are_told_apart() {
        for body in ["", "{", "wallet", "{\"wallet\":\"w\"} x", "{\"wallet\":\"\\ud800\"}"] {
            let error = nonce_request(body.as_bytes()).unwrap_err();
            assert!(matches!(error, SignInError::NotJson { .. }), "{body}");
        }
        assert_eq!(nonce_request(b"{\"wallet\":\"\xff\"}"), Err(SignInError::NotUtf8));
        for body in
            ["{}", "[\"w\"]", "\"w\"", "null", "{\"wallet\":1}", "{\"wallet\":\"a\",\"wallet\":\"b\"}"]
        {
            assert_eq!(nonce_request(body.as_bytes()), Err(SignInError::NonceShape), "{body}");
        }
        assert_eq!(verify_request(br#"{"wallet":"w","nonce":"n"}"#), Err(SignInError::VerifyShape));
    }

    #[test]
    fn answers_have_the_names_of_the_contract() {
        let nonce = NonceAnswer { nonce: "n", message: "a\nb", expires_at: 1_700_000_300 };
        assert_eq!(answer(&nonce), r#"{"nonce":"n","message":"a\nb","expiresAt":1700000300}"#);
        let token = VerifyAnswer { access_token: "t", token_type: "Bearer", expires_in: 3_600, wallet: "w" };
        let expected = r#"{"accessToken":"t","tokenType":"Bearer","expiresIn":3600,"wallet":"w"}"#;
        assert_eq!(answer(&token), expected);
    }
}
