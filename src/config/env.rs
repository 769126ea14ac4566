//! The environment, behind a trait, so that tests and the lab pass a map. The process environment is read here only.

use std::collections::BTreeMap;

/// Environment variables.
pub trait Environment: Send + Sync {
    /// The variable's value; `None` when it is unset or not Unicode.
    fn get(&self, name: &str) -> Option<String>;

    /// Every variable, by name.
    fn all(&self) -> Vec<(String, String)>;

    /// The variable's value unless it is empty: CI systems set a variable that has no value to "".
    fn filled(&self, name: &str) -> Option<String> {
        self.get(name).filter(|text| !text.is_empty())
    }
}

/// The environment of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    fn get(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn all(&self) -> Vec<(String, String)> {
        let mut all: Vec<_> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        all.sort();
        all
    }
}

/// An environment made of a map.
#[derive(Clone, Default)]
pub struct MapEnvironment(pub BTreeMap<String, String>);

impl MapEnvironment {
    /// The environment of these variables.
    pub fn of<const N: usize>(variables: [(&str, &str); N]) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

impl Environment for MapEnvironment {
    fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    fn all(&self) -> Vec<(String, String)> {
        self.0.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// Names only: values may be secret.
impl std::fmt::Debug for MapEnvironment {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_environment_is_read() {
        let path = ProcessEnvironment.get("PATH").unwrap();
        assert!(ProcessEnvironment.all().contains(&("PATH".to_owned(), path)));
        assert_eq!(ProcessEnvironment.get("MTVTEST no such variable"), None);
    }

    #[test]
    fn empty_is_unset_where_asked() {
        let map = MapEnvironment::of([("A", ""), ("B", "hunter2")]);
        assert_eq!((map.get("A"), map.filled("A")), (Some(String::new()), None));
        assert_eq!(map.filled("B").as_deref(), Some("hunter2"));
        assert_eq!(format!("{map:?}"), r#"{"A", "B"}"#);
    }
}
