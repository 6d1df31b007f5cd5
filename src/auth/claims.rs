//! What a token says of somebody (RFC 7519 §4.1), and whether that holds now, for whom it is wanted. It must not know
//! how a token is signed.

use serde::{Deserialize, Deserializer, de};

use super::json_web_token::TokenError;
use crate::core::time::UnixMillis;

/// How far the clock of an issuer may be ahead of this service's, in milliseconds: so much before it begins a token is
/// good. It ends when it says so, for every route and every socket alike.
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

/// Seconds since the Unix epoch, with a fraction or without (RFC 7519 §2). A time that is later than any alarm is the last
/// one: `{"exp":1e15}` lasts until [`UnixMillis::LAST`].
#[derive(Clone, Copy, Debug)]
struct NumericDate(UnixMillis);

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let millis = f64::deserialize(deserializer)? * 1_000.0;
        if millis.is_nan() || millis < 0.0 {
            return Err(de::Error::custom("a time is a number of seconds since 1970"));
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast to u64 saturates")]
        Ok(Self(UnixMillis(millis as u64).min(UnixMillis::LAST)))
    }
}

impl Claims {
    /// Checks the times, and returns until when the token is valid. A token without such a time is valid never.
    pub fn check_time(&self, now: UnixMillis) -> Result<UnixMillis, TokenError> {
        let NumericDate(expires) = self.exp.ok_or(TokenError::Expired)?;
        if now >= expires {
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
    use proptest::prelude::*;

    use super::*;

    const NOW: UnixMillis = UnixMillis(1_700_000_000_500);

    fn claims(json: &str) -> Claims {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_token_is_valid_until_it_expires_and_from_a_minute_before_it_begins() {
        let at = |seconds| Ok(UnixMillis::from_seconds(seconds));
        for (json, expected) in [
            (r#"{"exp":1700003600}"#, at(1_700_003_600)),
            (r#"{"exp":1700003600.0}"#, at(1_700_003_600)),
            (r#"{"exp":1700000001}"#, at(1_700_000_001)),
            (r#"{"exp":1700000000.5}"#, Err(TokenError::Expired)),
            (r#"{"exp":1699999990}"#, Err(TokenError::Expired)),
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
            r#"{"exp":-1e300}"#,
            r#"{"exp":"1700003600"}"#,
            r#"{"exp":[1700003600]}"#,
            r#"{"exp":true}"#,
        ] {
            assert!(serde_json::from_str::<Claims>(json).is_err(), "{json}");
        }
    }

    proptest! {
        /// No later time than that can be an alarm's: the runtime refuses it.
        #[test]
        fn a_time_is_never_later_than_any_alarm_whatever_a_token_says(
            seconds in prop_oneof![any::<u64>().prop_map(|n| n.to_string()), "[1-9][0-9]{0,30}(\\.[0-9]{1,9})?(e[0-9]{1,2})?"],
        ) {
            let of = |name: &str| serde_json::from_str::<Claims>(&format!(r#"{{"{name}":{seconds}}}"#)).unwrap();
            let NumericDate(expires) = of("exp").exp.unwrap();
            prop_assert!(expires <= UnixMillis::LAST);
            prop_assert_eq!(of("nbf").nbf.unwrap().0, expires);
            let said: f64 = seconds.parse().unwrap();
            prop_assert_eq!(expires == UnixMillis::LAST, said * 1_000.0 >= 6_911_049_599_999.0);
        }
    }

    #[test]
    fn what_lasts_longer_than_any_alarm_lasts_until_the_last_one() {
        for json in [r#"{"exp":1e15}"#, r#"{"exp":1000000000000000}"#, r#"{"exp":1e300}"#] {
            assert_eq!(claims(json).check_time(NOW), Ok(UnixMillis::LAST), "{json}");
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
