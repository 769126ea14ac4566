//! What a session left on the cluster, by label alone: for when its ledger is lost.

use crate::cluster::{Cluster, ClusterError, Kind, ObjectRef};
use crate::facts::{SESSION_LABEL, SessionId};
use futures::{StreamExt, stream};

/// Kinds listed at one time.
const PARALLEL: usize = 8;

/// What carries a session's label.
#[derive(Debug, Default)]
pub struct SessionObjects {
    /// The objects, with their UIDs, in the order of the kinds asked for.
    pub found: Vec<(ObjectRef, String)>,
    /// Kinds that could not be listed; there may be more of these.
    pub unseen: Vec<ClusterError>,
}

/// The objects of `kinds`, in all namespaces, that carry the session's label. Kinds that the cluster does not serve have
/// none.
pub async fn session_objects(cluster: &Cluster, session: &SessionId, kinds: &[Kind]) -> SessionObjects {
    let selector = format!("{SESSION_LABEL}={session}");
    let selector = selector.as_str();
    let mut answers = stream::iter(kinds.iter().copied())
        .map(|kind| async move { (kind, cluster.list(kind, None, selector).await) })
        .buffered(PARALLEL);
    let mut objects = SessionObjects::default();
    while let Some((kind, answer)) = answers.next().await {
        match answer {
            Ok(listed) => objects.found.extend(listed.into_iter().map(|object| {
                let meta = object.metadata;
                let target = ObjectRef { kind, namespace: meta.namespace, name: meta.name.unwrap_or_default() };
                (target, meta.uid.unwrap_or_default())
            })),
            Err(ClusterError::KindMissing { .. }) => {}
            Err(error) => objects.unseen.push(error),
        }
    }
    objects
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::testing::{Fake, list, plan, session, status};

    #[tokio::test]
    async fn a_sessions_objects_are_found_and_blind_spots_are_told() {
        let fake = Fake::default();
        fake.answer(200, list("1", &[plan("3")]));
        fake.text(404, "404 page not found");
        fake.answer(403, status(403, "Forbidden", "cannot list secrets"));
        let kinds = [Kind::PLAN, Kind::CONVERSION, Kind::SECRET];
        let objects = session_objects(&fake.cluster(), &session(), &kinds).await;
        assert_eq!(objects.found, [(ObjectRef::namespaced(Kind::PLAN, "ns", "p"), "u1".to_owned())]);
        assert_eq!(objects.unseen.len(), 1);
        assert!(objects.unseen[0].to_string().starts_with("list secrets: not allowed"));
        let first = &fake.requests()[0];
        assert!(first.path.contains("labelSelector=mtvtest.io%2Fsession%3Dauto-ab12"), "{}", first.path);
    }
}
