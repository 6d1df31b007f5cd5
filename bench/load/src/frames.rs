//! RFC 6455 as bytes: the handshake's texts, reading and writing frames. It must not know who sends them or why.

use crate::failure::{Failure, Outcome};

pub const TEXT: u8 = 1;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;

const LAST: u8 = 0x80;
const MASKED: u8 = 0x80;
/// In the place of a length: it follows, in so many bits.
const SIXTEEN_BITS: u8 = 0x7e;
const SIXTY_FOUR_BITS: u8 = 0x7f;

/// The key of every handshake: servers must answer it, and need not be surprised.
pub const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const MAGIC: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A client's frames must be masked, with a key that browsers draw at random against hostile pages. Nobody is here.
const MASK: [u8; 4] = [0x5a, 0xa5, 0x3c, 0xc3];

/// One frame, its payload still where it was read.
#[derive(Debug)]
pub struct Frame<'a> {
    pub opcode: u8,
    pub payload: &'a [u8],
    /// How many bytes it took, header included.
    pub length: usize,
}

/// The first frame in `bytes`, if it is complete.
pub fn first(bytes: &[u8]) -> Outcome<Option<Frame<'_>>> {
    let [start, size, ..] = *bytes else { return Ok(None) };
    if start & LAST == 0 || size & MASKED != 0 {
        return Err(Failure::new("the server sent a masked or fragmented frame"));
    }
    let (header, length) = match size {
        SIXTEEN_BITS => match *bytes {
            [_, _, high, low, ..] => (4, usize::from(u16::from_be_bytes([high, low]))),
            _ => return Ok(None),
        },
        SIXTY_FOUR_BITS => match bytes.get(2..10).and_then(|length| <[u8; 8]>::try_from(length).ok()) {
            Some(length) => (10, usize::try_from(u64::from_be_bytes(length)).unwrap_or(usize::MAX)),
            None => return Ok(None),
        },
        short => (2, usize::from(short)),
    };
    let end = header + length;
    Ok(bytes.get(header..end).map(|payload| Frame { opcode: start & 0x0f, payload, length: end }))
}

/// Appends a server's frame.
pub fn write_unmasked(opcode: u8, payload: &[u8], out: &mut Vec<u8>) {
    write_header(opcode, payload.len(), 0, out);
    out.extend_from_slice(payload);
}

/// Appends a client's frame.
pub fn write_masked(opcode: u8, payload: &[u8], out: &mut Vec<u8>) {
    write_header(opcode, payload.len(), MASKED, out);
    out.extend_from_slice(&MASK);
    out.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

fn write_header(opcode: u8, length: usize, masked: u8, out: &mut Vec<u8>) {
    out.push(LAST | opcode);
    if let Some(short) = u8::try_from(length).ok().filter(|length| *length < SIXTEEN_BITS) {
        out.push(masked | short);
    } else if let Ok(middle) = u16::try_from(length) {
        out.push(masked | SIXTEEN_BITS);
        out.extend_from_slice(&middle.to_be_bytes());
    } else {
        out.push(masked | SIXTY_FOUR_BITS);
        out.extend_from_slice(&(length as u64).to_be_bytes());
    }
}

/// The request that opens a socket.
pub fn upgrade_request(host: &str, path: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    .into_bytes()
}

/// The answer that a server gives to a key.
pub fn accept(key: &str) -> String {
    base64(&sha1_smol::Sha1::from(format!("{key}{MAGIC}")).digest().bytes())
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let at = |index: usize| u32::from(group.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for digit in 0..4 {
            let index = (bits >> (18 - 6 * digit)) & 63;
            text.push(if digit > group.len() { '=' } else { char::from(ALPHABET[index as usize]) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_gets_the_answer_of_the_rfc() {
        assert_eq!(accept(KEY), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_frame_of_any_length_comes_back_whole_and_not_before_its_end() {
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let payload = vec![7; length];
            let mut bytes = Vec::new();
            write_unmasked(TEXT, &payload, &mut bytes);
            let frame = first(&bytes).unwrap().unwrap();
            assert_eq!((frame.opcode, frame.payload, frame.length), (TEXT, &payload[..], bytes.len()));
            assert!(first(&bytes[..bytes.len() - 1]).unwrap().is_none());
        }
    }
}
