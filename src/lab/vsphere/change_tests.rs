//! Changes of VMs and of the cluster: disks shared and lost, NICs that start disconnected, DRS.

use super::tests::Client;
use crate::facts::Power;
use crate::lab::world::Vm;

async fn reconfigure(client: &mut Client, vm: &str, changes: &str) -> Result<(), String> {
    let body = format!(
        r#"<ReconfigVM_Task><_this type="VirtualMachine">{vm}</_this><spec>{changes}</spec></ReconfigVM_Task>"#
    );
    client.task(&body).await.map(drop)
}

fn attach(file: &str, unit: i32) -> String {
    format!(
        r#"<deviceChange><operation>add</operation><device xsi:type="VirtualDisk"><key>-101</key>
        <backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName>{file}</fileName><datastore type="Datastore">datastore-41</datastore>
        <diskMode>persistent</diskMode><sharing>sharingMultiWriter</sharing></backing><controllerKey>1000</controllerKey>
        <unitNumber>{unit}</unitNumber><capacityInKB>1</capacityInKB></device></deviceChange>"#
    )
}

fn look<T>(client: &Client, moref: &str, look: impl FnOnce(&Vm) -> T) -> T {
    look(client.world.sources[0].read().vm(moref).unwrap())
}

#[tokio::test]
async fn a_file_of_another_vm_is_attached_as_it_is_and_goes_with_whoever_is_destroyed() {
    let mut client = Client::logged_in().await;
    let (owner, other) = (client.vm("mtv-tests-rhel8"), client.vm("mtv-win2019-79"));
    let file = "[vmfs-1] mtv-tests-rhel8/mtv-tests-rhel8.vmdk";
    let missing = reconfigure(&mut client, &other, &attach("[vmfs-1] x/x.vmdk", 5)).await.unwrap_err();
    assert!(missing.starts_with("FileNotFound"), "{missing}");
    reconfigure(&mut client, &other, &attach(file, 5)).await.unwrap();
    let (bytes, uuid) = look(&client, &owner, |vm| (vm.disks[0].size_bytes, vm.disks[0].uuid.clone()));
    look(&client, &other, |vm| {
        let disk = vm.disks.last().unwrap();
        assert_eq!((disk.file.as_str(), disk.size_bytes, &disk.uuid, disk.shared), (file, bytes, &uuid, true));
    });
    let devices = client.get("VirtualMachine", &other, "config.hardware.device").await.unwrap().unwrap();
    let shared = |node: &super::xml::Node| {
        node.child("backing").is_some_and(|it| it.text_of("sharing") == Some("sharingMultiWriter"))
    };
    assert_eq!(devices.children.iter().filter(|device| shared(device)).count(), 1);
    client.power("PowerOnVM_Task", &other).await.unwrap();
    client.power("PowerOffVM_Task", &other).await.unwrap();
    client.power("Destroy_Task", &other).await.unwrap();
    assert_eq!(client.world.sources[0].read().lost_files, [file]);
    let lost = client.power("PowerOnVM_Task", &owner).await.unwrap_err();
    assert!(lost.starts_with("FileNotFound"), "{lost}");
    assert_eq!(look(&client, &owner, |vm| vm.power), Power::Off);
}

#[tokio::test]
async fn a_nic_starts_as_its_connectable_says() {
    let mut client = Client::logged_in().await;
    let vm = client.vm("mtv-tests-rhel8");
    let network = look(&client, &vm, |vm| vm.nics[0].network.clone());
    let connectable = |start: bool| {
        format!(
            "<connectable><startConnected>{start}</startConnected><allowGuestControl>true</allowGuestControl><connected>{start}</connected></connectable>"
        )
    };
    let add = format!(
        r#"<deviceChange><operation>add</operation><device xsi:type="VirtualE1000"><key>-101</key>
        <backing xsi:type="VirtualEthernetCardDistributedVirtualPortBackingInfo"><port><switchUuid>x</switchUuid><portgroupKey>{network}</portgroupKey></port></backing>
        {}<addressType>generated</addressType></device></deviceChange>"#,
        connectable(false)
    );
    reconfigure(&mut client, &vm, &add).await.unwrap();
    let state = |client: &Client| look(client, &vm, |vm| vm.nics.iter().map(|nic| nic.connected).collect::<Vec<_>>());
    assert_eq!(state(&client), [true, true, true, false]);
    let edit = format!(
        r#"<deviceChange><operation>edit</operation><device xsi:type="VirtualE1000"><key>4003</key>{}</device></deviceChange>"#,
        connectable(true)
    );
    reconfigure(&mut client, &vm, &edit).await.unwrap();
    assert_eq!(state(&client), [true; 4]);
}

#[tokio::test]
async fn drs_leaves_a_vm_alone_until_it_is_destroyed() {
    let mut client = Client::logged_in().await;
    let vm = client.vm("mtv-tests-rhel8");
    let change = |operation: &str, key: &str| {
        format!(
            r#"<ReconfigureComputeResource_Task><_this type="ClusterComputeResource">domain-c8</_this><spec xsi:type="ClusterConfigSpecEx">
            <drsVmConfigSpec><operation>{operation}</operation><info><key type="VirtualMachine">{key}</key><enabled>false</enabled></info></drsVmConfigSpec>
            </spec><modify>true</modify></ReconfigureComputeResource_Task>"#
        )
    };
    for (operation, key, outcome) in [
        ("edit", vm.as_str(), "InvalidArgument"),
        ("add", "vm-9999", "ManagedObjectNotFound"),
        ("add", &vm, ""),
        ("add", &vm, "InvalidArgument"),
        ("edit", &vm, ""),
    ] {
        let answer = client.task(&change(operation, key)).await.map(drop).err().unwrap_or_default();
        assert_eq!(answer.split(':').next(), Some(outcome), "{operation} {key}: {answer}");
    }
    let configuration = client.get("ClusterComputeResource", "domain-c8", "configuration").await.unwrap().unwrap();
    let overrides: Vec<_> =
        configuration.all("drsVmConfig").map(|one| (one.text_of("key"), one.flag("enabled"))).collect();
    assert_eq!(overrides, [(Some(vm.as_str()), false)]);
    client.power("Destroy_Task", &vm).await.unwrap();
    assert!(client.world.sources[0].read().drs_off.is_empty());
}
