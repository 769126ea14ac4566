//! Colour, and nothing but colour: every text reads the same without it.

/// Whether and how texts are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Paint {
    colour: bool,
}

impl Paint {
    /// No colour.
    pub const PLAIN: Self = Self { colour: false };

    /// Colour if `colour`.
    pub const fn new(colour: bool) -> Self {
        Self { colour }
    }

    /// What went well.
    pub(super) fn good(self, text: &str) -> String {
        self.wrap("32", text)
    }

    /// What went wrong.
    pub(super) fn bad(self, text: &str) -> String {
        self.wrap("1;31", text)
    }

    /// What needs attention.
    pub(super) fn warn(self, text: &str) -> String {
        self.wrap("33", text)
    }

    /// What matters least.
    pub(super) fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::Paint;

    #[test]
    fn plain_text_has_no_escapes() {
        assert_eq!(Paint::PLAIN.bad("x"), "x");
        assert_eq!(Paint::new(true).bad("x"), "\x1b[1;31mx\x1b[0m");
    }
}
