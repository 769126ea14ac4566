//! The lab's API server and kube-apiserver, asked the same.

use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    Vec::new()
}
