//! JSON by the letter of RFC 8259, to compare the service with. Written for being right, not fast, and without recursion,
//! so that depth is no matter. It must not use the parser that the service uses, but to read a single string.

use std::collections::BTreeMap;

/// How deeply the brackets of a text are nested, whether or not it is JSON.
pub fn depth(text: &[u8]) -> usize {
    let (mut depth, mut deepest, mut at) = (0_usize, 0_usize, 0);
    while at < text.len() {
        match text[at] {
            b'"' => {
                // A text that never ends holds the rest.
                at += 1;
                while at < text.len() && text[at] != b'"' {
                    at += if text[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
        at += 1;
    }
    deepest
}

/// Whether a text is JSON: one value, with white space around it.
pub fn is_json(text: &str) -> bool {
    let bytes = text.as_bytes();
    value_end(bytes, after_space(bytes, 0)).is_some_and(|end| after_space(bytes, end) == bytes.len())
}

/// The fields of a text that is one JSON object, in order: the name as it is written, quotes included, and the value.
pub fn fields(text: &str) -> Option<Vec<(&str, &str)>> {
    let members = members(text, b'{', b'}')?;
    members.into_iter().map(|(name, value)| Some((name?, value))).collect()
}

/// The fields of a text that is one JSON object of readable names, each once: of a repeated one the last.
pub fn last_fields(text: &str) -> Option<BTreeMap<String, &str>> {
    fields(text)?.into_iter().map(|(name, value)| Some((string(name)?, value))).collect()
}

/// The items of a text that is one JSON array.
pub fn items(text: &str) -> Option<Vec<&str>> {
    Some(members(text, b'[', b']')?.into_iter().map(|(_, value)| value).collect())
}

/// What a string stands for; `None` for another value, and for one with half of a surrogate pair, which stands for no
/// text.
pub fn string(value: &str) -> Option<String> {
    value.starts_with('"').then(|| serde_json::from_str(value).ok())?
}

/// A text without the white space around it.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r'])
}

fn members(text: &str, open: u8, close: u8) -> Option<Vec<(Option<&str>, &str)>> {
    let text = trimmed(text);
    let bytes = text.as_bytes();
    if !is_json(text) || bytes.first() != Some(&open) {
        return None;
    }
    let mut members = Vec::new();
    let mut at = after_space(bytes, 1);
    while bytes[at] != close {
        let name = (open == b'{').then(|| &text[at..string_end(bytes, at).unwrap()]);
        if let Some(name) = name {
            // Past the colon.
            at = after_space(bytes, after_space(bytes, at + name.len()) + 1);
        }
        let end = value_end(bytes, at)?;
        members.push((name, &text[at..end]));
        at = after_space(bytes, end);
        if bytes[at] == b',' {
            at = after_space(bytes, at + 1);
        }
    }
    Some(members)
}

fn after_space(bytes: &[u8], from: usize) -> usize {
    let space = bytes[from..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    from + space.count()
}

/// Where the value that begins at `from` ends.
fn value_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut open = Vec::new();
    let mut at = from;
    loop {
        // Here a value begins.
        match bytes.get(at)? {
            bracket @ (b'{' | b'[') => {
                let close = bracket + 2;
                at = after_space(bytes, at + 1);
                if *bytes.get(at)? == close {
                    at += 1;
                } else {
                    open.push(close);
                    at = if close == b'}' { name_end(bytes, at)? } else { at };
                    continue;
                }
            }
            b'"' => at = string_end(bytes, at)?,
            b't' => at = word_end(bytes, at, b"true")?,
            b'f' => at = word_end(bytes, at, b"false")?,
            b'n' => at = word_end(bytes, at, b"null")?,
            _ => at = number_end(bytes, at)?,
        }
        // Here one has ended: what is around it ends too, or goes on.
        loop {
            let Some(close) = open.last() else { return Some(at) };
            at = after_space(bytes, at);
            let byte = bytes.get(at)?;
            at += 1;
            if byte == close {
                open.pop();
            } else if *byte == b',' {
                at = after_space(bytes, at);
                at = if *close == b'}' { name_end(bytes, at)? } else { at };
                break;
            } else {
                return None;
            }
        }
    }
}

/// Where the value of the field begins whose name begins at `from`.
fn name_end(bytes: &[u8], from: usize) -> Option<usize> {
    let colon = after_space(bytes, string_end(bytes, from)?);
    (*bytes.get(colon)? == b':').then(|| after_space(bytes, colon + 1))
}

fn string_end(bytes: &[u8], from: usize) -> Option<usize> {
    if *bytes.get(from)? != b'"' {
        return None;
    }
    let mut at = from + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            0..=0x1f => return None,
            b'\\' => match bytes.get(at + 1)? {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => at += 2,
                b'u' if bytes.get(at + 2..at + 6)?.iter().all(u8::is_ascii_hexdigit) => at += 6,
                _ => return None,
            },
            _ => at += 1,
        }
    }
}

fn word_end(bytes: &[u8], from: usize, word: &[u8]) -> Option<usize> {
    bytes[from..].starts_with(word).then_some(from + word.len())
}

fn number_end(bytes: &[u8], from: usize) -> Option<usize> {
    let digits_end = |from: usize| {
        let count = bytes.get(from..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (count > 0).then_some(from + count)
    };
    let whole = if bytes.get(from) == Some(&b'-') { from + 1 } else { from };
    let mut at = if bytes.get(whole) == Some(&b'0') { whole + 1 } else { digits_end(whole)? };
    if bytes.get(at) == Some(&b'.') {
        at = digits_end(at + 1)?;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let signed = matches!(bytes.get(at + 1), Some(b'+' | b'-'));
        at = digits_end(at + 1 + usize::from(signed))?;
    }
    Some(at)
}
