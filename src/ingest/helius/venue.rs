//! The exchanges that are known by name: their programs, and where among an instruction's accounts the owner of a
//! pool's tokens stands. It must not know what was traded.

use super::instructions::Instruction;
use crate::core::tick::Phase;

/// An exchange.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Venue {
    name: &'static str,
    program: &'static str,
    /// Where the owner of a pool's tokens stands in the instructions that move them.
    places: &'static [usize],
    /// The owner of all its pools' tokens, for those that have one.
    authority: Option<&'static str>,
}

/// pump.fun's bonding curves.
pub(super) const PUMP_FUN: Venue = pools("Pump.fun", "6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P", &[3, 10]);

const VENUES: [Venue; 16] = [
    PUMP_FUN,
    pools("PumpSwap", "pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA", &[0]),
    shared(
        "Raydium",
        "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8",
        "5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1",
    ),
    shared(
        "Raydium CPMM",
        "CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C",
        "GpMZbSM2GgvTKHJirzeGfMFoaZ8UR2X7F4v8vHTvxFbL",
    ),
    pools("Raydium CLMM", "CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK", &[2, 3]),
    shared(
        "Raydium LaunchLab",
        "LanMV9sAd7wArD4vJFi2qDdfnVhFxYSUg6eADduJ3uj",
        "WLHv2UAZm6z4KyaaELi5pjdbJh6RESMva1Rnn8pJVVh",
    ),
    shared(
        "Meteora DBC",
        "dbcij3LWUppWqq96dh6gJWwBifmcGfLSB5D4DuSMaqN",
        "FhVo3mqL8PW5pH5U2CN4XE33DokiyZnUwuGpH2hmHLuM",
    ),
    shared(
        "Meteora DAMM v2",
        "cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG",
        "HLnpSz9h2S4hiLQ43rnSD9XkcUThA7B8hQMKmDaiTLcC",
    ),
    pools("Meteora DAMM", "Eo7WjKq67rjJQSZxS6z3YkapzY3eMj6Xy8X5EQVn5UaB", &[]),
    pools("Meteora DLMM", "LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo", &[0, 1]),
    pools("Orca", "whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc", &[0, 2, 4]),
    pools("Lifinity", "2wT8Yq49kHgDzXuPxZSaeLaH1qbmGXtEyPy64bL7aD3c", &[0]),
    pools("Phoenix", "PhoeNiXZ8ByJGLkxNfZRnkUfjvmuYqLR89jjFHGqdXY", &[]),
    pools("OpenBook", "opnb2LAfJYbRMAHHvqjCwQxanZn7ReEHp1k81EohpZb", &[]),
    pools("Moonshot", "MoonCVVNZFSYkqNXP6bxHLPL6QQJiMagDL3qcqUQTrG", &[]),
    pools("SolFi", "SoLFiHG9TfgtdUXUjWAxi3LtvYuFyDLVhBWxdMZxyCe", &[]),
];

/// What Helius calls an exchange in `source`, which it gets wrong where it knows the program only by its caller.
const SOURCES: [(&str, &str); 9] = [
    (PUMP_FUN_SOURCE, "Pump.fun"),
    ("PUMP_AMM", "PumpSwap"),
    ("RAYDIUM", "Raydium"),
    ("ORCA", "Orca"),
    ("METEORA", "Meteora"),
    ("JUPITER", "Jupiter"),
    ("LIFINITY", "Lifinity"),
    ("PHOENIX", "Phoenix"),
    ("OPENBOOK", "OpenBook"),
];

const PUMP_FUN_SOURCE: &str = "PUMP_FUN";

const fn pools(name: &'static str, program: &'static str, places: &'static [usize]) -> Venue {
    Venue { name, program, places, authority: None }
}

const fn shared(name: &'static str, program: &'static str, authority: &'static str) -> Venue {
    Venue { name, program, places: &[], authority: Some(authority) }
}

impl Venue {
    /// Whether an instruction calls it.
    pub(super) fn is_called_by(&self, instruction: &Instruction<'_>) -> bool {
        instruction.program == self.program
    }

    /// Its program's address.
    pub(super) fn program(&self) -> &'static str {
        self.program
    }
}

/// What the instructions say of an owner of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// The exchange that it was called with.
    venue: Option<&'static Venue>,
    /// Whether it stands where only a pool can.
    pub(super) is_pool: bool,
}

/// What a transaction says of where it traded.
pub(super) struct Venues<'t> {
    pub(super) instructions: &'t [Instruction<'t>],
    pub(super) source: Option<&'t str>,
}

impl Venues<'_> {
    /// What is known of an owner of tokens.
    pub(super) fn standing(&self, owner: &str) -> Standing {
        if let Some(venue) = VENUES.iter().find(|venue| venue.authority == Some(owner)) {
            return Standing { venue: Some(venue), is_pool: true };
        }
        let mut named = None;
        for instruction in self.instructions {
            let Some(venue) = VENUES.iter().find(|venue| venue.is_called_by(instruction)) else { continue };
            if venue.places.iter().any(|place| instruction.account(*place) == Some(owner)) {
                return Standing { venue: Some(venue), is_pool: true };
            }
            if named.is_none() && instruction.accounts.iter().any(|account| account == owner) {
                named = Some(venue);
            }
        }
        Standing { venue: named, is_pool: false }
    }

    /// Whether a pool is a bonding curve of pump.fun. Where nothing names a program, SOL that isn't wrapped is the sign.
    pub(super) fn phase(&self, standing: Standing, is_native: bool) -> Phase {
        let is_curve = match (standing.venue, self.source) {
            (Some(venue), _) => *venue == PUMP_FUN,
            (None, Some(PUMP_FUN_SOURCE)) => true,
            (None, source) => is_native && self.instructions.is_empty() && name_of(source).is_none(),
        };
        if is_curve { Phase::Bonding } else { Phase::Amm }
    }

    /// The exchange's name.
    pub(super) fn name(&self, standing: Standing) -> Option<&'static str> {
        standing.venue.map(|venue| venue.name).or_else(|| name_of(self.source))
    }
}

fn name_of(source: Option<&str>) -> Option<&'static str> {
    SOURCES.iter().find(|(name, _)| Some(*name) == source).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::super::instructions;
    use super::*;
    use crate::ingest::solana::AddressKind;

    const CURVE: &str = r#"[{"programId":"aggregator","accounts":["pool","trader"],"innerInstructions":[
        {"programId":"6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P","accounts":["g","f","m","pool","t","u","trader"]}
    ]}]"#;

    fn told(json: Option<&str>, source: Option<&str>, owner: &str) -> (bool, Phase, Option<&'static str>) {
        let instructions = instructions::read(json);
        let venues = Venues { instructions: &instructions, source };
        let standing = venues.standing(owner);
        (standing.is_pool, venues.phase(standing, true), venues.name(standing))
    }

    #[test]
    fn a_program_says_where_a_pool_is_before_its_caller_does() {
        let curve = told(Some(CURVE), Some("JUPITER"), "pool");
        assert_eq!(curve, (true, Phase::Bonding, Some("Pump.fun")));
        assert!(!told(Some(CURVE), None, "trader").0, "it is named, but not where a pool stands");
        let nobody = told(Some(CURVE), Some("SYSTEM_PROGRAM"), "other");
        assert_eq!(nobody, (false, Phase::Amm, None));
    }

    #[test]
    fn without_instructions_the_source_says_it_and_without_that_sol_that_is_not_wrapped() {
        assert_eq!(told(None, Some("PUMP_FUN"), "pool"), (false, Phase::Bonding, Some("Pump.fun")));
        assert_eq!(told(None, Some("PUMP_AMM"), "pool"), (false, Phase::Amm, Some("PumpSwap")));
        assert_eq!(told(None, Some("UNKNOWN"), "pool"), (false, Phase::Bonding, None));
        assert_eq!(told(Some("7"), None, "pool"), (false, Phase::Bonding, None), "of another shape");
    }

    #[test]
    fn the_owner_of_all_pools_of_an_exchange_is_known_by_itself() {
        for venue in &VENUES {
            assert_ne!(AddressKind::of(venue.program), AddressKind::Invalid, "{}", venue.name);
            let Some(authority) = venue.authority else { continue };
            assert_eq!(AddressKind::of(authority), AddressKind::Program, "{}", venue.name);
            assert_eq!(told(None, None, authority), (true, Phase::Amm, Some(venue.name)));
        }
    }
}
