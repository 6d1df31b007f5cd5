//! Conditional requests (RFC 9110 §13.1.2): whether a client has an answer already. It must not know what the answer is.

/// Whether an `If-None-Match` header names this entity tag. The comparison is the weak one.
#[must_use]
pub fn names(if_none_match: &str, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    // No tag of this service has a comma in it.
    if_none_match.trim() == "*" || if_none_match.split(',').any(|other| opaque(other) == opaque(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_in_a_list_weak_or_strong() {
        for header in ["\"a\"", "W/\"a\"", "\"b\", W/\"a\" ,\"c\"", "*", " * "] {
            assert!(names(header, "\"a\"") && names(header, "W/\"a\""), "{header}");
        }
        for header in ["", "a", "\"b\"", "W/", "\"a", "**", "\"A\""] {
            assert!(!names(header, "W/\"a\""), "{header}");
        }
    }
}
