//! Masking known secrets in text that others wrote.

use crate::config::Secret;

/// Shorter values would mask ordinary words.
const LENGTH_MIN: usize = 4;

/// Masks the secrets that it was given.
#[derive(Debug, Clone, Default)]
pub struct Redactor(Vec<Secret>);

impl Redactor {
    /// A redactor for `secrets`; those too short to be told from words are not masked.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        Self(secrets.into_iter().filter(|secret| secret.expose().len() >= LENGTH_MIN).collect())
    }

    /// The text with every known secret replaced.
    pub fn clean(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret.expose(), "[secret]"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_secrets_are_masked_everywhere() {
        let redactor = Redactor::new([Secret::new("hunter22"), Secret::new("a")]);
        assert_eq!(redactor.clean("a: hunter22, b=hunter22"), "a: [secret], b=[secret]");
    }
}
