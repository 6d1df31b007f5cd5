//! Where a request carries its token: `Authorization: Bearer` (RFC 6750), or the list of WebSocket subprotocols, the one
//! header that a page can set for a socket. It must not know whose token it is.

/// What a name in the list of subprotocols begins with when its rest is a token.
const PREFIX: &str = "bearer.";

/// What a request carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    /// The token.
    pub token: Option<String>,
    /// The subprotocol to answer a handshake with: a browser fails the connection when it offered some and gets none.
    pub subprotocol: Option<String>,
}

impl Credentials {
    /// Reads them from the texts of `Authorization` and `Sec-WebSocket-Protocol`. The former goes first.
    #[must_use]
    pub fn from_headers(authorization: Option<&str>, subprotocols: Option<&str>) -> Self {
        let offered = || {
            let names = subprotocols.unwrap_or_default().split(',').map(str::trim);
            names.filter(|name| is_name(name))
        };
        let named = offered().find_map(|name| name.strip_prefix(PREFIX));
        let token = authorization.and_then(bearer).or(named).filter(|token| !token.is_empty());
        let subprotocol = offered().find(|name| !name.starts_with(PREFIX)).or_else(|| offered().next());
        Self { token: token.map(str::to_owned), subprotocol: subprotocol.map(str::to_owned) }
    }
}

fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// Whether a text may be the name of a subprotocol: a token in the sense of RFC 9110 §5.6.2.
fn is_name(text: &str) -> bool {
    let is_name_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_name_byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether headers give this token and this subprotocol.
    fn gives(headers: [Option<&str>; 2], token: Option<&str>, subprotocol: Option<&str>) {
        let Credentials { token: given, subprotocol: answered } =
            Credentials::from_headers(headers[0], headers[1]);
        assert_eq!((given.as_deref(), answered.as_deref()), (token, subprotocol), "{headers:?}");
    }

    #[test]
    fn a_token_comes_in_either_header() {
        gives([None, None], None, None);
        gives([Some("Bearer a.b.c"), None], Some("a.b.c"), None);
        gives([Some("bearer  a.b.c "), None], Some("a.b.c"), None);
        gives([None, Some("glow, bearer.a.b.c")], Some("a.b.c"), Some("glow"));
        gives([Some("Bearer x"), Some("bearer.a.b.c")], Some("x"), Some("bearer.a.b.c"));
        for other in ["", "Bearer", "Bearer ", "Basic a.b.c", "a.b.c"] {
            gives([Some(other), None], None, None);
        }
    }

    #[test]
    fn the_answer_is_a_protocol_that_was_offered_and_the_token_only_where_nothing_else_was() {
        gives([None, Some("glow")], None, Some("glow"));
        gives([None, Some("bearer.t,v1,v2")], Some("t"), Some("v1"));
        gives([None, Some("bearer.t")], Some("t"), Some("bearer.t"));
        gives([None, Some("bearer.")], None, Some("bearer."));
        gives([None, Some(" ,, ")], None, None);
        gives([None, Some("a b, \"c\"")], None, None);
    }
}
