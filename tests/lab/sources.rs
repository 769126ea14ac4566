//! What a scenario may say of its source VMs: what the simulated vCenter shows after each key, and that everything is
//! undone, also after a crash between the intent and the call.

use crate::rig::{Rig, share_a_disk};
use mtvtest::engine::SessionParts;
use mtvtest::event::{Event, Outcome, StepName};
use mtvtest::facts::Power;
use mtvtest::lab::fault::Faults;
use mtvtest::lab::world::{Inventory, Vm, VmSpec, WorldSpec};
use mtvtest::undo::{Ledger, State};
use serde_json::{Value, json};

/// A rig that leaves everything in place, with changes of its world and of its provider's entry.
fn rig(change: impl FnOnce(&mut WorldSpec), entry: impl FnOnce(&mut Value)) -> Rig {
    let mut rig = Rig::with_world(change, &Faults::default());
    rig.settings.skip_teardown = true;
    let mut providers: Value = serde_json::from_str(&rig.providers_json).unwrap();
    entry(&mut providers["vsphere-8"]);
    rig.providers_json = providers.to_string();
    rig
}

/// Runs a scenario whose VMs must become ready; what becomes of its migration is not the question here.
async fn prepared(rig: &Rig, scenario: &str) -> Vec<Event> {
    let ran = Box::pin(rig.run(scenario)).await;
    let prepare = ran.events.iter().find_map(|event| match event {
        Event::StepFinished { step: StepName::Prepare, outcome, .. } => Some(outcome.clone()),
        _ => None,
    });
    assert_eq!(prepare, Some(Outcome::Passed), "{}", ran.reason());
    ran.events.clone()
}

/// The VMs of the session, by name.
fn clones(inventory: &Inventory) -> Vec<&Vm> {
    let mut found: Vec<&Vm> = inventory.vms.iter().filter(|vm| vm.name.starts_with("auto-")).collect();
    found.sort_by(|left, right| left.name.cmp(&right.name));
    found
}

fn look<T>(rig: &Rig, look: impl FnOnce(&Inventory) -> T) -> T {
    look(&rig.lab.world().sources[0].read())
}

fn ledger(rig: &Rig) -> Ledger {
    Ledger::open(&rig.run_directory().join("resources.json")).unwrap()
}

/// Undoes a ledger as `clean` does; nothing may be left behind, by the ledger or by the world.
async fn clean(rig: &Rig, ledger: &Ledger) {
    let parts = clean_parts(rig).await;
    let unwinder = parts.unwinder_of(ledger);
    let leftovers = unwinder.undo(|_| true).await.unwrap();
    unwinder.close().await;
    assert_eq!(leftovers, []);
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
}

async fn clean_parts(rig: &Rig) -> SessionParts {
    let aside = rig.folder.path().join(format!("before-{}", uuid::Uuid::new_v4()));
    std::fs::rename(rig.run_directory(), aside).ok();
    rig.parts().await.unwrap_or_else(|problems| panic!("{problems:?}")).0
}

/// A ledger that says of everything that it may exist, as after a crash.
fn crashed(rig: &Rig) -> Ledger {
    let path = rig.run_directory().join("resources.json");
    let mut listed: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    for entry in listed.as_object_mut().unwrap().values_mut().flat_map(|list| list.as_array_mut().unwrap()) {
        entry["state"] = "intended".into();
        if !entry["snapshot_id"].is_null() {
            entry["snapshot_id"] = Value::Null;
        }
    }
    let copy = rig.folder.path().join(format!("{}.json", uuid::Uuid::new_v4()));
    std::fs::write(&copy, listed.to_string()).unwrap();
    Ledger::open(&copy).unwrap()
}

#[tokio::test(start_paused = true)]
async fn every_key_of_a_clone_shows_on_the_vcenter() {
    let rig = rig(|_| {}, |entry| entry["copyoffload"]["default_vm_name"] = "xcopy-template-test".into());
    let scenario = "description: Keys.\ncopyoffload: true\ndisable_drs_for_vms: true\nvirtual_machines:\n  - \
        {name: mtv-tests-rhel8, clone_name: XCopy_Test, preserve_name_format: true, disk_type: thick-lazy, \
        target_esxi_host: esxi-2.lab.mtvtest, snapshots: 2, source_vm_power: \"on\", add_nic: true, \
        add_nic_start_connected: false, add_disks: [{size_gb: 30, datastore_id: secondary_datastore_id}, \
        {size_gb: 10, datastore_id: non_xcopy_datastore_id, datastore_path: shared_disks, \
        disk_mode: independent_persistent}, {rdm_type: virtual}]}\n";
    prepared(&rig, scenario).await;
    look(&rig, |inventory| {
        let [vm] = clones(inventory)[..] else { panic!("one clone") };
        let session = rig.session_id();
        assert!(vm.name.starts_with(&format!("{session}-XCopy_Test-")), "{}", vm.name);
        assert_eq!((vm.guest_id.as_str(), vm.host.as_str()), ("rhel9_64Guest", "host-22"));
        let disks: Vec<_> =
            vm.disks.iter().map(|disk| (disk.unit, disk.size_bytes >> 30, disk.datastore.as_str())).collect();
        assert_eq!(
            disks,
            [(0, 16, "datastore-41"), (1, 30, "datastore-42"), (2, 10, "datastore-43"), (3, 10, "datastore-41")]
        );
        assert_eq!(
            (vm.disks[0].thin, vm.disks[1].thin, vm.disks[2].mode.as_str()),
            (false, true, "independent_persistent")
        );
        assert!(vm.disks[2].file.starts_with("[nfs-1] shared_disks/"), "{}", vm.disks[2].file);
        let lun = vm.disks[3].lun.as_ref().unwrap();
        assert_eq!((lun.mode.as_str(), lun.device.starts_with("/vmfs/devices/disks/naa.")), ("virtualMode", true));
        let names: Vec<_> = vm.snapshots.iter().map(|snapshot| snapshot.name.clone()).collect();
        assert_eq!(names, [1, 2].map(|number| format!("{}-{session}-snapshot-{number}", vm.name)));
        let nics: Vec<_> = vm.nics.iter().map(|nic| (nic.network == vm.nics[0].network, nic.connected)).collect();
        assert_eq!(nics, [(true, true), (true, false)]);
        let template = inventory.vms.iter().find(|vm| vm.template).unwrap();
        assert!(vm.nics.iter().all(|nic| nic.mac != template.nics[0].mac) && vm.nics[0].mac != vm.nics[1].mac);
        assert_eq!(inventory.drs_off, std::slice::from_ref(&vm.moref));
        assert!(template.snapshots.is_empty() && template.disks.len() == 1);
    });
    let ledger = ledger(&rig);
    clean(&rig, &ledger).await;
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn clones_go_to_the_hosts_that_are_asked_for() {
    let hosts = async |keys: &str, entry: fn(&mut Value)| {
        let rig = rig(|_| {}, entry);
        let vms = "virtual_machines: [{name: mtv-tests-rhel8}, {name: mtv-win2019-79}, {name: mtv-tests-rhel8}]";
        prepared(&rig, &format!("description: Hosts.\n{keys}\n{vms}\n")).await;
        let hosts = look(&rig, |inventory| clones(inventory).iter().map(|vm| vm.host.clone()).collect::<Vec<_>>());
        let ledger = ledger(&rig);
        clean(&rig, &ledger).await;
        rig.lab.stop().await;
        hosts
    };
    let same = hosts("clone_to_same_host: true", |_| {}).await;
    assert!(same.iter().all(|host| *host == same[0]) && same.len() == 3, "{same:?}");
    let dedicated =
        |entry: &mut Value| entry["copyoffload"]["dedicated_migration_hosts"] = json!(["host-21", "host-23"]);
    assert_eq!(hosts("copyoffload: true\npin_to_non_dedicated_host: true", dedicated).await, ["host-22"; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_vm_that_is_not_cloned_keeps_everything_but_its_power_which_is_restored() {
    let scenario = "description: Itself.\nskip_clone: true\nvirtual_machines: [{name: mtv-tests-rhel8, snapshots: 2, \
        source_vm_power: \"on\"}]\n";
    for crash in [false, true] {
        for before in [Power::On, Power::Off] {
            let rig = rig(|spec| vm_spec(spec, "mtv-tests-rhel8").power = before, |_| {});
            prepared(&rig, scenario).await;
            look(&rig, |inventory| {
                assert_eq!(clones(inventory).len(), 0);
                let vm = inventory.vms.iter().find(|vm| vm.name == "mtv-tests-rhel8").unwrap();
                assert_eq!(vm.snapshots.len(), 2);
                // The product leaves a migrated VM off.
                assert_eq!(vm.power, Power::Off);
            });
            let words: Vec<String> = ledger(&rig).entries().iter().map(|entry| entry.thing.to_string()).collect();
            assert!(
                words.iter().any(|text| *text == format!("power {before} of VM mtv-tests-rhel8 on provider vsphere-8")),
                "{words:?}"
            );
            let ledger = if crash { crashed(&rig) } else { ledger(&rig) };
            clean(&rig, &ledger).await;
            rig.lab.stop().await;
        }
    }
}

fn vm_spec<'a>(spec: &'a mut WorldSpec, name: &str) -> &'a mut VmSpec {
    let vms = spec.sources[0].vms_mut();
    vms.iter_mut().find(|vm| vm.name == name).unwrap()
}

#[tokio::test(start_paused = true)]
async fn warm_clones_are_tracked_on_every_disk() {
    let rig = rig(|_| {}, |_| {});
    let scenario = "description: Warm.\nwarm_migration: true\nvirtual_machines: [{name: mtv-tests-rhel8, \
        source_vm_power: \"on\", add_disks: [{size_gb: 1}]}]\n";
    prepared(&rig, scenario).await;
    look(&rig, |inventory| {
        let vm = clones(inventory)[0];
        assert!(vm.tracks_changes());
        let keys: Vec<&str> = vm.extra_config.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["ctkEnabled", "scsi0:0.ctkEnabled", "scsi0:1.ctkEnabled"]);
    });
    let ledger = ledger(&rig);
    clean(&rig, &ledger).await;
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_vm_without_tracking_that_is_not_cloned_is_refused_in_words() {
    let rig = rig(|_| {}, |_| {});
    let scenario =
        "description: Warm.\nwarm_migration: true\nskip_clone: true\nvirtual_machines: [{name: mtv-tests-rhel8}]\n";
    let ran = Box::pin(rig.run(scenario)).await;
    assert!(
        ran.reason().contains("changed-block tracking is not on: ctkEnabled, scsi0:0.ctkEnabled"),
        "{}",
        ran.reason()
    );
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn clones_of_vms_that_share_a_disk_share_one_again() {
    let rig = rig(share_a_disk, |_| {});
    let scenario = "description: Shared.\nmigrate_shared_disks: true\nvirtual_machines:\n  - \
        {name: shared-2, migrate_shared_disks: false}\n  - {name: shared-1, migrate_shared_disks: true}\n";
    prepared(&rig, scenario).await;
    look(&rig, |inventory| {
        let [owner, other] = clones(inventory)[..] else { panic!("two clones") };
        assert!(owner.name.contains("shared-1") && other.name.contains("shared-2"));
        let shared =
            |vm: &Vm| vm.disks.iter().filter(|disk| disk.shared).map(|disk| disk.file.clone()).collect::<Vec<_>>();
        assert_eq!(shared(owner), shared(other));
        assert!(shared(owner)[0].contains(&owner.name), "{:?}", shared(owner));
        assert_eq!(other.disks.len(), 2);
        assert_ne!(owner.disks[0].file, other.disks[0].file);
    });
    let ledger = ledger(&rig);
    clean(&rig, &ledger).await;
    rig.lab.stop().await;
}

/// An entry whose ESXi host is told to clone over SSH.
fn over_ssh(entry: &mut Value) {
    for (key, value) in [
        ("esxi_clone_method", "ssh"),
        ("esxi_host", "esxi-1.lab.mtvtest"),
        ("esxi_user", "root"),
        ("esxi_password", "lab-esxi"),
    ] {
        entry["copyoffload"][key] = value.into();
    }
}

fn keys_of(rig: &Rig) -> Vec<String> {
    look(rig, |inventory| inventory.authorized_keys.get("host-21").cloned().unwrap_or_default())
}

const SSH: &str =
    "description: Over ssh.\ncopyoffload: true\nvirtual_machines: [{name: mtv-tests-rhel8}, {name: mtv-win2019-79}]\n";

#[tokio::test(start_paused = true)]
async fn the_key_is_on_the_esxi_host_once_and_only_it_is_removed() {
    let rig = rig(|_| {}, over_ssh);
    let foreign = "ssh-rsa AAAAB3NzaC1yc2E= somebody";
    rig.lab.world().sources[0].change(|inventory| {
        inventory.authorized_keys.insert("host-21".into(), vec![foreign.to_owned()]);
    });
    let baseline = mtvtest::lab::Baseline::take(&rig.lab);
    prepared(&rig, SSH).await;
    let keys = keys_of(&rig);
    assert_eq!(keys.len(), 2, "{keys:?}");
    assert_eq!(keys[0], foreign);
    let start = "command=\"python /vmfs/volumes/vmfs-1/secure-vmkfstools-wrapper.py\",no-port-forwarding,no-agent-forwarding,no-X11-forwarding ssh-";
    assert!(keys[1].starts_with(start), "{}", keys[1]);
    assert_eq!(look(&rig, |inventory| clones(inventory).iter().filter(|vm| vm.host == "host-21").count()), 2);
    let text = std::fs::read_to_string(rig.run_directory().join("resources.json")).unwrap();
    assert!(text.contains("\"EsxiKey\"") && !text.contains("lab-esxi"), "{text}");
    let before = crashed(&rig);
    let parts = clean_parts(&rig).await;
    for _ in 0..2 {
        // The second time nothing is there any more.
        let copy = rig.folder.path().join(format!("{}.json", uuid::Uuid::new_v4()));
        let entries = serde_json::to_value(before.entries()).unwrap();
        std::fs::write(&copy, json!({ "EsxiKey": only_keys(&entries) }).to_string()).unwrap();
        let ledger = Ledger::open(&copy).unwrap();
        let unwinder = parts.unwinder_of(&ledger);
        assert_eq!(unwinder.undo(|_| true).await.unwrap(), []);
        unwinder.close().await;
        assert_eq!(keys_of(&rig), [foreign]);
        assert!(ledger.entries().iter().all(|entry| entry.state == State::Undone));
    }
    let unwinder = parts.unwinder_of(&before);
    assert_eq!(unwinder.undo(|_| true).await.unwrap(), []);
    unwinder.close().await;
    assert_eq!(baseline.differences(&rig.lab), Vec::<String>::new());
    rig.lab.stop().await;
}

fn only_keys(entries: &Value) -> Vec<Value> {
    entries.as_array().unwrap().iter().filter(|entry| entry["type"] == "esxi-key").cloned().collect()
}

#[tokio::test(start_paused = true)]
async fn an_esxi_host_that_refuses_is_named_with_the_remedy() {
    let rig = rig(
        |_| {},
        |entry| {
            over_ssh(entry);
            entry["copyoffload"]["esxi_password"] = "wrong-esxi".into();
        },
    );
    let ran = Box::pin(rig.run(SSH)).await;
    let reason = ran.reason();
    assert!(reason.contains("root@esxi-1.lab.mtvtest") && reason.contains("esxi_password"), "{reason}");
    assert!(!reason.contains("wrong-esxi"), "{reason}");
    assert_eq!(keys_of(&rig), Vec::<String>::new());
    rig.lab.stop().await;
}
