//! One connection of the serving loop: its bytes in, cut into requests, and its bytes out, as far as the kernel takes
//! them. It must not know about topics or what is answered.

use std::io::{ErrorKind, Read, Write};

use mio::net::TcpStream;

/// What a client asks for.
pub enum Request {
    Upgrade { topic: String, key: String },
    Post { topic: String, authorization: String, body: Vec<u8> },
}

pub struct Connection {
    stream: TcpStream,
    /// The topic of a subscriber: its frames are read and forgotten.
    pub topic: Option<String>,
    received: Vec<u8>,
    unsent: Vec<u8>,
}

impl Connection {
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, topic: None, received: Vec::new(), unsent: Vec::new() }
    }

    /// Reads all that has come; false when the connection is at its end.
    pub fn read(&mut self, buffer: &mut [u8], requests: &mut Vec<Request>) -> bool {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return false,
                Ok(count) if self.topic.is_none() => self.received.extend_from_slice(&buffer[..count]),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
        while let Some((request, length)) = first(&self.received) {
            self.received.drain(..length);
            match request {
                Some(request) => requests.push(request),
                None => return false,
            }
        }
        true
    }

    /// Sends, or keeps what the kernel does not take now; false when the connection is lost.
    pub fn write(&mut self, bytes: &[u8]) -> bool {
        if !self.unsent.is_empty() {
            self.unsent.extend_from_slice(bytes);
            return true;
        }
        match send(&mut self.stream, bytes) {
            Some(count) => {
                self.unsent.extend_from_slice(&bytes[count..]);
                true
            }
            None => false,
        }
    }

    /// Sends what was kept.
    pub fn flush(&mut self) -> bool {
        if self.unsent.is_empty() {
            return true;
        }
        match send(&mut self.stream, &self.unsent) {
            Some(count) => {
                self.unsent.drain(..count);
                true
            }
            None => false,
        }
    }
}

/// How many bytes the kernel took; none when the connection is lost.
fn send(stream: &mut TcpStream, bytes: &[u8]) -> Option<usize> {
    let mut sent = 0;
    while sent < bytes.len() {
        match stream.write(&bytes[sent..]) {
            Ok(count) => sent += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
    Some(sent)
}

/// The first complete request, if one is there, and its length; `None` inside for one that is not understood.
fn first(bytes: &[u8]) -> Option<(Option<Request>, usize)> {
    let end = memchr::memmem::find(bytes, b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..end]);
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let header = |name: &str| {
        let mut headers = head.lines().filter_map(|line| line.split_once(':'));
        let found = headers.find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim().to_owned())
    };
    let path = path.split('?').next().unwrap_or_default();
    if method == "GET" {
        let topic = path.strip_prefix("/ws/").map(str::to_owned);
        return Some((
            topic.zip(header("sec-websocket-key")).map(|(topic, key)| Request::Upgrade { topic, key }),
            end,
        ));
    }
    let length: usize = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let body = bytes.get(end..end + length)?.to_vec();
    let topic = path.strip_prefix("/broadcast/").map(str::to_owned);
    let authorization = header("authorization").unwrap_or_default();
    Some((topic.map(|topic| Request::Post { topic, authorization, body }), end + length))
}
