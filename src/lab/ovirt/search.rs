//! The engine's search, as far as clients use it: terms `name=X` and `Vms.id = X`, `*` for anything, without case.

use super::fault::Refusal;

/// What must hold of an object.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Search {
    /// Pattern of the name.
    pub(super) name: Option<String>,
    /// Pattern of the cluster's name.
    pub(super) cluster: Option<String>,
    /// Id of the VM that an event is about.
    pub(super) vm: Option<String>,
}

impl Search {
    /// Reads a search.
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        let mut search = Self::default();
        let spaced = text.replace('=', " = ");
        let words: Vec<&str> = spaced.split_whitespace().filter(|word| !word.eq_ignore_ascii_case("and")).collect();
        for term in words.chunks(3) {
            let [key, "=", value] = term else {
                return Err(Refusal::bad(format!("[Invalid search expression: {text}]")));
            };
            let value = value.trim_matches('"').to_owned();
            match key.to_lowercase().as_str() {
                "name" => search.name = Some(value),
                "cluster" => search.cluster = Some(value),
                "vms.id" => search.vm = Some(value),
                _ => return Err(Refusal::bad(format!("[Invalid search expression: {text}]"))),
            }
        }
        Ok(search)
    }

    /// Whether a VM or template of this name in this cluster is meant.
    pub(super) fn finds(&self, name: &str, cluster: &str) -> bool {
        let holds = |pattern: &Option<String>, text: &str| pattern.as_ref().is_none_or(|found| matches(found, text));
        holds(&self.name, name) && holds(&self.cluster, cluster)
    }
}

/// `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_and_patterns() {
        let search = Search::parse("name=mtv-* cluster=Cluster-1").unwrap();
        assert!(search.finds("MTV-a", "cluster-1") && !search.finds("a-mtv-", "Cluster-1"));
        assert!(!search.finds("mtv-a", "Other"));
        assert_eq!(Search::parse("Vms.id = 12-34").unwrap().vm.as_deref(), Some("12-34"));
        assert_eq!(Search::parse("").unwrap(), Search::default());
        assert!(Search::parse("name~x").is_err() && Search::parse("size=3").is_err());
        for (pattern, text, found) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "ab", true),
            ("*b", "ab", true),
            ("a*c*e", "abcde", true),
            ("a*c*e", "abde", false),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, text), found, "{pattern} {text}");
        }
    }
}
