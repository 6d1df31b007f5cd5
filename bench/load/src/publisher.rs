//! One connection of a publisher: HTTP/1.1 kept alive, one post at a time. It must not know what is posted, nor when.

use std::io::{ErrorKind, Read, Write};
use std::time::Instant;

use mio::net::TcpStream;

use crate::arguments::Target;
use crate::failure::{Failure, Outcome};

/// When a post was written, and when the server said that it succeeded.
pub struct Answer {
    pub sent: Instant,
    pub at: Instant,
}

pub struct Publisher {
    pub stream: TcpStream,
    connected: bool,
    /// When the post was written whose answer is awaited.
    sent: Option<Instant>,
    answer: Vec<u8>,
}

impl Publisher {
    /// With a connection that stands.
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, connected: true, sent: None, answer: Vec::new() }
    }

    pub fn is_connected(&self) -> bool {
        self.connected
    }

    /// Posts a body to a path of the target.
    pub fn post(&mut self, target: &Target, path: &str, body: &str) -> Outcome<Instant> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            target.address,
            target.secret,
            body.len()
        );
        let sent = Instant::now();
        self.sent = Some(sent);
        // It fits into the kernel's buffer: nothing else is on its way on this connection.
        self.stream.write_all(request.as_bytes()).map_err(|error| lost(&error))?;
        Ok(sent)
    }

    pub fn readable(
        &mut self,
        buffer: &mut [u8],
        tell: &mut impl FnMut(&Answer) -> Outcome<()>,
    ) -> Outcome<()> {
        loop {
            match self.stream.read(buffer) {
                // Servers close connections that nothing was posted on for a while.
                Ok(0) if self.sent.is_none() => {
                    self.connected = false;
                    return Ok(());
                }
                Ok(0) => return Err(Failure::new("the server closed a publisher's connection")),
                Ok(count) => self.answer.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(lost(&error)),
            }
            let at = Instant::now();
            let Some((start, end)) = body(&self.answer)? else { continue };
            let Some(sent) = self.sent.take() else {
                return Err(Failure::new("an answer came to nothing that was posted"));
            };
            let body = &self.answer[start..end];
            let says = |words: &[u8]| memchr::memmem::find(body, words).is_some();
            // Of many messages in one post, one may have failed.
            if !says(br#""success":true"#) || says(br#""success":false"#) {
                return Err(Failure::new(format!("a post failed: {}", String::from_utf8_lossy(body))));
            }
            tell(&Answer { sent, at })?;
            self.answer.clear();
        }
    }
}

/// Where the body of a complete answer is; none while a part is missing.
fn body(answer: &[u8]) -> Outcome<Option<(usize, usize)>> {
    let Some(head) = memchr::memmem::find(answer, b"\r\n\r\n") else { return Ok(None) };
    let start = head + 4;
    let headers = String::from_utf8_lossy(&answer[..head]).to_ascii_lowercase();
    let end = match header(&headers, "content-length").and_then(|length| length.parse::<usize>().ok()) {
        Some(length) => start + length,
        None if answer.ends_with(b"0\r\n\r\n") => answer.len(),
        None => return Ok(None),
    };
    if answer.len() < end {
        return Ok(None);
    }
    if !headers.starts_with("http/1.1 200 ") {
        let line = headers.lines().next().unwrap_or_default();
        let said = String::from_utf8_lossy(&answer[start..end]);
        return Err(Failure::new(format!("a post was refused: {line}: {said}")));
    }
    Ok(Some((start, end)))
}

fn header<'a>(headers: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = headers.lines().filter_map(|line| line.split_once(':'));
    lines.find_map(|(found, value)| (found == name).then_some(value.trim()))
}

fn lost(error: &std::io::Error) -> Failure {
    Failure::new(format!("a publisher's connection was lost: {error}"))
}
