//! Clones: the exact XML of each option, and the order of calls.

use super::super::request::Call;
use super::super::script::{Reply, Script, content, object, page, reference, task, task_info, vcenter};
use super::super::xml::{MoRef, parse};
use super::rdm;
use super::run::{cbt_keys, clone_call};
use super::spec::{AddedDisk, ClonePlan, Placement, clone_spec};
use crate::provider::{
    CloneRequest, DiskMode, DiskType, NewDisk, ProviderError, RdmCompatibility, RdmLun, SourceProvider, VmRef,
};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

const DEVICES: &str = r#"<val xmlns:xsi="i">
  <VirtualDevice xsi:type="ParaVirtualSCSIController"><key>1000</key><busNumber>0</busNumber></VirtualDevice>
  <VirtualDevice xsi:type="VirtualDisk"><key>2000</key><backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName>[ds1] a/a.vmdk</fileName><diskMode>persistent</diskMode></backing><controllerKey>1000</controllerKey><unitNumber>0</unitNumber><capacityInKB>1024</capacityInKB></VirtualDevice>
  <VirtualDevice xsi:type="VirtualVmxnet3"><key>4000</key><deviceInfo xsi:type="Description"><label>Network adapter 1</label></deviceInfo><backing xsi:type="VirtualEthernetCardNetworkBackingInfo"><deviceName>VM Network</deviceName><network type="Network">network-7</network></backing><controllerKey>100</controllerKey><unitNumber>7</unitNumber><addressType>assigned</addressType><macAddress>00:50:56:00:00:01</macAddress><wakeOnLanEnabled>true</wakeOnLanEnabled></VirtualDevice>
</val>"#;

const NIC_EDIT: &str = concat!(
    r#"<deviceChange><operation>edit</operation><device xsi:type="VirtualVmxnet3"><key>4000</key>"#,
    r#"<deviceInfo xsi:type="Description"><label>Network adapter 1</label></deviceInfo>"#,
    r#"<backing xsi:type="VirtualEthernetCardNetworkBackingInfo"><deviceName>VM Network</deviceName><network type="Network">network-7</network></backing>"#,
    "<controllerKey>100</controllerKey><unitNumber>7</unitNumber><addressType>generated</addressType>",
    "<wakeOnLanEnabled>true</wakeOnLanEnabled></device></deviceChange>"
);

fn plan() -> ClonePlan {
    ClonePlan {
        placement: Placement {
            datastore: MoRef::new("Datastore", "datastore-12"),
            pool: MoRef::new("ResourcePool", "resgroup-8"),
            host: None,
        },
        disk_type: None,
        source_devices: parse(DEVICES).unwrap().children,
        added: Vec::new(),
        regenerate_macs: false,
        extra_config: Vec::new(),
    }
}

fn spec(location: &str, config: &str) -> String {
    format!(
        r#"<spec><location><datastore type="Datastore">datastore-12</datastore><pool type="ResourcePool">resgroup-8</pool>{location}</location><template>false</template>{config}<powerOn>false</powerOn></spec>"#
    )
}

#[test]
fn placement_and_disk_types() {
    let mut plan = plan();
    assert_eq!(clone_spec(&plan).to_xml(), spec("", ""));
    plan.disk_type = Some(DiskType::Thin);
    assert_eq!(clone_spec(&plan).to_xml(), spec("<transform>sparse</transform>", ""));
    plan.disk_type = Some(DiskType::ThickLazy);
    assert_eq!(clone_spec(&plan).to_xml(), spec("<transform>flat</transform>", ""));
    plan.disk_type = Some(DiskType::ThickEager);
    plan.placement.host = Some(MoRef::new("HostSystem", "host-9"));
    let location = concat!(
        r#"<host type="HostSystem">host-9</host><disk><diskId>2000</diskId><datastore type="Datastore">datastore-12</datastore>"#,
        r#"<diskBackingInfo xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName></fileName><diskMode>persistent</diskMode>"#,
        "<thinProvisioned>false</thinProvisioned><eagerlyScrub>true</eagerlyScrub></diskBackingInfo></disk><transform>flat</transform>"
    );
    assert_eq!(clone_spec(&plan).to_xml(), spec(location, ""));
}

#[test]
fn added_disks_new_addresses_and_tracking() {
    let mut plan = plan();
    plan.regenerate_macs = true;
    plan.added = vec![AddedDisk {
        key: -101,
        controller: 1000,
        unit: 1,
        file_name: "[ds1]".into(),
        datastore: MoRef::new("Datastore", "datastore-12"),
        size_kib: 10_485_760,
        provisioning: DiskType::Thin,
        mode: DiskMode::IndependentPersistent,
    }];
    plan.extra_config = cbt_keys(&plan);
    let disk = concat!(
        r#"<deviceChange><operation>add</operation><fileOperation>create</fileOperation><device xsi:type="VirtualDisk"><key>-101</key>"#,
        r#"<backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName>[ds1]</fileName><datastore type="Datastore">datastore-12</datastore>"#,
        "<diskMode>independent_persistent</diskMode><thinProvisioned>true</thinProvisioned><eagerlyScrub>false</eagerlyScrub></backing>",
        "<controllerKey>1000</controllerKey><unitNumber>1</unitNumber><capacityInKB>10485760</capacityInKB></device></deviceChange>"
    );
    let tracking: String = ["ctkEnabled", "scsi0:0.ctkEnabled", "scsi0:1.ctkEnabled"]
        .map(|key| format!(r#"<extraConfig><key>{key}</key><value xsi:type="xsd:string">true</value></extraConfig>"#))
        .concat();
    assert_eq!(clone_spec(&plan).to_xml(), spec("", &format!("<config>{disk}{NIC_EDIT}{tracking}</config>")));
    for (provisioning, words) in [
        (DiskType::ThickLazy, "<thinProvisioned>false</thinProvisioned><eagerlyScrub>false</eagerlyScrub>"),
        (DiskType::ThickEager, "<thinProvisioned>false</thinProvisioned><eagerlyScrub>true</eagerlyScrub>"),
    ] {
        plan.added[0].provisioning = provisioning;
        assert!(clone_spec(&plan).to_xml().contains(words), "{provisioning}");
    }
}

#[test]
fn the_call_names_folder_and_clone() {
    let call = clone_call(&request(), &MoRef::new("Folder", "group-v3"), &plan());
    let body = |call: &Call| call.envelope();
    assert!(body(&call).contains(
        r#"<CloneVM_Task xmlns="urn:vim25"><_this type="VirtualMachine">vm-1</_this><folder type="Folder">group-v3</folder><name>c1</name><spec>"#
    ));
    assert_eq!(call.object, "VM src (vm-1) -> c1");
}

#[test]
fn raw_device_mappings_by_compatibility() {
    let store = MoRef::new("Datastore", "datastore-1");
    let backing = |compatibility| rdm::backing(&RdmLun { compatibility, lun_uuid: "naa.6001".into() }, &store).to_xml();
    assert_eq!(
        backing(RdmCompatibility::Virtual),
        r#"<backing xsi:type="VirtualDiskRawDiskMappingVer1BackingInfo"><fileName></fileName><datastore type="Datastore">datastore-1</datastore><lunUuid>naa.6001</lunUuid><deviceName>/vmfs/devices/disks/naa.6001</deviceName><compatibilityMode>virtualMode</compatibilityMode><diskMode>persistent</diskMode></backing>"#
    );
    assert_eq!(
        backing(RdmCompatibility::Physical),
        r#"<backing xsi:type="VirtualDiskRawDiskMappingVer1BackingInfo"><fileName></fileName><datastore type="Datastore">datastore-1</datastore><deviceName>/vmfs/devices/disks/naa.6001</deviceName><compatibilityMode>physicalMode</compatibilityMode><diskMode>independent_persistent</diskMode></backing>"#
    );
}

fn request() -> CloneRequest {
    CloneRequest::new(VmRef { id: "vm-1".into(), name: "src".into() }, "c1")
}

/// A script with the source VM, two datastores and clones that succeed.
fn script(has_pool: bool) -> Arc<Script> {
    let script = Script::new();
    let (folder, pool) = (reference("Folder", "group-v3"), reference("ResourcePool", "resgroup-8"));
    let stores = r#"<val><ManagedObjectReference type="Datastore">datastore-12</ManagedObjectReference></val>"#;
    let devices = DEVICES.replace(" xmlns:xsi=\"i\"", "");
    let mut properties =
        vec![("parent", folder.as_str()), ("datastore", stores), ("config.hardware.device", devices.as_str())];
    if has_pool {
        properties.push(("resourcePool", &pool));
    }
    let source = object("VirtualMachine", "vm-1", &properties);
    script.has(">vm-1</obj>", &[&source]);
    script.has(">vm-50</obj>", &[&object("VirtualMachine", "vm-50", &[("config.hardware.device", &devices)])]);
    let parent = reference("Folder", "group-s5");
    let store =
        |id, name, free| object("Datastore", id, &[("name", name), ("summary.freeSpace", free), ("parent", &parent)]);
    let stores = [store("datastore-12", "ds1", "21474836480"), store("datastore-13", "ds2", "1024")];
    script.has("<type>Datastore</type>", &[&stores[0], &stores[1]]);
    script.has(">group-s5</obj>", &[&object("Folder", "group-s5", &[("parent", &reference("Datacenter", "dc-2"))])]);
    script.has(
        "<type>ComputeResource</type>",
        &[
            &object("ComputeResource", "domain-1", &[]),
            &object(
                "ClusterComputeResource",
                "domain-c2",
                &[("resourcePool", &reference("ResourcePool", "resgroup-9"))],
            ),
        ],
    );
    script.has("<type>HostSystem</type>", &[&object("HostSystem", "host-9", &[("name", "esx1.test")])]);
    script.on("CloneVM_Task", "", [task("task-1")]);
    script.on("ReconfigVM_Task", "", [task("task-1")]);
    script.on("MakeDirectory", "", [Reply::Fault("FileAlreadyExists")]);
    let done =
        r#"<state>success</state><result type="VirtualMachine" xsi:type="ManagedObjectReference">vm-50</result>"#;
    script.on("RetrievePropertiesEx", "<pathSet>info</pathSet>", [task_info("task-1", done)]);
    script
}

async fn clone(script: &Arc<Script>, request: &CloneRequest) -> Result<VmRef, ProviderError> {
    vcenter(script).await?.clone_vm(request, &CancellationToken::new()).await
}

fn failed(kind: &str, words: &str) -> Reply {
    task_info(
        "task-1",
        &format!(
            "<state>error</state><error><fault xsi:type='{kind}'/><localizedMessage>{words}</localizedMessage></error>"
        ),
    )
}

#[tokio::test]
async fn a_plain_clone_regenerates_addresses() {
    let script = script(true);
    let made = clone(&script, &request()).await.unwrap();
    assert_eq!(made, VmRef { id: "vm-50".into(), name: "c1".into() });
    let bodies = script.bodies("CloneVM_Task");
    assert!(bodies[0].contains(&spec("", &format!("<config>{NIC_EDIT}</config>"))), "{}", bodies[0]);
    assert!(!bodies[0].contains("00:50:56"));
}

#[tokio::test]
async fn a_template_goes_to_the_first_pool_and_a_host_by_name() {
    let script = script(false);
    let request = CloneRequest { host: Some("esx1.test".into()), resource_pool: None, ..request() };
    script.has(
        ">host-9</obj>",
        &[&object("HostSystem", "host-9", &[("parent", &reference("ComputeResource", "domain-c2"))])],
    );
    script.has(
        ">domain-c2</obj>",
        &[&object("ComputeResource", "domain-c2", &[("resourcePool", &reference("ResourcePool", "resgroup-10"))])],
    );
    clone(&script, &request).await.unwrap();
    clone(&script, &CloneRequest { host: None, ..request.clone() }).await.unwrap();
    let bodies = script.bodies("CloneVM_Task");
    assert!(bodies[0].contains(r#"<pool type="ResourcePool">resgroup-10</pool><host type="HostSystem">host-9</host>"#));
    assert!(bodies[1].contains(r#"<pool type="ResourcePool">resgroup-9</pool></location>"#), "{}", bodies[1]);
    let unknown = CloneRequest { host: Some("esx2.test".into()), ..request };
    let error = clone(&script, &unknown).await.unwrap_err().to_string();
    assert!(error.contains("esx2.test") && error.contains("esx1.test"), "{error}");
}

#[tokio::test]
async fn added_disks_take_free_units_datastores_and_folders() {
    let script = script(true);
    let gib = |size: u64| NewDisk { size_bytes: size << 30, ..NewDisk::default() };
    let add_disks = vec![
        gib(10),
        NewDisk { datastore: Some("datastore-13".into()), datastore_path: Some("/shared/".into()), ..gib(1) },
        NewDisk { provisioning: DiskType::ThickLazy, ..gib(20) },
    ];
    clone(&script, &CloneRequest { add_disks, cbt: true, ..request() }).await.unwrap();
    let body = &script.bodies("CloneVM_Task")[0];
    for part in [
        r"<fileName>[ds1]</fileName>",
        r#"<fileName>[ds2] shared/c1_disk_2.vmdk</fileName><datastore type="Datastore">datastore-13</datastore>"#,
        "<key>-103</key>",
        "<unitNumber>3</unitNumber><capacityInKB>20971520</capacityInKB>",
        "<key>scsi0:3.ctkEnabled</key>",
    ] {
        assert!(body.contains(part), "{part} in {body}");
    }
    assert_eq!(
        script.bodies("MakeDirectory"),
        [
            r#"<MakeDirectory xmlns="urn:vim25"><_this type="FileManager">FileManager</_this><name>[ds2] shared</name><datacenter type="Datacenter">dc-2</datacenter><createParentDirectories>true</createParentDirectories></MakeDirectory>"#
        ]
    );
}

#[tokio::test]
async fn thick_disks_that_do_not_fit_are_refused_before_anything_is_made() {
    let script = script(true);
    let disk = NewDisk { size_bytes: 11 << 30, provisioning: DiskType::ThickEager, ..NewDisk::default() };
    let request = CloneRequest { add_disks: vec![disk.clone(), disk], ..request() };
    let error = clone(&script, &request).await.unwrap_err();
    assert!(matches!(error, ProviderError::NoSpace { .. }), "{error}");
    assert_eq!(script.bodies("CloneVM_Task").len(), 0);
}

#[tokio::test]
async fn an_address_in_use_is_tried_once_more_without_edits() {
    let script = script(true);
    let done = r#"<state>success</state><result type="VirtualMachine">vm-50</result>"#;
    let states = [failed("GenericVmConfigFault", "MAC 00:50 is In Use"), task_info("task-1", done)];
    script.on("RetrievePropertiesEx", "<pathSet>info</pathSet>", states);
    clone(&script, &CloneRequest { cbt: true, ..request() }).await.unwrap();
    let bodies = script.bodies("CloneVM_Task");
    assert_eq!(bodies.len(), 2);
    assert!(bodies[0].contains("<operation>edit</operation>"));
    assert!(!bodies[1].contains("<operation>edit</operation>") && bodies[1].contains("scsi0:0.ctkEnabled"));
    script.on("RetrievePropertiesEx", "<pathSet>info</pathSet>", [failed("GenericVmConfigFault", "in use")]);
    assert!(clone(&script, &request()).await.is_err());
    assert_eq!(script.bodies("CloneVM_Task").len(), 4);
}

#[tokio::test]
async fn faults_of_the_task_are_named() {
    let script = script(true);
    script.on("RetrievePropertiesEx", "<pathSet>info</pathSet>", [failed("DuplicateName", "*types.DuplicateName")]);
    let error = clone(&script, &request()).await.unwrap_err();
    assert!(matches!(error, ProviderError::NameTaken { .. }), "{error}");
    script.on("RetrievePropertiesEx", "<pathSet>info</pathSet>", [failed("InsufficientStorageSpace", "full")]);
    let error = clone(&script, &request()).await.unwrap_err().to_string();
    assert_eq!(
        error,
        "CloneVM_Task on VM src (vm-1) -> c1: InsufficientStorageSpace: full; free space on the datastore or choose another one"
    );
}

#[tokio::test]
async fn mappings_are_attached_to_the_finished_clone() {
    let script = script(true);
    let lun = RdmLun { compatibility: RdmCompatibility::Physical, lun_uuid: "naa.6001".into() };
    let add_disks = vec![NewDisk { datastore: Some("datastore-12".into()), rdm: Some(lun), ..NewDisk::default() }];
    clone(&script, &CloneRequest { add_disks, ..request() }).await.unwrap();
    assert!(!script.bodies("CloneVM_Task")[0].contains("<operation>add</operation>"));
    let body = &script.bodies("ReconfigVM_Task")[0];
    assert!(body.starts_with(concat!(
        r#"<ReconfigVM_Task xmlns="urn:vim25"><_this type="VirtualMachine">vm-50</_this><spec><deviceChange><operation>add</operation>"#,
        r#"<fileOperation>create</fileOperation><device xsi:type="VirtualDisk"><key>-101</key><backing xsi:type="VirtualDiskRawDiskMappingVer1BackingInfo">"#
    )), "{body}");
    assert!(body.contains("<controllerKey>1000</controllerKey><unitNumber>1</unitNumber>"), "{body}");
}

#[tokio::test(start_paused = true)]
async fn a_late_or_interrupted_clone_is_cancelled_on_the_source() {
    let script = script(true);
    let running = || task_info("task-1", "<state>running</state><progress>35</progress>");
    script.on("RetrievePropertiesEx", "<pathSet>info</pathSet>", [running()]);
    script.on("CancelTask", "task-1", [Reply::Ok(String::new())]);
    let error = clone(&script, &request()).await.unwrap_err().to_string();
    assert!(error.contains("not within 20m; last seen: running, 35%"), "{error}");
    assert_eq!(script.bodies("CancelTask").len(), 1);
    let cancel = CancellationToken::new();
    let vcenter = vcenter(&script).await.unwrap();
    let request = request();
    let (outcome, ()) = tokio::join!(vcenter.clone_vm(&request, &cancel), async {
        crate::wait::pause(std::time::Duration::from_secs(30)).await;
        cancel.cancel();
    });
    let error = outcome.unwrap_err().to_string();
    assert!(error.contains("interrupted; last seen: running, 35%"), "{error}");
    assert_eq!(script.bodies("CancelTask").len(), 2);
    assert!(vcenter.clone_vm(&request, &cancel).await.is_err());
    assert_eq!(script.bodies("CloneVM_Task").len(), 2, "a cancelled run starts nothing");
}

#[tokio::test]
async fn an_esxi_host_cannot_clone() {
    let script = script(true);
    script.on("RetrieveServiceContent", "", [Reply::Ok(content("HostAgent", "7.0.3.0"))]);
    let error = clone(&script, &request()).await.unwrap_err().to_string();
    assert!(error.contains("cannot clone"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn lost_looks_at_a_task_do_not_end_the_wait() {
    let script = script(true);
    let done = r#"<state>success</state><result type="VirtualMachine">vm-50</result>"#;
    let states = [Reply::Reset, Reply::Reset, Reply::Reset, Reply::Reset, page(&[], None), task_info("task-1", done)];
    script.on("RetrievePropertiesEx", "<pathSet>info</pathSet>", states);
    // Four resets are more than one read bears; the page without the task is an answer, and a wrong one.
    let error = clone(&script, &request()).await.unwrap_err().to_string();
    assert!(error.contains("property info cannot be read"), "{error}");
    assert_eq!(clone(&script, &request()).await.unwrap().id, "vm-50");
}
