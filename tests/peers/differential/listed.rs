//! The differences that stay, each with its reason.

/// A difference that is meant, or not worth its mending.
pub(crate) struct Listed {
    pub(crate) sequence: &'static str,
    /// The step; `*` stands for any text.
    pub(crate) step: &'static str,
    /// The place in the answer; `*` stands for any text.
    pub(crate) path: &'static str,
    /// Why it stays.
    #[expect(dead_code, reason = "for the reader of the list")]
    pub(crate) why: &'static str,
}

/// All of them. One that no longer occurs fails its sequence.
pub(crate) const DIFFERENCES: &[Listed] = &[];
