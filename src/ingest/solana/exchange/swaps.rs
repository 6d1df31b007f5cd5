//! Orca's exchanges, those of the older token swap program, and stable swaps. It must not know how an instruction is read.

use super::Tag::{Anchor, Byte};
use super::{Exchange, Layout, creation, liquidity, other, pool, swap};
use crate::core::tick::Phase;

/// The token swap program of Solana's library, which many have deployed as their own.
const TOKEN_SWAP: &[Layout] = &[
    swap(&[Byte(1)], &[pool(0, 4, 5)]),
    liquidity(&[Byte(2), Byte(3), Byte(5)], &[pool(0, 5, 6)]).user(2),
    liquidity(&[Byte(4)], &[pool(0, 4, 5)]).user(2),
    creation(&[Byte(0)], &[pool(0, 2, 3)]),
];

pub(super) const EXCHANGES: &[Exchange] = &[
    Exchange {
        name: "Orca",
        program: "whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc",
        phase: Phase::Amm,
        authority: None,
        layouts: &[
            swap(&[Anchor(0xf8c6_9e91_e175_87c8)], &[pool(2, 4, 6)]).user(1),
            swap(&[Anchor(0x2b04_ed0b_1ac9_1e62)], &[pool(4, 8, 10).of(5, 6)]).user(3),
            swap(&[Anchor(0xc360_ed6c_44a2_dbe6)], &[pool(2, 5, 7), pool(3, 9, 11)]).user(1),
            swap(&[Anchor(0xba8f_d11d_fe02_c275)], &[pool(0, 9, 10), pool(1, 11, 12)]).user(14),
            liquidity(&[Anchor(0x2e9c_f376_0dcd_fbb2), Anchor(0xa026_d06f_685b_2c01)], &[pool(0, 7, 8)])
                .user(2),
            liquidity(
                &[
                    Anchor(0x851d_59df_45ee_b00a),
                    Anchor(0x3a7f_bc3e_4f52_c460),
                    Anchor(0xeffb_097c_d2c6_352b),
                ],
                &[pool(0, 11, 12).of(7, 8)],
            )
            .user(4),
            other(&[Anchor(0xa498_cf63_1eba_13b6)], &[pool(0, 5, 7)]),
            other(&[Anchor(0xcf75_5fbf_e5b4_e20f)], &[pool(0, 7, 9).of(4, 5)]),
            other(&[Anchor(0x1643_1762_96b2_46dc)], &[pool(1, 3, 4)]),
            other(&[Anchor(0x6780_de86_72c8_16c8)], &[pool(1, 5, 6).of(3, 4)]),
            creation(&[Anchor(0x5fb4_0aac_54ae_e828)], &[pool(4, 5, 6).of(1, 2)]),
            creation(&[Anchor(0xcf2d_57f2_1b3f_cc43)], &[pool(6, 7, 8).of(1, 2)]),
            creation(&[Anchor(0x8f5e_604c_ac7c_77c7)], &[pool(7, 9, 10).of(1, 2)]),
            other(&[Anchor(0xbfa9_e00b_8313_9efd)], &[pool(0, 12, 13).of(8, 9)]),
        ],
    },
    Exchange {
        name: "Saber",
        program: "SSwpkEEcbUqx4vtoEByFjSkhKdCT862DNVb52nZg1UZ",
        phase: Phase::Amm,
        authority: None,
        layouts: &[
            swap(&[Byte(1)], &[pool(0, 4, 5)]).user(2),
            liquidity(&[Byte(2), Byte(3)], &[pool(0, 5, 6)]).user(2),
            creation(&[Byte(0)], &[pool(0, 5, 6)]),
        ],
    },
    Exchange {
        name: "Invariant",
        program: "HyaB3W9q6XdA5xwpU4XnSZV94htfmbmqJXZcEbRaJutt",
        phase: Phase::Amm,
        authority: Some("J4uBbeoWpZE8fH58PM1Fp9n9K6f1aThyeVCyRdJbaXqt"),
        layouts: &[
            swap(&[Anchor(0xf8c6_9e91_e175_87c8)], &[pool(1, 5, 6)]).user(7),
            liquidity(&[Anchor(0x30d7_c599_60cb_b485)], &[pool(2, 13, 14).of(9, 10)]).user(5),
            liquidity(&[Anchor(0xdb18_ec6e_8a50_8106)], &[pool(4, 13, 14).of(9, 10)]).user(8),
            other(&[Anchor(0xa920_4f89_88e8_4689)], &[pool(1, 10, 11).of(6, 7)]),
            creation(&[Anchor(0xe992_d18e_cf68_40bc)], &[pool(1, 6, 7).of(4, 5)]),
        ],
    },
    Exchange {
        name: "Saros",
        program: "SSwapUtytfBdBn1b9NUGG6foMVPtcWgpRU32HToDUZr",
        phase: Phase::Amm,
        authority: None,
        layouts: TOKEN_SWAP,
    },
    Exchange {
        name: "Saros DLMM",
        program: "1qbkdrr3z4ryLA7pZykqxvxWPoeifcVKo6ZG9CfkvVE",
        phase: Phase::Amm,
        authority: None,
        layouts: &[swap(&[Anchor(0xf8c6_9e91_e175_87c8)], &[pool(0, 5, 6)]).user(9)],
    },
    Exchange {
        name: "Orca",
        program: "9W959DqEETiGZocYWCQPaJ6sBmUzgfxXfqGeTEdp3aQP",
        phase: Phase::Amm,
        authority: None,
        layouts: TOKEN_SWAP,
    },
    Exchange {
        name: "Orca",
        program: "DjVE6JNiYqPL2QXyCUUh8rNjHrbz9hXHNYt99MQ59qw1",
        phase: Phase::Amm,
        authority: None,
        layouts: TOKEN_SWAP,
    },
    Exchange {
        name: "Token Swap",
        program: "SwaPpA9LAaLfeLi3a68M4DjnLqgtticKg6CnyNwgAC8",
        phase: Phase::Amm,
        authority: None,
        layouts: TOKEN_SWAP,
    },
    Exchange {
        name: "Step",
        program: "SSwpMgqNDsyV7mAgN9ady4bDVu5ySjmmXejXvy2vLt1",
        phase: Phase::Amm,
        authority: None,
        layouts: TOKEN_SWAP,
    },
    Exchange {
        name: "FluxBeam",
        program: "FLUXubRmkEi2q6K3Y9kBPg9248ggaZVsoSFhtJHSrm1X",
        phase: Phase::Amm,
        authority: None,
        layouts: &[
            swap(&[Byte(1)], &[pool(0, 4, 5).of(9, 10)]).user(2),
            liquidity(&[Byte(2)], &[pool(0, 5, 6).of(9, 10)]).user(2),
            liquidity(&[Byte(3)], &[pool(0, 5, 6).of(10, 11)]).user(2),
            liquidity(&[Byte(4)], &[pool(0, 4, 5)]).user(2),
            liquidity(&[Byte(5)], &[pool(0, 5, 6)]).user(2),
            creation(&[Byte(0)], &[pool(0, 2, 3)]),
        ],
    },
    Exchange {
        name: "Dooar",
        program: "Dooar9JkhdZ7J3LHN3A7YCuoGRUggXhQaG4kijfLGU2j",
        phase: Phase::Amm,
        authority: None,
        layouts: TOKEN_SWAP,
    },
    Exchange {
        name: "Aldrin",
        program: "AMM55ShdkoGRB5jVYPjWziwk8m5MpwyDgsMWHaMSQWH6",
        phase: Phase::Amm,
        authority: None,
        layouts: &[swap(&[Anchor(0xf8c6_9e91_e175_87c8)], &[pool(0, 3, 4)]).user(6)],
    },
    Exchange {
        name: "Aldrin",
        program: "CURVGoZn8zycx6FXwwevgBTB2gVvdbGTEpvMJDbgs2t4",
        phase: Phase::Amm,
        authority: None,
        layouts: &[swap(&[Anchor(0xf8c6_9e91_e175_87c8)], &[pool(0, 3, 4)]).user(6)],
    },
    Exchange {
        name: "Crema",
        program: "CLMM9tUoggJu2wagPkkqs9eFG4BWhVBZWkP1qv3Sp7tR",
        phase: Phase::Amm,
        authority: None,
        layouts: &[swap(
            &[Anchor(0x85d7_bfd6_66f3_3719), Anchor(0xf8c6_9e91_e175_87c8)],
            &[pool(1, 6, 7).of(2, 3)],
        )
        .user(9)],
    },
];
