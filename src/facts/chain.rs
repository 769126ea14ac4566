//! The one printer of error chains: each error's own words, joined by colons.

use std::error::Error;

/// The error and its causes, outermost first. A cause whose text the outer error already carries is not repeated.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let words = cause.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::chain;
    use std::io;

    #[derive(Debug, thiserror::Error)]
    #[error("read the ledger")]
    struct Outer(#[source] io::Error);

    #[test]
    fn says_each_cause_once() {
        let inner = io::Error::other("disk is gone");
        assert_eq!(chain(&Outer(inner)), "read the ledger: disk is gone");
        let repeated = io::Error::other(Outer(io::Error::other("x")));
        assert_eq!(chain(&repeated), "read the ledger: x");
    }
}
