//! The logs of pods: written by whoever simulates what runs in a pod, read by the API server for `pods/log`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Texts by uid of their pod. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct PodLogs {
    texts: Arc<Mutex<BTreeMap<String, Log>>>,
}

#[derive(Debug, Default)]
struct Log {
    text: String,
    /// How many bytes of it a client has been given.
    served: usize,
}

impl PodLogs {
    /// Adds a line to a pod's log.
    pub fn append(&self, pod_uid: &str, line: &str) {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        let log = texts.entry(pod_uid.to_owned()).or_default();
        log.text.push_str(line);
        log.text.push('\n');
    }

    /// A pod's log, if anything was written to it.
    pub fn read(&self, pod_uid: &str) -> Option<String> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner).get(pod_uid).map(|log| log.text.clone())
    }

    /// As [`Self::read`], for a client of the API server.
    pub fn serve(&self, pod_uid: &str) -> Option<String> {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        let log = texts.get_mut(pod_uid)?;
        log.served = log.text.len();
        Some(log.text.clone())
    }

    /// Whether a client has been given all of a pod's log.
    pub fn is_served(&self, pod_uid: &str) -> bool {
        let texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        texts.get(pod_uid).is_none_or(|log| log.served == log.text.len())
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
        assert!(!logs.is_served("u"));
        assert_eq!(logs.serve("u"), logs.read("u"));
        assert!(logs.is_served("u"));
        logs.append("u", "three");
        assert!(!logs.is_served("u"));
        logs.forget("u");
        assert_eq!(logs.read("u"), None);
    }
}
