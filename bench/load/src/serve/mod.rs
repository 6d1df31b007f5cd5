//! The peer that marks the physical limit: one epoll loop that checks what everybody checks, and writes the same bytes
//! to every socket. All posts that are ready together leave in one write. It must not know about measuring.

mod connection;

use std::collections::HashMap;
use std::io::ErrorKind;

use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token};
use serde_json::Value;

use crate::arguments::Arguments;
use crate::failure::Outcome;
use crate::frames;
use connection::{Connection, Request};

const LISTENER: Token = Token(usize::MAX - 1);

#[derive(Default)]
struct Topic {
    subscribers: Vec<usize>,
    /// The frames that everybody of this topic is to get at the end of the turn.
    pending: Vec<u8>,
}

struct Server {
    poll: Poll,
    secret: String,
    connections: Vec<Option<Connection>>,
    free: Vec<usize>,
    topics: HashMap<String, Topic>,
}

/// Serves until it is killed.
pub fn run(arguments: &Arguments) -> Outcome<Value> {
    let target = arguments.target()?;
    let mut listener = TcpListener::bind(target.address)?;
    let poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut server = Server {
        poll,
        secret: format!("Bearer {}", target.secret),
        connections: Vec::new(),
        free: Vec::new(),
        topics: HashMap::new(),
    };
    let mut events = Events::with_capacity(1024);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match server.poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            other => other?,
        }
        let mut answers = Vec::new();
        for event in &events {
            if event.token() == LISTENER {
                server.accept(&listener)?;
            } else {
                server.serve(event.token().0, &mut buffer, &mut answers);
            }
        }
        server.fan_out();
        for (index, answer) in answers {
            server.write(index, answer.as_bytes());
        }
    }
}

impl Server {
    fn accept(&mut self, listener: &TcpListener) -> Outcome<()> {
        loop {
            let mut stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            stream.set_nodelay(true)?;
            let index = self.free.pop().unwrap_or(self.connections.len());
            let interest = Interest::READABLE | Interest::WRITABLE;
            self.poll.registry().register(&mut stream, Token(index), interest)?;
            let connection = Some(Connection::new(stream));
            match self.connections.get_mut(index) {
                Some(place) => *place = connection,
                None => self.connections.push(connection),
            }
        }
    }

    fn serve(&mut self, index: usize, buffer: &mut [u8], answers: &mut Vec<(usize, String)>) {
        let Some(connection) = self.connections.get_mut(index).and_then(Option::as_mut) else { return };
        let mut requests = Vec::new();
        let alive = connection.flush() && connection.read(buffer, &mut requests);
        for request in requests {
            self.handle(index, request, answers);
        }
        if !alive {
            self.forget(index);
        }
    }

    fn handle(&mut self, index: usize, request: Request, answers: &mut Vec<(usize, String)>) {
        match request {
            Request::Upgrade { topic, key } => {
                let head = format!(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                     Sec-WebSocket-Accept: {}\r\n\r\n",
                    frames::accept(&key)
                );
                let mut bytes = head.into_bytes();
                let greeting = format!(r#"{{"type":"connected","connectionId":"{index}"}}"#);
                frames::write_unmasked(frames::TEXT, greeting.as_bytes(), &mut bytes);
                self.write(index, &bytes);
                self.topics.entry(topic.clone()).or_default().subscribers.push(index);
                if let Some(Some(connection)) = self.connections.get_mut(index) {
                    connection.topic = Some(topic);
                }
            }
            Request::Post { topic, authorization, body } => {
                if authorization != self.secret {
                    answers.push((index, answer("401 Unauthorized", "{}")));
                } else if !is_object(&body) {
                    answers.push((index, answer("400 Bad Request", "{}")));
                } else {
                    let topic = self.topics.entry(topic).or_default();
                    frames::write_unmasked(frames::TEXT, &body, &mut topic.pending);
                    let connections = topic.subscribers.len();
                    let said = format!(r#"{{"success":true,"connections":{connections}}}"#);
                    answers.push((index, answer("200 OK", &said)));
                }
            }
        }
    }

    fn fan_out(&mut self) {
        let mut gone = Vec::new();
        for topic in self.topics.values_mut().filter(|topic| !topic.pending.is_empty()) {
            for index in &topic.subscribers {
                if let Some(Some(connection)) = self.connections.get_mut(*index)
                    && !connection.write(&topic.pending)
                {
                    gone.push(*index);
                }
            }
            topic.pending.clear();
        }
        for index in gone {
            self.forget(index);
        }
    }

    fn write(&mut self, index: usize, bytes: &[u8]) {
        if let Some(Some(connection)) = self.connections.get_mut(index)
            && !connection.write(bytes)
        {
            self.forget(index);
        }
    }

    fn forget(&mut self, index: usize) {
        let Some(connection) = self.connections.get_mut(index).and_then(Option::take) else { return };
        if let Some(topic) = connection.topic.and_then(|topic| self.topics.get_mut(&topic)) {
            topic.subscribers.retain(|other| *other != index);
        }
        self.free.push(index);
    }
}

fn is_object(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|value| value.is_object())
}

fn answer(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
