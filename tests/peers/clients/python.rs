//! Python's Kubernetes client and pyVmomi: one script of this folder for each topic.

use super::served::Served;
use crate::part::Part::Python;
use crate::trial::trial;
use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![]
}
