//! What a token says of somebody (RFC 7519 §4.1), and whether that holds now, for whom it is wanted. It must not know
//! how a token is signed.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

use super::json_web_token::TokenError;
use crate::core::time::UnixMillis;

/// How far the clocks of an issuer and of this service may differ, in milliseconds.
pub const CLOCK_SKEW: u64 = 60_000;

/// The claims that count here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Claims {
    pub iss: Option<String>,
    pub sub: Option<String>,
    aud: Option<Audience>,
    exp: Option<NumericDate>,
    nbf: Option<NumericDate>,
}

/// One audience or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Seconds since the Unix epoch, with a fraction or without.
#[derive(Clone, Copy, Debug)]
struct NumericDate(UnixMillis);

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        let since_epoch = Duration::try_from_secs_f64(seconds).map_err(de::Error::custom)?;
        let millis = u64::try_from(since_epoch.as_millis()).map_err(de::Error::custom)?;
        Ok(Self(UnixMillis(millis)))
    }
}

impl Claims {
    /// Checks the times, and returns until when the token is valid. A token without such a time is valid never.
    pub fn check_time(&self, now: UnixMillis) -> Result<UnixMillis, TokenError> {
        let NumericDate(expires) = self.exp.ok_or(TokenError::Expired)?;
        if now >= expires.later_by(CLOCK_SKEW) {
            return Err(TokenError::Expired);
        }
        match self.nbf {
            Some(NumericDate(begins)) if begins > now.later_by(CLOCK_SKEW) => Err(TokenError::Early),
            _ => Ok(expires),
        }
    }

    /// Checks whom it is from and for, where that is asked.
    pub fn check_parties(&self, issuer: Option<&str>, audience: Option<&str>) -> Result<(), TokenError> {
        if issuer.is_some() && self.iss.as_deref() != issuer {
            return Err(TokenError::Issuer);
        }
        match audience {
            Some(audience) if !self.is_for(audience) => Err(TokenError::Audience),
            _ => Ok(()),
        }
    }

    fn is_for(&self, audience: &str) -> bool {
        match &self.aud {
            None => false,
            Some(Audience::One(one)) => one == audience,
            Some(Audience::Several(several)) => several.iter().any(|one| one == audience),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_700_000_000_500);

    fn claims(json: &str) -> Claims {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_token_is_valid_until_a_minute_after_it_expires_and_from_a_minute_before_it_begins() {
        let at = |seconds| Ok(UnixMillis::from_seconds(seconds));
        for (json, expected) in [
            (r#"{"exp":1700003600}"#, at(1_700_003_600)),
            (r#"{"exp":1700003600.0}"#, at(1_700_003_600)),
            (r#"{"exp":1699999941}"#, at(1_699_999_941)),
            (r#"{"exp":1699999940}"#, Err(TokenError::Expired)),
            (r#"{"exp":0}"#, Err(TokenError::Expired)),
            (r#"{"exp":null}"#, Err(TokenError::Expired)),
            ("{}", Err(TokenError::Expired)),
            (r#"{"exp":1700003600,"nbf":1700000060}"#, at(1_700_003_600)),
            (r#"{"exp":1700003600,"nbf":1700000061}"#, Err(TokenError::Early)),
            (r#"{"exp":1700003600,"nbf":0,"iat":1800000000}"#, at(1_700_003_600)),
        ] {
            assert_eq!(claims(json).check_time(NOW), expected, "{json}");
        }
    }

    #[test]
    fn a_time_is_a_number_that_can_be_one() {
        for json in [
            r#"{"exp":-1}"#,
            r#"{"exp":1e300}"#,
            r#"{"exp":"1700003600"}"#,
            r#"{"exp":[1700003600]}"#,
            r#"{"exp":true}"#,
        ] {
            assert!(serde_json::from_str::<Claims>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn parties_are_checked_to_the_letter_where_they_are_asked_for() {
        let check = |json, issuer, audience| claims(json).check_parties(issuer, audience);
        assert_eq!(check("{}", None, None), Ok(()));
        assert_eq!(check(r#"{"iss":"a","aud":"b"}"#, None, None), Ok(()));
        assert_eq!(check(r#"{"iss":"a"}"#, Some("a"), None), Ok(()));
        assert_eq!(check(r#"{"aud":"b"}"#, None, Some("b")), Ok(()));
        assert_eq!(check(r#"{"aud":["a","b"]}"#, None, Some("b")), Ok(()));
        for json in ["{}", r#"{"iss":"a/"}"#, r#"{"iss":"A"}"#, r#"{"iss":null}"#] {
            assert_eq!(check(json, Some("a"), None), Err(TokenError::Issuer), "{json}");
        }
        for json in ["{}", r#"{"aud":"bb"}"#, r#"{"aud":[]}"#, r#"{"aud":["B"]}"#] {
            assert_eq!(check(json, None, Some("b")), Err(TokenError::Audience), "{json}");
        }
    }
}
