//! Calls that the vCenter refuses, and a host on its own, which refuses more.

use super::cloning::clone;
use super::simulator::{ALONE, NEEDS, Simulator};
use crate::bench::Bench;
use crate::trial::trial;
use libtest_mimic::Trial;
use mtvtest::facts::{Power, chain};
use mtvtest::provider::{ProviderError, Removal};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("vcsim::a_busy_vm_is_asked_again", NEEDS, busy),
        trial("vcsim::a_missing_privilege_is_named", NEEDS, privilege),
        trial("vcsim::a_host_on_its_own_does_all_but_clone", NEEDS, host),
    ]
}

async fn busy(bench: Bench) {
    let flags = ["-fault", "CreateSnapshot_Task:TaskInProgress:The operation is not allowed now."];
    let simulator = Simulator::start(&bench, &flags).await;
    let provider = simulator.connect().await;
    let vm = provider.find_vm(ALONE).await.unwrap();
    let before = provider.requests();
    provider.create_snapshot(&vm, "one").await.unwrap();
    assert!(provider.requests() - before >= 3, "refused, taken, and a look at the task");
    assert_eq!(simulator.vm(ALONE).await["Snapshots"].as_array().unwrap().len(), 1);
}

async fn privilege(bench: Bench) {
    let flags = ["-fault", "PowerOnVM_Task:NoPermission:Permission to perform this operation was denied."];
    let simulator = Simulator::start(&bench, &flags).await;
    let provider = simulator.connect().await;
    let vm = provider.find_vm(ALONE).await.unwrap();
    let error = provider.set_power(&vm, Power::On).await.unwrap_err();
    assert_eq!(
        chain(&error),
        format!(
            "PowerOnVM_Task on {vm}: NoPermission: Permission to perform this operation was denied (privilege \
             System.Modify on {}); grant the user of providers.json this privilege, with propagation",
            vm.id
        )
    );
}

async fn host(bench: Bench) {
    let simulator = Simulator::start(&bench, &["-esx"]).await;
    let provider = simulator.connect().await;
    let about = provider.test().await.unwrap();
    assert!(about.product.starts_with("VMware ESXi "), "{about:?}");
    let vm = provider.vms_with_prefix("ha-host_").await.unwrap().remove(0);
    assert_eq!(provider.find_vm(&vm.name).await.unwrap(), vm);
    provider.set_power(&vm, Power::On).await.unwrap();
    provider.create_snapshot(&vm, "one").await.unwrap();
    let facts = provider.vm_facts(&vm).await.unwrap();
    assert_eq!((facts.power, facts.snapshots.len(), facts.disks.len()), (Power::On, 1, 1));
    let error = clone(&*provider, &vm.name, |_| ()).await.unwrap_err();
    assert!(matches!(error, ProviderError::Invalid { .. }), "{error}");
    assert!(chain(&error).contains("an ESXi host cannot clone; give the vCenter"), "{error}");
    assert_eq!(provider.delete_vm(&vm.name, Some(&vm.id)).await.unwrap(), Removal::Removed);
    assert_eq!(provider.delete_vm(&vm.name, None).await.unwrap(), Removal::AlreadyGone);
    provider.disconnect().await;
}
