//! Order books, and orders that a keeper or a maker fills. It must not know how an instruction is read.

use super::Tag::{Anchor, Byte, Serum};
use super::{Exchange, Layout, PoolAccounts, creation, liquidity, optional, other, pool, swap};
use crate::core::tick::Phase;

/// The order books of Serum, which `OpenBook` took over as they were.
const SERUM: &[Layout] = &[
    swap(&[Serum(13)], &[pool(0, 8, 9)]).user(7),
    other(&[Serum(10), Serum(19), Serum(20)], &[pool(0, 8, 9)]),
    other(&[Serum(1), Serum(9)], &[pool(0, 5, 6)]),
    other(&[Serum(5)], &[pool(0, 3, 4)]),
    creation(&[Serum(0)], &[pool(0, 5, 6).of(7, 8)]),
];

pub(super) const EXCHANGES: &[Exchange] = &[
    Exchange {
        name: "Phoenix",
        program: "PhoeNiXZ8ByJGLkxNfZRnkUfjvmuYqLR89jjFHGqdXY",
        phase: Phase::Amm,
        authority: None,
        layouts: &[
            swap(&[Byte(0)], &[pool(2, 6, 7)]).user(3),
            other(&[Byte(2), Byte(16)], &[pool(2, 7, 8)]),
            other(&[Byte(6), Byte(10), Byte(8), Byte(4)], &[pool(2, 6, 7)]),
            liquidity(&[Byte(13)], &[pool(2, 7, 8)]).user(3),
            liquidity(&[Byte(12)], &[pool(2, 6, 7)]).user(3),
            creation(&[Byte(100)], &[pool(2, 6, 7).of(4, 5)]),
        ],
    },
    Exchange {
        name: "OpenBook",
        program: "opnb2LAfJYbRMAHHvqjCwQxanZn7ReEHp1k81EohpZb",
        phase: Phase::Amm,
        authority: None,
        layouts: &[
            swap(&[Anchor(0x032c_4703_1ac7_cb55)], &[pool(2, 6, 7)]).user(0),
            other(&[Anchor(0x809b_de3c_ba28_e132), Anchor(0x3c3f_327b_0cc5_3cbe)], &[pool(5, 10, 9)]),
            liquidity(&[Anchor(0xf223_c689_52e1_f2b6), Anchor(0x80cf_8e0b_36e8_26c9)], &[pool(4, 5, 6)])
                .user(0),
            other(&[Anchor(0xee40_a360_4bab_1021)], &[pool(3, 5, 6)]),
            other(&[Anchor(0x6b12_3845_e438_37a4)], &[pool(4, 6, 7)]),
            creation(&[Anchor(0x67e2_61eb_c8bc_fbfe)], &[pool(0, 6, 7).of(8, 9)]),
        ],
    },
    Exchange {
        name: "OpenBook",
        program: "srmqPvymJeFKQ4zGQed1GFppgkRHL9kaELCbyksJtPX",
        phase: Phase::Amm,
        authority: None,
        layouts: SERUM,
    },
    Exchange {
        name: "Serum",
        program: "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin",
        phase: Phase::Amm,
        authority: None,
        layouts: SERUM,
    },
    Exchange {
        name: "Manifest",
        program: "MNFSTqtC93rEfYHB6hF82sKdZpUDFWkViLByLd1k1Ms",
        phase: Phase::Amm,
        authority: None,
        layouts: &[
            swap(&[Byte(4)], &[pool(1, 5, 6)]).user(0),
            swap(&[Byte(13)], &[pool(2, 6, 7)]).user(1),
            creation(&[Byte(0)], &[pool(1, 5, 6).of(3, 4)]),
        ],
    },
    Exchange {
        name: "Jupiter Limit Order",
        program: "jupoNjAxXgZ4rjzxzPMP4oxduvQsQtZzyknqvzYNrNu",
        phase: Phase::Amm,
        authority: None,
        layouts: &[swap(&[Anchor(0xe87a_7319_c78f_88a2)], &[pool(0, 1, 5)]).user(3)],
    },
    Exchange {
        name: "Jupiter DCA",
        program: "DCA265Vj8a9CEuX1eb1LWRnDT7uK6q1xMipnNyatn23M",
        phase: Phase::Amm,
        authority: None,
        layouts: &[
            other(&[Anchor(0x01e6_76fb_2db1_65bb), Anchor(0x7340_e24e_21d3_69a2)], &[pool(1, 5, 6).of(2, 3)]),
            other(
                &[
                    Anchor(0x9bc1_5079_5b93_febb),
                    Anchor(0x8fcd_03bf_a2d7_f531),
                    Anchor(0x1607_2162_a8b7_22f3),
                    Anchor(0x537d_a645_f7fc_6785),
                ],
                &[pool(1, 4, 5)],
            ),
            other(&[Anchor(0x2441_b936_01d2_64a3)], &[pool(0, 5, 6).of(2, 3)]),
            other(&[Anchor(0x8e77_2b6d_a234_0bb1)], &[pool(0, 6, 7).of(3, 4)]),
        ],
    },
    Exchange {
        name: "Jupiter RFQ",
        program: "61DFfeTKM7trxYcPQCM78bJ794ddZprZpAwAnLiwTpYH",
        phase: Phase::Amm,
        authority: None,
        layouts: &[swap(
            &[Anchor(0xa860_b7a3_5c0a_28a0)],
            &[PoolAccounts { pool: 1, vaults: [optional(3, 1), optional(5, 1)], mints: Some([6, 8]) }],
        )
        .user(0)],
    },
];
