//! What makers of tokens call them on the chain, made fit to be shown: nobody checks it there, and everybody may write it.
//! It must not know where it is published.

use std::rc::Rc;

/// The longest of a token's texts, in bytes. Metaplex allows 32, 10 and 200 characters.
const MAX_NAME: usize = 128;
const MAX_SYMBOL: usize = 64;
const MAX_URI: usize = 512;

/// The schemes of addresses that a client may load: `javascript:` and `data:` run or show what a maker wants.
const SCHEMES: [&str; 4] = ["https://", "http://", "ipfs://", "ar://"];

/// A token's name in at most 128 bytes; `None` where nothing is left of it.
pub fn name(text: &str) -> Option<Rc<str>> {
    cleaned(text, MAX_NAME)
}

/// A token's symbol in at most 64 bytes; `None` where nothing is left of it.
pub fn symbol(text: &str) -> Option<Rc<str>> {
    cleaned(text, MAX_SYMBOL)
}

/// Where more is said of a token: an address of at most 512 bytes with a scheme that only loads something.
pub fn uri(text: &str) -> Option<Rc<str>> {
    let text: String = text.chars().filter(|character| !is_invisible(*character)).collect();
    let text = text.trim();
    let has_scheme = SCHEMES.iter().any(|scheme| {
        let begin = text.get(..scheme.len());
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case(scheme)) && text.len() > scheme.len()
    });
    let is_address = !text.chars().any(char::is_whitespace) && text.len() <= MAX_URI;
    (has_scheme && is_address).then(|| text.into())
}

/// A text on one line without what can't be seen, cut where it is too long.
fn cleaned(text: &str, most: usize) -> Option<Rc<str>> {
    let seen: String = text.chars().filter(|character| !is_invisible(*character)).collect();
    let words: Vec<&str> = seen.split_whitespace().collect();
    let text = words.join(" ");
    let cut = text.get(..text.floor_char_boundary(most)).unwrap_or_default().trim_end();
    (!cut.is_empty()).then(|| cut.into())
}

/// Whether a character can't be seen, or changes how those around it are shown: controls but for white space, marks of a
/// direction, joiners and spaces without width, tags (Unicode's categories Cc and Cf, its fillers, and what is no
/// character).
fn is_invisible(character: char) -> bool {
    (character.is_control() && !character.is_whitespace())
        || matches!(
            character,
            '\u{ad}'
                | '\u{34f}'
                | '\u{600}'..='\u{605}'
                | '\u{61c}'
                | '\u{6dd}'
                | '\u{70f}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_seen_is_left_out_of_a_name() {
        for (text, expected) in [
            ("Häufchen \"Glück\" 🚀", Some("Häufchen \"Glück\" 🚀")),
            ("a\u{0}b\u{7}c", Some("abc")),
            ("USDC\u{202e}CDSU", Some("USDCCDSU")),
            ("S\u{200b}O\u{200d}L\u{feff}", Some("SOL")),
            (" two\r\n\tlines\u{2028}and more ", Some("two lines and more")),
            ("\u{2066}\u{2069}\u{e0041}", None),
            ("", None),
        ] {
            assert_eq!(name(text).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_long_text_is_cut_between_two_characters_and_a_long_address_is_none() {
        assert_eq!(name(&"x".repeat(10_000)).unwrap().len(), MAX_NAME);
        assert_eq!(symbol(&format!("x{}", "€".repeat(40))).unwrap().len(), 1 + 3 * 21);
        assert_eq!(uri(&format!("https://{}", "x".repeat(MAX_URI))), None, "half of it leads elsewhere");
    }

    #[test]
    fn an_address_has_one_of_four_schemes() {
        for address in [
            "https://example.com/1.json",
            "HTTP://example.com",
            "ipfs://bafy",
            "ar://abc",
            " https://a.b\u{0} ",
        ] {
            assert!(uri(address).is_some(), "{address:?}");
        }
        for address in [
            "javascript:alert(1)",
            "java\u{0}script:alert(1)",
            "data:text/html,<script>",
            "file:///etc/passwd",
            "//example.com",
            "https://",
            "https://a b",
            "",
        ] {
            assert_eq!(uri(address), None, "{address:?}");
        }
    }
}
