//! Randomness from one seed, one stream per purpose, so that a run can be repeated.

/// The session's seed. Every random choice of a run comes from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    /// A stream of its own for `purpose`; the same seed and purpose give the same numbers, whatever else was drawn.
    pub fn stream(self, purpose: &str) -> fastrand::Rng {
        // FNV-1a: stable between versions of the standard library, unlike its hasher.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ self.0;
        for byte in purpose.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        fastrand::Rng::with_seed(hash)
    }

    /// `length` characters of `a-z0-9` from the stream of `purpose`.
    pub fn suffix(self, purpose: &str, length: usize) -> String {
        let mut stream = self.stream(purpose);
        (0..length).map(|_| char::from(b"abcdefghijklmnopqrstuvwxyz0123456789"[stream.usize(0..36)])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Seed;

    #[test]
    fn purposes_have_streams_of_their_own() {
        assert_eq!(Seed(7).suffix("a", 4), Seed(7).suffix("a", 4));
        assert_ne!(Seed(7).suffix("a", 8), Seed(7).suffix("b", 8));
        assert_ne!(Seed(7).suffix("a", 8), Seed(8).suffix("a", 8));
    }
}
