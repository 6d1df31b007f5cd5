//! Meteora's exchanges. It must not know how an instruction is read.

use super::Tag::Anchor;
use super::{Exchange, creation, liquidity, other, pool, swap};
use crate::core::tick::Phase;

pub(super) const EXCHANGES: &[Exchange] = &[
    Exchange {
        name: "Meteora DBC",
        program: "dbcij3LWUppWqq96dh6gJWwBifmcGfLSB5D4DuSMaqN",
        phase: Phase::Bonding,
        authority: Some("FhVo3mqL8PW5pH5U2CN4XE33DokiyZnUwuGpH2hmHLuM"),
        layouts: &[
            swap(&[Anchor(0xf8c6_9e91_e175_87c8), Anchor(0x414b_3f4c_eb5b_5b88)], &[pool(2, 5, 6).of(7, 8)])
                .user(9),
            creation(
                &[Anchor(0x8c55_d7b0_6636_684f), Anchor(0xa976_334e_916e_dc9b)],
                &[pool(5, 6, 7).of(3, 4)],
            ),
            other(&[Anchor(0x9ca9_e667_35e4_5040)], &[pool(0, 17, 18).of(13, 14)]),
            other(&[Anchor(0x1b01_3016_b43f_76d9)], &[pool(0, 17, 18).of(7, 8)]),
            other(&[Anchor(0x52dc_fabd_0355_6b2d)], &[pool(1, 4, 5).of(6, 7)]),
            other(&[Anchor(0xa5e4_8530_63f9_ff21)], &[pool(2, 3, 4).of(5, 6)]),
            other(&[Anchor(0x08ec_5931_987d_b151)], &[pool(2, 5, 6).of(7, 8)]),
            swap(&[Anchor(0xb75d_9928_18e6_c297)], &[pool(2, 5, 6)]).user(9),
        ],
    },
    Exchange {
        name: "Meteora DAMM",
        program: "Eo7WjKq67rjJQSZxS6z3YkapzY3eMj6Xy8X5EQVn5UaB",
        phase: Phase::Amm,
        authority: None,
        layouts: &[
            swap(&[Anchor(0xf8c6_9e91_e175_87c8)], &[pool(0, 5, 6)]).user(12),
            liquidity(
                &[
                    Anchor(0x4f23_7a54_ad0f_5dbf),
                    Anchor(0xa8e3_323e_bdab_54b0),
                    Anchor(0x04e4_d747_e1fd_77ce),
                    Anchor(0x856d_2cb3_38ee_7221),
                ],
                &[pool(0, 9, 10)],
            )
            .user(13),
            liquidity(&[Anchor(0x5454_b142_feb9_0afb)], &[pool(0, 9, 10)]).user(12),
            other(&[Anchor(0xa920_4f89_88e8_4689)], &[pool(0, 7, 8)]),
            creation(
                &[
                    Anchor(0x76ad_299d_ad48_6167),
                    Anchor(0x0687_4493_e552_a971),
                    Anchor(0x9118_acc2_db7d_03be),
                ],
                &[pool(0, 6, 7).of(2, 3)],
            ),
            creation(
                &[Anchor(0x07a6_8aab_ceab_ecf4), Anchor(0x3095_dc82_3d0b_09b2)],
                &[pool(0, 7, 8).of(3, 4)],
            ),
        ],
    },
    Exchange {
        name: "Meteora DAMM v2",
        program: "cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG",
        phase: Phase::Amm,
        authority: Some("HLnpSz9h2S4hiLQ43rnSD9XkcUThA7B8hQMKmDaiTLcC"),
        layouts: &[
            swap(&[Anchor(0xf8c6_9e91_e175_87c8), Anchor(0x414b_3f4c_eb5b_5b88)], &[pool(1, 4, 5).of(6, 7)])
                .user(8),
            liquidity(&[Anchor(0xb59d_5943_8fb6_3448)], &[pool(0, 4, 5).of(6, 7)]).user(9),
            liquidity(
                &[Anchor(0x0a33_3d23_7069_1855), Anchor(0x5055_d148_18ce_b16c)],
                &[pool(1, 5, 6).of(7, 8)],
            )
            .user(10),
            other(&[Anchor(0xb426_9a11_8521_a2d3)], &[pool(1, 5, 6).of(7, 8)]),
            other(&[Anchor(0xa5e4_8530_63f9_ff21)], &[pool(1, 2, 3).of(4, 5)]),
            other(&[Anchor(0x61ce_2769_5e5e_7e94)], &[pool(1, 4, 5).of(6, 7)]),
            creation(&[Anchor(0x14a1_f118_bddd_b402)], &[pool(5, 9, 10).of(7, 8)]),
            creation(&[Anchor(0x5fb4_0aac_54ae_e828)], &[pool(6, 10, 11).of(8, 9)]),
            creation(&[Anchor(0x9552_48c5_fdfc_440f)], &[pool(7, 11, 12).of(9, 10)]),
        ],
    },
    Exchange {
        name: "Meteora DLMM",
        program: "LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo",
        phase: Phase::Amm,
        authority: None,
        layouts: &[
            swap(
                &[
                    Anchor(0xf8c6_9e91_e175_87c8),
                    Anchor(0x414b_3f4c_eb5b_5b88),
                    Anchor(0xfa49_6521_26cf_4bb8),
                    Anchor(0x2bd7_f784_893c_f351),
                    Anchor(0x38ad_e6d0_ade4_9ccd),
                    Anchor(0x4a62_c0d6_b133_4b33),
                ],
                &[pool(0, 2, 3).of(6, 7)],
            )
            .user(10),
            liquidity(
                &[
                    Anchor(0xb59d_5943_8fb6_3448),
                    Anchor(0x0703_967f_9428_3dc8),
                    Anchor(0x1c8c_ee63_e7a2_1595),
                    Anchor(0x0a33_3d23_7069_1855),
                    Anchor(0x5055_d148_18ce_b16c),
                    Anchor(0x1a52_6698_f04a_691a),
                ],
                &[pool(1, 5, 6).of(7, 8)],
            )
            .user(11),
            liquidity(
                &[
                    Anchor(0xe4a2_4e1c_46db_7473),
                    Anchor(0x03dd_95da_6f8d_76d5),
                    Anchor(0xd13b_3f5b_6fc8_99e4),
                    Anchor(0xe6d7_527f_f165_e392),
                    Anchor(0xcc02_c391_3591_91cd),
                ],
                &[pool(1, 5, 6).of(7, 8)],
            )
            .user(9),
            other(&[Anchor(0x5c04_b0c1_77b9_5309)], &[pool(1, 5, 6).of(7, 8)]),
            other(&[Anchor(0xa920_4f89_88e8_4689)], &[pool(0, 5, 6).of(9, 10)]),
            other(&[Anchor(0x70bf_65ab_1c90_7fbb)], &[pool(0, 3, 4).of(7, 8)]),
            other(&[Anchor(0x9ec9_9ebd_215d_a267)], &[pool(0, 1, 2).of(3, 4)]),
            other(&[Anchor(0x849c_841f_4328_e861)], &[pool(0, 2, 3).of(4, 5)]),
            creation(
                &[
                    Anchor(0x2d9a_edd2_dd0f_a65c),
                    Anchor(0x493b_2478_ed53_6cc6),
                    Anchor(0x2e27_2987_6fb7_c840),
                    Anchor(0xf349_817e_3313_f16b),
                ],
                &[pool(0, 4, 5).of(2, 3)],
            ),
            creation(&[Anchor(0x6c66_d555_fb03_3515)], &[pool(1, 5, 6).of(3, 4)]),
        ],
    },
];
