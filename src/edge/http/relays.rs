//! The Worker's way to the relays: the one of the client's place that has room. It must not know what is sent on a
//! socket.

use std::cell::RefCell;
use std::collections::BTreeMap;

use worker::{Env, Headers, Response};

use super::problems::HttpError;
use crate::auth::address::AddressHash;
use crate::core::access::Identity;
use crate::core::place::Place;
use crate::core::relay::effect::TurnedAway;
use crate::core::relay::name::{Purpose, RelayName};
use crate::core::time::UnixMillis;
use crate::core::topic::Topic;
use crate::edge::{objects, runtime};
use crate::wire::relay_attachment::encode_identity;
use crate::wire::relay_protocol::{IDENTITY_HEADER, OPEN_PATH, decode_turned_away};
use crate::wire::room_protocol::{ADDRESS_HEADER, REFUSED_STATUS};
use crate::wire::subscription::{self, Subscription};

/// For how long it is remembered which relays of a place are full, in milliseconds. Then those before are tried again,
/// so that they fill up before others open.
const MEMORY_MILLIS: u64 = 30_000;

/// The most relays of one place that are tried for one socket. With the default capacity that is 8 million sockets.
const MOST_TRIED: u32 = 1_000;

/// Who opens a socket.
#[derive(Clone, Copy)]
pub struct Client<'a> {
    /// Where it is.
    pub place: Option<Place>,
    /// Its hashed address, where it is known.
    pub address: Option<&'a AddressHash>,
    /// Who it is.
    pub identity: Option<&'a Identity>,
}

/// Opens a socket for many topics.
pub async fn open(env: &Env, client: &Client<'_>) -> Result<Response, HttpError> {
    place(env, Purpose::Many, client, OPEN_PATH).await
}

/// Opens a socket for one topic, which its room does not hold.
pub async fn open_topic(
    env: &Env,
    client: &Client<'_>,
    topic: &Topic,
    subscription: &Subscription,
) -> Result<Response, HttpError> {
    let path = format!("{OPEN_PATH}/{topic}?{}", subscription::encode(subscription));
    let address = client.address.map(|address| address.on(topic));
    place(env, Purpose::One, &Client { address: address.as_ref(), ..*client }, &path).await
}

/// Places a socket in the first relay of the client's place that has room.
async fn place(env: &Env, purpose: Purpose, client: &Client<'_>, path: &str) -> Result<Response, HttpError> {
    let first = first_to_try(purpose, client.place);
    for number in first..first.saturating_add(MOST_TRIED) {
        let name = RelayName { purpose, place: client.place, number };
        let mut response = objects::handshake(&objects::relay(env, name)?, path, headers_of(client)?).await?;
        match response.status_code() {
            101 => {
                remember(name);
                return Ok(response);
            }
            REFUSED_STATUS => match decode_turned_away(&response.text().await?)? {
                TurnedAway::Full => {}
                why => return Err(HttpError::TurnedAway(why)),
            },
            status => return Err(HttpError::RelayStatus(status)),
        }
    }
    Err(HttpError::TurnedAway(TurnedAway::Full))
}

fn headers_of(client: &Client<'_>) -> Result<Headers, HttpError> {
    let headers = Headers::new();
    if let Some(address) = client.address {
        headers.set(ADDRESS_HEADER, address.as_str())?;
    }
    if let Some(identity) = client.identity {
        headers.set(IDENTITY_HEADER, &encode_identity(identity))?;
    }
    Ok(headers)
}

/// The first relay of a place that had room, and when that was found.
type WithRoom = BTreeMap<(Purpose, Option<Place>), (u32, UnixMillis)>;

thread_local! {
    /// Only a shortcut: who forgets it asks the full ones again.
    static WITH_ROOM: RefCell<WithRoom> = RefCell::default();
}

fn first_to_try(purpose: Purpose, place: Option<Place>) -> u32 {
    let now = runtime::now();
    WITH_ROOM.with_borrow_mut(|known| {
        known.retain(|_, (_, since)| now.since(*since) < MEMORY_MILLIS);
        known.get(&(purpose, place)).map_or(0, |(number, _)| *number)
    })
}

fn remember(name: RelayName) {
    let found = (name.number, runtime::now());
    WITH_ROOM.with_borrow_mut(|known| {
        let first = known.entry((name.purpose, name.place)).or_insert(found);
        if first.0 != name.number {
            *first = found;
        }
    });
}
