//! Clones: what they are like afterwards, read back by govmomi's client.

use super::simulator::{ALONE, CLUSTERED, NEEDS, Simulator};
use crate::bench::Bench;
use crate::trial::trial;
use libtest_mimic::Trial;
use mtvtest::facts::chain;
use mtvtest::provider::{CloneRequest, DiskMode, DiskType, NewDisk, ProviderError, SourceProvider, VmRef};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("vcsim::a_plain_clone_is_like_its_source_but_for_its_addresses", NEEDS, plain),
        trial("vcsim::a_clone_keeps_the_addresses_when_told_to", NEEDS, kept_addresses),
        trial("vcsim::an_address_in_use_makes_the_clone_keep_the_addresses", NEEDS, address_in_use),
        trial("vcsim::every_disk_type_makes_a_clone", NEEDS, disk_types),
        trial("vcsim::added_disks_have_their_size_provisioning_and_mode", NEEDS, added_disks),
        trial("vcsim::changed_block_tracking_is_on_for_the_vm_and_each_disk", NEEDS, tracking),
        trial("vcsim::a_taken_name_is_an_error_that_names_both", NEEDS, name_taken),
        trial("vcsim::a_clone_of_a_clone_with_snapshots_has_none", NEEDS, of_a_clone),
    ]
}

/// Clones a VM of the simulator.
pub(super) async fn clone(
    provider: &dyn SourceProvider,
    source: &str,
    change: impl FnOnce(&mut CloneRequest),
) -> Result<VmRef, ProviderError> {
    let mut request = CloneRequest::new(provider.find_vm(source).await.unwrap(), "the-clone");
    change(&mut request);
    provider.clone_vm(&request, &CancellationToken::new()).await
}

/// The devices' MAC addresses.
fn macs(vm: &Value) -> Vec<&str> {
    vm["NICs"].as_array().unwrap().iter().map(|nic| nic["MAC"].as_str().unwrap()).collect()
}

async fn plain(bench: Bench) {
    let simulator = Simulator::start(&bench, &[]).await;
    let provider = simulator.connect().await;
    simulator.configure(ALONE, &json!({ "Network": "VM Network", "CPUs": 2, "MemoryMB": 512 })).await;
    let made = clone(&*provider, ALONE, |_| ()).await.unwrap();
    let (source, copy) = (simulator.vm(ALONE).await, simulator.vm("the-clone").await);
    assert_eq!(json!([made.id, made.name]), json!([copy["ID"], "the-clone"]));
    assert_eq!(provider.find_vm("the-clone").await.unwrap(), made);
    for same in ["Folder", "Pool", "Host", "Datastores", "CPUs", "MemoryMB"] {
        assert_eq!(copy[same], source[same], "{same}");
    }
    assert_eq!((&copy["Power"], &copy["Template"]), (&json!("poweredOff"), &json!(false)));
    assert_ne!(copy["UUID"], source["UUID"]);
    for same in ["Bytes", "Controller", "Unit", "Mode"] {
        assert_eq!(copy["Disks"][0][same], source["Disks"][0][same], "{same}");
    }
    assert_ne!(copy["Disks"][0]["File"], source["Disks"][0]["File"]);
    assert_eq!(macs(&copy).len(), 2);
    let all: std::collections::BTreeSet<_> = macs(&copy).into_iter().chain(macs(&source)).collect();
    assert_eq!(all.len(), 4, "{all:?}");
    let networks = |facts: mtvtest::facts::SourceVm| facts.nics.into_iter().map(|nic| nic.network).collect::<Vec<_>>();
    assert_eq!(networks(provider.vm_facts(&made).await.unwrap()), ["DC0_DVPG0", "VM Network"]);
}

async fn kept_addresses(bench: Bench) {
    let simulator = Simulator::start(&bench, &[]).await;
    let provider = simulator.connect().await;
    clone(&*provider, ALONE, |request| request.regenerate_macs = false).await.unwrap();
    assert_eq!(macs(&simulator.vm("the-clone").await), macs(&simulator.vm(ALONE).await));
}

async fn address_in_use(bench: Bench) {
    let words = "CloneVM_Task:GenericVmConfigFault:MAC address 00:50:56:00:00:01 is in use by another VM";
    let simulator = Simulator::start(&bench, &["-fault", words]).await;
    let provider = simulator.connect().await;
    clone(&*provider, ALONE, |request| request.cbt = true).await.unwrap();
    let copy = simulator.vm("the-clone").await;
    assert_eq!(macs(&copy), macs(&simulator.vm(ALONE).await), "without the edits");
    assert_eq!(copy["Extra"]["ctkEnabled"], "true", "but with all else");
    let other = "CloneVM_Task:GenericVmConfigFault:the clone is not in the mood";
    let simulator = Simulator::start(&bench, &["-fault", other]).await;
    let provider = simulator.connect().await;
    let words = chain(&clone(&*provider, ALONE, |_| ()).await.unwrap_err());
    assert!(words.contains("GenericVmConfigFault: the clone is not in the mood"), "{words}");
    assert!(simulator.vms("the-clone").await.is_empty(), "one attempt");
}

async fn disk_types(bench: Bench) {
    let simulator = Simulator::start(&bench, &[]).await;
    let provider = simulator.connect().await;
    for kind in [DiskType::Thin, DiskType::ThickLazy, DiskType::ThickEager] {
        let made = clone(&*provider, CLUSTERED, |request| {
            request.disk_type = Some(kind);
            request.name = format!("clone-{kind}");
        });
        let made = made.await.unwrap();
        let copy = simulator.vm(&format!("clone-{kind}")).await;
        assert_eq!((&copy["ID"], copy["Disks"].as_array().unwrap().len()), (&json!(made.id), 1));
    }
}

async fn added_disks(bench: Bench) {
    let simulator = Simulator::start(&bench, &[]).await;
    let provider = simulator.connect().await;
    let places = simulator.ask("places", &[]).await;
    let second = &places["Datastores"][1];
    let disk = |size_bytes, provisioning, mode| NewDisk { size_bytes, provisioning, mode, ..NewDisk::default() };
    let other = NewDisk {
        datastore: second["ID"].as_str().map(str::to_owned),
        datastore_path: Some("shared/disks".to_owned()),
        ..disk(3 << 20, DiskType::Thin, DiskMode::Persistent)
    };
    let mut wanted = vec![
        disk(1 << 30, DiskType::Thin, DiskMode::Persistent),
        disk(2 << 30, DiskType::ThickLazy, DiskMode::IndependentPersistent),
        disk(5 << 20, DiskType::ThickEager, DiskMode::IndependentNonpersistent),
        other,
    ];
    // The eighth disk comes to unit 8: 7 is the controller's.
    wanted.extend((0..4).map(|_| disk(1 << 20, DiskType::Thin, DiskMode::Persistent)));
    clone(&*provider, ALONE, |request| request.add_disks.clone_from(&wanted)).await.unwrap();
    let copy = simulator.vm("the-clone").await;
    let disks = copy["Disks"].as_array().unwrap();
    let told = |name: &str| disks[1..].iter().map(|disk| disk[name].clone()).collect::<Vec<_>>();
    let units = disks.iter().map(|disk| disk["Unit"].as_i64().unwrap()).collect::<Vec<_>>();
    assert_eq!(units, [0, 1, 2, 3, 4, 5, 6, 8, 9]);
    assert!(disks.iter().all(|disk| disk["Controller"] == disks[0]["Controller"]), "{disks:?}");
    assert_eq!(told("Bytes")[..4], [json!(1 << 30), json!(2_i64 << 30), json!(5 << 20), json!(3 << 20)]);
    assert_eq!(told("Thin")[..4], [true, false, false, true]);
    assert_eq!(told("Eager")[..4], [false, false, true, false]);
    let modes = ["persistent", "independent_persistent", "independent_nonpersistent", "persistent"];
    assert_eq!(told("Mode")[..4], modes);
    assert_eq!(told("Datastore")[3], second["ID"]);
    assert_eq!(told("File")[3], format!("[{}] shared/disks/the-clone_disk_4.vmdk", second["Name"].as_str().unwrap()));
    assert_eq!(told("Datastore")[0], disks[0]["Datastore"]);
    let huge = vec![disk(1 << 60, DiskType::ThickLazy, DiskMode::Persistent)];
    let refused = clone(&*provider, ALONE, |request| {
        "too-big".clone_into(&mut request.name);
        request.add_disks = huge;
    });
    let error = refused.await.unwrap_err();
    assert!(matches!(&error, ProviderError::NoSpace { datastore, .. } if datastore == "LocalDS_0"), "{error}");
    assert_eq!(simulator.tasks("CloneVm").await.len(), 1);
}

async fn tracking(bench: Bench) {
    let simulator = Simulator::start(&bench, &[]).await;
    let provider = simulator.connect().await;
    let disk = || NewDisk { size_bytes: 1 << 20, ..NewDisk::default() };
    clone(&*provider, ALONE, |request| {
        request.cbt = true;
        request.add_disks = vec![disk(), disk()];
    })
    .await
    .unwrap();
    let copy = simulator.vm("the-clone").await;
    let extra = copy["Extra"].as_object().unwrap();
    let tracked: Vec<_> = extra.iter().filter(|(key, _)| key.contains("ctk")).collect();
    let on = &json!("true");
    let keys = ["ctkEnabled", "scsi0:0.ctkEnabled", "scsi0:1.ctkEnabled", "scsi0:2.ctkEnabled"].map(str::to_owned);
    assert_eq!(tracked, keys.iter().map(|key| (key, on)).collect::<Vec<_>>());
    let untracked = simulator.vm(ALONE).await;
    assert!(!untracked["Extra"].as_object().unwrap().keys().any(|key| key.contains("ctk")), "the source is left alone");
}

async fn name_taken(bench: Bench) {
    let simulator = Simulator::start(&bench, &[]).await;
    let provider = simulator.connect().await;
    let made = clone(&*provider, ALONE, |_| ()).await.unwrap();
    let error = clone(&*provider, CLUSTERED, |_| ()).await.unwrap_err();
    assert!(matches!(error, ProviderError::NameTaken { .. }), "{error}");
    let words = chain(&error);
    assert!(words.contains("\"the-clone\"") && words.contains(CLUSTERED), "{words}");
    assert_eq!(simulator.vm("the-clone").await["ID"], made.id, "the first one is still the only one");
}

async fn of_a_clone(bench: Bench) {
    let simulator = Simulator::start(&bench, &[]).await;
    let provider = simulator.connect().await;
    let first = clone(&*provider, ALONE, |request| {
        "first".clone_into(&mut request.name);
        request.add_disks = vec![NewDisk { size_bytes: 1 << 20, ..NewDisk::default() }];
    });
    provider.create_snapshot(&first.await.unwrap(), "one").await.unwrap();
    let second = clone(&*provider, "first", |request| {
        request.add_disks = vec![NewDisk { size_bytes: 2 << 20, ..NewDisk::default() }];
    });
    let facts = provider.vm_facts(&second.await.unwrap()).await.unwrap();
    assert_eq!(facts.snapshots, []);
    let sizes: Vec<_> = facts.disks.iter().map(|disk| (disk.unit, disk.size_bytes)).collect();
    assert_eq!(sizes, [(Some(0), 10 << 30), (Some(1), 1 << 20), (Some(2), 2 << 20)]);
}
