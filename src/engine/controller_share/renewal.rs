//! Keeping a line in the book good.

use super::book::{Book, RENEWED_EVERY};
use crate::cluster::{Cluster, ClusterError, ObjectRef};
use crate::event::{Event, EventSender};
use crate::facts::chain;
use crate::wait::pause;
use tokio::task::JoinSet;

/// How often a write that somebody forestalled is tried again at once.
pub(super) const TRIES: u32 = 20;

/// Renews `holder`'s line until the set is dropped. A line that is gone was taken over, which is told.
pub(super) fn keep_renewed(cluster: &Cluster, events: &EventSender, lease: &ObjectRef, holder: &str) -> JoinSet<()> {
    let mut task = JoinSet::new();
    task.spawn(renew_for_ever(cluster.clone(), events.clone(), lease.clone(), holder.to_owned()));
    task
}

async fn renew_for_ever(cluster: Cluster, events: EventSender, lease: ObjectRef, holder: String) {
    loop {
        pause(RENEWED_EVERY).await;
        match renew(&cluster, &lease, &holder).await {
            Ok(true) => {}
            Ok(false) => {
                let note = format!("{holder} is no longer in {lease}: another session took its place");
                events.emit(Event::Noted { test: None, note });
                return;
            }
            Err(error) => tracing::debug!("renew {holder}: {}", chain(&error)),
        }
    }
}

/// Renews the line; false when it is gone.
async fn renew(cluster: &Cluster, lease: &ObjectRef, holder: &str) -> Result<bool, ClusterError> {
    for _ in 0..TRIES {
        let Some(seen) = cluster.get(lease).await? else { return Ok(false) };
        let before = Book::of(Some(&seen));
        let mut after = before.clone();
        let Some(line) = after.holders.get_mut(holder) else { return Ok(false) };
        line.renew();
        if cluster.patch_if_unchanged(lease, &seen, after.written_over(&before)).await?.is_some() {
            break;
        }
    }
    Ok(true)
}
