//! The source's operations against a scripted vCenter.

use super::script::{Reply, Script, content, object, page, reference, session, task, task_info, vcenter};
use super::xml::MoRef;
use crate::facts::Power;
use crate::provider::{ProviderError, Removal, SourceProvider, VmRef};
use crate::wait::Deadline;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

fn vm(id: &str, name: &str) -> VmRef {
    VmRef { id: id.into(), name: name.into() }
}

fn three_vms(script: &Arc<Script>) {
    let vms = [
        object("VirtualMachine", "vm-1", &[("name", "mtv-rhel8")]),
        object("VirtualMachine", "vm-2", &[("name", "a%2fb")]),
        object("VirtualMachine", "vm-3", &[("name", "mtv-rhel8")]),
    ];
    script.has("<type>VirtualMachine</type>", &[&vms[0], &vms[1], &vms[2]]);
}

#[tokio::test]
async fn login_keeps_the_cookie_and_escapes_the_password() {
    let script = Script::new();
    let description = object("AuthorizationManager", "AuthorizationManager", &[("description", "<val><x>1</x></val>")]);
    script.has("description", &[&description]);
    let vcenter = vcenter(&script).await.unwrap();
    let about = vcenter.test().await.unwrap();
    assert_eq!(about.version, "8.0.3.0");
    vcenter.disconnect().await;
    assert_eq!(vcenter.requests(), 4);
    assert_eq!(
        script.bodies("Login"),
        [
            r#"<Login xmlns="urn:vim25"><_this type="SessionManager">SessionManager</_this><userName>admin</userName><password>pa&lt;ss</password></Login>"#
        ]
    );
    script.look(|seen| {
        let cookies: Vec<_> = seen.iter().map(|call| (call.method.as_str(), call.cookie.as_deref())).collect();
        let cookie = Some("vmware_soap_session=\"abc\"");
        assert_eq!(
            cookies,
            [("RetrieveServiceContent", None), ("Login", None), ("RetrievePropertiesEx", cookie), ("Logout", cookie)]
        );
        assert!(seen.iter().all(|call| call.action == "urn:vim25/6.5"));
    });
}

#[tokio::test]
async fn a_wrong_password_is_tried_once() {
    let script = Script::new();
    script.on("Login", "", [Reply::Fault("InvalidLogin")]);
    let error = vcenter(&script).await.err().unwrap();
    let text = error.to_string();
    assert!(matches!(error, ProviderError::Login { .. }), "{text}");
    assert!(text.contains("https://vc.test/sdk as admin: InvalidLogin") && text.contains("providers.json"), "{text}");
    assert!(!text.contains("pa<ss"), "{text}");
    assert_eq!(script.look(<[_]>::len), 2);
}

#[tokio::test]
async fn a_password_that_changed_during_the_run_is_tried_once_too() {
    let script = Script::new();
    script.on("RetrievePropertiesEx", "", [Reply::Fault("NotAuthenticated")]);
    script.on("Login", "", [Reply::Ok("<returnval/>".into()), Reply::Fault("InvalidLogin")]);
    let session = session(&script).await.unwrap();
    let object = MoRef::new("VirtualMachine", "vm-1");
    for _ in 0..3 {
        let error = ProviderError::from(session.read(&object, &["name"]).await.unwrap_err());
        assert!(matches!(error, ProviderError::Login { .. }), "{error}");
    }
    assert_eq!(script.bodies("Login").len(), 2);
}

#[tokio::test]
async fn an_expired_session_is_renewed_and_the_list_repeated_with_a_new_view() {
    let script = Script::new();
    let one = object("VirtualMachine", "vm-1", &[("name", "one")]);
    script.on("RetrievePropertiesEx", "", [Reply::Fault("NotAuthenticated"), page(&[&one], None)]);
    let vcenter = vcenter(&script).await.unwrap();
    assert_eq!(vcenter.vms_with_prefix("o").await.unwrap(), [vm("vm-1", "one")]);
    assert_eq!(script.bodies("Login").len(), 2);
    assert_eq!(script.bodies("CreateContainerView").len(), 2);
}

#[tokio::test]
async fn properties_that_are_missing_for_want_of_a_session_are_read_again_in_a_new_one() {
    let script = Script::new();
    let refused = r#"<objects><obj type="VirtualMachine">vm-1</obj><missingSet><path>runtime.powerState</path><fault><fault xsi:type="NotAuthenticated"/></fault></missingSet></objects>"#;
    let on = object("VirtualMachine", "vm-1", &[("runtime.powerState", "poweredOn")]);
    script.on("RetrievePropertiesEx", "", [page(&[refused], None), page(&[&on], None)]);
    let vcenter = vcenter(&script).await.unwrap();
    vcenter.set_power(&vm("vm-1", "one"), Power::On).await.unwrap();
    assert_eq!(script.bodies("Login").len(), 2);
    script.on("RetrievePropertiesEx", "", [page(&[refused], None)]);
    let error = vcenter.set_power(&vm("vm-1", "one"), Power::On).await.unwrap_err().to_string();
    assert!(error.contains("NotAuthenticated: the session has ended; the session ended twice"), "{error}");
    assert_eq!(script.bodies("Login").len(), 3);
}

#[tokio::test]
async fn lists_are_paged_and_unreadable_objects_left_out() {
    let script = Script::new();
    let first = object("VirtualMachine", "vm-1", &[("name", "b-1")]);
    let hidden = r#"<objects><obj type="VirtualMachine">vm-9</obj><missingSet><path>name</path><fault><fault xsi:type="NoPermission"/></fault></missingSet></objects>"#;
    let last = object("VirtualMachine", "vm-2", &[("name", "a-1")]);
    script.on("RetrievePropertiesEx", "", [page(&[&first, hidden], Some("t1"))]);
    script.on("ContinueRetrievePropertiesEx", "<token>t1</token>", [page(&[&last], None)]);
    let vcenter = vcenter(&script).await.unwrap();
    assert_eq!(vcenter.vms_with_prefix("").await.unwrap(), [vm("vm-2", "a-1"), vm("vm-1", "b-1")]);
    assert_eq!(
        script.bodies("RetrievePropertiesEx"),
        [concat!(
            r#"<RetrievePropertiesEx xmlns="urn:vim25"><_this type="PropertyCollector">propertyCollector</_this>"#,
            "<specSet><propSet><type>VirtualMachine</type><all>false</all><pathSet>name</pathSet></propSet>",
            r#"<objectSet><obj type="ContainerView">view-1</obj><skip>true</skip><selectSet xsi:type="TraversalSpec">"#,
            "<name>v</name><type>ContainerView</type><path>view</path><skip>false</skip></selectSet></objectSet></specSet>",
            "<options><maxObjects>500</maxObjects></options></RetrievePropertiesEx>"
        )]
    );
    assert_eq!(script.bodies("DestroyView").len(), 1);
}

#[tokio::test]
async fn an_empty_list_is_no_error() {
    let script = Script::new();
    script.on("RetrievePropertiesEx", "", [Reply::Ok(String::new())]);
    let vcenter = vcenter(&script).await.unwrap();
    assert_eq!(vcenter.vms_with_prefix("x").await.unwrap(), []);
    assert_eq!(vcenter.delete_vm("x", None).await.unwrap(), Removal::AlreadyGone);
}

#[tokio::test(start_paused = true)]
async fn reads_outlive_hiccups_and_writes_are_sent_once() {
    let script = Script::new();
    let on = object("VirtualMachine", "vm-1", &[("runtime.powerState", "poweredOff")]);
    script.on("RetrievePropertiesEx", "", [Reply::Reset, Reply::Status(503), page(&[&on], None)]);
    script.on("PowerOnVM_Task", "", [Reply::Reset]);
    let vcenter = vcenter(&script).await.unwrap();
    let error = vcenter.set_power(&vm("vm-1", "a"), Power::On).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unreachable { .. }), "{error}");
    assert_eq!(error.to_string(), "PowerOnVM_Task on VM a (vm-1): the source did not answer");
    assert_eq!(script.bodies("RetrievePropertiesEx").len(), 3);
    assert_eq!(script.bodies("PowerOnVM_Task").len(), 1);
}

#[tokio::test]
async fn a_vm_is_found_by_its_decoded_name_if_it_is_healthy() {
    let script = Script::new();
    three_vms(&script);
    let healthy = |state| {
        let stores = r#"<val><ManagedObjectReference type="Datastore">datastore-1</ManagedObjectReference></val>"#;
        let properties =
            [("datastore", stores), ("config.files.vmPathName", "[ds] a/a.vmx"), ("runtime.connectionState", state)];
        object("VirtualMachine", "vm-2", &properties)
    };
    script.has("config.files.vmPathName", &[&healthy("connected")]);
    let browser = object("Datastore", "datastore-1", &[("browser", &reference("HostDatastoreBrowser", "b-1"))]);
    script.has("<pathSet>browser</pathSet>", &[&browser]);
    script.on("SearchDatastoreSubFolders_Task", "", [task("task-1")]);
    let error = "<state>error</state><error><fault xsi:type='FileNotFound'/><localizedMessage>File not found</localizedMessage></error>";
    let gone = "<state>error</state><error><fault xsi:type='FileNotFound'/><localizedMessage>a.vmx was not found</localizedMessage></error>";
    let running = "<state>running</state>";
    let states = [running, error, gone].map(|info| task_info("task-1", info));
    script.on("RetrievePropertiesEx", "<pathSet>info</pathSet>", states);
    let vcenter = vcenter(&script).await.unwrap();
    assert_eq!(vcenter.find_vm("a/b").await.unwrap(), vm("vm-2", "a/b"));
    assert_eq!(vcenter.find_vm("a/b").await.unwrap(), vm("vm-2", "a/b"));
    let missing = vcenter.find_vm("a/b").await.unwrap_err().to_string();
    assert!(missing.contains(".vmx) is missing"), "{missing}");
    script.has("config.files.vmPathName", &[&healthy("inaccessible")]);
    let bad = vcenter.find_vm("a/b").await.unwrap_err().to_string();
    assert!(bad.contains("inaccessible"), "{bad}");
    script.has("config.files.vmPathName", &[&object("VirtualMachine", "vm-2", &[])]);
    assert!(matches!(vcenter.find_vm("a/b").await.unwrap_err(), ProviderError::Unhealthy { .. }));
    match vcenter.find_vm("mtv-rhel9").await.unwrap_err() {
        ProviderError::NotFound { near, .. } => assert_eq!(near[0], "mtv-rhel8"),
        other => panic!("{other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn delete_powers_off_destroys_and_takes_every_namesake() {
    let script = Script::new();
    three_vms(&script);
    let power = |state| page(&[&object("VirtualMachine", "x", &[("runtime.powerState", state)])], None);
    script.on("RetrievePropertiesEx", ">vm-1</obj>", [power("poweredOn"), power("poweredOff")]);
    script.on("RetrievePropertiesEx", ">vm-3</obj>", [Reply::Fault("ManagedObjectNotFound")]);
    script.on("PowerOffVM_Task", "", [task("task-1")]);
    script.on("Destroy_Task", "", [Reply::Fault("TaskInProgress"), task("task-2")]);
    script.on("RetrievePropertiesEx", "<pathSet>info</pathSet>", [task_info("task", "<state>success</state>")]);
    let vcenter = vcenter(&script).await.unwrap();
    assert_eq!(vcenter.delete_vm("mtv-rhel8", None).await.unwrap(), Removal::Removed);
    assert_eq!(script.bodies("PowerOffVM_Task").len(), 1);
    assert_eq!(script.bodies("Destroy_Task").len(), 2, "busy once, then done");
    assert_eq!(vcenter.delete_vm("mtv-rhel9", None).await.unwrap(), Removal::AlreadyGone);
}

#[tokio::test]
async fn delete_by_id_spares_a_vm_of_another_name() {
    let script = Script::new();
    three_vms(&script);
    let named = object("VirtualMachine", "vm-2", &[("name", "a%2fb"), ("runtime.powerState", "poweredOff")]);
    script.has(">vm-2</obj>", &[&named]);
    script.on("Destroy_Task", "", [task("task-2")]);
    script.on("RetrievePropertiesEx", "<pathSet>info</pathSet>", [task_info("task", "<state>success</state>")]);
    let vcenter = vcenter(&script).await.unwrap();
    let refused = vcenter.delete_vm("clone", Some("vm-2")).await.unwrap_err().to_string();
    assert!(refused.contains("VM a/b (vm-2): it was made as clone"), "{refused}");
    assert_eq!(script.bodies("Destroy_Task").len(), 0);
    assert_eq!(vcenter.delete_vm("a/b", Some("vm-2")).await.unwrap(), Removal::Removed);
    assert_eq!(script.bodies("Destroy_Task").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn guest_info_by_the_deadline_or_not() {
    let script = Script::new();
    let seen = |net: &str| {
        let properties = [("runtime.powerState", "poweredOn"), ("guest.toolsStatus", "toolsOk"), ("guest.net", net)];
        page(&[&object("VirtualMachine", "vm-1", &properties)], None)
    };
    let (none, some) = (seen("<val/>"), seen("<val><GuestNicInfo/></val>"));
    script.on("RetrievePropertiesEx", "guest.net", [none.clone(), none.clone(), some, none]);
    let vcenter = vcenter(&script).await.unwrap();
    let minute = || Deadline::after(Duration::from_secs(60), &CancellationToken::new());
    assert!(vcenter.wait_guest_info(&vm("vm-1", "a"), &minute()).await.unwrap());
    assert!(!vcenter.wait_guest_info(&vm("vm-1", "a"), &minute()).await.unwrap());
    let cancelled = CancellationToken::new();
    cancelled.cancel();
    let deadline = Deadline::after(Duration::from_secs(60), &cancelled);
    assert!(vcenter.wait_guest_info(&vm("vm-1", "a"), &deadline).await.is_err());
}

#[tokio::test]
async fn an_old_server_is_refused_after_logging_out() {
    let script = Script::new();
    script.on("RetrieveServiceContent", "", [Reply::Ok(content("VirtualCenter", "6.0"))]);
    let error = vcenter(&script).await.err().unwrap().to_string();
    assert!(error.contains("API is 6.0"), "{error}");
    assert_eq!(script.bodies("Logout").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn snapshots_ask_for_neither_memory_nor_quiescing() {
    let script = Script::new();
    script.on("CreateSnapshot_Task", "", [task("task-1")]);
    let done = r#"<state>success</state><result type="VirtualMachineSnapshot" xsi:type="ManagedObjectReference">snapshot-7</result>"#;
    let states = ["<state>queued</state>", "<state>running</state><progress>40</progress>", done];
    script.on("RetrievePropertiesEx", "<pathSet>info</pathSet>", states.map(|info| task_info("task-1", info)));
    let vcenter = vcenter(&script).await.unwrap();
    vcenter.create_snapshot(&vm("vm-1", "a"), "a-s-snapshot-0").await.unwrap();
    assert_eq!(
        script.bodies("CreateSnapshot_Task"),
        [concat!(
            r#"<CreateSnapshot_Task xmlns="urn:vim25"><_this type="VirtualMachine">vm-1</_this><name>a-s-snapshot-0</name>"#,
            "<description></description><memory>false</memory><quiesce>false</quiesce></CreateSnapshot_Task>"
        )]
    );
}

#[tokio::test]
async fn facts_name_networks_and_datastores() {
    let script = Script::new();
    let devices = r#"<val>
      <VirtualDevice xsi:type="VirtualDisk"><key>2000</key><backing xsi:type="VirtualDiskFlatVer2BackingInfo"><datastore type="Datastore">datastore-1</datastore></backing><capacityInKB>1024</capacityInKB></VirtualDevice>
      <VirtualDevice xsi:type="VirtualVmxnet3"><key>4000</key><backing><network type="Network">network-7</network></backing><macAddress>00:50:56:00:00:01</macAddress></VirtualDevice>
      <VirtualDevice xsi:type="VirtualVmxnet3"><key>4001</key><backing><port><portgroupKey>dvportgroup-1</portgroupKey></port></backing></VirtualDevice></val>"#;
    let properties = [
        ("name", "a"),
        ("config.hardware.device", devices),
        ("config.hardware.numCPU", "2"),
        ("config.hardware.memoryMB", "32"),
        ("runtime.powerState", "poweredOff"),
    ];
    script.has("config.uuid", &[&object("VirtualMachine", "vm-1", &properties)]);
    let network = object("Network", "network-7", &[("name", "VM Network")]);
    let store = object("Datastore", "datastore-1", &[("name", "ds%2f1")]);
    script.has(">network-7</obj>", &[&network, &store]);
    let group = object("DistributedVirtualPortgroup", "dvportgroup-1", &[("key", "dvportgroup-1"), ("name", "dv")]);
    script.has("<type>DistributedVirtualPortgroup</type>", &[&group]);
    let vcenter = vcenter(&script).await.unwrap();
    let facts = vcenter.vm_facts(&vm("vm-1", "a")).await.unwrap();
    let networks: Vec<_> = facts.nics.iter().map(|nic| nic.network.as_str()).collect();
    assert_eq!(networks, ["VM Network", "dv"]);
    assert_eq!(facts.disks[0].storage, "ds/1");
    assert_eq!((facts.cpu.sockets, facts.memory_bytes, facts.firmware), (2, 32 << 20, None));
}
