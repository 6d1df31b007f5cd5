//! Where all that is random comes from: a number, or bytes that somebody chose. It must not know what is chosen.

/// Bytes first, one for each choice, so that whoever changes one changes one choice; then numbers that follow from a seed.
pub struct Choices<'a> {
    bytes: &'a [u8],
    state: u64,
}

impl<'a> Choices<'a> {
    pub fn of(bytes: &'a [u8], seed: u64) -> Self {
        Self { bytes, state: seed }
    }

    /// The next number of the generator `SplitMix64`.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a bound of at most 256.
    pub fn below(&mut self, bound: usize) -> usize {
        let number = match self.bytes.split_first() {
            Some((byte, rest)) => {
                self.bytes = rest;
                usize::from(*byte)
            }
            None => usize::from(self.next().to_le_bytes()[0]),
        };
        number % bound
    }

    /// Whether something happens that happens once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    pub fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// Any number of so many bits, the highest of them set.
    pub fn number(&mut self, bits: usize) -> u64 {
        let low = if self.bytes.is_empty() {
            self.next()
        } else {
            (0..8).fold(0, |sum, _| sum << 8 | self.below(256) as u64)
        };
        (low | 1 << 63) >> (64 - bits)
    }

    /// Units of a token: from a few to nearly all that 64 bits hold, as likely as not in round numbers.
    pub fn units(&mut self) -> i128 {
        let most = self.pick(&[4, 12, 24, 34, 44, 61]);
        let bits = 3 + self.below(most - 2);
        let units = i128::from(self.number(bits));
        if self.once_in(4) && units > 10_000 { units / 10_000 * 10_000 } else { units }
    }
}
