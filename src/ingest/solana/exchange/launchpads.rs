//! Launchpads whose curves hold SOL of their own, or one pool for all of a token's life. It must not know how an instruction is read.

use super::Tag::Anchor;
use super::{Exchange, PUMP_FUN, PUMP_SWAP, Side, creation, curve, liquidity, other, pool, quote, swap};
use crate::core::tick::Phase;

pub(super) const EXCHANGES: &[Exchange] = &[
    Exchange {
        name: "Pump.fun",
        program: PUMP_FUN,
        phase: Phase::Bonding,
        authority: None,
        layouts: &[
            swap(
                &[
                    Anchor(0x6606_3d12_01da_ebea),
                    Anchor(0x38fc_7408_9edf_cd5f),
                    Anchor(0x33e6_85a4_017f_83ad),
                ],
                &[curve(3, 4, Side::Lamports(3))],
            )
            .user(6),
            swap(
                &[
                    Anchor(0xc2ab_1c46_684d_5b2f),
                    Anchor(0xb817_ee61_67c5_d33d),
                    Anchor(0x5df6_823c_e7e9_40b2),
                ],
                &[curve(10, 11, quote(2, 10, 12))],
            )
            .user(13),
            creation(
                &[Anchor(0x181e_c828_051c_0777), Anchor(0xd690_4cec_5f8b_31b4)],
                &[curve(2, 3, Side::Lamports(2))],
            ),
            other(&[Anchor(0x9bea_e792_ec9e_a21e)], &[curve(3, 4, Side::Lamports(3))]),
            other(&[Anchor(0xbbcb_121f_ceed_fe29)], &[curve(4, 5, quote(3, 4, 6))]),
        ],
    },
    Exchange {
        name: "PumpSwap",
        program: PUMP_SWAP,
        phase: Phase::Amm,
        authority: None,
        layouts: &[
            swap(
                &[
                    Anchor(0x6606_3d12_01da_ebea),
                    Anchor(0xc62e_1552_b4d9_e870),
                    Anchor(0x33e6_85a4_017f_83ad),
                ],
                &[pool(0, 7, 8).of(3, 4)],
            )
            .user(1),
            liquidity(
                &[Anchor(0xf223_c689_52e1_f2b6), Anchor(0xb712_469c_946d_a122)],
                &[pool(0, 9, 10).of(3, 4)],
            )
            .user(2),
            creation(&[Anchor(0xe992_d18e_cf68_40bc)], &[pool(0, 9, 10).of(3, 4)]),
        ],
    },
    Exchange {
        name: "Moonshot",
        program: "MoonCVVNZFSYkqNXP6bxHLPL6QQJiMagDL3qcqUQTrG",
        phase: Phase::Bonding,
        authority: None,
        layouts: &[
            swap(
                &[Anchor(0x6606_3d12_01da_ebea), Anchor(0x33e6_85a4_017f_83ad)],
                &[curve(2, 3, Side::Lamports(2))],
            )
            .user(0),
            creation(&[Anchor(0x032c_a4b8_7b0d_f5b3)], &[curve(2, 5, Side::Lamports(2))]),
            other(&[Anchor(0x2ae5_0ae7_bd3e_c1ae)], &[curve(2, 3, Side::Lamports(2))]),
            swap(&[Anchor(0x4f4d_abed_9d31_ebc6)], &[curve(3, 4, Side::Lamports(3))]).user(0),
        ],
    },
    Exchange {
        name: "Boop",
        program: "boop8hVGQGqehUK2iVEMEnMrL5RbjywRzHKBmBE7ry4",
        phase: Phase::Bonding,
        authority: Some("GVVUi6DaocSEAp8ATnXFAPNF5irCWjCvmPCzoaGAf5eJ"),
        layouts: &[
            swap(
                &[Anchor(0x8a7f_0e5b_2657_7369), Anchor(0x6d3d_28bb_e6b0_87ae)],
                &[curve(1, 3, Side::Lamports(4))],
            )
            .user(6),
            creation(
                &[Anchor(0xb459_c74c_a8ec_d98a), Anchor(0x35e6_ac54_4dae_163d)],
                &[curve(2, 4, Side::Lamports(3))],
            ),
            other(&[Anchor(0x2deb_e1b5_11da_4082)], &[curve(7, 8, Side::Lamports(6))]),
        ],
    },
    Exchange {
        name: "Heaven",
        program: "HEAVENoP2qxoeuF8Dj2oT1GHEnu49U5mJYkdeC8BAX2o",
        phase: Phase::Amm,
        authority: None,
        layouts: &[
            swap(
                &[Anchor(0x6606_3d12_01da_ebea), Anchor(0x33e6_85a4_017f_83ad)],
                &[pool(4, 10, 11).of(6, 7)],
            )
            .user(5),
            creation(&[Anchor(0x2a2b_7e38_e70a_d035)], &[pool(10, 8, 9).of(5, 6)]),
            other(&[Anchor(0xa559_dd34_aaf9_226f)], &[pool(4, 10, 11).of(6, 7)]),
        ],
    },
];
