//! What was really published, topic by topic: the list that everything which is seen is checked against. It must not
//! know a room or a relay.

use std::collections::BTreeMap;

use glow_broadcast::core::epoch::Epoch;
use glow_broadcast::core::publication::Publication;
use glow_broadcast::core::topic::Topic;

/// Every publication has a number of its own. A copy in a feed has the same.
pub type Number = u64;

/// Which life of a topic's order, from 0.
pub type Life = usize;

#[derive(Default)]
pub struct Truth {
    /// Whether topics have a past.
    pub keeps: bool,
    /// Whether the past is so long that nobody ever has to miss anything.
    pub is_strict: bool,
    lives: BTreeMap<Topic, Vec<Vec<Number>>>,
    epochs: Vec<(Topic, Epoch, Life)>,
}

impl Truth {
    pub fn new(keeps: bool, is_strict: bool) -> Self {
        Self { keeps, is_strict, ..Self::default() }
    }

    pub fn life(&self, topic: &Topic) -> Life {
        self.lives.get(topic).map_or(0, |lives| lives.len() - 1)
    }

    /// How many publications a life has.
    pub fn length(&self, topic: &Topic, life: Life) -> u64 {
        self.lives.get(topic).and_then(|lives| lives.get(life)).map_or(0, |log| log.len() as u64)
    }

    /// How many publications the present life has.
    pub fn last(&self, topic: &Topic) -> u64 {
        self.length(topic, self.life(topic))
    }

    pub fn append(&mut self, topic: &Topic, epoch: Epoch, number: Number) {
        let lives = self.lives.entry(topic.clone()).or_insert_with(|| vec![vec![]]);
        lives.last_mut().unwrap().push(number);
        let life = lives.len() - 1;
        if !self.epochs.iter().any(|(one, known, _)| one == topic && *known == epoch) {
            self.epochs.push((topic.clone(), epoch, life));
        }
    }

    /// What was never durable was never published.
    pub fn truncate(&mut self, topic: &Topic, length: u64) {
        let lives = self.lives.get_mut(topic).unwrap();
        lives.last_mut().unwrap().truncate(usize::try_from(length).unwrap());
        if length == 0 {
            let life = lives.len() - 1;
            self.epochs.retain(|(one, _, of)| one != topic || *of != life);
        }
    }

    /// The order begins anew.
    pub fn begin_life(&mut self, topic: &Topic) {
        self.lives.entry(topic.clone()).or_insert_with(|| vec![vec![]]).push(vec![]);
    }

    /// The life that an epoch is of, where that is known. An order that is kept has one life in the model.
    pub fn life_of(&self, topic: &Topic, epoch: Epoch) -> Option<Life> {
        if self.keeps {
            return (epoch != Epoch::Foreign).then_some(0);
        }
        self.epochs.iter().find(|(one, known, _)| one == topic && *known == epoch).map(|(.., life)| *life)
    }

    pub fn at(&self, topic: &Topic, life: Life, seq: u64) -> Number {
        self.lives[topic][life][usize::try_from(seq).unwrap() - 1]
    }

    /// Where a publication stands in a topic.
    pub fn place_of(&self, topic: &Topic, number: Number) -> Option<(Life, u64)> {
        let lives = self.lives.get(topic)?;
        lives.iter().enumerate().find_map(|(life, log)| {
            log.iter().position(|one| *one == number).map(|place| (life, place as u64 + 1))
        })
    }

    /// The topic that a publication in a feed was published to, and its place there; `None` where that is the feed.
    pub fn origin_of(&self, feed: &Topic, number: Number) -> Option<(Topic, Life, u64)> {
        self.lives
            .keys()
            .filter(|topic| *topic != feed)
            .find_map(|topic| self.place_of(topic, number).map(|(life, seq)| (topic.clone(), life, seq)))
    }
}

/// The number that a publication carries.
pub fn number_of(publication: &Publication) -> Number {
    let (_, rest) = publication.as_json().split_once("\"n\":").expect("each has its number");
    rest.split(|character: char| !character.is_ascii_digit()).next().unwrap().parse().unwrap()
}
