//! What a declaration becomes: the typed struct, its defaults, its keys, and assignment by key.

use super::format::{Format, InverseSwitch};
use serde_json::Value;

/// What is known of a key.
#[derive(Clone)]
pub(super) struct Key {
    /// The name in every layer (`timeouts.plan_ready`).
    pub(super) name: &'static str,
    pub(super) doc: String,
    /// The form of its value, in words.
    pub(super) words: &'static str,
    /// The default as it may be written; `None` when there is none.
    pub(super) default: Option<String>,
    /// A variable of other tools or of the original that also sets it.
    pub(super) legacy: Option<Legacy>,
    pub(super) secret: bool,
    pub(super) list: bool,
    pub(super) schema: Value,
}

/// A variable that sets a key beside `MTVTEST_<KEY>`.
#[derive(Clone, Copy)]
pub(super) enum Legacy {
    /// With the same meaning.
    Same(&'static str),
    /// true for false and the other way round.
    Inverse(&'static str),
}

impl Key {
    /// The variable that sets the key.
    pub(super) fn variable(&self) -> String {
        format!("MTVTEST_{}", self.name.to_uppercase().replace('.', "_"))
    }
}

impl Legacy {
    pub(super) fn variable(self) -> &'static str {
        match self {
            Self::Same(name) | Self::Inverse(name) => name,
        }
    }

    /// The value for the key from the variable's text.
    pub(super) fn translate(self, text: &str) -> String {
        match self {
            Self::Same(_) => text.to_owned(),
            // A text that is neither goes on as it is, so that the key's own form refuses it.
            Self::Inverse(_) => InverseSwitch::parse(text).map_or_else(|_| text.to_owned(), |on| on.to_string()),
        }
    }
}

/// A struct whose fields are keys.
pub(super) trait Group: Default {
    /// Its keys in the order of the declaration, those of nested groups last.
    fn keys() -> Vec<Key>;

    /// Sets `key` from `text`; `None` when the group has no such key.
    fn assign(&mut self, key: &str, text: &str) -> Option<Result<(), String>>;

    /// The value of `key` as it may be shown; `None` when the group has no such key, or it has no value.
    fn show(&self, key: &str) -> Option<String>;
}

/// The key of a field.
pub(super) fn key<F: Format>(name: &'static str, doc: &str, default: &F::Of, legacy: Option<Legacy>) -> Key {
    Key {
        name,
        doc: doc.trim().to_owned(),
        words: F::WORDS,
        default: F::show(default),
        legacy,
        secret: F::SECRET,
        list: F::LIST,
        schema: F::schema(),
    }
}

/// Declares a group: per key its meaning (the doc comment), field, type, format, name and default, once.
macro_rules! declare {
    (
        $(#[$meta:meta])*
        $group:ident {
            $(
                $(#[doc = $doc:literal])+
                $field:ident: $type:ty as $format:ty, $name:literal = $default:expr $(; legacy $legacy:expr)?
            ),* $(,)?
        }
        nested { $( $(#[$nested_meta:meta])* $nested:ident: $nested_type:ty ),* $(,)? }
        hidden { $( $hidden:ident: $hidden_type:ty ),* $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        pub struct $group {
            $( $(#[doc = $doc])+ pub $field: $type, )*
            $( $(#[$nested_meta])* pub $nested: $nested_type, )*
            $( pub(super) $hidden: $hidden_type, )*
        }

        impl Default for $group {
            fn default() -> Self {
                Self {
                    $( $field: $default, )*
                    $( $nested: <$nested_type>::default(), )*
                    $( $hidden: <$hidden_type>::default(), )*
                }
            }
        }

        impl Group for $group {
            fn keys() -> Vec<Key> {
                let own = vec![ $( {
                    let legacy: Option<Legacy> = [$( $legacy )?].into_iter().next();
                    table::key::<$format>($name, concat!($( $doc ),+), &$default, legacy)
                } ),* ];
                own.into_iter()$( .chain(<$nested_type>::keys()) )*.collect()
            }

            fn assign(&mut self, key: &str, text: &str) -> Option<Result<(), String>> {
                match key {
                    $( $name => Some(<$format>::parse(text).map(|value| self.$field = value)), )*
                    _ => {
                        $( if let Some(done) = self.$nested.assign(key, text) { return Some(done); } )*
                        None
                    }
                }
            }

            fn show(&self, key: &str) -> Option<String> {
                match key {
                    $( $name => <$format>::show(&self.$field), )*
                    _ => {
                        $( if let Some(text) = self.$nested.show(key) { return Some(text); } )*
                        None
                    }
                }
            }
        }
    };
}

pub(super) use declare;
