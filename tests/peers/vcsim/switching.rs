//! Power and snapshots.

use super::simulator::{ALONE, NEEDS, Simulator};
use crate::bench::Bench;
use crate::trial::trial;
use futures::future::join;
use libtest_mimic::Trial;
use mtvtest::facts::{Power, chain};
use mtvtest::provider::VmRef;
use serde_json::json;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("vcsim::power_goes_on_and_off_and_a_second_time_asks_for_nothing", NEEDS, power),
        trial("vcsim::two_switches_at_once_both_succeed", NEEDS, at_once),
        trial("vcsim::snapshots_are_a_chain_without_memory", NEEDS, snapshots),
        trial("vcsim::a_call_on_a_vm_that_is_gone_names_it", NEEDS, gone),
    ]
}

async fn power(bench: Bench) {
    let simulator = Simulator::start(&bench, &[]).await;
    let provider = simulator.connect().await;
    let vm = provider.find_vm(ALONE).await.unwrap();
    for (power, word) in [(Power::On, "poweredOn"), (Power::Off, "poweredOff")] {
        provider.set_power(&vm, power).await.unwrap();
        assert_eq!(simulator.vm(ALONE).await["Power"], word);
        assert_eq!(provider.vm_facts(&vm).await.unwrap().power, power);
        let before = provider.requests();
        provider.set_power(&vm, power).await.unwrap();
        assert_eq!(provider.requests() - before, 1, "one look, no task");
    }
    assert_eq!(simulator.tasks("PowerOn").await.len(), 1);
}

async fn at_once(bench: Bench) {
    let simulator = Simulator::start(&bench, &["-delay", "PowerOnVM_Task:1500"]).await;
    let (one, other) = (simulator.connect().await, simulator.connect().await);
    let vm = one.find_vm(ALONE).await.unwrap();
    let (left, right) = tokio::join!(one.set_power(&vm, Power::On), other.set_power(&vm, Power::On));
    left.unwrap();
    right.unwrap();
    assert_eq!(simulator.vm(ALONE).await["Power"], "poweredOn");
    let refused = simulator.tasks("PowerOn").await.iter().filter(|task| task["Fault"] == "InvalidPowerState").count();
    assert_eq!(refused, 1, "both asked, and the second was too late");
}

async fn snapshots(bench: Bench) {
    let simulator = Simulator::start(&bench, &[]).await;
    let provider = simulator.connect().await;
    let vm = provider.find_vm(ALONE).await.unwrap();
    assert_eq!(provider.vm_facts(&vm).await.unwrap().snapshots, []);
    provider.set_power(&vm, Power::On).await.unwrap();
    for name in ["s-1", "s <2> & more", "s-3"] {
        provider.create_snapshot(&vm, name).await.unwrap();
    }
    let facts = provider.vm_facts(&vm).await.unwrap();
    let names: Vec<_> = facts.snapshots.iter().map(|snapshot| snapshot.name.as_str()).collect();
    assert_eq!(names, ["s-1", "s <2> & more", "s-3"]);
    let ids: std::collections::BTreeSet<_> = facts.snapshots.iter().map(|snapshot| &snapshot.id).collect();
    assert_eq!(ids.len(), 3, "{ids:?}");
    assert!(facts.snapshots.iter().all(|snapshot| snapshot.created.contains('T')), "{:?}", facts.snapshots);
    let taken = |name: &str, children| json!([{ "Name": name, "Description": "", "State": "poweredOff", "Quiesced": false, "Children": children }]);
    let third = taken("s-3", json!(null));
    assert_eq!(simulator.vm(ALONE).await["Snapshots"], taken("s-1", taken("s <2> & more", third)));
}

async fn gone(bench: Bench) {
    let simulator = Simulator::start(&bench, &[]).await;
    let provider = simulator.connect().await;
    let vm = VmRef { id: "vm-9999".into(), name: "ghost".into() };
    let (power, snapshot) = join(provider.set_power(&vm, Power::On), provider.create_snapshot(&vm, "s")).await;
    for error in [power.unwrap_err(), snapshot.unwrap_err()] {
        let words = chain(&error);
        assert!(words.contains("ManagedObjectNotFound") && words.contains("vm-9999"), "{words}");
    }
    let words = chain(&provider.vm_facts(&vm).await.unwrap_err());
    assert!(words.contains("ManagedObjectNotFound") && words.contains("vm-9999"), "{words}");
}
