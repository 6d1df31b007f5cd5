//! The exchanges of the chain. It must not know what they do.

use super::address::Address;
use super::forms::{LIQUIDITY, SWAPS, TWO_HOPS};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    PumpFun,
    PumpSwap,
    RaydiumV4,
    Cpmm,
    Clmm,
    LaunchLab,
    Dbc,
    DammV1,
    DammV2,
    Dlmm,
    Orca,
    Phoenix,
    /// One that nobody knows, whose pools own their vaults.
    Unlisted,
    /// One that nobody knows, with one owner of all vaults.
    UnlistedShared,
}

use Exchange::{
    Clmm, Cpmm, DammV1, DammV2, Dbc, Dlmm, LaunchLab, Orca, Phoenix, PumpFun, PumpSwap, RaydiumV4,
};

/// Meteora's vaults, from which the pools of DAMM v1 take what they trade.
pub const DYNAMIC_VAULTS: Address = "24Uqj9JCLxUeoC3hGfh5W3s9FM9uCHDS2SG3LYwBpyTi";

/// In which direction a form of an instruction trades: all, or only with the quote or the base coming in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Either,
    Buy,
    Sell,
}

use Direction::{Buy, Sell};

/// A form of an instruction: what its data begins with, and its accounts.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    pub tag: &'static str,
    pub roles: &'static str,
}

impl Exchange {
    pub const ALL: [Self; 14] = [
        PumpFun,
        PumpSwap,
        RaydiumV4,
        Cpmm,
        Clmm,
        LaunchLab,
        Dbc,
        DammV1,
        DammV2,
        Dlmm,
        Orca,
        Phoenix,
        Self::Unlisted,
        Self::UnlistedShared,
    ];

    pub fn program(self) -> Option<Address> {
        Some(match self {
            PumpFun => "6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P",
            PumpSwap => "pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA",
            RaydiumV4 => "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8",
            Cpmm => "CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C",
            Clmm => "CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK",
            LaunchLab => "LanMV9sAd7wArD4vJFi2qDdfnVhFxYSUg6eADduJ3uj",
            Dbc => "dbcij3LWUppWqq96dh6gJWwBifmcGfLSB5D4DuSMaqN",
            DammV1 => "Eo7WjKq67rjJQSZxS6z3YkapzY3eMj6Xy8X5EQVn5UaB",
            DammV2 => "cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG",
            Dlmm => "LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo",
            Orca => "whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc",
            Phoenix => "PhoeNiXZ8ByJGLkxNfZRnkUfjvmuYqLR89jjFHGqdXY",
            Self::Unlisted | Self::UnlistedShared => return None,
        })
    }

    /// The owner of the vaults of all its pools.
    pub fn authority(self) -> Option<Address> {
        Some(match self {
            RaydiumV4 => "5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1",
            Cpmm => "GpMZbSM2GgvTKHJirzeGfMFoaZ8UR2X7F4v8vHTvxFbL",
            LaunchLab => "WLHv2UAZm6z4KyaaELi5pjdbJh6RESMva1Rnn8pJVVh",
            Dbc => "FhVo3mqL8PW5pH5U2CN4XE33DokiyZnUwuGpH2hmHLuM",
            DammV2 => "HLnpSz9h2S4hiLQ43rnSD9XkcUThA7B8hQMKmDaiTLcC",
            _ => return None,
        })
    }

    pub fn is_listed(self) -> bool {
        self.program().is_some()
    }

    pub fn is_curve(self) -> bool {
        matches!(self, PumpFun | LaunchLab | Dbc)
    }

    /// Whether its pools take tokens of which transfers withhold a part.
    pub fn takes_taxed(self) -> bool {
        matches!(self, Cpmm | Clmm | LaunchLab | DammV2 | Dlmm | Orca | Self::Unlisted | Self::UnlistedShared)
    }

    /// The forms of its swaps for one direction.
    pub fn swaps(self, is_buy: bool, is_taxed: bool) -> Vec<Form> {
        let all = SWAPS.iter().filter(|(exchange, direction, takes_taxed, ..)| {
            let is_own = *exchange == self || (*exchange == Self::Unlisted && !self.is_listed());
            is_own && *direction != (if is_buy { Sell } else { Buy }) && (*takes_taxed || !is_taxed)
        });
        all.map(|(.., tag, roles)| Form { tag, roles }).collect()
    }

    /// Instructions that swap in one of its pools and then in another one.
    pub fn two_hops(self) -> &'static [Form] {
        if self == Orca { &TWO_HOPS } else { &[] }
    }

    /// The form in which liquidity comes, or goes.
    pub fn liquidity(self, is_added: bool, is_taxed: bool) -> Vec<Form> {
        let all = LIQUIDITY.iter().filter(|(exchange, adds, takes_taxed, ..)| {
            *exchange == self && *adds == is_added && (*takes_taxed || !is_taxed)
        });
        all.map(|(.., tag, roles)| Form { tag, roles }).collect()
    }

    /// The form in which it makes a curve and its token.
    pub fn creation(self) -> Option<Form> {
        let form = |tag, roles| Some(Form { tag, roles });
        match self {
            PumpFun => form(
                "181ec828051c0777",
                "mint_a mint_authority pool vault_a global metadata_program metadata user system token_program associated rent event_authority program",
            ),
            LaunchLab => form(
                "4399af27da102620",
                "user user global_config platform_config authority pool mint_a mint_b vault_a vault_b metadata token_program_a token_program_b metadata_program system rent event_authority program",
            ),
            Dbc => form(
                "8c55d7b06636684f",
                "config authority user mint_a mint_b pool vault_a vault_b metadata metadata_program user token_program_b token_program_a system event_authority program",
            ),
            _ => None,
        }
    }
}
