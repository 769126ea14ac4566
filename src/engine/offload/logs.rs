//! The log of a populate pod, followed while the pod lives.

use super::sightings::truth;
use crate::cluster::Cluster;
use futures::{AsyncBufReadExt, TryStreamExt};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::LogParams;

/// The mark of a verdict in a log.
const MARK: &str = "xcopyUsed=";

/// Reads the pod's log to its present end, or with `follow` until the pod ends; calls `told` with each verdict. The
/// error is one to try again on: a container that has not begun has no log yet.
pub(super) async fn read_verdicts(
    cluster: &Cluster,
    namespace: &str,
    pod: &str,
    follow: bool,
    mut told: impl FnMut(bool),
) -> Result<(), String> {
    let pods: Api<Pod> = Api::namespaced(cluster.client().clone(), namespace);
    let params = LogParams { follow, ..LogParams::default() };
    let log = pods.log_stream(pod, &params).await.map_err(|error| error.to_string())?;
    let mut lines = log.lines();
    while let Some(line) = lines.try_next().await.map_err(|error| error.to_string())? {
        if let Some(verdict) = verdict(&line) {
            told(verdict);
        }
    }
    Ok(())
}

/// The last verdict of a line.
fn verdict(line: &str) -> Option<bool> {
    let (_, after) = line.rsplit_once(MARK)?;
    truth(after.split(|letter: char| letter.is_whitespace() || letter == ',').next()?)
}

#[cfg(test)]
mod tests {
    use super::verdict;

    #[test]
    fn verdicts_are_read_in_every_form() {
        for (line, read) in [
            (r#"I 1 populator] "xcopy" logger="a" xcopyUsed=1"#, Some(true)),
            (r#"xcopyUsed=0 then xcopyUsed="true", more"#, Some(true)),
            ("xcopyUsed=false", Some(false)),
            ("xcopyUsed=", None),
            ("progress=50", None),
        ] {
            assert_eq!(verdict(line), read, "{line}");
        }
    }
}
