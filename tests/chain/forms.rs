//! The accounts that instructions name, by the names that the programs' published interfaces give them. It must not know
//! where a reader looks for them.
//!
//! An exchange; which way it trades, or whether liquidity is added; whether it takes tokens of which transfers withhold a
//! part; what the instruction's data begins with; its accounts.

use super::exchange::Direction::{self, Buy, Either, Sell};
use super::exchange::Exchange::{
    self, Clmm, Cpmm, DammV1, DammV2, Dbc, Dlmm, LaunchLab, Orca, Phoenix, PumpFun, PumpSwap, RaydiumV4,
};
use super::exchange::Form;

type Swap = (Exchange, Direction, bool, &'static str, &'static str);

#[rustfmt::skip]
pub const SWAPS: &[Swap] = &[
    (PumpFun, Buy, false, "66063d1201daebea", "global fee_recipient mint_a pool vault_a user_a user system token_program_a creator_vault event_authority program global_volume user_volume fee_config fee_program"),
    (PumpFun, Buy, false, "38fc74089edfcd5f", "global fee_recipient mint_a pool vault_a user_a user system token_program_a creator_vault event_authority program global_volume user_volume fee_config fee_program curve_v2 buyback"),
    (PumpFun, Sell, false, "33e685a4017f83ad", "global fee_recipient mint_a pool vault_a user_a user system creator_vault token_program_a event_authority program fee_config fee_program"),
    (PumpFun, Buy, false, "b817ee6167c5d33d", "global mint_a mint_b token_program_a token_program_b associated fee_recipient fee_account buyback buyback_account pool vault_a vault_b user user_a user_b creator_vault creator_account sharing global_volume user_volume volume_account fee_config fee_program system event_authority program"),
    (PumpFun, Buy, false, "c2ab1c46684d5b2f", "global mint_a mint_b token_program_a token_program_b associated fee_recipient fee_account buyback buyback_account pool vault_a vault_b user user_a user_b creator_vault creator_account sharing global_volume user_volume volume_account fee_config fee_program system event_authority program"),
    (PumpFun, Sell, false, "5df6823ce7e940b2", "global mint_a mint_b token_program_a token_program_b associated fee_recipient fee_account buyback buyback_account pool vault_a vault_b user user_a user_b creator_vault creator_account sharing user_volume volume_account fee_config fee_program system event_authority program"),
    (PumpSwap, Buy, false, "66063d1201daebea", "pool user global_config mint_a mint_b user_a user_b vault_a vault_b fee_recipient fee_account token_program_a token_program_b system associated event_authority program creator_account creator_authority global_volume user_volume fee_config fee_program"),
    (PumpSwap, Buy, false, "c62e1552b4d9e870", "pool user global_config mint_a mint_b user_a user_b vault_a vault_b fee_recipient fee_account token_program_a token_program_b system associated event_authority program creator_account creator_authority global_volume user_volume fee_config fee_program cashback pool_v2"),
    (PumpSwap, Sell, false, "33e685a4017f83ad", "pool user global_config mint_a mint_b user_a user_b vault_a vault_b fee_recipient fee_account token_program_a token_program_b system associated event_authority program creator_account creator_authority fee_config fee_program"),
    (RaydiumV4, Either, false, "09", "token_program pool authority open_orders target_orders vault_a vault_b serum market bids asks event_queue market_vault_a market_vault_b market_signer user_in user_out user"),
    (RaydiumV4, Either, false, "0b", "token_program pool authority open_orders target_orders vault_a vault_b serum market bids asks event_queue market_vault_a market_vault_b market_signer user_in user_out user"),
    (RaydiumV4, Either, false, "09", "token_program pool authority open_orders vault_a vault_b serum market bids asks event_queue market_vault_a market_vault_b market_signer user_in user_out user"),
    (RaydiumV4, Either, false, "10", "token_program pool authority vault_a vault_b user_in user_out user"),
    (Cpmm, Either, true, "8fbe5adac41e33de", "user authority config pool user_in user_out vault_in vault_out token_program_in token_program_out mint_in mint_out observation"),
    (Cpmm, Either, true, "37d96256a34ab4ad", "user authority config pool user_in user_out vault_in vault_out token_program_in token_program_out mint_in mint_out observation"),
    (Clmm, Either, false, "f8c69e91e17587c8", "user config pool user_in user_out vault_in vault_out observation token_program ticks ticks_1 ticks_2"),
    (Clmm, Either, true, "2b04ed0b1ac91e62", "user config pool user_in user_out vault_in vault_out observation token_program token_2022 memo mint_in mint_out ticks ticks_1"),
    (LaunchLab, Buy, true, "faea0d7bd59c13ec", "user authority global_config platform_config pool user_a user_b vault_a vault_b mint_a mint_b token_program_a token_program_b event_authority program"),
    (LaunchLab, Buy, true, "18d3742869039938", "user authority global_config platform_config pool user_a user_b vault_a vault_b mint_a mint_b token_program_a token_program_b event_authority program system platform_fees creator_fees"),
    (LaunchLab, Sell, true, "9527de9bd37c981a", "user authority global_config platform_config pool user_a user_b vault_a vault_b mint_a mint_b token_program_a token_program_b event_authority program"),
    (Dbc, Either, false, "f8c69e91e17587c8", "authority config pool user_in user_out vault_a vault_b mint_a mint_b user token_program_a token_program_b program event_authority program"),
    (Dbc, Either, false, "414b3f4ceb5b5b88", "authority config pool user_in user_out vault_a vault_b mint_a mint_b user token_program_a token_program_b program event_authority program"),
    (DammV1, Either, false, "f8c69e91e17587c8", "pool user_in user_out owner_a owner_b vault_a vault_b lp_mint_a lp_mint_b lp_a lp_b fee_account user vault_program token_program"),
    (DammV2, Either, true, "f8c69e91e17587c8", "authority pool user_in user_out vault_a vault_b mint_a mint_b user token_program_a token_program_b program event_authority program"),
    (DammV2, Either, true, "414b3f4ceb5b5b88", "authority pool user_in user_out vault_a vault_b mint_a mint_b user token_program_a token_program_b program event_authority program sysvar"),
    (Dlmm, Either, false, "f8c69e91e17587c8", "pool program vault_a vault_b user_in user_out mint_a mint_b oracle fee_account user token_program_a token_program_b event_authority program bins"),
    (Dlmm, Either, true, "414b3f4ceb5b5b88", "pool bitmap vault_a vault_b user_in user_out mint_a mint_b oracle program user token_program_a token_program_b memo event_authority program bins bins_1"),
    (Orca, Either, false, "f8c69e91e17587c8", "token_program user pool user_a vault_a user_b vault_b ticks ticks_1 ticks_2 oracle"),
    (Orca, Either, true, "2b04ed0b1ac91e62", "token_program_a token_program_b memo user pool mint_a mint_b user_a vault_a user_b vault_b ticks ticks_1 ticks_2 oracle"),
    (Phoenix, Either, false, "00", "program log_authority pool user user_a user_b vault_a vault_b token_program"),
    (Exchange::Unlisted, Either, true, "a1b2c3d4e5f60718", "user pool authority user_in user_out vault_a vault_b token_program token_2022 oracle"),
    (Exchange::Unlisted, Either, true, "05", "pool authority vault_in vault_out user_in user_out user token_program token_2022"),
];

/// The second pool's roles end in 2; the first goes from its `in` to the middle, the second from the middle to its `out`.
pub const TWO_HOPS: [Form; 2] = [
    Form {
        tag: "c360ed6c44a2dbe6",
        roles: "token_program user pool pool2 user_a vault_a user_b vault_b user_a2 vault_a2 user_b2 vault_b2 ticks ticks_1 ticks_2 ticks_3 ticks_4 ticks_5 oracle oracle_2",
    },
    Form {
        tag: "ba8fd11dfe02c275",
        roles: "pool pool2 mint_in mint_out mint_out2 token_program_in token_program_out token_program_out2 user_in vault_in vault_out vault_in2 vault_out2 user_out2 user ticks ticks_1 ticks_2 ticks_3 ticks_4 ticks_5 oracle oracle_2 memo",
    },
];

type Liquidity = (Exchange, bool, bool, &'static str, &'static str);

#[rustfmt::skip]
pub const LIQUIDITY: &[Liquidity] = &[
    (PumpSwap, true, false, "f223c68952e1f2b6", "pool global_config user mint_a mint_b lp_mint user_a user_b user_lp vault_a vault_b token_program token_2022 event_authority program"),
    (PumpSwap, false, false, "b712469c946da122", "pool global_config user mint_a mint_b lp_mint user_a user_b user_lp vault_a vault_b token_program token_2022 event_authority program"),
    (RaydiumV4, true, false, "03", "token_program pool authority open_orders target_orders lp_mint vault_a vault_b market user_a user_b user_lp user event_queue"),
    (RaydiumV4, false, false, "04", "token_program pool authority open_orders target_orders lp_mint vault_a vault_b withdraw_queue temporary_lp serum market market_vault_a market_vault_b market_signer user_lp user_a user_b user event_queue bids asks"),
    (Cpmm, true, true, "f223c68952e1f2b6", "user authority pool user_lp user_a user_b vault_a vault_b token_program token_2022 mint_a mint_b lp_mint"),
    (Cpmm, false, true, "b712469c946da122", "user authority pool user_lp user_a user_b vault_a vault_b token_program token_2022 mint_a mint_b lp_mint memo"),
    (Clmm, true, false, "2e9cf3760dcdfbb2", "user position_account pool protocol_position position ticks ticks_1 user_a user_b vault_a vault_b token_program"),
    (Clmm, false, false, "a026d06f685b2c01", "user position_account position pool protocol_position vault_a vault_b ticks ticks_1 user_a user_b token_program"),
    (DammV2, true, true, "b59d59438fb63448", "pool position user_a user_b vault_a vault_b mint_a mint_b position_account user token_program_a token_program_b event_authority program"),
    (DammV2, false, true, "5055d14818ceb16c", "authority pool position user_a user_b vault_a vault_b mint_a mint_b position_account user token_program_a token_program_b event_authority program"),
    (Dlmm, true, false, "b59d59438fb63448", "position pool bitmap user_a user_b vault_a vault_b mint_a mint_b bins bins_1 user token_program_a token_program_b event_authority program"),
    (Dlmm, false, false, "5055d14818ceb16c", "position pool bitmap user_a user_b vault_a vault_b mint_a mint_b bins bins_1 user token_program_a token_program_b event_authority program"),
    (Orca, true, false, "2e9cf3760dcdfbb2", "pool token_program user position position_account user_a user_b vault_a vault_b ticks ticks_1"),
    (Orca, false, false, "a026d06f685b2c01", "pool token_program user position position_account user_a user_b vault_a vault_b ticks ticks_1"),
    (DammV1, true, false, "a8e3323ebdab54b0", "pool lp_mint user_lp lp_a lp_b owner_a owner_b lp_mint_a lp_mint_b vault_a vault_b user_a user_b user vault_program token_program"),
    (DammV1, false, false, "856d2cb338ee7221", "pool lp_mint user_lp lp_a lp_b owner_a owner_b lp_mint_a lp_mint_b vault_a vault_b user_a user_b user vault_program token_program"),
];
