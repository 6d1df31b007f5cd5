//! Exchanges that one market maker fills. It must not know how an instruction is read.

use super::Tag::{Anchor, Byte};
use super::{Exchange, liquidity, pool, swap};
use crate::core::tick::Phase;

pub(super) const EXCHANGES: &[Exchange] = &[
    Exchange {
        name: "Lifinity",
        program: "2wT8Yq49kHgDzXuPxZSaeLaH1qbmGXtEyPy64bL7aD3c",
        phase: Phase::Amm,
        authority: None,
        layouts: &[
            swap(&[Anchor(0xf8c6_9e91_e175_87c8)], &[pool(1, 5, 6)]).user(2),
            liquidity(&[Anchor(0x205f_453c_4b4f_cdee)], &[pool(0, 5, 6)]).user(2),
            liquidity(&[Anchor(0xbdfe_9cae_d209_a4d8)], &[pool(0, 4, 5)]).user(2),
        ],
    },
    Exchange {
        name: "Lifinity",
        program: "EewxydAPCCVuNEyrVN68PuSYdQ7wKn27V9Gjeoi8dy3S",
        phase: Phase::Amm,
        authority: None,
        layouts: &[swap(&[Anchor(0xf8c6_9e91_e175_87c8)], &[pool(1, 5, 6)]).user(2)],
    },
    Exchange {
        name: "SolFi",
        program: "SoLFiHG9TfgtdUXUjWAxi3LtvYuFyDLVhBWxdMZxyCe",
        phase: Phase::Amm,
        authority: None,
        layouts: &[swap(&[Byte(7)], &[pool(1, 2, 3)]).user(0)],
    },
    Exchange {
        name: "SolFi",
        program: "SV2EYYJyRz2YhfXwXnhNAevDEui5Q6yrfyo13WtupPF",
        phase: Phase::Amm,
        authority: None,
        layouts: &[swap(&[Byte(7), Byte(14)], &[pool(1, 4, 5).of(8, 9)]).user(0)],
    },
    Exchange {
        name: "ZeroFi",
        program: "ZERor4xhbUycZ6gb9ntrhqscUcZmAbQDjEAtCf4hbZY",
        phase: Phase::Amm,
        authority: None,
        layouts: &[swap(&[Byte(6)], &[pool(0, 2, 4)]).user(7), swap(&[Byte(16)], &[pool(0, 3, 5)]).user(8)],
    },
    Exchange {
        name: "Obric",
        program: "obriQD1zbpyLz95G5n7nJe6a4DPjpFwa5XYPoNm113y",
        phase: Phase::Amm,
        authority: None,
        layouts: &[
            swap(&[Anchor(0xf8c6_9e91_e175_87c8)], &[pool(0, 3, 4).of(1, 2)]).user(10),
            swap(&[Anchor(0x414b_3f4c_eb5b_5b88)], &[pool(0, 3, 4)]).user(10),
        ],
    },
    Exchange {
        name: "Tessera",
        program: "TessVdML9pBGgG9yGks7o4HewRaXVAMuoVj4x83GLQH",
        phase: Phase::Amm,
        authority: None,
        layouts: &[swap(&[Byte(16), Byte(17)], &[pool(1, 3, 4).of(7, 8)]).user(2)],
    },
    Exchange {
        name: "GoonFi",
        program: "goonERTdGsjnkZqWuVjs73BZ3Pb9qoCUdBUL17BnS5j",
        phase: Phase::Amm,
        authority: None,
        layouts: &[swap(&[Byte(2)], &[pool(1, 4, 5)]).user(0)],
    },
    Exchange {
        name: "GoonFi",
        program: "goonuddtQRrWqqn5nFyczVKaie28f3kDkHWkHtURSLE",
        phase: Phase::Amm,
        authority: None,
        layouts: &[swap(&[Byte(1)], &[pool(1, 4, 5).of(6, 7)]).user(0)],
    },
];
