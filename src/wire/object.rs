//! The top level of a JSON object, each value as the text that it was written as. It must not know what a field means.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::core::decimal::Decimal;

/// A name, or another text, without a copy where it is written without escapes.
#[derive(Deserialize)]
pub(crate) struct Name<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// The text of a value that is a string; `None` for any other, and for one that no text can hold, as half of a
/// surrogate pair. Its JSON is not read: whatever is JSON may stand there.
pub(crate) fn text_of(value: &RawValue) -> Option<Cow<'_, str>> {
    let Name(text) = serde_json::from_str(value.get()).ok()?;
    Some(text)
}

/// The number that a value is, written as one or as a text of one, with every digit; `None` for any other value.
pub(super) fn number_of(value: &RawValue) -> Option<Decimal> {
    match text_of(value) {
        Some(text) => Decimal::parse(&text),
        None => Decimal::parse(value.get()),
    }
}

/// The fields of an object, each name once: of a repeated one the last, as most parsers read it.
pub(crate) struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Object<'a> {
    /// The fields of an object of whose text only the beginning is here, as far as they are complete.
    pub(crate) fn begun(text: &'a str) -> Self {
        let mut fields = Vec::new();
        let mut deserializer = serde_json::Deserializer::from_str(text);
        // It ends where the text does, which is an error of a text that is complete.
        let _ = deserializer.deserialize_map(BegunVisitor(&mut fields));
        Self::of(fields)
    }

    fn of(mut fields: Vec<(Cow<'a, str>, &'a RawValue)>) -> Self {
        let mut seen = BTreeSet::new();
        fields.reverse();
        fields.retain(|(name, _)| seen.insert(name.clone()));
        fields.reverse();
        Self(fields)
    }

    /// The value of a field.
    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| *value)
    }

    /// The value of a field that says something: `null` is as if it were not there.
    pub(super) fn given(&self, name: &str) -> Option<&'a RawValue> {
        self.get(name).filter(|value| value.get() != "null")
    }

    /// All fields, in the order in which they were written.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), *value))
    }
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Self::Value, M::Error> {
        let mut fields = Vec::new();
        BegunVisitor(&mut fields).visit_map(map)?;
        Ok(Object::of(fields))
    }
}

/// Notes the fields of an object one by one.
struct BegunVisitor<'a, 'de>(&'a mut Vec<(Cow<'de, str>, &'de RawValue)>);

impl<'de> Visitor<'de> for BegunVisitor<'_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some((Name(name), value)) = map.next_entry()? {
            self.0.push((name, value));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::from_object;
    use super::*;

    #[test]
    fn the_last_of_a_repeated_field_counts_and_every_value_is_as_it_was_written() {
        let text = r#"{"a":1,"b":1e400,"\u0061":"\ud800","c": [ 1.50 ],"d":null}"#;
        let Ok(object) = from_object::<Object<'_>>(text) else { panic!("an object") };
        let fields: Vec<_> = object.fields().map(|(name, value)| (name, value.get())).collect();
        assert_eq!(fields, [("b", "1e400"), ("a", r#""\ud800""#), ("c", "[ 1.50 ]"), ("d", "null")]);
        assert!(object.get("d").is_some() && object.given("d").is_none() && object.given("e").is_none());
    }
}
