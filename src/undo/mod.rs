//! The ledger: whatever changes something outside the process is written here, with how to undo it, before the call.
//!
//! A leaf: its only I/O is the ledger's own file, and locks. What an undo does to a cluster or a source is the engine's business
//! (`engine/unwind`); the order of undoing is this module's.
//!
//! Guarantees: the entry is on disk before the call; undoing is idempotent, last in first out, parallel where nothing
//! depends; a stuck entry is kept with its reason. Source: design section 4, promise 1.

mod entry;
mod ledger;
mod lock;
mod order;

pub use entry::{Entry, EntryId, ObjectUndo, State, Thing};
pub use ledger::{Ledger, LedgerError};
pub use lock::{FileLock, lock_file, lock_run};
pub use order::undo_all;
