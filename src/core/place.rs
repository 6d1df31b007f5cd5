//! Where in the world a client is, as coarsely as the platform lets one place an object. It must not know how a request
//! says where it comes from.

use std::fmt;

/// A part of the world that an object can be placed in: the platform's location hints.
/// Source: <https://developers.cloudflare.com/durable-objects/reference/data-location/>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// Western North America.
    Wnam,
    /// Eastern North America.
    Enam,
    /// South America.
    Sam,
    /// Western Europe.
    Weur,
    /// Eastern Europe.
    Eeur,
    /// Asia and the Pacific.
    Apac,
    /// Oceania.
    Oc,
    /// Africa.
    Afr,
    /// The Middle East.
    Me,
}

const ALL: [Place; 9] = [
    Place::Wnam,
    Place::Enam,
    Place::Sam,
    Place::Weur,
    Place::Eeur,
    Place::Apac,
    Place::Oc,
    Place::Afr,
    Place::Me,
];

/// The degree of longitude that parts North America: the border of the Great Plains.
const AMERICAN_MERIDIAN: f32 = -100.0;

/// The degree of longitude that parts Europe: Warsaw and what is east of it.
const EUROPEAN_MERIDIAN: f32 = 20.0;

/// Countries of Asia that are the Middle East (ISO 3166-1).
const MIDDLE_EAST: [&str; 14] =
    ["AE", "BH", "CY", "IL", "IQ", "IR", "JO", "KW", "LB", "OM", "PS", "QA", "SA", "YE"];

impl Place {
    /// The place of a client on a continent (two letters) in a country (ISO 3166-1), at a longitude in degrees; `None`
    /// where nothing is known of it.
    #[must_use]
    pub fn of(continent: &str, country: Option<&str>, longitude: Option<f32>) -> Option<Self> {
        let is_east_of = |meridian| longitude.is_some_and(|longitude| longitude > meridian);
        Some(match continent {
            "NA" if longitude.is_some() && !is_east_of(AMERICAN_MERIDIAN) => Self::Wnam,
            "NA" => Self::Enam,
            "SA" => Self::Sam,
            "EU" if is_east_of(EUROPEAN_MERIDIAN) => Self::Eeur,
            "EU" => Self::Weur,
            "AS" if country.is_some_and(|country| MIDDLE_EAST.contains(&country)) => Self::Me,
            "AS" => Self::Apac,
            "OC" | "AN" => Self::Oc,
            "AF" => Self::Afr,
            _ => return None,
        })
    }

    /// The platform's name of it.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::Wnam => "wnam",
            Self::Enam => "enam",
            Self::Sam => "sam",
            Self::Weur => "weur",
            Self::Eeur => "eeur",
            Self::Apac => "apac",
            Self::Oc => "oc",
            Self::Afr => "afr",
            Self::Me => "me",
        }
    }

    /// Reads [`Place::hint`].
    #[must_use]
    pub fn parse(hint: &str) -> Option<Self> {
        ALL.into_iter().find(|place| place.hint() == hint)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.hint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_placed_by_what_its_request_says() {
        for (continent, country, longitude, place) in [
            ("NA", "US", Some(-122.4), Some(Place::Wnam)),
            ("NA", "US", Some(-74.0), Some(Place::Enam)),
            ("NA", "MX", None, Some(Place::Enam)),
            ("EU", "DE", Some(8.7), Some(Place::Weur)),
            ("EU", "UA", Some(30.5), Some(Place::Eeur)),
            ("EU", "FR", None, Some(Place::Weur)),
            ("AS", "AE", Some(55.3), Some(Place::Me)),
            ("AS", "JP", Some(139.7), Some(Place::Apac)),
            ("OC", "AU", Some(151.2), Some(Place::Oc)),
            ("AF", "ZA", Some(28.0), Some(Place::Afr)),
            ("SA", "BR", Some(-46.6), Some(Place::Sam)),
            ("T1", "T1", None, None),
        ] {
            assert_eq!(Place::of(continent, Some(country), longitude), place, "{country}");
        }
        assert!(ALL.into_iter().all(|place| Place::parse(place.hint()) == Some(place)));
    }
}
