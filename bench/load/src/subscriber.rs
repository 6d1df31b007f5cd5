//! One WebSocket of a client: its handshake, its frames, its greeting. It must not know what is measured, nor when to
//! open or close.

use std::io::{ErrorKind, Read, Write};
use std::mem;
use std::time::Instant;

use mio::net::TcpStream;

use crate::dialect::{Dialect, Meaning};
use crate::failure::{Failure, Outcome};
use crate::frames::{self, CLOSE, PING, PONG, TEXT};

#[derive(PartialEq, Eq)]
enum Phase {
    Connecting,
    Upgrading,
    Greeting,
    Open,
}

/// What a subscriber tells of itself.
pub enum Told<'a> {
    Opened(&'a [u8]),
    News(&'a [u8]),
}

pub struct Subscriber {
    pub stream: TcpStream,
    dialect: Dialect,
    phase: Phase,
    request: Vec<u8>,
    /// The start of a frame, or of the handshake's answer, whose rest is still on its way.
    part: Vec<u8>,
}

impl Subscriber {
    pub fn new(stream: TcpStream, dialect: Dialect, request: Vec<u8>) -> Self {
        Self { stream, dialect, phase: Phase::Connecting, request, part: Vec::new() }
    }

    /// Sends the request once the connection stands.
    pub fn writable(&mut self) -> Outcome<()> {
        if self.phase != Phase::Connecting || !connected(&self.stream)? {
            return Ok(());
        }
        self.phase = Phase::Upgrading;
        let request = mem::take(&mut self.request);
        self.send(&request)
    }

    /// Reads what there is. `to_the_end`: the server may have closed behind it.
    pub fn readable(
        &mut self,
        buffer: &mut [u8],
        to_the_end: bool,
        tell: &mut impl FnMut(Told<'_>, Instant) -> Outcome<()>,
    ) -> Outcome<()> {
        loop {
            let count = match self.stream.read(buffer) {
                Ok(0) => return Err(Failure::new("the server closed a socket")),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(Failure::new(format!("a socket was lost: {error}"))),
            };
            let at = Instant::now();
            let mut tell_now = |told: Told<'_>| tell(told, at);
            if self.part.is_empty() {
                let done = self.consume(&buffer[..count], &mut tell_now)?;
                self.part.extend_from_slice(&buffer[done..count]);
            } else {
                let mut bytes = mem::take(&mut self.part);
                bytes.extend_from_slice(&buffer[..count]);
                let done = self.consume(&bytes, &mut tell_now)?;
                bytes.drain(..done);
                self.part = bytes;
            }
            // The buffer was larger than what had come: more will be announced by another event.
            if count < buffer.len() && !to_the_end {
                return Ok(());
            }
        }
    }

    /// Takes whole frames off the start of `bytes`; how many bytes that were.
    fn consume(&mut self, bytes: &[u8], tell: &mut impl FnMut(Told<'_>) -> Outcome<()>) -> Outcome<usize> {
        let mut done = 0;
        if self.phase == Phase::Upgrading {
            let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") else { return Ok(0) };
            if !bytes.starts_with(b"HTTP/1.1 101 ") {
                let line = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
                return Err(Failure::new(format!("no upgrade: {}", String::from_utf8_lossy(line))));
            }
            self.phase = Phase::Greeting;
            done = end + 4;
        }
        while let Some(frame) = frames::first(&bytes[done..])? {
            done += frame.length;
            match frame.opcode {
                TEXT => self.hear(frame.payload, tell)?,
                PING => self.send_frame(PONG, frame.payload)?,
                CLOSE => {
                    return Err(Failure::new(format!("the server closed a socket{}", why(frame.payload))));
                }
                _ => {}
            }
        }
        Ok(done)
    }

    fn hear(&mut self, text: &[u8], tell: &mut impl FnMut(Told<'_>) -> Outcome<()>) -> Outcome<()> {
        match self.dialect.understand(text, self.phase == Phase::Open) {
            Meaning::News(text) => tell(Told::News(text)),
            Meaning::Answer(answer) => self.send_frame(TEXT, answer),
            Meaning::Nothing => Ok(()),
            Meaning::Welcome(text) => {
                self.phase = Phase::Open;
                tell(Told::Opened(text))
            }
        }
    }

    /// Sends a text.
    pub fn say(&mut self, text: &str) -> Outcome<()> {
        self.send_frame(TEXT, text.as_bytes())
    }

    fn send_frame(&mut self, opcode: u8, payload: &[u8]) -> Outcome<()> {
        let mut bytes = Vec::new();
        frames::write_masked(opcode, payload, &mut bytes);
        self.send(&bytes)
    }

    /// A client says so little that it always fits into the kernel's buffer.
    fn send(&mut self, bytes: &[u8]) -> Outcome<()> {
        self.stream.write_all(bytes).map_err(|error| Failure::new(format!("a socket was lost: {error}")))
    }
}

/// Whether a connection that was begun stands by now.
fn connected(stream: &TcpStream) -> Outcome<bool> {
    if let Some(error) = stream.take_error()? {
        return Err(Failure::new(format!("no connection: {error}")));
    }
    Ok(stream.peer_addr().is_ok())
}

fn why(close: &[u8]) -> String {
    match close {
        [high, low, ..] => format!(" with {}", u16::from_be_bytes([*high, *low])),
        _ => String::new(),
    }
}
