//! Deleting VMs.

use super::cloning::clone;
use super::simulator::{ALONE, NEEDS, Simulator, until};
use crate::bench::Bench;
use crate::trial::trial;
use libtest_mimic::Trial;
use mtvtest::facts::Power;
use mtvtest::provider::Removal;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("vcsim::a_running_vm_is_deleted_and_a_second_time_gone_already", NEEDS, running),
        trial("vcsim::the_id_counts_only_with_the_name", NEEDS, by_id),
        trial("vcsim::a_vm_switched_on_during_its_deletion_is_deleted", NEEDS, switched_on),
        trial("vcsim::two_deletions_at_once_both_succeed", NEEDS, at_once),
        trial("vcsim::every_vm_of_the_name_is_deleted", NEEDS, every),
    ]
}

async fn running(bench: Bench) {
    let simulator = Simulator::start(&bench, &[]).await;
    let provider = simulator.connect().await;
    let vm = clone(&*provider, ALONE, |_| ()).await.unwrap();
    provider.create_snapshot(&vm, "one").await.unwrap();
    provider.set_power(&vm, Power::On).await.unwrap();
    assert_eq!(provider.delete_vm("the-clone", None).await.unwrap(), Removal::Removed);
    assert!(simulator.vms("the-clone").await.is_empty());
    for id in [None, Some(vm.id.as_str())] {
        assert_eq!(provider.delete_vm("the-clone", id).await.unwrap(), Removal::AlreadyGone);
    }
    simulator.vm(ALONE).await;
}

async fn by_id(bench: Bench) {
    let simulator = Simulator::start(&bench, &[]).await;
    let provider = simulator.connect().await;
    let kept = provider.find_vm(ALONE).await.unwrap();
    clone(&*provider, ALONE, |_| ()).await.unwrap();
    // An id that by now is another VM's: only the name is deleted.
    assert_eq!(provider.delete_vm("the-clone", Some(&kept.id)).await.unwrap(), Removal::Removed);
    assert!(simulator.vms("the-clone").await.is_empty());
    assert_eq!(simulator.vm(ALONE).await["ID"], kept.id);
    let vm = clone(&*provider, ALONE, |_| ()).await.unwrap();
    provider.set_power(&vm, Power::On).await.unwrap();
    assert_eq!(provider.delete_vm("the-clone", Some(&vm.id)).await.unwrap(), Removal::Removed);
    assert!(simulator.vms("the-clone").await.is_empty());
}

async fn switched_on(bench: Bench) {
    let simulator = Simulator::start(&bench, &["-trace", "-delay", "Destroy_Task:3000"]).await;
    let (deleting, meddling) = (simulator.connect().await, simulator.connect().await);
    let vm = meddling.find_vm(ALONE).await.unwrap();
    let destroys = || simulator.peer.log().matches("<Destroy_Task ").count();
    let (removal, ()) = tokio::join!(deleting.delete_vm(ALONE, None), async {
        until("the deletion", async || (destroys() > 0, "not yet".to_owned())).await;
        meddling.set_power(&vm, Power::On).await.unwrap();
    });
    assert_eq!(removal.unwrap(), Removal::Removed);
    assert_eq!(destroys(), 2, "the first one was refused");
    assert!(simulator.vms(ALONE).await.is_empty());
}

async fn at_once(bench: Bench) {
    let simulator = Simulator::start(&bench, &["-delay", "Destroy_Task:1500"]).await;
    let (one, other) = (simulator.connect().await, simulator.connect().await);
    let (left, right) = tokio::join!(one.delete_vm(ALONE, None), other.delete_vm(ALONE, None));
    let removals = [left.unwrap(), right.unwrap()];
    assert!(removals.contains(&Removal::Removed), "{removals:?}");
    assert!(simulator.vms(ALONE).await.is_empty());
}

async fn every(bench: Bench) {
    let simulator = Simulator::start(&bench, &["-dc", "2"]).await;
    let provider = simulator.connect().await;
    simulator.ask("rename", &["DC0_H0_VM0", "twice"]).await;
    simulator.ask("rename", &["DC1_H0_VM0", "twice"]).await;
    simulator.ask("rename", &["DC1_H0_VM1", "twice-2"]).await;
    assert_eq!(simulator.vms("twice").await.len(), 2);
    assert_eq!(provider.delete_vm("twice", None).await.unwrap(), Removal::Removed);
    assert!(simulator.vms("twice").await.is_empty());
    simulator.vm("twice-2").await;
}
