//! Raydium's exchanges, and those that grew out of its concentrated liquidity. It must not know how an instruction is read.

use super::Tag::{Anchor, Byte};
use super::{Exchange, Layout, Tag, creation, liquidity, other, pool, swap};
use crate::core::tick::Phase;

pub(super) const EXCHANGES: &[Exchange] = &[
    Exchange {
        name: "Raydium",
        program: "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8",
        phase: Phase::Amm,
        authority: Some("5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1"),
        layouts: &[
            swap(&[Byte(9), Byte(11)], &[pool(1, 5, 6)]).user(17).least(18),
            swap(&[Byte(9), Byte(11)], &[pool(1, 4, 5)]).user(16),
            swap(&[Byte(16), Byte(17)], &[pool(1, 3, 4)]).user(7),
            liquidity(&[Byte(3)], &[pool(1, 6, 7)]).user(12),
            liquidity(&[Byte(4)], &[pool(1, 6, 7)]).user(18),
            creation(&[Byte(1)], &[pool(4, 10, 11).of(8, 9)]),
            creation(&[Byte(0)], &[pool(3, 9, 10).of(7, 8)]),
            other(&[Byte(7)], &[pool(1, 5, 6)]),
        ],
    },
    Exchange {
        name: "Raydium CPMM",
        program: "CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C",
        phase: Phase::Amm,
        authority: Some("GpMZbSM2GgvTKHJirzeGfMFoaZ8UR2X7F4v8vHTvxFbL"),
        layouts: &[
            swap(
                &[Anchor(0x8fbe_5ada_c41e_33de), Anchor(0x37d9_6256_a34a_b4ad)],
                &[pool(3, 6, 7).of(10, 11)],
            )
            .user(0),
            liquidity(
                &[Anchor(0xf223_c689_52e1_f2b6), Anchor(0xb712_469c_946d_a122)],
                &[pool(2, 6, 7).of(10, 11)],
            )
            .user(0),
            creation(&[Anchor(0xafaf_6d1f_0d98_9bed)], &[pool(3, 10, 11).of(4, 5)]),
            creation(&[Anchor(0x3f37_fe41_31b2_5979)], &[pool(4, 11, 12).of(5, 6)]),
            other(
                &[
                    Anchor(0x1416_567b_c61c_db84),
                    Anchor(0xa78a_4e95_dfc2_067e),
                    Anchor(0x8888_fcdd_c242_7e59),
                ],
                &[pool(2, 4, 5).of(6, 7)],
            ),
        ],
    },
    Exchange {
        name: "Raydium CLMM",
        program: "CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK",
        phase: Phase::Amm,
        authority: None,
        layouts: &clmm(
            &[Anchor(0xf8c6_9e91_e175_87c8)],
            &[Anchor(0xe992_d18e_cf68_40bc), Anchor(0x2b44_d4a7_592f_a401)],
            &[Anchor(0x759d_3c67_4231_a300)],
        ),
    },
    Exchange {
        name: "Raydium LaunchLab",
        program: "LanMV9sAd7wArD4vJFi2qDdfnVhFxYSUg6eADduJ3uj",
        phase: Phase::Bonding,
        authority: Some("WLHv2UAZm6z4KyaaELi5pjdbJh6RESMva1Rnn8pJVVh"),
        layouts: &[
            swap(
                &[
                    Anchor(0xfaea_0d7b_d59c_13ec),
                    Anchor(0x18d3_7428_6903_9938),
                    Anchor(0x9527_de9b_d37c_981a),
                    Anchor(0x5fc8_4722_0809_0ba6),
                ],
                &[pool(4, 7, 8).of(9, 10)],
            )
            .user(0),
            creation(
                &[
                    Anchor(0xafaf_6d1f_0d98_9bed),
                    Anchor(0x4399_af27_da10_2620),
                    Anchor(0x25be_7ede_2c9a_ab11),
                ],
                &[pool(5, 8, 9).of(6, 7)],
            ),
            other(&[Anchor(0xcf52_c091_fecf_91df)], &[pool(23, 25, 26).of(1, 2)]),
            other(&[Anchor(0x885c_c867_1cda_908c)], &[pool(17, 19, 20).of(1, 2)]),
        ],
    },
    Exchange {
        name: "Raydium Stable",
        program: "5quBtoiQqxF9Jv6KYKctB59NT3gtJD2Y65kdnB1Uev3h",
        phase: Phase::Amm,
        authority: None,
        layouts: &[
            swap(&[Byte(9), Byte(11)], &[pool(1, 5, 6)]).user(17),
            liquidity(&[Byte(3)], &[pool(1, 6, 7)]).user(12),
            liquidity(&[Byte(4)], &[pool(1, 6, 7)]).user(18),
        ],
    },
    Exchange {
        name: "PancakeSwap",
        program: "HpNfyc2Saw7RKkQd8nEL4khUcuPhQ7WwY1B2qjx8jxFq",
        phase: Phase::Amm,
        authority: None,
        layouts: &clmm(&[Anchor(0xf8c6_9e91_e175_87c8)], &[Anchor(0xe992_d18e_cf68_40bc)], &[]),
    },
    Exchange {
        name: "Byreal",
        program: "REALQqNEomY6cQGZJUGwywTBD2UmDT32rZcNnfxQ5N2",
        phase: Phase::Amm,
        authority: None,
        layouts: &clmm(
            &[Anchor(0xf8c6_9e91_e175_87c8), Anchor(0xe52e_d584_6928_28e4)],
            &[Anchor(0xe992_d18e_cf68_40bc)],
            &[],
        ),
    },
];

/// The forms of Raydium's concentrated pools and of their forks. They differ in what they swap and create with besides, and
/// in whether they have the last form: without a tag, nothing is of it.
const fn clmm(swaps: &'static [Tag], creations: &'static [Tag], rest: &'static [Tag]) -> [Layout; 12] {
    [
        swap(swaps, const { &[pool(2, 5, 6)] }).user(0),
        swap(&[Anchor(0x2b04_ed0b_1ac9_1e62)], const { &[pool(2, 5, 6).of(11, 12)] }).user(0),
        liquidity(&[Anchor(0x2e9c_f376_0dcd_fbb2)], const { &[pool(2, 9, 10)] }).user(0),
        liquidity(&[Anchor(0x851d_59df_45ee_b00a)], const { &[pool(2, 9, 10).of(13, 14)] }).user(0),
        liquidity(&[Anchor(0xa026_d06f_685b_2c01)], const { &[pool(3, 5, 6)] }).user(0),
        liquidity(&[Anchor(0x3a7f_bc3e_4f52_c460)], const { &[pool(3, 5, 6).of(14, 15)] }).user(0),
        liquidity(&[Anchor(0x8780_2f4d_0f98_f031)], const { &[pool(5, 12, 13)] }).user(0),
        liquidity(&[Anchor(0x4db8_4ad6_7056_f1c7)], const { &[pool(5, 12, 13).of(20, 21)] }).user(0),
        liquidity(&[Anchor(0x4dff_ae52_7d1d_c92e)], const { &[pool(4, 11, 12).of(18, 19)] }).user(0),
        other(
            &[Anchor(0xa78a_4e95_dfc2_067e), Anchor(0x8888_fcdd_c242_7e59)],
            const { &[pool(1, 3, 4).of(5, 6)] },
        ),
        creation(creations, const { &[pool(2, 5, 6).of(3, 4)] }),
        other(rest, const { &[pool(1, 6, 7).of(8, 9)] }),
    ]
}
