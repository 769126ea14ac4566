use super::router;
use super::wsdl::wsdl;
use super::xml::{self, Node};
use crate::lab::clock::Pace;
use crate::lab::fault::{Failure, TransportEffect, TransportFault};
use crate::lab::network::ConnectionLost;
use crate::lab::world::{World, WorldSpec};
use axum::Router;
use axum::body::Body;
use http_body_util::BodyExt;
use std::sync::Arc;
use tower::ServiceExt;

const COLLECTOR: &str = r#"<_this type="PropertyCollector">propertyCollector</_this>"#;

/// A client that speaks literal SOAP.
pub(super) struct Client {
    pub(super) world: World,
    router: Router,
    cookie: Option<String>,
}

impl Client {
    fn new() -> Self {
        let world = World::from_spec(WorldSpec::embedded().unwrap(), Pace::FULL).unwrap();
        Self { router: router(Arc::clone(&world.sources[0]), &world), world, cookie: None }
    }

    /// What is served at a path to whoever has the right ticket.
    pub(super) async fn download(&self, path: &str) -> Option<String> {
        let request = http::Request::get(path).body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let is_there = response.status() == http::StatusCode::OK;
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        is_there.then(|| String::from_utf8(bytes.to_vec()).unwrap())
    }

    pub(super) async fn logged_in() -> Self {
        let mut client = Self::new();
        client.login("lab-vcenter").await.unwrap();
        client
    }

    async fn login(&mut self, password: &str) -> Result<Node, String> {
        self.call(&format!(
            r#"<Login xmlns="urn:vim25"><_this type="SessionManager">SessionManager</_this>
            <userName>administrator@vsphere.local</userName><password>{password}</password></Login>"#
        ))
        .await
    }

    /// The response element, or the fault as `Type: text`.
    pub(super) async fn call(&mut self, body: &str) -> Result<Node, String> {
        let text = format!(
            r#"<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
            xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
            <soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"#
        );
        let mut request = http::Request::post("/sdk").header("SOAPAction", "urn:vim25/6.5");
        if let Some(cookie) = &self.cookie {
            request = request.header("Cookie", cookie);
        }
        let response = self.router.clone().oneshot(request.body(Body::from(text)).unwrap()).await.unwrap();
        if response.extensions().get::<ConnectionLost>().is_some() {
            return Err("connection lost".into());
        }
        if let Some(cookie) = response.headers().get("set-cookie") {
            self.cookie = cookie.to_str().unwrap().split(';').next().map(str::to_owned);
        }
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        if bytes.is_empty() {
            return Err(format!("HTTP {status}"));
        }
        let envelope = xml::parse(std::str::from_utf8(&bytes).unwrap()).unwrap();
        let answer = envelope.children[0].children[0].clone();
        if answer.name == "Fault" {
            assert_eq!(status, 500);
            let detail = &answer.child("detail").unwrap().children[0];
            return Err(format!("{}: {}", detail.kind.as_deref().unwrap(), answer.text_of("faultstring").unwrap()));
        }
        Ok(answer)
    }

    /// One property of one object as `val`.
    pub(super) async fn get(&mut self, kind: &str, value: &str, path: &str) -> Result<Option<Node>, String> {
        let answer = self
            .call(&format!(
                r#"<RetrievePropertiesEx>{COLLECTOR}<specSet><propSet><type>{kind}</type><all>false</all>
                <pathSet>{path}</pathSet></propSet><objectSet><obj type="{kind}">{value}</obj></objectSet></specSet>
                <options/></RetrievePropertiesEx>"#
            ))
            .await?;
        let object = answer.child("returnval").and_then(|answer| answer.child("objects")).cloned();
        Ok(object.and_then(|object| object.child("propSet")?.child("val").cloned()))
    }

    /// Waits for a task: its result, or its error as `Type: text`.
    pub(super) async fn task(&mut self, body: &str) -> Result<Node, String> {
        let answer = self.call(body).await?;
        let task = answer.text_of("returnval").unwrap().to_owned();
        loop {
            let info = self.get("Task", &task, "info").await?.unwrap();
            match info.text_of("state") {
                Some("success") => return Ok(info.child("result").cloned().unwrap_or_default()),
                Some("error") => {
                    let error = info.child("error").unwrap();
                    let kind = error.child("fault").unwrap().kind.clone().unwrap();
                    return Err(format!("{kind}: {}", error.text_of("localizedMessage").unwrap()));
                }
                _ => tokio::task::yield_now().await,
            }
        }
    }

    pub(super) fn vm(&self, name: &str) -> String {
        let inventory = self.world.sources[0].read();
        inventory.vms.iter().find(|vm| vm.name == name).map(|vm| vm.moref.clone()).unwrap()
    }

    pub(super) async fn clone_vm(&mut self, from: &str, name: &str, spec: &str) -> Result<String, String> {
        let from = self.vm(from);
        let body = format!(
            r#"<CloneVM_Task><_this type="VirtualMachine">{from}</_this><folder type="Folder">group-v3</folder>
            <name>{name}</name><spec>{spec}</spec></CloneVM_Task>"#
        );
        self.task(&body).await.map(|result| result.text)
    }

    pub(super) async fn power(&mut self, method: &str, vm: &str) -> Result<Node, String> {
        self.task(&format!(r#"<{method}><_this type="VirtualMachine">{vm}</_this></{method}>"#)).await
    }
}

const PLAIN: &str = "<location><pool type=\"ResourcePool\">resgroup-9</pool></location><template>false</template>\
                     <powerOn>false</powerOn>";

#[tokio::test]
async fn sessions_are_checked() {
    let mut client = Client::new();
    let content = client
        .call(r#"<RetrieveServiceContent xmlns="urn:vim25"><_this type="ServiceInstance">ServiceInstance</_this></RetrieveServiceContent>"#)
        .await
        .unwrap();
    assert_eq!(content.child("returnval").unwrap().text_of("rootFolder"), Some("group-d1"));
    assert!(client.get("VirtualMachine", "vm-101", "name").await.unwrap_err().starts_with("NotAuthenticated"));
    assert!(client.login("wrong").await.unwrap_err().starts_with("InvalidLogin"));
    client.login("lab-vcenter").await.unwrap();
    assert!(client.login("lab-vcenter").await.unwrap_err().starts_with("InvalidLogin"));
    client.call(r#"<Logout><_this type="SessionManager">SessionManager</_this></Logout>"#).await.unwrap();
    assert!(client.get("VirtualMachine", "vm-101", "name").await.unwrap_err().starts_with("NotAuthenticated"));
}

#[tokio::test]
async fn views_are_paged() {
    let mut client = Client::logged_in().await;
    let view = client
        .call(
            r#"<CreateContainerView><_this type="ViewManager">ViewManager</_this>
            <container type="Folder">group-d1</container><type>VirtualMachine</type><recursive>true</recursive></CreateContainerView>"#,
        )
        .await
        .unwrap();
    let view = view.text_of("returnval").unwrap().to_owned();
    let mut answer = client
        .call(&format!(
            r#"<RetrievePropertiesEx>{COLLECTOR}<specSet><propSet><type>VirtualMachine</type><all>false</all>
            <pathSet>name</pathSet><pathSet>config.uuid</pathSet></propSet>
            <objectSet><obj type="ContainerView">{view}</obj><skip>true</skip>
            <selectSet xsi:type="TraversalSpec"><name>v</name><type>ContainerView</type><path>view</path><skip>false</skip></selectSet>
            </objectSet></specSet><options><maxObjects>5</maxObjects></options></RetrievePropertiesEx>"#
        ))
        .await
        .unwrap();
    let (mut names, mut pages) = (Vec::new(), 0);
    loop {
        pages += 1;
        let page = answer.child("returnval").unwrap();
        names.extend(
            page.all("objects").map(|object| object.child("propSet").unwrap().text_of("val").unwrap().to_owned()),
        );
        let Some(token) = page.text_of("token") else { break };
        let next =
            format!("<ContinueRetrievePropertiesEx>{COLLECTOR}<token>{token}</token></ContinueRetrievePropertiesEx>");
        answer = client.call(&next).await.unwrap();
    }
    let all = client.world.sources[0].read().vms.len();
    assert_eq!((names.len(), pages), (all, all.div_ceil(5)));
    assert!(names.contains(&"mtv-win2022-ip-3disks".to_owned()));
    let destroy = format!(r#"<DestroyView><_this type="ContainerView">{view}</_this></DestroyView>"#);
    client.call(&destroy).await.unwrap();
    assert!(client.call(&destroy).await.unwrap_err().starts_with("ManagedObjectNotFound"));
}

#[tokio::test]
async fn paths_are_typed_and_unknown_ones_are_faults() {
    let mut client = Client::logged_in().await;
    let vm = client.vm("mtv-tests-rhel8");
    let cpus = client.get("VirtualMachine", &vm, "config.hardware.numCPU").await.unwrap().unwrap();
    assert_eq!((cpus.kind.as_deref(), cpus.text.as_str()), (Some("int"), "4"));
    let devices = client.get("VirtualMachine", &vm, "config.hardware.device").await.unwrap().unwrap();
    assert_eq!(devices.kind.as_deref(), Some("ArrayOfVirtualDevice"));
    let classes: Vec<_> = devices.children.iter().filter_map(|device| device.kind.as_deref()).collect();
    assert!(classes.contains(&"ParaVirtualSCSIController") && classes.contains(&"VirtualVmxnet3"), "{classes:?}");
    assert!(devices.children.iter().all(|device| device.name == "VirtualDevice"));
    let stores = client.get("VirtualMachine", &vm, "datastore").await.unwrap().unwrap();
    assert_eq!(stores.children[0].reference.as_deref(), Some("Datastore"));
    assert_eq!(client.get("VirtualMachine", &vm, "snapshot").await.unwrap(), None);
    for path in ["config.colour", "flavour", "config.hardware.device.key"] {
        let fault = client.get("VirtualMachine", &vm, path).await.unwrap_err();
        assert!(fault.starts_with("InvalidProperty"), "{path}: {fault}");
    }
    assert!(client.get("VirtualMachine", "vm-1", "name").await.unwrap_err().starts_with("ManagedObjectNotFound"));
}

#[tokio::test]
async fn parents_lead_to_the_datacenter() {
    let mut client = Client::logged_in().await;
    let answer = client
        .call(&format!(
            r#"<RetrievePropertiesEx>{COLLECTOR}<specSet><propSet><type>Datacenter</type><pathSet>name</pathSet></propSet>
            <objectSet><obj type="Datastore">datastore-41</obj><skip>true</skip><selectSet xsi:type="TraversalSpec">
            <name>up</name><type>ManagedEntity</type><path>parent</path><selectSet><name>up</name></selectSet>
            </selectSet></objectSet></specSet><options/></RetrievePropertiesEx>"#
        ))
        .await
        .unwrap();
    let objects: Vec<_> = answer.child("returnval").unwrap().all("objects").collect();
    assert_eq!(objects.len(), 1);
    assert_eq!(objects[0].text_of("obj"), Some("datacenter-2"));
}

/// Every output follows the order and the types of the interface description.
#[tokio::test]
async fn everything_that_is_told_keeps_to_the_description() {
    let mut client = Client::logged_in().await;
    let vm = client.vm("mtv-win2022-ip-3disks");
    client.power("PowerOnVM_Task", &vm).await.unwrap();
    client
        .task(&format!(
            r#"<CreateSnapshot_Task><_this type="VirtualMachine">{vm}</_this><name>s1</name><memory>false</memory>
            <quiesce>false</quiesce></CreateSnapshot_Task>"#
        ))
        .await
        .unwrap();
    let mut problems = Vec::new();
    for (kind, value) in [
        ("VirtualMachine", vm.as_str()),
        ("Datastore", "datastore-41"),
        ("HostSystem", "host-21"),
        ("ClusterComputeResource", "domain-c8"),
        ("DistributedVirtualPortgroup", "dvportgroup-61"),
        ("Network", "network-64"),
        ("Folder", "group-v3"),
        ("ResourcePool", "resgroup-9"),
        ("ServiceInstance", "ServiceInstance"),
        ("Task", "task-1001"),
    ] {
        for field in wsdl().fields(kind) {
            let Some(value) = client.get(kind, value, field.name).await.unwrap() else { continue };
            if field.array || field.reference {
                continue;
            }
            let found = wsdl().check_output(&value, field).err();
            problems.extend(found.map(|fault| format!("{kind}.{}: {}", field.name, fault.message)));
        }
    }
    assert_eq!(problems, Vec::<String>::new());
}

#[tokio::test]
async fn clones_honour_their_spec() {
    let mut client = Client::logged_in().await;
    let spec = r#"<location><datastore type="Datastore">datastore-42</datastore>
        <pool type="ResourcePool">resgroup-9</pool><host type="HostSystem">host-22</host><transform>flat</transform></location>
        <template>false</template><config><deviceChange><operation>add</operation><fileOperation>create</fileOperation>
        <device xsi:type="VirtualDisk"><key>-101</key><backing xsi:type="VirtualDiskFlatVer2BackingInfo">
        <fileName>[vmfs-1]</fileName><datastore type="Datastore">datastore-41</datastore><diskMode>persistent</diskMode>
        <thinProvisioned>true</thinProvisioned></backing><controllerKey>1000</controllerKey><unitNumber>1</unitNumber>
        <capacityInKB>10485760</capacityInKB></device></deviceChange><deviceChange><operation>edit</operation>
        <device xsi:type="VirtualVmxnet3"><key>4000</key><addressType>generated</addressType></device></deviceChange>
        <extraConfig><key>ctkEnabled</key><value xsi:type="xsd:string">true</value></extraConfig></config>
        <powerOn>true</powerOn>"#;
    let moref = client.clone_vm("xcopy-template-test", "auto-x", spec).await.unwrap();
    let inventory = client.world.sources[0].read();
    let (vm, from) = (inventory.vm(&moref).unwrap(), inventory.vms.iter().find(|vm| vm.template).unwrap());
    assert_eq!(
        (vm.name.as_str(), vm.template, vm.power, vm.host.as_str()),
        ("auto-x", false, crate::facts::Power::On, "host-22")
    );
    let disks: Vec<_> = vm.disks.iter().map(|disk| (disk.file.as_str(), disk.thin, disk.size_bytes >> 30)).collect();
    assert_eq!(disks, [("[vmfs-2] auto-x/auto-x.vmdk", false, 16), ("[vmfs-1] auto-x/auto-x_1.vmdk", true, 10)]);
    assert_ne!(vm.nics[0].mac, from.nics[0].mac);
    assert_ne!(vm.uuid, from.uuid);
    assert!(vm.tracks_changes());
}

#[tokio::test]
async fn bad_clones_fail_loudly() {
    let mut client = Client::logged_in().await;
    client.clone_vm("mtv-tests-rhel8", "auto-y", PLAIN).await.unwrap();
    assert!(client.clone_vm("mtv-tests-rhel8", "auto-y", PLAIN).await.unwrap_err().starts_with("DuplicateName"));
    let bare = "<location/><template>false</template><powerOn>false</powerOn>";
    assert!(client.clone_vm("xcopy-template-test", "auto-z", bare).await.unwrap_err().contains("spec.location.pool"));
    let taken = PLAIN.replace(
        "<powerOn>",
        r#"<config><deviceChange><operation>add</operation><fileOperation>create</fileOperation><device xsi:type="VirtualDisk">
        <key>-1</key><backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName/><diskMode>persistent</diskMode></backing>
        <controllerKey>1000</controllerKey><unitNumber>0</unitNumber><capacityInKB>1024</capacityInKB></device></deviceChange></config><powerOn>"#,
    );
    assert!(client.clone_vm("mtv-tests-rhel8", "auto-z", &taken).await.unwrap_err().starts_with("InvalidDeviceSpec"));
    let eager = PLAIN.replace("</location>", "<transform>eagerZeroedThick</transform></location>");
    assert!(client.clone_vm("mtv-tests-rhel8", "auto-z", &eager).await.unwrap_err().starts_with("InvalidRequest"));
    client.world.faults.fail(Failure::CloneFails { fault: "InsufficientStorageSpace".into() });
    assert!(
        client.clone_vm("mtv-tests-rhel8", "auto-z", PLAIN).await.unwrap_err().starts_with("InsufficientStorageSpace")
    );
    assert!(!client.world.sources[0].read().vms.iter().any(|vm| vm.name == "auto-z"));
}

#[tokio::test]
async fn power_snapshots_and_removal() {
    let mut client = Client::logged_in().await;
    let vm = client.vm("mtv-tests-rhel8");
    assert!(client.power("PowerOffVM_Task", &vm).await.unwrap_err().starts_with("InvalidPowerState"));
    client.power("PowerOnVM_Task", &vm).await.unwrap();
    assert!(client.power("PowerOnVM_Task", &vm).await.unwrap_err().starts_with("InvalidPowerState"));
    assert_eq!(client.get("VirtualMachine", &vm, "guest.toolsStatus").await.unwrap().unwrap().text, "toolsOk");
    for name in ["one", "two"] {
        let call = format!(
            r#"<CreateSnapshot_Task><_this type="VirtualMachine">{vm}</_this><name>{name}</name><memory>false</memory>
            <quiesce>false</quiesce></CreateSnapshot_Task>"#
        );
        client.task(&call).await.unwrap();
    }
    let root = client.get("VirtualMachine", &vm, "snapshot.rootSnapshotList").await.unwrap().unwrap();
    assert_eq!(root.children[0].text_of("name"), Some("one"));
    assert_eq!(root.children[0].child("childSnapshotList").unwrap().text_of("name"), Some("two"));
    let devices = client.get("VirtualMachine", &vm, "config.hardware.device").await.unwrap().unwrap();
    let disk = devices.children.iter().find(|device| device.kind.as_deref() == Some("VirtualDisk")).unwrap();
    assert_eq!(
        disk.child("backing").unwrap().text_of("fileName"),
        Some("[vmfs-1] mtv-tests-rhel8/mtv-tests-rhel8-000002.vmdk")
    );
    client.power("RemoveAllSnapshots_Task", &vm).await.unwrap();
    assert!(client.power("Destroy_Task", &vm).await.unwrap_err().starts_with("InvalidPowerState"));
    client.power("PowerOffVM_Task", &vm).await.unwrap();
    client.power("Destroy_Task", &vm).await.unwrap();
    assert!(client.power("Destroy_Task", &vm).await.unwrap_err().starts_with("ManagedObjectNotFound"));
}

#[tokio::test]
async fn raw_devices_and_folders() {
    let mut client = Client::logged_in().await;
    let vm = client.vm("mtv-tests-rhel8");
    let reconfigure = |file: &str, kind: &str| {
        format!(
            r#"<ReconfigVM_Task><_this type="VirtualMachine">{vm}</_this><spec><deviceChange><operation>add</operation>
            <fileOperation>create</fileOperation><device xsi:type="VirtualDisk"><key>-101</key>
            <backing xsi:type="{kind}"><fileName>{file}</fileName><datastore type="Datastore">datastore-41</datastore>
            {}</backing><controllerKey>1000</controllerKey><capacityInKB>1048576</capacityInKB></device></deviceChange></spec></ReconfigVM_Task>"#,
            if kind.contains("Raw") {
                "<deviceName>/vmfs/devices/disks/naa.600a</deviceName><compatibilityMode>virtualMode</compatibilityMode><diskMode>persistent</diskMode>"
            } else {
                "<diskMode>persistent</diskMode>"
            }
        )
    };
    client.task(&reconfigure("[vmfs-1]", "VirtualDiskRawDiskMappingVer1BackingInfo")).await.unwrap();
    let flat = reconfigure("[vmfs-1] shared/a.vmdk", "VirtualDiskFlatVer2BackingInfo");
    assert!(client.task(&flat).await.unwrap_err().starts_with("FileNotFound"));
    let make = r#"<MakeDirectory><_this type="FileManager">FileManager</_this><name>[vmfs-1] shared</name>
        <datacenter type="Datacenter">datacenter-2</datacenter><createParentDirectories>true</createParentDirectories></MakeDirectory>"#;
    client.call(make).await.unwrap();
    assert!(client.call(make).await.unwrap_err().starts_with("FileAlreadyExists"));
    client.task(&flat).await.unwrap();
    let inventory = client.world.sources[0].read();
    let units: Vec<_> = inventory.vm(&vm).unwrap().disks.iter().map(|disk| (disk.unit, disk.lun.is_some())).collect();
    assert_eq!(units, [(0, false), (1, true), (2, false)]);
}

#[tokio::test(start_paused = true)]
async fn updates_come_while_a_task_runs() {
    let mut client = Client::logged_in().await;
    let vm = client.vm("mtv-tests-rhel8");
    let filter = format!(
        r#"<CreateFilter>{COLLECTOR}<spec><propSet><type>VirtualMachine</type><pathSet>runtime.powerState</pathSet></propSet>
        <objectSet><obj type="VirtualMachine">{vm}</obj></objectSet></spec><partialUpdates>true</partialUpdates></CreateFilter>"#
    );
    client.call(&filter).await.unwrap();
    let wait = |version: &str| {
        format!(
            "<WaitForUpdatesEx>{COLLECTOR}<version>{version}</version><options><maxWaitSeconds>30</maxWaitSeconds></options></WaitForUpdatesEx>"
        )
    };
    let first = client.call(&wait("")).await.unwrap();
    let set = first.child("returnval").unwrap();
    let update = set.child("filterSet").unwrap().child("objectSet").unwrap();
    assert_eq!(update.text_of("kind"), Some("enter"));
    let version = set.text_of("version").unwrap().to_owned();
    assert_eq!(client.call(&wait(&version)).await.unwrap().children, []);
    let on = format!(r#"<PowerOnVM_Task><_this type="VirtualMachine">{vm}</_this></PowerOnVM_Task>"#);
    client.call(&on).await.unwrap();
    let second = client.call(&wait(&version)).await.unwrap();
    let update = second.child("returnval").unwrap().child("filterSet").unwrap().child("objectSet").unwrap();
    assert_eq!(update.text_of("kind"), Some("modify"));
    assert_eq!(update.child("changeSet").unwrap().text_of("val"), Some("poweredOn"));
}

#[tokio::test]
async fn transport_faults_meet_methods() {
    let mut client = Client::logged_in().await;
    for (effect, text) in [(TransportEffect::Status(503), "HTTP 503"), (TransportEffect::Reset, "connection lost")] {
        client.world.faults.disturb(TransportFault {
            verb: "SOAP:RetrievePropertiesEx".into(),
            path: "/vcenter.lab.mtvtest/sdk".into(),
            after: 0,
            times: Some(1),
            effect,
        });
        assert!(client.get("VirtualMachine", "vm-101", "name").await.unwrap_err().starts_with(text));
    }
    assert!(client.get("VirtualMachine", "vm-101", "name").await.is_ok());
}
