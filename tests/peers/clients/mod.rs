//! Clients of others against the served lab: kubectl, Python's Kubernetes client, pyVmomi, openstacksdk.

mod kubectl_access;
mod kubectl_migration;
mod kubectl_reading;
mod kubectl_writing;
mod openstack;
mod python;
pub(crate) mod served;
mod serving;

use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    [
        kubectl_reading::trials(),
        kubectl_writing::trials(),
        kubectl_access::trials(),
        kubectl_migration::trials(),
        openstack::trials(),
        python::trials(),
        serving::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
