//! The sequences, by what they are about.

mod access;
mod applying;
mod builtins;
mod definitions;
mod deleting;
mod errors;
mod forms;
mod listing;
mod patching;
mod schemas;
mod watching;
mod writing;

use super::sequence::Sequence;

pub(crate) fn all() -> Vec<Sequence> {
    let parts = [
        writing::sequences(),
        patching::sequences(),
        applying::sequences(),
        deleting::sequences(),
        listing::sequences(),
        watching::sequences(),
        schemas::sequences(),
        builtins::sequences(),
        errors::sequences(),
        forms::sequences(),
        access::sequences(),
        definitions::sequences(),
    ];
    parts.into_iter().flatten().collect()
}
