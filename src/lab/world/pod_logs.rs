//! The logs of pods: written by whoever simulates what runs in a pod, read by the API server for `pods/log`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Texts by uid of their pod. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct PodLogs {
    texts: Arc<Mutex<BTreeMap<String, String>>>,
}

impl PodLogs {
    /// Adds a line to a pod's log.
    pub fn append(&self, pod_uid: &str, line: &str) {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        let text = texts.entry(pod_uid.to_owned()).or_default();
        text.push_str(line);
        text.push('\n');
    }

    /// A pod's log, if anything was written to it.
    pub fn read(&self, pod_uid: &str) -> Option<String> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner).get(pod_uid).cloned()
    }

    /// Forgets a pod that is gone.
    pub fn forget(&self, pod_uid: &str) {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner).remove(pod_uid);
    }
}

#[cfg(test)]
mod tests {
    use super::PodLogs;

    #[test]
    fn lines_gather_until_the_pod_is_forgotten() {
        let logs = PodLogs::default();
        logs.clone().append("u", "one");
        logs.append("u", "two");
        assert_eq!(logs.read("u").as_deref(), Some("one\ntwo\n"));
        logs.forget("u");
        assert_eq!(logs.read("u"), None);
    }
}
