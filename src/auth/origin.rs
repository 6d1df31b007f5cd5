//! Which web pages may use the service: the `Origin` header (RFC 6454) against the operator's list. It must not know
//! what an origin is refused.

use thiserror::Error;

/// One origin, `scheme://host` or `scheme://host:port`, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

/// A text that is no origin.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("an origin is scheme://host or scheme://host:port, without a path")]
pub struct NotAnOrigin;

/// Why a request's origin is not let in.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum OriginError {
    /// The page is not on the list.
    #[error("pages of this origin may not use the service; an operator can add it to ALLOWED_ORIGINS")]
    NotAllowed,
    /// There is no `Origin`, and this service wants one.
    #[error("this service asks every client for an Origin header")]
    Missing,
}

/// Whose pages are let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginPolicy {
    /// The operator's list.
    pub allowed: AllowedOrigins,
    /// Whether a client without an `Origin` (a phone, a server) is turned away.
    pub required: bool,
    /// Whether pages of the developer's own machine are let in: localhost on any port, and files.
    pub local_pages: bool,
}

/// The operator's list of origins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// Any page at all.
    Any,
    /// These only.
    Only(Vec<Origin>),
}

impl Origin {
    /// Reads an origin. One slash at the end is tolerated, as people copy it from their browser.
    ///
    /// # Errors
    /// [`NotAnOrigin`] for anything with a path, a user, white space, or without a scheme.
    pub fn parse(text: &str) -> Result<Self, NotAnOrigin> {
        let text = text.strip_suffix('/').unwrap_or(text);
        let (scheme, authority) = text.split_once("://").ok_or(NotAnOrigin)?;
        let is_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        let is_authority = |c: char| c.is_ascii_graphic() && !matches!(c, '/' | '?' | '#' | '@' | '*' | ',');
        let whole = !scheme.is_empty() && !authority.is_empty();
        if whole && scheme.chars().all(is_scheme) && authority.chars().all(is_authority) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(NotAnOrigin)
        }
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is one of the machine that the service runs on.
    #[must_use]
    pub fn is_of_this_machine(&self) -> bool {
        let Some((_, authority)) = self.0.split_once("://") else {
            return false;
        };
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if port.chars().all(|c| c.is_ascii_digit()) => host,
            _ => authority,
        };
        matches!(host, "localhost" | "127.0.0.1" | "[::1]") || host.ends_with(".localhost")
    }
}

impl OriginPolicy {
    /// The page that a text may name which somebody is to sign: one on the list, and in development one of this machine.
    /// None where any page is let in: the text of a page that nobody listed would look to a wallet like the operator's.
    #[must_use]
    pub fn named(&self, origin: Option<&str>) -> Option<Origin> {
        let origin = Origin::parse(origin?).ok()?;
        let is_listed = match &self.allowed {
            AllowedOrigins::Any => false,
            AllowedOrigins::Only(list) => list.contains(&origin),
        };
        (is_listed || (self.local_pages && origin.is_of_this_machine())).then_some(origin)
    }

    /// Whether a request with this `Origin` header, to a service whose own origin is `own`, is let in.
    ///
    /// The service's own origin always is: it serves the live page, and React Native sends it for every socket.
    ///
    /// # Errors
    /// [`OriginError`].
    pub fn check(&self, origin: Option<&str>, own: &str) -> Result<(), OriginError> {
        let Some(origin) = origin else {
            return if self.required { Err(OriginError::Missing) } else { Ok(()) };
        };
        if self.allowed == AllowedOrigins::Any || (self.local_pages && is_file(origin)) {
            return Ok(());
        }
        let origin = Origin::parse(origin).map_err(|NotAnOrigin| OriginError::NotAllowed)?;
        let listed = match &self.allowed {
            AllowedOrigins::Any => true,
            AllowedOrigins::Only(list) => list.contains(&origin),
        };
        let is_own = Origin::parse(own).is_ok_and(|own| own == origin);
        if listed || is_own || (self.local_pages && origin.is_of_this_machine()) {
            return Ok(());
        }
        Err(OriginError::NotAllowed)
    }
}

/// A page opened from disk: browsers send `null` for it, Chromium `file://` where a socket is opened.
fn is_file(origin: &str) -> bool {
    origin == "null" || origin == "file://"
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "https://broadcast.glow.trade";

    fn policy(allowed: &[&str]) -> OriginPolicy {
        let list = allowed.iter().map(|text| Origin::parse(text).unwrap()).collect();
        OriginPolicy { allowed: AllowedOrigins::Only(list), required: false, local_pages: false }
    }

    #[test]
    fn listed_pages_and_the_services_own_are_let_in_and_no_others() {
        let policy = policy(&["https://app.glow.trade", "http://localhost:3000/"]);
        for origin in ["https://app.glow.trade", "HTTPS://App.Glow.Trade", "http://localhost:3000", OWN] {
            assert_eq!(policy.check(Some(origin), OWN), Ok(()), "{origin}");
        }
        for origin in [
            "https://evil.example",
            "https://app.glow.trade.evil.example",
            "https://evil.example/https://app.glow.trade",
            "http://app.glow.trade",
            "https://app.glow.trade:8443",
            "http://localhost:3001",
            "null",
            "",
            "NULL",
            "undefined",
            "file://",
            "app.glow.trade",
            "//app.glow.trade",
            "https:app.glow.trade",
            "https:/app.glow.trade",
            "wss://app.glow.trade",
            "https://app.glow.trade:443",
            "https://app.glow.trade.",
            "https://app.glow.trade//",
            "https://app.glow.trade/page",
            "https://app.glow.trade\\.evil.example",
            "https://app.glow.trade%00.evil.example",
            "https://app.glow.trade@evil.example",
            "https://evil.example#https://app.glow.trade",
            "https://evil.example?https://app.glow.trade",
            "https://app.glow.trade, https://evil.example",
            "https://evil.example, https://app.glow.trade",
            " https://app.glow.trade",
            "https://app.glow.trade ",
            "https://app.glow.trade\t",
            "https://xapp.glow.trade",
            "https://app-glow.trade",
            "https://sub.app.glow.trade",
            "https://glow.trade",
            "https://аpp.glow.trade",
            "http://localhost",
            "http://localhost:3000.evil.example",
            "http://127.0.0.1:3000",
            "http://[::1]:3000",
            "chrome-extension://app.glow.trade",
            "blob:https://app.glow.trade/1",
        ] {
            assert_eq!(policy.check(Some(origin), OWN), Err(OriginError::NotAllowed), "{origin}");
        }
    }

    #[test]
    fn a_phone_sends_no_origin_and_is_let_in_unless_one_is_required() {
        let policy = policy(&["https://app.glow.trade"]);
        assert_eq!(policy.check(None, OWN), Ok(()));
        let strict = OriginPolicy { required: true, ..policy };
        assert_eq!(strict.check(None, OWN), Err(OriginError::Missing));
    }

    #[test]
    fn a_star_lets_in_any_page() {
        let any = OriginPolicy { allowed: AllowedOrigins::Any, required: false, local_pages: false };
        assert_eq!(any.check(Some("https://anyone.example"), OWN), Ok(()));
        assert_eq!(any.check(Some("null"), OWN), Ok(()));
    }

    #[test]
    fn development_lets_in_pages_of_this_machine_and_still_no_foreign_ones() {
        let development = OriginPolicy { local_pages: true, ..policy(&[]) };
        for origin in ["http://localhost:5173", "http://127.0.0.1", "http://[::1]:19006", "null", "file://"] {
            assert_eq!(development.check(Some(origin), OWN), Ok(()), "{origin}");
        }
        for origin in ["https://evil.example", "http://localhost.evil.example", "http://notlocalhost"] {
            assert_eq!(development.check(Some(origin), OWN), Err(OriginError::NotAllowed), "{origin}");
        }
    }

    #[test]
    fn a_text_to_be_signed_names_a_listed_page_and_no_other() {
        let named =
            |policy: &OriginPolicy, origin| policy.named(origin).map(|origin| origin.as_str().to_owned());
        let listed = policy(&["https://app.glow.trade"]);
        assert_eq!(named(&listed, Some("https://App.glow.trade")).as_deref(), Some("https://app.glow.trade"));
        for origin in
            [None, Some(OWN), Some("https://evil.example"), Some("null"), Some("http://localhost:3000")]
        {
            assert_eq!(named(&listed, origin), None, "{origin:?}");
        }
        let development = OriginPolicy { local_pages: true, ..policy(&[]) };
        assert_eq!(
            named(&development, Some("http://localhost:3000")).as_deref(),
            Some("http://localhost:3000")
        );
        let any = OriginPolicy { allowed: AllowedOrigins::Any, ..listed };
        assert_eq!(named(&any, Some("https://anyone.example")), None);
    }

    #[test]
    fn what_is_no_origin_is_told_apart() {
        for text in
            ["app.glow.trade", "https://", "://x", "https://a b", "https://a/b", "https://u@a", "https://*.a"]
        {
            assert_eq!(Origin::parse(text), Err(NotAnOrigin), "{text}");
        }
    }
}
