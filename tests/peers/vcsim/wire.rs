//! What goes over the wire, in the order that the API's definition has it.

use super::cloning::clone;
use super::simulator::{ALONE, CLUSTERED, NEEDS, Simulator, wsdl};
use crate::bench::Bench;
use crate::trial::trial;
use libtest_mimic::Trial;
use mtvtest::facts::Power;
use mtvtest::provider::{DiskType, NewDisk, RdmCompatibility, RdmLun};
use serde_json::json;

pub(super) fn trials() -> Vec<Trial> {
    vec![trial("vcsim::every_request_is_as_govmomi_would_encode_it", NEEDS, as_govmomi_would)]
}

/// The simulator takes elements in any order and overlooks those it does not know; a vCenter refuses both. So all that
/// was sent is decoded into govmomi's types, encoded again and compared.
async fn as_govmomi_would(bench: Bench) {
    let simulator = Simulator::start(&bench, &["-trace"]).await;
    let provider = simulator.connect().await;
    provider.test().await.unwrap();
    let places = simulator.ask("places", &[]).await;
    let made = clone(&*provider, CLUSTERED, |request| {
        let lun = RdmLun { compatibility: RdmCompatibility::Virtual, lun_uuid: "naa.6001".to_owned() };
        request.disk_type = Some(DiskType::ThickEager);
        request.cbt = true;
        request.host = Some("DC0_C0_H1".to_owned());
        request.datastore = places["Datastores"][1]["ID"].as_str().map(str::to_owned);
        request.add_disks = vec![
            NewDisk { size_bytes: 1 << 20, datastore_path: Some("shared".to_owned()), ..NewDisk::default() },
            NewDisk { rdm: Some(lun), ..NewDisk::default() },
        ];
    });
    let made = made.await.unwrap();
    simulator.configure(ALONE, &json!({ "Network": "VM Network" })).await;
    for (name, kind) in [("thin", DiskType::Thin), ("lazy", DiskType::ThickLazy)] {
        clone(&*provider, ALONE, |request| {
            request.disk_type = Some(kind);
            name.clone_into(&mut request.name);
        })
        .await
        .unwrap();
    }
    let snapshot = provider.create_snapshot(&made, "a <b>").await.unwrap();
    provider.remove_snapshot(&made, "a <b>", Some(&snapshot)).await.unwrap();
    provider.add_nic(&made, false).await.unwrap();
    provider.keep_on_host(&made).await.unwrap();
    provider.hosts().await.unwrap();
    provider.host_of(&made).await.unwrap();
    provider.require_change_tracking(&made).await.unwrap();
    provider.set_power(&made, Power::On).await.unwrap();
    provider.vm_facts(&made).await.unwrap();
    provider.delete_vm(&made.name, Some(&made.id)).await.unwrap();
    provider.delete_vm("absent", None).await.unwrap();
    provider.disconnect().await;
    let told = wsdl(&bench.folder().join("vcsim.log")).await;
    let methods = told["Methods"].as_object().unwrap();
    for method in [
        "Login",
        "RetrievePropertiesEx",
        "CloneVM_Task",
        "ReconfigVM_Task",
        "MakeDirectory",
        "CreateSnapshot_Task",
        "RemoveSnapshot_Task",
        "ReconfigureComputeResource_Task",
        "PowerOnVM_Task",
        "PowerOffVM_Task",
        "Destroy_Task",
        "SearchDatastoreSubFolders_Task",
        "Logout",
    ] {
        assert!(methods.contains_key(method), "{method} was not sent: {methods:?}");
    }
    let different: Vec<_> = told["Different"].as_array().unwrap().iter().filter_map(|text| text.as_str()).collect();
    assert!(different.is_empty(), "{}", different.join("\n\n"));
}
