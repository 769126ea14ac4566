//! The order of undoing: what others need goes after them; the rest goes at once.

use super::{Entry, EntryId, Ledger, LedgerError};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use std::collections::BTreeSet;

/// Most undo calls at one time.
const PARALLEL_MAX: usize = 16;

/// Undoes the open entries that `selected` admits: later entries before those they need, at most 16 at a time.
///
/// `action` undoes one entry and must be idempotent ("already gone" is success); its error text becomes the entry's
/// reason for being stuck. A stuck entry does not keep back what it needs: as much as possible is removed.
/// Returns the entries that are stuck.
///
/// # Errors
/// The ledger's file cannot be written; undoing stops.
pub async fn undo_all(
    ledger: &Ledger,
    selected: impl Fn(&Entry) -> bool,
    action: impl AsyncFn(&Entry) -> Result<(), String>,
) -> Result<Vec<(Entry, String)>, LedgerError> {
    let mut waiting: Vec<Entry> = ledger.open_entries().into_iter().filter(selected).collect();
    let mut running = FuturesUnordered::new();
    let mut busy: BTreeSet<EntryId> = BTreeSet::new();
    let mut stuck = Vec::new();
    let action = &action;
    while !waiting.is_empty() || !running.is_empty() {
        let mut index = waiting.len();
        while index > 0 && running.len() < PARALLEL_MAX {
            index -= 1;
            if !is_needed(&waiting[index], &waiting) && !running_needs(&busy, waiting[index].id, ledger) {
                let entry = waiting.remove(index);
                busy.insert(entry.id);
                running.push(async move {
                    let answer = action(&entry).await;
                    (entry, answer)
                });
            }
        }
        let Some((entry, answer)) = running.next().await else { break };
        busy.remove(&entry.id);
        match answer {
            Ok(()) => ledger.undone(entry.id)?,
            Err(why) => {
                ledger.stuck(entry.id, &why)?;
                stuck.push((entry, why));
            }
        }
    }
    Ok(stuck)
}

fn is_needed(entry: &Entry, others: &[Entry]) -> bool {
    others.iter().any(|other| other.needs.contains(&entry.id))
}

fn running_needs(busy: &BTreeSet<EntryId>, id: EntryId, ledger: &Ledger) -> bool {
    ledger.entries().iter().any(|other| busy.contains(&other.id) && other.needs.contains(&id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::SessionId;
    use crate::undo::{State, Thing};
    use std::sync::Mutex;

    fn vm(name: &str) -> Thing {
        Thing::SourceVm { provider_type: "vsphere".into(), provider: "p".into(), name: name.into(), vm_id: None }
    }

    #[tokio::test]
    async fn needed_entries_go_last_and_stuck_ones_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("resources.json");
        let ledger = Ledger::create(&path, SessionId::try_from("auto-1".to_owned()).unwrap()).unwrap();
        let namespace = ledger.intend(None, vm("namespace"), &[]).unwrap();
        let map = ledger.intend(None, vm("map"), &[namespace]).unwrap();
        ledger.intend(None, vm("plan"), &[namespace, map]).unwrap();
        ledger.intend(None, vm("loose"), &[]).unwrap();
        let order = Mutex::new(Vec::new());
        let action = async |entry: &Entry| {
            order.lock().unwrap().push(entry.thing.to_string());
            tokio::task::yield_now().await;
            if entry.thing.to_string().contains("map") { Err("in use".to_owned()) } else { Ok(()) }
        };
        let stuck = undo_all(&ledger, |_| true, action).await.unwrap();
        let order = order.into_inner().unwrap();
        let place = |name: &str| order.iter().position(|text| text.contains(name)).unwrap();
        assert!(place("plan") < place("map") && place("map") < place("namespace"));
        assert_eq!(stuck.len(), 1);
        assert_eq!(stuck[0].1, "in use");
        let left = ledger.open_entries();
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].state, State::Stuck { why: "in use".into() });
        // Undone once more, it goes.
        assert!(undo_all(&ledger, |_| true, async |_| Ok(())).await.unwrap().is_empty());
        assert!(ledger.open_entries().is_empty());
    }
}
