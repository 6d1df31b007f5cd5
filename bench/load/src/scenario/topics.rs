//! Sockets with many topics each, and publishers that never pause: how many deliveries a second, how long do they and the
//! publishers' answers take, and has each socket got just its own topics, each in order? It must not know of any other
//! scenario.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::rest;
use crate::arguments::Arguments;
use crate::engine::{Engine, Watch};
use crate::failure::{Failure, Outcome};
use crate::histogram::{Histogram, milliseconds};
use crate::meter::Meter;
use crate::payload::message_to;
use crate::publisher::Answer;
use crate::subscriptions::{Chance, Subscriptions};

const PATIENCE: Duration = Duration::from_mins(1);
/// Sockets whose subscriptions are asked for before the first of them has to be confirmed.
const ASKING_AT_ONCE: usize = 16;
/// Whatever comes twice comes within this.
const AFTERWARDS: Duration = Duration::from_millis(200);

/// Counts confirmed subscriptions.
struct Confirmations<'a> {
    confirmed_by: &'a dyn Fn(&[u8]) -> usize,
    missing: Vec<usize>,
    complete: usize,
}

impl Watch for Confirmations<'_> {
    fn news(&mut self, subscriber: usize, text: &[u8], _: Instant) -> Outcome<()> {
        let missing = &mut self.missing[subscriber];
        let confirmed = (self.confirmed_by)(text);
        if confirmed > *missing {
            return Err(Failure::new("a subscription was confirmed that nobody asked for"));
        }
        *missing -= confirmed;
        self.complete += usize::from(confirmed > 0 && *missing == 0);
        Ok(())
    }
}

/// What publishers and subscribers see.
struct Load {
    subscriptions: Subscriptions,
    idle: VecDeque<usize>,
    acknowledgement: Histogram,
    measured: Option<Range<Instant>>,
}

impl Watch for Load {
    fn news(&mut self, subscriber: usize, text: &[u8], at: Instant) -> Outcome<()> {
        self.subscriptions.received(subscriber, text, at);
        Ok(())
    }

    fn answered(&mut self, publisher: usize, answer: &Answer) -> Outcome<()> {
        if self.measured.as_ref().is_some_and(|measured| measured.contains(&answer.at)) {
            self.acknowledgement.add(answer.at - answer.sent);
        }
        self.idle.push_back(publisher);
        Ok(())
    }
}

impl Load {
    /// Whether all that was posted was answered, and has come.
    fn is_through(&self, publishers: usize) -> bool {
        self.idle.len() == publishers && self.subscriptions.is_complete()
    }
}

/// Who publishes: each publisher speaks for topics of its own, so that their order is known without asking the server.
struct Speakers {
    name: String,
    topics: usize,
    publishers: usize,
    messages_at_once: usize,
    chance: Chance,
    /// How many of its topics each publisher has posted to, one after another, before it goes on at random.
    begun: Vec<usize>,
}

impl Speakers {
    fn own(&self, publisher: usize) -> usize {
        (self.topics - publisher).div_ceil(self.publishers)
    }

    /// Whether every topic was posted to: a topic's first post is more work than the others.
    fn have_begun(&self) -> bool {
        self.begun.iter().enumerate().all(|(publisher, begun)| *begun == self.own(publisher))
    }

    fn next_topic(&mut self, publisher: usize) -> usize {
        let own = self.own(publisher);
        let begun = &mut self.begun[publisher];
        let place = if *begun < own {
            *begun += 1;
            *begun - 1
        } else {
            self.chance.below(own)
        };
        publisher + self.publishers * place
    }

    /// Has a publisher post to topics of its own, at random.
    fn post(
        &mut self,
        engine: &mut Engine,
        publisher: usize,
        subscriptions: &mut Subscriptions,
    ) -> Outcome<()> {
        let mut messages = Vec::new();
        let now = Instant::now();
        for _ in 0..self.messages_at_once {
            let topic = self.next_topic(publisher);
            let token = name_of(&self.name, topic);
            messages.push((message_to(&token, subscriptions.sent(topic, now)), token));
        }
        match messages.as_slice() {
            [(payload, token)] => engine.post_to(publisher, token, payload)?,
            several => {
                let items: Vec<String> = several
                    .iter()
                    .map(|(payload, token)| format!(r#"{{"token":"{token}","payload":{payload}}}"#))
                    .collect();
                engine.post_all(publisher, &format!(r#"{{"messages":[{}]}}"#, items.join(",")))?
            }
        };
        Ok(())
    }
}

pub fn run(arguments: &Arguments) -> Outcome<Value> {
    let sockets: usize = arguments.number("sockets", 500)?;
    let topics: usize = arguments.number("topics", 500)?;
    let each: usize = arguments.number("each", 50)?;
    let publishers: usize = arguments.number("publishers", 64)?;
    let messages_at_once: usize = arguments.number("messages-at-once", 1)?;
    let seconds = Duration::from_secs_f64(arguments.number("seconds", 3.0)?);
    let warm_up = Duration::from_secs_f64(arguments.number("warm-up", 1.5)?);
    let drain = Duration::from_secs_f64(arguments.number("drain", 30.0)?);
    if each > topics || publishers > topics || each * publishers * messages_at_once == 0 {
        return Err(Failure::new("there are too few topics, or nobody and nothing"));
    }
    let mut engine = Engine::new(arguments.target()?)?;
    let processes = engine.target.processes.clone();

    engine.hire(publishers)?;
    let path = engine.target.dialect.many_topics_path();
    engine.open_each(sockets, |_| path.to_owned())?;
    let mut chance = Chance::default();
    let chosen: Vec<Vec<usize>> = (0..sockets).map(|_| chance.choose(each, topics)).collect();
    let subscribing = Instant::now();
    subscribe(&mut engine, &chosen)?;
    let subscribing = subscribing.elapsed();
    rest(&mut engine, Duration::from_millis(200))?;

    let mut load = Load {
        subscriptions: Subscriptions::new(topics, &chosen),
        idle: (0..publishers).collect(),
        acknowledgement: Histogram::default(),
        measured: None,
    };
    let name = engine.target.topic.clone();
    let begun = vec![0; publishers];
    let mut speakers = Speakers { name, topics, publishers, messages_at_once, chance, begun };
    begin(&mut engine, &mut speakers, &mut load)?;
    let from = Instant::now() + warm_up;
    let until = from + seconds;
    load.measured = Some(from..until);
    load.subscriptions.measure(from..until);
    let mut meter = None;
    while Instant::now() < until {
        if meter.is_none() && Instant::now() >= from {
            meter = Some(Meter::start(&processes)?);
        }
        post(&mut engine, &mut speakers, &mut load)?;
    }
    let cost = match meter {
        Some(meter) => meter.report(load.subscriptions.deliveries)?,
        None => Value::Null,
    };
    let drained = engine.turn_until(&mut load, drain, |load| load.is_through(publishers)).is_ok();
    let end = Instant::now() + AFTERWARDS;
    while Instant::now() < end {
        engine.turn(end.saturating_duration_since(Instant::now()), &mut load)?;
    }
    let mut acknowledgement = load.acknowledgement.report();
    acknowledgement["count"] = load.acknowledgement.total().into();
    Ok(json!({
        "sockets": sockets,
        "topics": topics,
        "subscribedInMs": milliseconds(subscribing),
        "cost": cost,
        "acknowledgement": acknowledgement,
        "drained": drained,
        "ledger": load.subscriptions.report(),
    }))
}

/// Posts to every topic, and waits until all of that has come.
fn begin(engine: &mut Engine, speakers: &mut Speakers, load: &mut Load) -> Outcome<()> {
    let publishers = speakers.publishers;
    let patience = Instant::now() + PATIENCE;
    while !speakers.have_begun() {
        post(engine, speakers, load)?;
        if Instant::now() > patience {
            return Err(Failure::new("not every topic could be posted to"));
        }
    }
    engine.turn_until(load, PATIENCE, |load| load.is_through(publishers))
}

/// Has everybody post who waits for nothing, and hears what comes.
fn post(engine: &mut Engine, speakers: &mut Speakers, load: &mut Load) -> Outcome<()> {
    while let Some(publisher) = load.idle.pop_front() {
        speakers.post(engine, publisher, &mut load.subscriptions)?;
    }
    engine.turn(Duration::from_millis(20), load)
}

/// Subscribes each socket to its topics, and waits until all of that is confirmed.
fn subscribe(engine: &mut Engine, chosen: &[Vec<usize>]) -> Outcome<()> {
    let target = engine.target.clone();
    let frame = |topics: &[usize]| {
        let names: Vec<String> = topics.iter().map(|topic| name_of(&target.topic, *topic)).collect();
        target.dialect.subscribe_frame(&names, target.batch)
    };
    let each = chosen.first().map_or(0, Vec::len);
    let confirmed = |text: &[u8]| target.dialect.confirmed(text, each);
    let missing = vec![each; chosen.len()];
    let mut confirmations = Confirmations { confirmed_by: &confirmed, missing, complete: 0 };
    let mut asked = 0;
    let patience = Instant::now() + PATIENCE;
    while confirmations.complete < chosen.len() {
        while asked < chosen.len() && asked - confirmations.complete < ASKING_AT_ONCE {
            engine.say(asked, &frame(&chosen[asked]))?;
            asked += 1;
        }
        engine.turn(Duration::from_millis(100), &mut confirmations)?;
        if Instant::now() > patience {
            let complete = confirmations.complete;
            return Err(Failure::new(format!("only {complete} of {} sockets were subscribed", chosen.len())));
        }
    }
    Ok(())
}

fn name_of(prefix: &str, topic: usize) -> String {
    format!("{prefix}-{topic}")
}
