//! The options on the command line, read once. It must not know which scenario wants which option.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::str::FromStr;

use crate::dialect::Dialect;
use crate::failure::{Failure, Outcome};

/// `--name value` pairs; an option without a value is a switch.
pub struct Arguments(HashMap<String, String>);

/// Where the server is and how it is spoken to.
#[derive(Clone)]
pub struct Target {
    pub address: SocketAddr,
    pub topic: String,
    pub secret: String,
    pub dialect: Dialect,
    /// Asks for `?batch=1`.
    pub batch: bool,
    /// The processes whose time and memory count as the server's.
    pub processes: Vec<u32>,
}

impl Arguments {
    pub fn parse(words: impl Iterator<Item = String>) -> Outcome<Self> {
        let mut options = HashMap::new();
        let mut words = words.peekable();
        while let Some(word) = words.next() {
            let Some(name) = word.strip_prefix("--") else {
                return Err(Failure::new(format!("an option starts with --: {word}")));
            };
            let value = words.next_if(|next| !next.starts_with("--")).unwrap_or_default();
            options.insert(name.to_owned(), value);
        }
        Ok(Self(options))
    }

    pub fn switch(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub fn text(&self, name: &str, otherwise: &str) -> String {
        self.0.get(name).cloned().unwrap_or_else(|| otherwise.to_owned())
    }

    pub fn number<T: FromStr>(&self, name: &str, otherwise: T) -> Outcome<T> {
        match self.0.get(name) {
            None => Ok(otherwise),
            Some(text) => {
                text.parse().map_err(|_| Failure::new(format!("--{name} {text} is no such number")))
            }
        }
    }

    pub fn target(&self) -> Outcome<Target> {
        let address = self.text("address", "127.0.0.1:8080");
        let numbers = self.text("processes", "");
        let processes = numbers.split(',').filter(|number| !number.is_empty()).map(str::parse);
        Ok(Target {
            address: address
                .parse()
                .map_err(|_| Failure::new(format!("--address {address} is not host:port")))?,
            topic: self.text("topic", "BENCH"),
            secret: self.text("secret", "bench-secret"),
            dialect: self.text("dialect", "native").parse()?,
            batch: self.switch("batch"),
            processes: processes
                .collect::<Result<_, _>>()
                .map_err(|_| Failure::new(format!("--processes {numbers} are no process ids")))?,
        })
    }
}
