//! Pictures, told apart by their bytes and never by their name; and what is said of an upload. It must not know whose a
//! picture is, and draws none.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::request_body;
use crate::core::image_key::ImageKey;

/// The largest picture, in bytes.
pub const MAX_IMAGE_BYTES: usize = 5 * 1_048_576;

/// The largest body that asks for an upload, in bytes.
pub const MAX_WISH_BYTES: usize = 4_096;

/// The most pixels of a side: what a phone can still draw.
const MAX_SIDE: u32 = 8_192;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR";

/// The kinds of pictures that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageType {
    /// WebP.
    Webp,
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
}

/// Why bytes are no picture that is taken.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ImageError {
    /// None of the kinds.
    #[error("the body has to be one picture: WebP, PNG or JPEG")]
    Unknown,
    /// It begins as one, and then does not say how large it is.
    #[error("the picture is broken: its size can't be read")]
    Broken,
    /// It has too many pixels.
    #[error("the picture has {width} × {height} pixels: a side may have {MAX_SIDE}")]
    TooLarge {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
    },
}

impl ImageType {
    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Webp => "image/webp",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
        }
    }

    /// What a picture is, by its first bytes and its size in pixels.
    ///
    /// # Errors
    /// [`ImageError`].
    pub fn of(bytes: &[u8]) -> Result<Self, ImageError> {
        let (kind, size) = if let Some(header) = bytes.strip_prefix(PNG) {
            (Self::Png, png_size(header))
        } else if bytes.starts_with(b"\xff\xd8\xff") {
            (Self::Jpeg, jpeg_size(bytes))
        } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            (Self::Webp, webp_size(bytes))
        } else {
            return Err(ImageError::Unknown);
        };
        match size {
            Some((width, height)) if width > MAX_SIDE || height > MAX_SIDE => {
                Err(ImageError::TooLarge { width, height })
            }
            Some((1.., 1..)) => Ok(kind),
            _ => Err(ImageError::Broken),
        }
    }
}

/// Width and height, which are the first of a PNG's header.
fn png_size(header: &[u8]) -> Option<(u32, u32)> {
    let (width, rest) = header.split_first_chunk()?;
    Some((u32::from_be_bytes(*width), u32::from_be_bytes(*rest.first_chunk()?)))
}

/// Width and height from the first frame header among a JPEG's segments (ITU T.81 §B.2.2).
fn jpeg_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut rest = bytes.get(2..)?;
    loop {
        let (marker, segment) = match rest {
            // Any number of these may stand before a marker.
            [0xff, 0xff, ..] => {
                rest = rest.get(1..)?;
                continue;
            }
            [0xff, marker, segment @ ..] => (*marker, segment),
            _ => return None,
        };
        match marker {
            0xc4 | 0xc8 | 0xcc => {}
            0xc0..=0xcf => {
                let frame = segment.get(3..7)?;
                let (height, width) = (frame.first_chunk()?, frame.last_chunk()?);
                return Some((u16::from_be_bytes(*width).into(), u16::from_be_bytes(*height).into()));
            }
            // The picture's data, and its end, before any header.
            0xd0..=0xda => return None,
            _ => {}
        }
        let length = u16::from_be_bytes(*segment.first_chunk()?);
        rest = segment.get(usize::from(length).max(2)..)?;
    }
}

/// Width and height from a WebP's first chunk (RFC 9649 §2).
fn webp_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let declared = usize::try_from(u32::from_le_bytes(*bytes.get(4..)?.first_chunk()?)).ok()?;
    if declared.saturating_add(8) > bytes.len() {
        return None;
    }
    let (kind, content) = (bytes.get(12..16)?, bytes.get(20..)?);
    match kind {
        b"VP8 " if content.get(3..6)? == b"\x9d\x01\x2a" => {
            let side = |at: usize| Some(u16::from_le_bytes(*content.get(at..)?.first_chunk()?) & 0x3fff);
            Some((side(6)?.into(), side(8)?.into()))
        }
        b"VP8L" if content.first()? == &0x2f => {
            let bits = u32::from_le_bytes(*content.get(1..)?.first_chunk()?);
            Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        b"VP8X" => {
            let side = |at: usize| {
                let [low, middle, high] = *content.get(at..)?.first_chunk::<3>()?;
                Some(u32::from_le_bytes([low, middle, high, 0]) + 1)
            };
            Some((side(4)?, side(7)?))
        }
        _ => None,
    }
}

/// The media type that somebody says a picture will have; `None` where nothing that is understood is said. It only gives
/// the key its ending.
#[must_use]
pub fn wanted_type(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wish {
        content_type: String,
    }
    let wish: Wish = serde_json::from_str(request_body::text_of(body).ok()?).ok()?;
    Some(wish.content_type)
}

/// The JSON of a permission to upload.
#[must_use]
pub fn permission(upload_url: &str, public_url: &str, key: &ImageKey, expires_in: u64) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer<'a> {
        upload_url: &'a str,
        public_url: &'a str,
        key: &'a str,
        expires_in: u64,
    }
    super::to_json(&Answer { upload_url, public_url, key: key.as_str(), expires_in })
}

/// The JSON of a picture that was taken.
#[must_use]
pub fn uploaded(public_url: &str, key: &ImageKey, kind: ImageType, size: usize) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer<'a> {
        public_url: &'a str,
        key: &'a str,
        content_type: &'static str,
        size: usize,
    }
    super::to_json(&Answer { public_url, key: key.as_str(), content_type: kind.media_type(), size })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        [PNG, &width.to_be_bytes(), &height.to_be_bytes(), b"\x08\x06\0\0\0"].concat()
    }

    fn jpeg(before: &[u8], frame: u8, width: u16, height: u16) -> Vec<u8> {
        let start = [0xff, frame, 0, 11, 8];
        [b"\xff\xd8", before, &start, &height.to_be_bytes(), &width.to_be_bytes(), b"\x01\x11\0\x01"].concat()
    }

    fn webp(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
        let length = |bytes: usize| u32::try_from(bytes).unwrap().to_le_bytes();
        [b"RIFF", &length(12 + content.len())[..], b"WEBP", &kind, &length(content.len()), content].concat()
    }

    const LOSSY: &[u8] = b"\x30\x01\0\x9d\x01\x2a\x20\0\x10\x40\0\0";
    const APPLICATION: &[u8] = b"\xff\xff\xe0\0\x04ab\xff\xc4\0\x02";

    #[test]
    fn a_picture_is_what_its_bytes_are() {
        for (bytes, kind) in [
            (png(1, 1), ImageType::Png),
            (png(8_192, 8_192), ImageType::Png),
            (jpeg(b"\xff\xe0\0\x04ab", 0xc0, 640, 480), ImageType::Jpeg),
            (jpeg(APPLICATION, 0xc2, 1, 1), ImageType::Jpeg),
            (webp(*b"VP8 ", LOSSY), ImageType::Webp),
            (webp(*b"VP8L", b"\x2f\x0f\xc0\x03\0\0"), ImageType::Webp),
            (webp(*b"VP8X", b"\x10\0\0\0\x0f\0\0\x0f\0\0"), ImageType::Webp),
        ] {
            assert_eq!(ImageType::of(&bytes), Ok(kind), "{bytes:?}");
        }
    }

    #[test]
    fn another_kind_is_none_whatever_it_is_called() {
        for bytes in [
            &b""[..],
            b"GIF89a\x01\0\x01\0",
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            b"<html><img src=a.png></html>",
            b"BM\0\0",
            b"\0\0\0\x20ftypavif",
            b"RIFF\x04\0\0\0WAVE",
            b" \x89PNG\r\n\x1a\n",
        ] {
            assert_eq!(ImageType::of(bytes), Err(ImageError::Unknown), "{bytes:?}");
        }
    }

    #[test]
    fn one_that_is_cut_anywhere_in_its_header_is_broken() {
        let whole = [
            png(16, 16)[..24].to_vec(),
            jpeg(APPLICATION, 0xc0, 16, 16)[..22].to_vec(),
            webp(*b"VP8 ", LOSSY),
            webp(*b"VP8X", b"\x10\0\0\0\x0f\0\0\x0f\0\0"),
        ];
        for bytes in whole {
            assert!(ImageType::of(&bytes).is_ok(), "{bytes:?}");
            for length in 0..bytes.len() {
                assert!(ImageType::of(&bytes[..length]).is_err(), "{length} of {bytes:?}");
            }
        }
        for bytes in [
            png(0, 1),
            jpeg(b"", 0xda, 1, 1),
            jpeg(b"", 0xc0, 0, 1),
            webp(*b"VP8 ", b"\x30\x01\0\0\0\0\x20\0\x10\0\0\0"),
            webp(*b"ANIM", LOSSY),
        ] {
            assert_eq!(ImageType::of(&bytes), Err(ImageError::Broken), "{bytes:?}");
        }
    }

    #[test]
    fn one_that_no_phone_can_draw_is_too_large() {
        for (width, height) in [(8_193, 1), (1, u32::MAX)] {
            assert_eq!(ImageType::of(&png(width, height)), Err(ImageError::TooLarge { width, height }));
        }
    }

    #[test]
    fn segments_of_no_length_do_not_hang_the_reader() {
        let bytes = [b"\xff\xd8".to_vec(), b"\xff\xe0\0\0".repeat(1_000)].concat();
        assert_eq!(ImageType::of(&bytes), Err(ImageError::Broken));
        assert_eq!(ImageType::of(&[&b"\xff\xd8"[..], &[0xff; 1_000]].concat()), Err(ImageError::Broken));
    }

    #[test]
    fn a_wish_is_read_where_there_is_one() {
        assert_eq!(wanted_type(br#"{"contentType":"image/png","x":1}"#).as_deref(), Some("image/png"));
        for body in [&b""[..], b"{}", b"x", b"[]", br#"{"contentType":1}"#, b"\xff"] {
            assert_eq!(wanted_type(body), None, "{body:?}");
        }
    }

    #[test]
    fn answers_have_the_names_of_the_contract() {
        let key = ImageKey::parse("tokens/T/image-1.webp").unwrap();
        assert_eq!(
            permission("u", "p", &key, 3_600),
            r#"{"uploadUrl":"u","publicUrl":"p","key":"tokens/T/image-1.webp","expiresIn":3600}"#
        );
        assert_eq!(
            uploaded("p", &key, ImageType::Png, 5),
            r#"{"publicUrl":"p","key":"tokens/T/image-1.webp","contentType":"image/png","size":5}"#
        );
    }
}
