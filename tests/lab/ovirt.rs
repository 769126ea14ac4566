//! oVirt: the client against the lab's engine, what it says of bad input, and whole migrations.

use crate::rig::{COLD, Ran, Rig};
use mtvtest::config::{MapEnvironment, Providers};
use mtvtest::event::{Outcome, Verdict};
use mtvtest::facts::{Firmware, Power, SourceVm};
use mtvtest::http::{RequestCounter, TlsPolicy};
use mtvtest::lab::fault::{Failure, Faults, ProductFault, TransportEffect, TransportFault};
use mtvtest::lab::world::ovirt::{HARD_STOP, State};
use mtvtest::lab::world::{Inventory, Source, SourceSpec, WorldSpec};
use mtvtest::provider::{
    CloneRequest, DiskType, NewDisk, ProviderError, Removal, SourceProvider, VmRef, connect as connect_to,
};
use mtvtest::wait::Deadline;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What a test asks of a clone beyond its name.
type Change = fn(&mut CloneRequest);

const PROVIDER: &str = "ovirt-4.4";
const HOST: &str = "https://rhv.lab.mtvtest";

/// The engine of the rig's world.
fn engine(rig: &Rig) -> &Arc<Source> {
    rig.lab.world().sources.iter().find(|source| source.name == PROVIDER).unwrap()
}

fn state(rig: &Rig) -> &State {
    engine(rig).ovirt().unwrap()
}

fn look<T>(rig: &Rig, look: impl FnOnce(&Inventory) -> T) -> T {
    look(&engine(rig).read())
}

fn id_of(rig: &Rig, name: &str) -> String {
    look(rig, |inventory| inventory.vms.iter().find(|vm| vm.name == name).unwrap().moref.clone())
}

async fn connect_with(rig: &Rig, change: impl FnOnce(&mut Value)) -> Result<Arc<dyn SourceProvider>, ProviderError> {
    let mut file: Value = serde_json::from_str(&rig.providers_json).unwrap();
    change(&mut file[PROVIDER]);
    let providers = Providers::parse(&file.to_string(), "lab", &MapEnvironment::default()).unwrap();
    let entry = providers.get(PROVIDER).unwrap();
    connect_to(entry, TlsPolicy::AcceptAny, rig.network.as_ref(), RequestCounter::default()).await
}

async fn connect(rig: &Rig) -> Arc<dyn SourceProvider> {
    connect_with(rig, |_| {}).await.unwrap_or_else(|error| panic!("{error}"))
}

async fn refused(rig: &Rig, change: impl FnOnce(&mut Value)) -> String {
    connect_with(rig, change).await.err().unwrap().to_string()
}

async fn clone(provider: &Arc<dyn SourceProvider>, template: &str, name: &str) -> Result<VmRef, ProviderError> {
    let source = provider.find_vm(template).await?;
    provider.clone_vm(&CloneRequest::new(source, name), &CancellationToken::new()).await
}

fn within(seconds: u64) -> Deadline {
    Deadline::after(Duration::from_secs(seconds), &CancellationToken::new())
}

fn spec(change: impl FnOnce(&mut mtvtest::lab::world::OvirtSpec)) -> impl FnOnce(&mut WorldSpec) {
    move |world| {
        let found = world.sources.iter_mut().find_map(|source| match source {
            SourceSpec::Ovirt(spec) => Some(spec),
            _ => None,
        });
        change(found.unwrap());
    }
}

fn disturb(rig: &Rig, verb: &str, path: &str, times: u32, effect: TransportEffect) {
    let (verb, path) = (verb.to_owned(), path.to_owned());
    rig.faults().disturb(TransportFault { verb, path, after: 0, times: Some(times), effect });
}

#[tokio::test(start_paused = true)]
async fn a_clone_lives_and_leaves_nothing_behind() {
    let rig = Rig::on(PROVIDER);
    let provider = connect(&rig).await;
    let about = provider.test().await.unwrap();
    assert_eq!((about.product.as_str(), about.version.as_str()), ("oVirt Engine 4.4.10-1.el8", "4.4.10-1.el8"));
    let vm = clone(&provider, "mtv-win2022-ip-3disks", "auto-x-win2022-abcd").await.unwrap();
    let facts = provider.vm_facts(&vm).await.unwrap();
    clone_is_as_its_template(&facts, &vm);
    look(&rig, |inventory| {
        let template = inventory.vms.iter().find(|vm| vm.name == "mtv-win2022-ip-3disks").unwrap();
        assert!(template.nics.iter().zip(&facts.nics).all(|(own, nic)| own.mac != nic.mac));
        let made = inventory.vm(&vm.id).unwrap();
        assert!(made.extra_config.contains(&("memory_policy.guaranteed".to_owned(), "0".to_owned())), "{made:?}");
    });
    provider.set_power(&vm, Power::On).await.unwrap();
    assert!(provider.wait_guest_info(&vm, &within(60)).await.unwrap());
    let first = provider.create_snapshot(&vm, "one").await.unwrap();
    provider.create_snapshot(&vm, "two").await.unwrap();
    let facts = provider.vm_facts(&vm).await.unwrap();
    let names: Vec<&str> = facts.snapshots.iter().map(|snapshot| snapshot.name.as_str()).collect();
    assert_eq!((names, facts.power, facts.snapshots[0].state.as_str()), (vec!["one", "two"], Power::On, "ok"));
    assert_eq!(provider.remove_snapshot(&vm, "one", Some(&first)).await.unwrap(), Removal::Removed);
    assert_eq!(provider.remove_snapshot(&vm, "one", Some(&first)).await.unwrap(), Removal::AlreadyGone);
    provider.set_power(&vm, Power::Off).await.unwrap();
    provider.set_power(&vm, Power::Off).await.unwrap();
    assert_eq!(provider.vm_facts(&vm).await.unwrap().power_offs, Some(Vec::new()), "it was asked, not stopped");
    provider.set_power(&vm, Power::On).await.unwrap();
    assert_eq!(provider.vms_with_prefix("auto-x-").await.unwrap(), std::slice::from_ref(&vm));
    assert_eq!(provider.vms_with_prefix("AUTO-x-").await.unwrap(), []);
    assert_eq!(provider.delete_vm(&vm.name, Some(&vm.id)).await.unwrap(), Removal::Removed);
    assert_eq!(provider.delete_vm(&vm.name, Some(&vm.id)).await.unwrap(), Removal::AlreadyGone);
    assert_eq!(provider.delete_vm(&vm.name, None).await.unwrap(), Removal::AlreadyGone);
    assert!(provider.vm_facts(&vm).await.unwrap_err().is_gone());
    provider.disconnect().await;
    assert!(state(&rig).live().tokens.is_empty(), "the token is given back");
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    rig.lab.stop().await;
}

fn clone_is_as_its_template(facts: &SourceVm, vm: &VmRef) {
    assert_eq!((facts.name.as_str(), facts.power, facts.template), (vm.name.as_str(), Power::Off, false));
    assert_eq!((facts.cpu.sockets, facts.cpu.cores, facts.cpu.threads), (1, 4, 1));
    assert_eq!((facts.memory_bytes, facts.windows, facts.uuid.as_ref()), (8 << 30, true, Some(&vm.id)));
    assert_eq!((facts.firmware, facts.secure_boot), (Some(Firmware::Efi), Some(true)));
    let nics: Vec<_> = facts.nics.iter().map(|nic| (nic.name.as_str(), nic.network.as_str())).collect();
    assert_eq!(nics, [("nic1", "MTV-CNV/ovirtmgmt"), ("nic2", "MTV-CNV/mtv-data"), ("nic3", "MTV-CNV/mtv-backup")]);
    let disks: Vec<_> = facts.disks.iter().map(|disk| (disk.size_bytes >> 30, disk.storage.as_str())).collect();
    assert_eq!(disks, [(50, "nfs-data"), (6, "nfs-data"), (2, "iscsi-data")]);
    assert!(facts.disks[0].name.ends_with("_Disk1") && facts.snapshots.is_empty());
}

#[tokio::test(start_paused = true)]
async fn vms_and_templates_are_found_by_their_exact_names_with_their_facts() {
    let rig = Rig::on(PROVIDER);
    let provider = connect(&rig).await;
    let template = provider.find_vm("mtv-tests-rhel8").await.unwrap();
    let facts = provider.vm_facts(&template).await.unwrap();
    assert_eq!((facts.template, facts.power, facts.power_offs), (true, Power::Off, None));
    let networks: Vec<&str> = facts.nics.iter().map(|nic| nic.network.as_str()).collect();
    assert_eq!(networks, ["MTV-CNV/ovirtmgmt", "MTV-CNV/mtv-data"], "networks are known before a clone exists");
    let loose = provider.find_vm("mtv-rhel8-loose-nic").await.unwrap();
    let facts = provider.vm_facts(&loose).await.unwrap();
    assert_eq!((facts.nics[1].network.as_str(), facts.template), ("", false));
    for odd in ["MTV-TESTS-RHEL8", "mtv-tests-*", "mtv tests", "mtv-tests-rhel"] {
        let error = provider.find_vm(odd).await.unwrap_err();
        assert!(matches!(error, ProviderError::NotFound { .. }), "{odd}: {error}");
    }
    let error = provider.find_vm("mtv-tests-rhel88").await.unwrap_err().to_string();
    assert!(
        error.starts_with(
            "no VM or template named \"mtv-tests-rhel88\" on the source; the nearest are mtv-tests-rhel8,"
        ),
        "{error}"
    );
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_one_attempt_and_one_message() {
    let rig = Rig::on(PROVIDER);
    let error = refused(&rig, |entry| entry["password"] = "wrong-pass".into()).await;
    assert_eq!(
        error,
        "log in to https://rhv.lab.mtvtest/ovirt-engine as admin@internal: access_denied: Cannot authenticate user Unable \
         to log in. Verify your login information or contact the system administrator; correct username and password of \
         this source in providers.json, and see that the account is neither locked nor expired"
    );
    assert_eq!(state(&rig).live().logins, 1);
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_is_renewed_once_by_one_of_many() {
    let rig = Rig::on(PROVIDER);
    let provider = connect(&rig).await;
    state(&rig).expire_tokens();
    let found = futures::future::join_all((0..5).map(|_| provider.find_vm("mtv-tests-rhel8"))).await;
    assert!(found.iter().all(Result::is_ok), "{found:?}");
    assert_eq!(state(&rig).live().logins, 2);
    disturb(&rig, "GET", "/ovirt-engine/api/vms", 2, TransportEffect::Status(401));
    let error = provider.find_vm("mtv-tests-rhel8").await.unwrap_err().to_string();
    assert_eq!(state(&rig).live().logins, 3, "{error}");
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_data_center_must_be_there_and_up() {
    let rig = Rig::with_world(spec(|spec| spec.datacenter = "MTV-CNW".into()), &Faults::default());
    assert_eq!(
        refused(&rig, |_| {}).await,
        "no data center \"MTV-CNV\" on the source; the nearest are MTV-CNW; make a data center of this name, or give the \
         engine that has it"
    );
    assert!(state(&rig).live().tokens.is_empty(), "the token is given back");
    rig.lab.stop().await;
    let rig = Rig::with_world(spec(|spec| spec.datacenter_status = "maintenance".into()), &Faults::default());
    assert_eq!(
        refused(&rig, |_| {}).await,
        "data center MTV-CNV: its status is maintenance, not up; see in the administration portal that its hosts and \
         storage domains are active"
    );
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn host_and_port_of_the_address_count_and_odd_ones_are_refused() {
    let rig = Rig::on(PROVIDER);
    let provider = connect_with(&rig, |entry| entry["api_url"] = format!("{HOST}/anything/else").into()).await;
    assert!(provider.is_ok());
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn only_templates_are_cloned_and_only_as_they_are() {
    let rig = Rig::on(PROVIDER);
    let provider = connect(&rig).await;
    let cancel = CancellationToken::new();
    let error = clone(&provider, "mtv-rhel8-loose-nic", "auto-x-1").await.unwrap_err().to_string();
    let id = id_of(&rig, "mtv-rhel8-loose-nic");
    assert_eq!(
        error,
        format!(
            "clone VM mtv-rhel8-loose-nic ({id}): it is a VM, and oVirt clones templates only; make a template of it and \
             name that, or migrate the VM itself with clone: false"
        )
    );
    let template = provider.find_vm("mtv-tests-rhel8").await.unwrap();
    let requests: [(&str, Change); 4] = [
        ("disk_type", |request| request.disk_type = Some(DiskType::Thin)),
        ("add_disks", |request| request.add_disks.push(NewDisk::default())),
        ("target_datastore_id", |request| request.datastore = Some("x".into())),
        ("target_esxi_host", |request| request.host = Some("x".into())),
    ];
    for (key, change) in requests {
        let mut request = CloneRequest::new(template.clone(), "auto-x-1");
        change(&mut request);
        let error = provider.clone_vm(&request, &cancel).await.unwrap_err().to_string();
        assert!(error.contains(&format!("sources of type ovirt know no {key}")), "{error}");
    }
    let gone = VmRef { id: "0-0".into(), name: "mtv-gone".into() };
    let error = provider.clone_vm(&CloneRequest::new(gone, "auto-x-1"), &cancel).await.unwrap_err();
    assert!(error.is_gone() && error.to_string().contains("Entity not found"), "{error}");
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    // A VM of the template's name does not stand in its way.
    let twin = VmRef { id: id_of(&rig, "mtv-rhel8-loose-nic"), name: "mtv-tests-rhel8".into() };
    let made = provider.clone_vm(&CloneRequest::new(twin, "auto-x-2"), &cancel).await.unwrap();
    assert_eq!(provider.vm_facts(&made).await.unwrap().nics.len(), 2);
    let error = clone(&provider, "mtv-tests-rhel8", "auto-x-2").await.unwrap_err().to_string();
    assert!(
        error.contains("create VM on auto-x-2 from template mtv-tests-rhel8: Operation Failed: Cannot add VM. The VM name is already in use, please choose a unique name and try again; delete the VM of that name, or run with another session"),
        "{error}"
    );
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn failed_clones_are_told_in_the_engines_words() {
    for (fault, words) in [
        (
            "QuotaExceeded",
            "Cannot add VM. Quota has insufficient storage resources; free what the quota counts, or raise the quota, and run again",
        ),
        (
            "LowDiskSpace",
            "Cannot add VM. Low disk space on Storage Domain nfs-data; free space on the storage domain, and run again",
        ),
        (
            "CopyFails",
            "clone auto-x-1 from template mtv-tests-rhel8: it is gone: its disks could not be copied, or somebody deleted it; see the engine's events",
        ),
    ] {
        let rig = Rig::on(PROVIDER);
        rig.faults().fail(Failure::CloneFails { fault: fault.into() });
        let provider = connect(&rig).await;
        let error = clone(&provider, "mtv-tests-rhel8", "auto-x-1").await.unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert_eq!(provider.delete_vm("auto-x-1", None).await.unwrap(), Removal::AlreadyGone);
        assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
        rig.lab.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_clone_whose_answer_is_lost_is_there_to_be_deleted_by_its_name() {
    let rig = Rig::on(PROVIDER);
    let provider = connect(&rig).await;
    disturb(&rig, "POST", "/api/vms", 1, TransportEffect::ResetAfter);
    let error = clone(&provider, "mtv-tests-rhel8", "auto-x-1").await.unwrap_err();
    assert!(matches!(error, ProviderError::Unreachable { .. }), "{error}");
    assert_eq!(look(&rig, |inventory| inventory.vms.iter().filter(|vm| vm.name == "auto-x-1").count()), 1);
    assert_eq!(provider.delete_vm("auto-x-1", None).await.unwrap(), Removal::Removed);
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn reads_outlive_hiccups_and_a_locked_vm_is_waited_for() {
    let rig = Rig::on(PROVIDER);
    let provider = connect(&rig).await;
    let vm = clone(&provider, "mtv-tests-rhel8", "auto-x-1").await.unwrap();
    disturb(&rig, "GET", "/api/vms", 2, TransportEffect::Status(503));
    provider.vm_facts(&vm).await.unwrap();
    state(&rig).live().statuses.insert(vm.id.clone(), "image_locked".into());
    let unlock = async {
        mtvtest::wait::pause(Duration::from_secs(30)).await;
        state(&rig).live().statuses.clear();
    };
    let (removal, ()) = futures::join!(provider.delete_vm(&vm.name, Some(&vm.id)), unlock);
    assert_eq!(removal.unwrap(), Removal::Removed);
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_vm_that_has_another_name_now_is_left_alone() {
    let rig = Rig::on(PROVIDER);
    let provider = connect(&rig).await;
    let vm = clone(&provider, "mtv-tests-rhel8", "auto-x-1").await.unwrap();
    engine(&rig).change(|inventory| inventory.vm_mut(&vm.id).unwrap().name = "mine-now".into());
    let error = provider.delete_vm("auto-x-1", Some(&vm.id)).await.unwrap_err().to_string();
    assert!(error.contains("it was made as auto-x-1 and has another name now"), "{error}");
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_is_none_is_told_apart() {
    let rig = Rig::on(PROVIDER);
    let error = refused(&rig, |entry| entry["api_url"] = "https://vcenter.lab.mtvtest/ovirt-engine/api".into()).await;
    assert!(
        error.contains("without a token; write https://HOST/ovirt-engine/api as api_url in providers.json"),
        "{error}"
    );
    disturb(&rig, "POST", "/sso/oauth/token", 9, TransportEffect::Status(500));
    let error = refused(&rig, |_| {}).await;
    assert!(error.contains("HTTP 500 without a token"), "{error}");
    rig.lab.stop().await;
}

/// Hard stops that are older than the facts are not the product's.
#[tokio::test(start_paused = true)]
async fn hard_stops_are_recorded_and_read() {
    let rig = Rig::on(PROVIDER);
    let provider = connect(&rig).await;
    let vm = clone(&provider, "mtv-tests-rhel8", "auto-x-1").await.unwrap();
    let recorded = look(&rig, |inventory| inventory.vm(&vm.id).unwrap().clone());
    state(&rig).record(32, &recorded);
    state(&rig).record(HARD_STOP, &recorded);
    let facts = provider.vm_facts(&vm).await.unwrap();
    let words: Vec<&str> = facts.power_offs.as_ref().unwrap().iter().map(|event| event.words.as_str()).collect();
    assert_eq!(words, ["VM auto-x-1 powered off by admin@internal-authz (Host: host-1)."]);
    rig.lab.stop().await;
}

/// The checks that passed.
fn passed(ran: &Ran) -> Vec<&str> {
    let passed = ran.reports().filter(|report| matches!(report.verdict, Verdict::Passed { .. }));
    passed.map(|report| report.check.as_str()).collect()
}

fn assert_good(ran: &Ran) {
    assert_eq!(ran.outcome, Outcome::Passed, "{}", ran.reason());
    ran.assert_empty_world();
}

#[tokio::test(start_paused = true)]
async fn a_cold_migration_passes_with_every_check_that_applies() {
    let rig = Rig::on(PROVIDER);
    let ran = rig.run(COLD).await;
    assert_good(&ran);
    let judged = passed(&ran);
    for check in [
        "provider-tls",
        "power",
        "cpu",
        "memory",
        "firmware",
        "nics",
        "network",
        "storage",
        "guest-agent",
        "source",
        "shutdown",
    ] {
        assert!(judged.contains(&check), "{check} did not judge; {judged:?} did");
    }
    let told: Vec<&str> = ran
        .reports()
        .filter_map(|report| match &report.verdict {
            Verdict::NotApplicable { reason } => Some(reason.as_str()),
            _ => None,
        })
        .collect();
    assert!(told.contains(&"ovirt sources have no such rule"), "{told:?}");
    assert!(state(&rig).live().tokens.is_empty(), "every token is given back");
    assert!(look(&rig, |inventory| inventory.vms.iter().all(|vm| !vm.name.starts_with("auto-"))));
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn vms_that_run_and_such_with_several_disks_and_networks_pass() {
    let rig = Rig::on(PROVIDER);
    let ran = rig
        .run(
            "description: Many.\nvirtual_machines:\n  - {name: mtv-rhel8-warm-2disks2nics, source_vm_power: on, \
             guest_agent: true}\n  - {name: mtv-win2022-ip-3disks, source_vm_power: off, guest_agent: true}\n  - \
             {name: mtv-win2019-3disks, source_vm_power: on}\n",
        )
        .await;
    assert_good(&ran);
    rig.lab.stop().await;
}

/// The known issue keeps warm migrations from oVirt off the catalogue; nothing in the program does.
#[tokio::test(start_paused = true)]
async fn a_warm_migration_is_not_stopped_by_change_tracking() {
    let rig = Rig::on(PROVIDER);
    let scenario = "description: Warm.\nwarm_migration: true\nvirtual_machines:\n  - {name: \
                    mtv-rhel8-warm-2disks2nics, source_vm_power: on, guest_agent: true}\n";
    let ran = rig.run(scenario).await;
    assert_good(&ran);
    assert!(passed(&ran).contains(&"warm") && passed(&ran).contains(&"shutdown"));
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_hard_stop_by_the_product_is_caught_by_its_event_alone() {
    let rig = Rig::on(PROVIDER);
    rig.faults().harm(ProductFault::HardStop);
    let scenario = "description: Runs.\nvirtual_machines:\n  - {name: mtv-tests-rhel8, source_vm_power: on}\n";
    let ran = rig.run(scenario).await;
    assert_eq!(ran.failed_checks(), ["shutdown"]);
    assert!(ran.reason().contains("powered off by admin@internal-authz"), "{}", ran.reason());
    ran.assert_empty_world();
    rig.lab.stop().await;
}

/// What somebody did to a VM that is migrated itself, before the run, is not the product's.
#[tokio::test(start_paused = true)]
async fn an_older_hard_stop_does_not_count() {
    let plain = |spec: &mut mtvtest::lab::world::OvirtSpec| {
        let mut vm = spec.vms[0].clone();
        (vm.name, vm.template, vm.power) = ("mtv-plain".into(), false, Power::On);
        spec.vms.push(vm);
    };
    let mut rig = Rig::with_world(spec(plain), &Faults::default());
    rig.provider = PROVIDER.to_owned();
    let vm = look(&rig, |inventory| inventory.vms.iter().find(|vm| vm.name == "mtv-plain").unwrap().clone());
    state(&rig).record(HARD_STOP, &vm);
    let ran = rig.run("description: Itself.\nskip_clone: true\nvirtual_machines: [{name: mtv-plain}]\n").await;
    assert_good(&ran);
    let seen = ran.reports().find(|report| report.check == "shutdown").map(|report| report.verdict.clone());
    let words = "no hard power-off but 1 from before the migration";
    assert_eq!(seen, Some(Verdict::Passed { seen: words.into() }));
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_vm_that_somebody_deletes_in_mid_run_is_told_and_nothing_is_left() {
    let rig = Rig::on(PROVIDER);
    rig.faults().fail(Failure::MigrationStalls);
    let delete = async {
        rig.migration_exists().await;
        engine(&rig).change(|inventory| inventory.vms.retain(|vm| !vm.name.starts_with("auto-")));
    };
    let (ran, ()) = futures::join!(rig.run(COLD), delete);
    assert!(matches!(ran.outcome, Outcome::Failed { .. }), "{:?}", ran.outcome);
    assert!(ran.reason().contains("the VM is gone from the source"), "{}", ran.reason());
    ran.assert_empty_world();
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_clone_that_is_interrupted_leaves_nothing() {
    let rig = Rig::on(PROVIDER);
    let interrupt = async {
        rig.until(|_| look(&rig, |inventory| inventory.vms.iter().any(|vm| vm.name.starts_with("auto-")))).await;
        rig.cancel.cancel();
    };
    let (ran, ()) = futures::join!(rig.run(COLD), interrupt);
    assert_eq!(ran.outcome, Outcome::Cancelled, "{}", ran.reason());
    ran.assert_empty_world();
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_the_source_is_told_before_anything_is_made() {
    let rig = Rig::on(PROVIDER);
    let problems = rig.preflight("description: d\nvirtual_machines: [{name: mtv-tests-rhel88}]\n").await;
    assert_eq!(
        problems,
        [
            "provider ovirt-4.4: no VM or template named \"mtv-tests-rhel88\" on the source; the nearest are mtv-tests-rhel8, \
          mtv-tests-rhel9-luks, mtv-tests-rhel9-dual-nic"
        ]
    );
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    rig.lab.stop().await;
    let mut rig = Rig::with_world(spec(|spec| spec.datacenter_status = "problematic".into()), &Faults::default());
    rig.provider = PROVIDER.to_owned();
    let problems = rig.preflight(COLD).await;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains("data center MTV-CNV: its status is problematic, not up"), "{problems:?}");
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_inventory_that_never_has_the_clone_ends_at_the_deadline_with_what_is_missing() {
    let rig = Rig::on(PROVIDER);
    rig.faults().fail(Failure::InventoryStale);
    let ran = rig.run(COLD).await;
    assert!(
        ran.reason().contains("not within 5m; last seen:") && ran.reason().contains("in the inventory"),
        "{}",
        ran.reason()
    );
    ran.assert_empty_world();
    rig.lab.stop().await;
}
