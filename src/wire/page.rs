//! Lists in pages, newest first: what a query asks for, and where the next page begins. It must not know what is listed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;

use super::query::{Repeated, parameter, whole};

/// Rows of a page where nothing is asked for.
const DEFAULT_LIMIT: u32 = 50;

/// The most rows of a page.
pub const MAX_LIMIT: u32 = 100;

/// The most bytes of a page's rows, where a row may be large. One row may be larger.
pub const MAX_PAGE_BYTES: usize = 262_144;

/// The longest identifier that a cursor holds, in characters.
const MAX_ID: usize = 128;

/// The latest time that a cursor holds, in Unix seconds: what JavaScript tells apart from the next number.
pub const MAX_TIME: u64 = 9_007_199_254_740_991;

/// One row's place in a list: behind it come those of an earlier time, and those of its time with a lesser identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// In Unix seconds.
    pub at: u64,
    /// What tells rows of one second apart.
    pub id: String,
}

/// Which rows are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// How many: 1 to [`MAX_LIMIT`].
    pub limit: u32,
    /// The row that they come behind.
    pub after: Option<Cursor>,
}

/// Why a query asks for no page.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum PageError {
    /// `limit` is no number of rows.
    #[error("limit is a whole number from 1 to {MAX_LIMIT}")]
    Limit,
    /// `cursor` is none that this service gave.
    #[error("cursor is the `next` of the page before")]
    Cursor,
    /// A parameter that stands there twice.
    #[error(transparent)]
    Repeated(#[from] Repeated),
}

impl Page {
    /// Reads `limit` and `cursor` from a query.
    ///
    /// # Errors
    /// The first [`PageError`].
    pub fn decode(query: &str) -> Result<Self, PageError> {
        let limit = match parameter(query, "limit")? {
            None => DEFAULT_LIMIT,
            Some(text) => limit(&text).ok_or(PageError::Limit)?,
        };
        let after = match parameter(query, "cursor")? {
            None => None,
            Some(text) => Some(Cursor::decode(&text).ok_or(PageError::Cursor)?),
        };
        Ok(Self { limit, after })
    }

    /// How many rows to look for: one more than are told, to see whether there is another page.
    #[must_use]
    pub fn wanted(&self) -> u32 {
        self.limit.saturating_add(1)
    }

    /// Takes the rows of this page from those that were found, and the cursor of the next page where there is one.
    pub fn cut<T>(&self, rows: &mut Vec<T>, cursor_of: impl Fn(&T) -> Cursor) -> Option<String> {
        self.cut_by_size(rows, |_| 0, cursor_of)
    }

    /// The same, where rows may be so large that the page ends before its last row.
    pub fn cut_by_size<T>(
        &self,
        rows: &mut Vec<T>,
        size_of: impl Fn(&T) -> usize,
        cursor_of: impl Fn(&T) -> Cursor,
    ) -> Option<String> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let mut bytes = 0_usize;
        let fits = |row: &&T| {
            bytes = bytes.saturating_add(size_of(row));
            bytes <= MAX_PAGE_BYTES
        };
        let fitting = rows.iter().take(limit).take_while(fits).count().max(1);
        if rows.len() <= fitting {
            return None;
        }
        rows.truncate(fitting);
        rows.last().map(|row| cursor_of(row).encode())
    }
}

impl Cursor {
    fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}.{}", self.at, self.id))
    }

    fn decode(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (at, id) = std::str::from_utf8(&bytes).ok()?.split_once('.')?;
        let is_id = (1..=MAX_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
        let at = whole(at).filter(|at| is_id && *at <= MAX_TIME)?;
        Some(Self { at, id: id.to_owned() })
    }
}

fn limit(text: &str) -> Option<u32> {
    let number = u32::try_from(whole(text)?).ok()?;
    (1..=MAX_LIMIT).contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_50_rows_unless_another_number_is_asked_for() {
        assert_eq!(Page::decode("?x=1"), Ok(Page { limit: 50, after: None }));
        assert_eq!(Page::decode("limit=100").unwrap().limit, 100);
        for text in ["0", "101", "-1", "+5", "", "x", "5.0", "%00", "99999999999999999999"] {
            assert_eq!(Page::decode(&format!("limit={text}")), Err(PageError::Limit), "{text}");
        }
        assert_eq!(Page::decode("limit=5&limit=5"), Err(PageError::Repeated(Repeated("limit"))));
    }

    #[test]
    fn the_next_page_begins_behind_the_last_row() {
        let page = Page { limit: 2, after: None };
        let cursor_of = |at: &u64| Cursor { at: *at, id: format!("id-{at}") };
        let mut rows = vec![9, 8, 7];
        let next = page.cut(&mut rows, cursor_of).unwrap();
        assert_eq!(rows, [9, 8]);
        let after = Page::decode(&format!("cursor={next}")).unwrap().after;
        assert_eq!(after, Some(Cursor { at: 8, id: "id-8".to_owned() }));
        assert_eq!(page.cut(&mut vec![7, 6], cursor_of), None);
    }

    #[test]
    fn a_page_of_large_rows_ends_earlier_and_has_one_row_at_least() {
        let page = Page { limit: 4, after: None };
        let told = |rows: &[usize]| {
            let mut rows = rows.to_vec();
            let next = page.cut_by_size(&mut rows, |size| *size, |_| Cursor { at: 1, id: "x".to_owned() });
            (rows.len(), next.is_some())
        };
        let (half, whole) = (MAX_PAGE_BYTES / 2, MAX_PAGE_BYTES);
        for (rows, expected) in [
            (&[half, half, 1][..], (2, true)),
            (&[half, half], (2, false)),
            (&[half, half + 1], (1, true)),
            (&[whole + 1, 1], (1, true)),
            (&[whole + 1], (1, false)),
            (&[1, 1, 1, 1, 1], (4, true)),
            (&[], (0, false)),
        ] {
            assert_eq!(told(rows), expected, "{rows:?}");
        }
    }

    #[test]
    fn what_is_no_cursor_is_told() {
        let encode = |text: &[u8]| URL_SAFE_NO_PAD.encode(text);
        for text in [
            String::new(),
            "!".to_owned(),
            encode(b""),
            encode(b"1"),
            encode(b".x"),
            encode(b"1."),
            encode(b"-1.x"),
            encode(b"9007199254740992.x"),
            encode(b"1.a b"),
            encode(b"1.\xff"),
            encode(b"1.\0"),
            encode(format!("1.{}", "x".repeat(129)).as_bytes()),
        ] {
            assert_eq!(Page::decode(&format!("cursor={text}")), Err(PageError::Cursor), "{text}");
        }
    }
}
