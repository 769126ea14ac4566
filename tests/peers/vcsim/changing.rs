//! What is changed on VMs that are there: snapshots removed, NICs added, DRS, tracking; and hosts.

use super::cloning::clone;
use super::simulator::{ALONE, CLUSTERED, NEEDS, Simulator};
use crate::bench::Bench;
use crate::trial::trial;
use libtest_mimic::Trial;
use mtvtest::facts::chain;
use mtvtest::provider::{NewDisk, Removal};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("vcsim::snapshots_are_removed_by_id_or_name_as_often_as_asked", NEEDS, snapshots),
        trial("vcsim::hosts_are_listed_and_a_vm_is_on_one_of_them", NEEDS, hosts),
        trial("vcsim::drs_is_off_for_a_vm_as_often_as_asked_and_unknown_outside_a_cluster", NEEDS, drs),
        trial("vcsim::an_added_nic_is_on_the_network_of_the_first", NEEDS, nic),
        trial("vcsim::tracking_is_read_back_and_missed_where_it_is_not_on", NEEDS, tracking),
        trial("vcsim::datastores_have_names_and_unknown_ones_are_told", NEEDS, datastores),
    ]
}

async fn snapshots(bench: Bench) {
    let simulator = Simulator::start(&bench, &[]).await;
    let provider = simulator.connect().await;
    let vm = provider.find_vm(ALONE).await.unwrap();
    let mut ids = Vec::new();
    for name in ["s-1", "s-2", "s-3"] {
        ids.push(provider.create_snapshot(&vm, name).await.unwrap());
    }
    assert!(ids.iter().all(|id| id.starts_with("snapshot-")) && ids[0] != ids[1], "{ids:?}");
    // An id that has another name is not what was asked for.
    assert_eq!(provider.remove_snapshot(&vm, "s-9", Some(&ids[0])).await.unwrap(), Removal::AlreadyGone);
    assert_eq!(provider.remove_snapshot(&vm, "s-2", Some(&ids[1])).await.unwrap(), Removal::Removed);
    assert_eq!(provider.remove_snapshot(&vm, "s-2", Some(&ids[1])).await.unwrap(), Removal::AlreadyGone);
    let names = async || {
        let facts = provider.vm_facts(&vm).await.unwrap();
        facts.snapshots.into_iter().map(|snapshot| snapshot.name).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["s-1", "s-3"]);
    assert_eq!(provider.remove_snapshot(&vm, "s-1", None).await.unwrap(), Removal::Removed);
    assert_eq!(names().await, ["s-3"]);
    provider.delete_vm(ALONE, None).await.unwrap();
    assert_eq!(provider.remove_snapshot(&vm, "s-3", Some(&ids[2])).await.unwrap(), Removal::AlreadyGone);
}

async fn hosts(bench: Bench) {
    let simulator = Simulator::start(&bench, &[]).await;
    let provider = simulator.connect().await;
    let hosts = provider.hosts().await.unwrap();
    let names: Vec<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
    assert_eq!(names, ["DC0_C0_H0", "DC0_C0_H1", "DC0_C0_H2", "DC0_H0"]);
    assert!(hosts.iter().all(|host| host.usable), "{hosts:?}");
    assert_eq!(hosts[0].cluster, hosts[2].cluster);
    assert_ne!(hosts[0].cluster, hosts[3].cluster);
    let alone = provider.find_vm(ALONE).await.unwrap();
    assert_eq!(provider.host_of(&alone).await.unwrap(), hosts[3]);
}

async fn drs(bench: Bench) {
    let simulator = Simulator::start(&bench, &[]).await;
    let provider = simulator.connect().await;
    for (name, tasks) in [(ALONE, 0), (CLUSTERED, 1), (CLUSTERED, 3)] {
        let vm = provider.find_vm(name).await.unwrap();
        provider.keep_on_host(&vm).await.unwrap_or_else(|error| panic!("{}", chain(&error)));
        // The second time the override is there, so adding it fails and editing it does not.
        assert_eq!(simulator.tasks("ReconfigureCluster").await.len(), tasks, "{name}");
    }
}

async fn nic(bench: Bench) {
    let simulator = Simulator::start(&bench, &[]).await;
    let provider = simulator.connect().await;
    for (start_connected, count) in [(false, 2), (true, 3)] {
        let vm = provider.find_vm(ALONE).await.unwrap();
        provider.add_nic(&vm, start_connected).await.unwrap_or_else(|error| panic!("{}", chain(&error)));
        let facts = provider.vm_facts(&vm).await.unwrap();
        assert_eq!(facts.nics.len(), count);
        let added = &facts.nics[count - 1];
        assert_eq!(added.network, facts.nics[0].network);
        assert_eq!(added.connected, Some(start_connected));
        assert!(!added.mac.is_empty() && added.mac != facts.nics[0].mac, "{:?}", facts.nics);
    }
    assert_eq!(simulator.vm(ALONE).await["NICs"].as_array().unwrap().len(), 3);
}

async fn tracking(bench: Bench) {
    let simulator = Simulator::start(&bench, &[]).await;
    let provider = simulator.connect().await;
    let vm = provider.find_vm(ALONE).await.unwrap();
    let words = chain(&provider.require_change_tracking(&vm).await.unwrap_err());
    assert!(words.contains("not on: ctkEnabled, scsi0:0.ctkEnabled") && words.contains(ALONE), "{words}");
    let disk = NewDisk { size_bytes: 1 << 30, ..NewDisk::default() };
    let made = clone(&*provider, ALONE, |request| {
        request.cbt = true;
        request.add_disks = vec![disk];
    })
    .await
    .unwrap();
    provider.require_change_tracking(&made).await.unwrap();
    assert_eq!(simulator.vm("the-clone").await["Disks"].as_array().map(Vec::len), Some(2));
}

async fn datastores(bench: Bench) {
    let simulator = Simulator::start(&bench, &[]).await;
    let provider = simulator.connect().await;
    let words = chain(&provider.datastore_name("datastore-9999").await.unwrap_err());
    assert!(words.contains("no datastore \"datastore-9999\""), "{words}");
    // The message offers the ids that there are.
    let id = words.split("nearest are ").nth(1).and_then(|rest| rest.split([',', ';']).next()).unwrap();
    assert_eq!(provider.datastore_name(id).await.unwrap(), "LocalDS_0");
}
