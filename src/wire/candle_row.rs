//! The minutes of an hour as its row in the table of candles holds them, and the minutes that a room adds to them: arrays
//! of arrays. Rows outlive deployments, so a later version has to read what an earlier one wrote. It must not know a table.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::digits::Digits;
use super::to_json;
use crate::core::market::candle::Candle;
use crate::core::market::hour::{Addition, Hour, HourStart, StoredCandle};
use crate::core::market::minute::{Group, Minute};
use crate::core::tick::ChainTime;

/// Why a text holds no minutes.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum CandleRowError {
    /// It is not the JSON that was written.
    #[error("a row of candles is an array of minutes with 12 fields each")]
    Shape,
    /// A minute that no hour has.
    #[error("an hour has no minute {minute}")]
    Minute {
        /// Which.
        minute: u64,
    },
}

/// A minute: which, the group, open, high, low, close, volume, trades, the first time and its slot, the last and its slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MinuteFields(u64, u64, Digits, Digits, Digits, Digits, Digits, u64, u64, u64, u64, u64);

impl MinuteFields {
    pub(super) fn of(minute: u64, group: Group, candle: &Candle) -> Self {
        let Candle { open, high, low, close, volume, trades, first, last } = candle.clone();
        let [open, high, low, close, volume] = [open, high, low, close, volume].map(Digits);
        let (first, last) = ((first.timestamp, first.slot), (last.timestamp, last.slot));
        Self(minute, group.0, open, high, low, close, volume, trades, first.0, first.1, last.0, last.1)
    }

    pub(super) fn read(self) -> (u64, Group, Candle) {
        let Self(minute, group, open, high, low, close, volume, trades, first, first_slot, last, last_slot) =
            self;
        let candle = Candle {
            open: open.0,
            high: high.0,
            low: low.0,
            close: close.0,
            volume: volume.0,
            trades,
            first: ChainTime::bounded(first, first_slot),
            last: ChainTime::bounded(last, last_slot),
        };
        (minute, Group(group), candle)
    }

    pub(super) fn of_addition(addition: &Addition) -> Self {
        Self::of(addition.minute.0, addition.group, &addition.candle)
    }

    pub(super) fn into_addition(self) -> Addition {
        let (minute, group, candle) = self.read();
        Addition { minute: Minute(minute), group, candle }
    }
}

/// The text of an hour's minutes.
#[must_use]
pub fn encode(hour: &Hour) -> String {
    let minutes = hour.minutes.iter();
    let fields: Vec<_> = minutes
        .map(|(minute, stored)| MinuteFields::of((*minute).into(), stored.group, &stored.candle))
        .collect();
    to_json(&fields)
}

/// Reads [`encode`] of the hour that begins at `start`.
///
/// # Errors
/// What is wrong with the text.
pub fn decode(start: HourStart, text: &str) -> Result<Hour, CandleRowError> {
    let fields: Vec<MinuteFields> = serde_json::from_str(text).map_err(|_| CandleRowError::Shape)?;
    let minute = |fields: MinuteFields| {
        let (minute, group, candle) = fields.read();
        let place = u8::try_from(minute).ok().filter(|place| *place < 60);
        Ok((place.ok_or(CandleRowError::Minute { minute })?, StoredCandle { candle, group }))
    };
    Ok(Hour { start, minutes: fields.into_iter().map(minute).collect::<Result<BTreeMap<_, _>, _>>()? })
}

/// The text of what is added to minutes, as a room tells it: minutes are counted from the Unix epoch here.
#[must_use]
pub fn encode_additions(additions: impl IntoIterator<Item = Addition>) -> String {
    to_json(&additions.into_iter().map(|addition| MinuteFields::of_addition(&addition)).collect::<Vec<_>>())
}

/// Reads [`encode_additions`].
///
/// # Errors
/// [`CandleRowError::Shape`].
pub fn decode_additions(text: &str) -> Result<Vec<Addition>, CandleRowError> {
    let fields: Vec<MinuteFields> = serde_json::from_str(text).map_err(|_| CandleRowError::Shape)?;
    Ok(fields.into_iter().map(MinuteFields::into_addition).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::market::example::number;

    fn addition() -> Addition {
        let at = ChainTime { timestamp: 3_665, slot: 7 };
        let candle = Candle::of_trade(&number("0.000055398041599614002231"), &number("33970.733092"), at);
        Addition { minute: Minute(61), group: Group(62), candle }
    }

    #[test]
    fn the_stored_form_is_unchanged() {
        let mut hour = Hour { start: HourStart(3_600), ..Hour::default() };
        hour.add([addition()]);
        let text = concat!(
            r#"[[1,62,"0.000055398041599614002231","0.000055398041599614002231","0.000055398041599614002231","#,
            r#""0.000055398041599614002231","33970.733092",1,3665,7,3665,7]]"#
        );
        assert_eq!(encode(&hour), text);
        assert_eq!(decode(HourStart(3_600), text), Ok(hour));
        assert_eq!(decode(HourStart(0), "[]"), Ok(Hour::default()));
    }

    #[test]
    fn what_a_room_adds_is_read_as_it_was_told() {
        let text = encode_additions([addition(), addition()]);
        assert_eq!(decode_additions(&text), Ok(vec![addition(), addition()]));
    }

    #[test]
    fn what_was_never_written_is_an_error() {
        for text in ["", "{}", "[[]]", "[[1]]", "nonsense", "[1]", "[[1,1,1,1,1,1,1,1,1,1,1,1]]"] {
            assert_eq!(decode(HourStart(0), text), Err(CandleRowError::Shape), "{text}");
            assert_eq!(decode_additions(text), Err(CandleRowError::Shape), "{text}");
        }
        let sixty = r#"[[60,1,"1","1","1","1","1",1,1,1,1,1]]"#;
        assert_eq!(decode(HourStart(0), sixty), Err(CandleRowError::Minute { minute: 60 }));
    }
}
