//! How the service says that a topic stands, `GET /rooms/:token`: in how many relays are its sockets? It must not know
//! what is measured.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::arguments::{Arguments, Target};
use crate::failure::{Failure, Outcome};

const PATIENCE: Duration = Duration::from_secs(10);

/// What it says now of the target's topic, whose sockets are open; nothing unless `--standing` asks for it.
pub fn of(target: &Target, arguments: &Arguments) -> Outcome<Value> {
    if !arguments.switch("standing") {
        return Ok(Value::Null);
    }
    let Target { address, topic, secret, .. } = target;
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let request = format!(
        "GET /rooms/{topic} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {secret}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    // The answer has a length, so its body is one piece.
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
    serde_json::from_str(body).map_err(|_| Failure::new(format!("no standing: {answer}")))
}
