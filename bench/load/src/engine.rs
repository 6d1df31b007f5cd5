//! One epoll loop under all sockets: it opens them, reads what is ready, and tells a scenario. It must not know what is
//! measured.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::arguments::Target;
use crate::failure::{Failure, Outcome};
use crate::frames;
use crate::publisher::{Answer, Publisher};
use crate::subscriber::{Subscriber, Told};

/// Tokens from here on are publishers'.
const PUBLISHERS: usize = 1 << 32;
/// Few enough that an answer does not wait long behind frames that came with it.
const EVENTS_AT_ONCE: usize = 128;
const BUFFER: usize = 256 * 1024;
/// How many handshakes are begun before the first of them has to be complete.
const OPENING_AT_ONCE: usize = 64;
/// No server that works is silent for so long.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a scenario wants to hear.
pub trait Watch {
    /// A subscriber has got its greeting.
    fn opened(&mut self, _subscriber: usize, _greeting: &[u8], _at: Instant) -> Outcome<()> {
        Ok(())
    }
    fn news(&mut self, _subscriber: usize, _text: &[u8], _at: Instant) -> Outcome<()> {
        Ok(())
    }
    fn answered(&mut self, _publisher: usize, _answer: &Answer) -> Outcome<()> {
        Ok(())
    }
}

pub struct Engine {
    poll: Poll,
    buffer: Vec<u8>,
    pub target: Target,
    pub subscribers: Vec<Subscriber>,
    publishers: Vec<Publisher>,
}

/// Counts greetings, for those who wait for nothing else.
#[derive(Default)]
struct Greetings(usize);

impl Watch for Greetings {
    fn opened(&mut self, _: usize, _: &[u8], _: Instant) -> Outcome<()> {
        self.0 += 1;
        Ok(())
    }
}

impl Engine {
    pub fn new(target: Target) -> Outcome<Self> {
        Ok(Self {
            poll: Poll::new()?,
            buffer: vec![0; BUFFER],
            target,
            subscribers: Vec::new(),
            publishers: Vec::new(),
        })
    }

    /// Begins to open one more subscriber.
    pub fn begin(&mut self, path: &str) -> Outcome<()> {
        let token = Token(self.subscribers.len());
        let mut stream = TcpStream::connect(self.target.address)
            .map_err(|error| Failure::new(format!("no connection: {error}")))?;
        stream.set_nodelay(true)?;
        self.poll.registry().register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        let request = frames::upgrade_request(&self.target.address.to_string(), path);
        self.subscribers.push(Subscriber::new(stream, self.target.dialect, request));
        Ok(())
    }

    /// Opens `count` subscribers of the target's topic.
    pub fn open(&mut self, count: usize) -> Outcome<()> {
        let path = self.target.path();
        self.open_each(count, |_| path.clone())
    }

    /// Opens `count` subscribers, each with a path of its own.
    pub fn open_each(&mut self, count: usize, path: impl Fn(usize) -> String) -> Outcome<()> {
        let mut greetings = Greetings::default();
        let mut begun = 0;
        let patience = Instant::now() + PATIENCE;
        while greetings.0 < count {
            while begun < count && begun - greetings.0 < OPENING_AT_ONCE {
                self.begin(&path(begun))?;
                begun += 1;
            }
            self.turn(Duration::from_millis(100), &mut greetings)?;
            if Instant::now() > patience {
                return Err(Failure::new(format!("only {} of {count} sockets were opened", greetings.0)));
            }
        }
        Ok(())
    }

    /// Closes all subscribers at once.
    pub fn cut(&mut self) {
        self.subscribers.clear();
    }

    /// Connects `count` publishers.
    pub fn hire(&mut self, count: usize) -> Outcome<()> {
        for _ in 0..count {
            let publisher = self.new_publisher(self.publishers.len())?;
            self.publishers.push(publisher);
        }
        Ok(())
    }

    /// Posts to the target's topic; when it was sent.
    pub fn post(&mut self, publisher: usize, body: &str) -> Outcome<Instant> {
        let topic = self.target.topic.clone();
        self.post_to(publisher, &topic, body)
    }

    pub fn post_to(&mut self, publisher: usize, topic: &str, body: &str) -> Outcome<Instant> {
        self.post_at(publisher, &format!("/broadcast/{topic}"), body)
    }

    /// Posts many messages in one request.
    pub fn post_all(&mut self, publisher: usize, body: &str) -> Outcome<Instant> {
        self.post_at(publisher, "/broadcast", body)
    }

    /// Sends a text on a subscriber's socket.
    pub fn say(&mut self, subscriber: usize, text: &str) -> Outcome<()> {
        self.subscribers[subscriber].say(text)
    }

    fn post_at(&mut self, publisher: usize, path: &str, body: &str) -> Outcome<Instant> {
        if !self.publishers[publisher].is_connected() {
            self.publishers[publisher] = self.new_publisher(publisher)?;
        }
        self.publishers[publisher].post(&self.target, path, body)
    }

    fn new_publisher(&self, index: usize) -> Outcome<Publisher> {
        let stream = std::net::TcpStream::connect(self.target.address)
            .map_err(|error| Failure::new(format!("no connection: {error}")))?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        self.poll.registry().register(&mut stream, Token(PUBLISHERS + index), Interest::READABLE)?;
        Ok(Publisher::new(stream))
    }

    /// Waits until something is ready, but not longer than `wait`, and tells of all that is.
    pub fn turn(&mut self, wait: Duration, watch: &mut impl Watch) -> Outcome<()> {
        let mut events = Events::with_capacity(EVENTS_AT_ONCE);
        match self.poll.poll(&mut events, Some(wait)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            other => other?,
        }
        for event in &events {
            let index = event.token().0;
            if let Some(publisher) = index.checked_sub(PUBLISHERS) {
                let connection = &mut self.publishers[publisher];
                connection.readable(&mut self.buffer, &mut |answer| watch.answered(publisher, answer))?;
                continue;
            }
            let subscriber = &mut self.subscribers[index];
            if event.is_writable() {
                subscriber.writable()?;
            }
            if event.is_readable() {
                let ended = event.is_read_closed();
                subscriber.readable(&mut self.buffer, ended, &mut |told, at| match told {
                    Told::Opened(greeting) => watch.opened(index, greeting, at),
                    Told::News(text) => watch.news(index, text, at),
                })?;
            }
        }
        Ok(())
    }

    /// Turns until `done` says so; an error when that takes longer than `patience`.
    pub fn turn_until<W: Watch>(
        &mut self,
        watch: &mut W,
        patience: Duration,
        done: impl Fn(&W) -> bool,
    ) -> Outcome<()> {
        let end = Instant::now() + patience;
        while !done(watch) {
            let now = Instant::now();
            if now > end {
                return Err(Failure::new(format!("not complete after {} s", patience.as_secs())));
            }
            self.turn(end - now, watch)?;
        }
        Ok(())
    }
}
