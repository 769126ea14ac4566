//! What is done to VMs that are there: snapshots, hosts, NICs, shared disks. Exact requests, and how answers are taken.

use super::hosts::drs_off;
use super::reconfigure::{new_nic, relink};
use super::script::{Reply, Script, object, page, reference, task, task_info, vcenter};
use super::xml::{MoRef, parse};
use crate::provider::{ProviderError, Removal, SourceProvider, VmRef};
use std::sync::Arc;

fn vm(id: &str) -> VmRef {
    VmRef { id: id.into(), name: format!("name-{id}") }
}

/// A script whose tasks succeed with this result.
fn script(result: &str) -> Arc<Script> {
    let script = Script::new();
    let info = format!("<state>success</state>{result}");
    script.on("RetrievePropertiesEx", "<pathSet>info</pathSet>", [task_info("task-1", &info)]);
    script
}

const TREE: &str = r#"<val><rootSnapshotList><snapshot type="VirtualMachineSnapshot">snapshot-1</snapshot><name>foreign</name><id>1</id>
    <childSnapshotList><snapshot type="VirtualMachineSnapshot">snapshot-2</snapshot><name>a%2fb</name><id>2</id>
    <childSnapshotList><snapshot type="VirtualMachineSnapshot">snapshot-3</snapshot><name>a%2fb</name><id>3</id></childSnapshotList>
    </childSnapshotList></rootSnapshotList></val>"#;

#[tokio::test(start_paused = true)]
async fn snapshots_are_taken_with_an_id_and_removed_by_it_or_by_name() {
    let script =
        script(r#"<result type="VirtualMachineSnapshot" xsi:type="ManagedObjectReference">snapshot-3</result>"#);
    script.on("CreateSnapshot_Task", "", [task("task-1")]);
    script.on("RemoveSnapshot_Task", "", [task("task-1")]);
    let source = vcenter(&script).await.unwrap();
    assert_eq!(source.create_snapshot(&vm("vm-1"), "a/b").await.unwrap(), "snapshot-3");
    script.has("<pathSet>snapshot</pathSet>", &[&object("VirtualMachine", "vm-1", &[("snapshot", TREE)])]);
    let remove = async |name: &str, id| source.remove_snapshot(&vm("vm-1"), name, id).await.unwrap();
    let removed = || -> Vec<String> {
        let bodies = script.bodies("RemoveSnapshot_Task");
        let of = |body: &String| body.split("snapshot-").nth(1).unwrap().split('<').next().unwrap().to_owned();
        assert!(
            bodies
                .iter()
                .all(|body| body.contains("<removeChildren>false</removeChildren><consolidate>true</consolidate>"))
        );
        bodies.iter().map(of).collect()
    };
    assert_eq!(remove("a/b", Some("snapshot-3")).await, Removal::Removed);
    assert_eq!(removed(), ["3"]);
    // Without an id, or with one that is gone, the name decides.
    assert_eq!(remove("a/b", Some("snapshot-9")).await, Removal::Removed);
    assert_eq!(removed(), ["3", "2", "3"]);
    assert_eq!(remove("nobody's", Some("snapshot-1")).await, Removal::AlreadyGone);
    assert_eq!(removed().len(), 3, "an id that has another name now is not touched");
    script.on("RemoveSnapshot_Task", "", [Reply::Fault("ManagedObjectNotFound")]);
    assert_eq!(remove("foreign", None).await, Removal::AlreadyGone);
    script.on("RetrievePropertiesEx", "<pathSet>snapshot</pathSet>", [Reply::Fault("ManagedObjectNotFound")]);
    assert_eq!(remove("a/b", None).await, Removal::AlreadyGone);
}

#[tokio::test]
async fn hosts_are_told_with_their_state() {
    let script = Script::new();
    let cluster = reference("ClusterComputeResource", "domain-c8");
    let host = |id, name, state, resting| {
        let properties = [
            ("name", name),
            ("parent", cluster.as_str()),
            ("runtime.connectionState", state),
            ("runtime.inMaintenanceMode", resting),
        ];
        object("HostSystem", id, &properties)
    };
    let all = [
        host("host-2", "b", "connected", "false"),
        host("host-1", "a", "connected", "true"),
        host("host-3", "c", "disconnected", "false"),
    ];
    script.has(">view-1</obj>", &all.each_ref().map(String::as_str));
    script.has(
        "<pathSet>runtime.host</pathSet>",
        &[&object("VirtualMachine", "vm-1", &[("runtime.host", &reference("HostSystem", "host-2"))])],
    );
    script.has(">host-2</obj>", &[&all[0]]);
    let source = vcenter(&script).await.unwrap();
    let found = source.hosts().await.unwrap();
    let brief: Vec<_> = found.iter().map(|host| (host.name.as_str(), host.usable)).collect();
    assert_eq!(brief, [("a", false), ("b", true), ("c", false)]);
    assert_eq!(source.host_of(&vm("vm-1")).await.unwrap(), found[1]);
    assert_eq!(found[1].cluster.as_deref(), Some("domain-c8"));
}

#[tokio::test(start_paused = true)]
async fn drs_is_switched_off_for_one_vm_once_more_if_it_has_an_override() {
    let call = drs_off(&MoRef::new("ClusterComputeResource", "domain-c8"), &vm("vm-1"), "add");
    let wanted = concat!(
        r#"<ReconfigureComputeResource_Task xmlns="urn:vim25"><_this type="ClusterComputeResource">domain-c8</_this>"#,
        r#"<spec xsi:type="ClusterConfigSpecEx"><drsVmConfigSpec><operation>add</operation><info><key type="VirtualMachine">vm-1</key>"#,
        "<enabled>false</enabled></info></drsVmConfigSpec></spec><modify>true</modify></ReconfigureComputeResource_Task>"
    );
    assert!(call.envelope().contains(wanted), "{}", call.envelope());
    let script = script("");
    script.has(
        "<pathSet>runtime.host</pathSet>",
        &[&object("VirtualMachine", "vm-1", &[("runtime.host", &reference("HostSystem", "host-2"))])],
    );
    let host = |kind| object("HostSystem", "host-2", &[("name", "b"), ("parent", &reference(kind, "domain-c8"))]);
    script.has(">host-2</obj>", &[&host("ClusterComputeResource")]);
    script.on("ReconfigureComputeResource_Task", "", [task("task-1")]);
    script.on("ReconfigureComputeResource_Task", "<operation>add</operation>", [Reply::Fault("InvalidArgument")]);
    let source = vcenter(&script).await.unwrap();
    source.keep_on_host(&vm("vm-1")).await.unwrap();
    assert_eq!(script.bodies("ReconfigureComputeResource_Task").len(), 2);
    // A host on its own knows no DRS.
    script.has(">host-2</obj>", &[&host("ComputeResource")]);
    source.keep_on_host(&vm("vm-1")).await.unwrap();
    assert_eq!(script.bodies("ReconfigureComputeResource_Task").len(), 2);
}

#[test]
fn a_nic_is_added_on_the_network_of_another() {
    let nic = parse(r#"<VirtualDevice xmlns:xsi="i" xsi:type="VirtualE1000"><key>4000</key><backing xsi:type="VirtualEthernetCardDistributedVirtualPortBackingInfo">
        <port><switchUuid>50 12</switchUuid><portgroupKey>dvportgroup-1</portgroupKey><portKey>7</portKey><connectionCookie>9</connectionCookie></port></backing>
        <connectable><startConnected>true</startConnected></connectable><unitNumber>7</unitNumber><macAddress>00:50:56:00:00:01</macAddress></VirtualDevice>"#).unwrap();
    assert_eq!(
        new_nic(&nic, false).unwrap().to_xml(),
        concat!(
            r#"<deviceChange><operation>add</operation><device xsi:type="VirtualE1000"><key>-101</key>"#,
            r#"<backing xsi:type="VirtualEthernetCardDistributedVirtualPortBackingInfo"><port><switchUuid>50 12</switchUuid><portgroupKey>dvportgroup-1</portgroupKey></port></backing>"#,
            "<connectable><startConnected>false</startConnected><allowGuestControl>true</allowGuestControl><connected>false</connected></connectable>",
            "<addressType>generated</addressType></device></deviceChange>"
        )
    );
}

fn disk(file: &str, unit: i32, kib: u64, sharing: &str) -> String {
    format!(
        r#"<VirtualDevice xsi:type="VirtualDisk"><key>{}</key><backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName>{file}</fileName><datastore type="Datastore">datastore-1</datastore><diskMode>persistent</diskMode>{sharing}</backing><controllerKey>1000</controllerKey><unitNumber>{unit}</unitNumber><capacityInKB>{kib}</capacityInKB></VirtualDevice>"#,
        2000 + unit
    )
}

const MULTI: &str = "<sharing>sharingMultiWriter</sharing>";

fn devices(disks: &[String]) -> String {
    format!("<val>{}</val>", disks.concat())
}

#[test]
fn a_copy_is_destroyed_and_the_owners_file_takes_its_place() {
    let element = |text: &str| parse(&text.replacen("<VirtualDevice", r#"<VirtualDevice xmlns:xsi="i""#, 1)).unwrap();
    let [remove, add] = relink(
        &element(&disk("[ds] one/one_1.vmdk", 1, 1024, MULTI)),
        &element(&disk("[ds] two/two_1.vmdk", 2, 1024, MULTI)),
    );
    let remove = remove.to_xml();
    assert!(remove.starts_with(r#"<deviceChange><operation>remove</operation><fileOperation>destroy</fileOperation><device xsi:type="VirtualDisk"><key>2002</key>"#), "{remove}");
    assert_eq!(
        add.to_xml(),
        concat!(
            r#"<deviceChange><operation>add</operation><device xsi:type="VirtualDisk"><key>-101</key><backing xsi:type="VirtualDiskFlatVer2BackingInfo">"#,
            r#"<fileName>[ds] one/one_1.vmdk</fileName><datastore type="Datastore">datastore-1</datastore><diskMode>persistent</diskMode><sharing>sharingMultiWriter</sharing></backing>"#,
            "<controllerKey>1000</controllerKey><unitNumber>2</unitNumber><capacityInKB>1024</capacityInKB></device></deviceChange>"
        )
    );
}

#[tokio::test(start_paused = true)]
async fn disks_are_shared_pair_by_pair_and_let_go_of_before_a_deletion() {
    let script = script("");
    script.on("ReconfigVM_Task", "", [task("task-1")]);
    let of = |id, disks: &[String]| {
        let properties = [
            ("config.hardware.device", devices(disks)),
            ("config.files.vmPathName", "[ds] two/two.vmx".to_owned()),
            ("runtime.powerState", "poweredOff".to_owned()),
            ("name", format!("name-{id}")),
        ];
        page(
            &[&object("VirtualMachine", id, &properties.each_ref().map(|(path, value)| (*path, value.as_str())))],
            None,
        )
    };
    let (boot, quorum) = (disk("[ds] one/one.vmdk", 0, 10, ""), disk("[ds] one/one_1.vmdk", 1, 1024, MULTI));
    script.on("RetrievePropertiesEx", ">vm-1</obj>", [of("vm-1", &[boot.clone(), quorum.clone()])]);
    let own = disk("[ds] two/two_1.vmdk", 1, 1024, MULTI);
    script.on("RetrievePropertiesEx", ">vm-2</obj>", [of("vm-2", &[boot.clone(), own.clone()])]);
    let source = vcenter(&script).await.unwrap();
    source.share_disks(&vm("vm-1"), &vm("vm-2")).await.unwrap();
    assert_eq!(script.bodies("ReconfigVM_Task").len(), 1);
    let other_size = disk("[ds] two/two_1.vmdk", 1, 2048, MULTI);
    for disks in [vec![boot.clone()], vec![other_size], vec![own.clone(), disk("[ds] two/x.vmdk", 2, 1024, MULTI)]] {
        script.on("RetrievePropertiesEx", ">vm-2</obj>", [of("vm-2", &disks)]);
        let error = source.share_disks(&vm("vm-1"), &vm("vm-2")).await.unwrap_err();
        assert!(
            matches!(&error, ProviderError::Invalid { .. }) && error.to_string().contains("pair by size"),
            "{error}"
        );
    }
    assert_eq!(script.bodies("ReconfigVM_Task").len(), 1);
    // A VM that has the owner's file is deleted without it; its own files go with it.
    script.on("Destroy_Task", "", [task("task-1")]);
    script.on(
        "RetrievePropertiesEx",
        ">vm-2</obj>",
        [of("vm-2", &[boot, quorum, own.replace(">1</unitNumber>", ">3</unitNumber>")])],
    );
    assert_eq!(source.delete_vm("name-vm-2", Some("vm-2")).await.unwrap(), Removal::Removed);
    let detached = script.bodies("ReconfigVM_Task").remove(1);
    assert!(
        detached.contains("one_1.vmdk") && !detached.contains("two_1.vmdk") && !detached.contains("fileOperation"),
        "{detached}"
    );
    assert!(!detached.contains("<key>2000</key>"), "an unshared disk elsewhere is the VM's own: {detached}");
}
