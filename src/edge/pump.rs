//! The loop that carries a room's outbox to its sockets: store a batch, wait until it is durable, offer it to the relays,
//! send it in chunks, answer its publishers, look again. Nothing in it waits for a timer to fill a batch: while one is
//! under way, the next grows by itself; nor for a relay: its publishers' answers do. It must not decide what a batch is
//! or who is answered what.

use std::rc::Rc;

use super::charting;
use super::lanes;
use super::log::RoomEvent;
use super::object_error::ObjectError;
use super::room_state::RoomState;
use super::sockets::Audience;
use super::unfinished;
use super::warnings;
use crate::core::balance_snapshot::wallet_of;
use crate::core::event::{Effect, Event, Outcome};
use crate::core::publication::{Publication, Seq, in_places};
use crate::wire::frame;
use crate::wire::room_protocol::Published;

/// Starts the pump unless it runs.
pub fn start(room: &Rc<RoomState>) {
    if room.is_pumping.replace(true) {
        return;
    }
    let pump = Rc::clone(room);
    room.state.wait_until(async move {
        run(&pump).await;
    });
}

async fn run(room: &Rc<RoomState>) {
    loop {
        match batch(room).await {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                room.failed(&error);
                room.recover();
                break;
            }
        }
    }
    room.is_pumping.set(false);
}

/// Carries one batch, and returns whether there was one.
async fn batch(room: &Rc<RoomState>) -> Result<bool, ObjectError> {
    let effects = room.step(Event::Drain)?;
    let is_batch = !effects.is_empty();
    // Who connects from here on is told of the batch in its greeting, and is not in this audience.
    let audience = room.audience()?;
    for effect in effects {
        match effect {
            Effect::Store(batch) => {
                room.save(&batch)?;
                unfinished::note(&room.state, true);
            }
            Effect::Broadcast { batch, epoch, first, publications, forwards } => {
                unfinished::note(&room.state, true);
                room.state.storage().sync().await?;
                let mut reports = lanes::push(room, epoch, first, &publications);
                reports.extend(lanes::forward(room, room.topic()?, epoch, &forwards));
                let connections = broadcast(room, &audience, first, &publications).await?;
                answer(room, room.step(Event::Sent { batch, connections })?);
                let handed = move |connections| Event::Handed { batch, connections };
                if reports.is_empty() {
                    answer(room, room.step(handed(connections))?);
                } else {
                    let (waiting, life) = (Rc::clone(room), room.life());
                    room.state.wait_until(async move {
                        let connections = connections + lanes::total(reports).await;
                        // Who waited for a batch of another life of the room in memory was told so.
                        if waiting.life() == life
                            && let Ok(effects) = waiting.step(handed(connections))
                        {
                            answer(&waiting, effects);
                        }
                    });
                }
            }
            Effect::Forward { epoch, forwards } => {
                drop(lanes::forward(room, room.topic()?, epoch, &forwards));
            }
            Effect::Learn(scales) => charting::learn(room, scales),
            Effect::Warn { alerts, firings } => warnings::publish(room, &alerts, firings).await?,
            Effect::Answer { .. } => answer(room, vec![effect]),
            effect => room.keep_house(&effect).await?,
        }
    }
    unfinished::note(&room.state, false);
    Ok(is_batch)
}

async fn broadcast(
    room: &RoomState,
    audience: &Audience,
    first: Seq,
    publications: &[Publication],
) -> Result<u32, ObjectError> {
    room.cut_lost_before(publications.iter().map(|one| one.as_json().len()).sum()).await?;
    let topic = room.topic()?;
    let updates = in_places(first, publications);
    let each = updates.clone().map(|(seq, one)| frame::publication(one, seq));
    let all = || frame::batch_updates(topic, updates);
    let frames = audience.frames(publications.len(), each, all);
    let connections = audience.send(&frames).await?;
    room.log.debug(|| RoomEvent::Published { publications: publications.len(), connections });
    Ok(connections)
}

/// The answer, with what names a place for ever where somebody needs that.
fn published(room: &RoomState, connections: u32, outcomes: &[Outcome]) -> Published {
    let published = Published::new(connections, outcomes);
    let is_wallets = room.topic().is_ok_and(|topic| wallet_of(topic).is_some());
    match room.standing() {
        Ok(standing) if is_wallets => published.in_epoch(standing.epoch),
        _ => published,
    }
}

fn answer(room: &RoomState, effects: Vec<Effect>) {
    for effect in effects {
        if let Effect::Answer { post, connections, outcomes } = effect {
            room.answer(post, published(room, connections, &outcomes));
        }
    }
}
