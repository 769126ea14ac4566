//! Where clones go: datastore, host, resource pool; and raw device mappings.

use super::cloning::clone;
use super::simulator::{ALONE, CLUSTERED, NEEDS, Simulator};
use crate::bench::Bench;
use crate::trial::trial;
use libtest_mimic::Trial;
use mtvtest::facts::chain;
use mtvtest::provider::{NewDisk, RdmCompatibility, RdmLun};
use serde_json::{Value, json};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("vcsim::a_clone_goes_to_the_datastore_and_host_that_are_named", NEEDS, placement),
        trial("vcsim::a_clone_of_a_template_gets_a_resource_pool", NEEDS, template),
        trial("vcsim::a_folder_is_made_in_a_datacenter_that_lies_in_a_folder", NEEDS, in_folders),
        trial("vcsim::an_unknown_place_is_an_error_that_tells_the_known_ones", NEEDS, unknown),
        trial("vcsim::a_raw_device_mapping_is_attached_to_the_clone", NEEDS, mapping),
    ]
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

async fn placement(bench: Bench) {
    let simulator = Simulator::start(&bench, &[]).await;
    let provider = simulator.connect().await;
    let places = simulator.ask("places", &[]).await;
    let store = &places["Datastores"][1];
    let here = simulator.vm(CLUSTERED).await;
    let hosts = places["Hosts"].as_array().unwrap();
    let mut in_cluster = hosts.iter().filter(|host| text(&host["Name"]).starts_with("DC0_C0"));
    let other = in_cluster.rfind(|host| host["ID"] != here["Host"]).unwrap();
    assert_ne!(here["Datastores"], json!([store["ID"]]));
    let named = [(&store["ID"], &other["Name"], "by-name"), (&store["Name"], &other["ID"], "by-id")];
    for (datastore, host, name) in named {
        clone(&*provider, CLUSTERED, |request| {
            request.datastore = Some(text(datastore));
            request.host = Some(text(host));
            name.clone_into(&mut request.name);
        })
        .await
        .unwrap();
        let copy = simulator.vm(name).await;
        assert_eq!((&copy["Datastores"], &copy["Host"]), (&json!([store["ID"]]), &other["ID"]));
        assert_eq!(copy["Disks"][0]["Datastore"], store["ID"]);
        assert!(text(&copy["Disks"][0]["File"]).starts_with(&format!("[{}] ", text(&store["Name"]))), "{copy}");
    }
}

async fn template(bench: Bench) {
    let simulator = Simulator::start(&bench, &["-pool", "1"]).await;
    let provider = simulator.connect().await;
    let inside = provider.vms_with_prefix("DC0_C0_RP1_").await.unwrap().remove(0);
    let pool = text(&simulator.vm(&inside.name).await["Pool"]);
    simulator.ask("template", &[ALONE]).await;
    assert_eq!(simulator.vm(ALONE).await["Pool"], "");
    clone(&*provider, ALONE, |_| ()).await.unwrap();
    let copy = simulator.vm("the-clone").await;
    assert!(text(&copy["Pool"]).starts_with("resgroup-"), "{copy}");
    assert_eq!(copy["Template"], false);
    for wanted in ["DC0_C0_RP1", pool.as_str()] {
        clone(&*provider, ALONE, |request| {
            request.resource_pool = Some(wanted.to_owned());
            request.name = format!("in-{wanted}");
        })
        .await
        .unwrap();
        assert_eq!(simulator.vm(&format!("in-{wanted}")).await["Pool"], pool);
    }
    let host = simulator.ask("places", &[]).await["Hosts"][1].clone();
    clone(&*provider, ALONE, |request| {
        request.host = Some(text(&host["Name"]));
        "on-host".clone_into(&mut request.name);
    })
    .await
    .unwrap();
    let copy = simulator.vm("on-host").await;
    let root = text(&simulator.vm("the-clone").await["Pool"]);
    assert_eq!(copy["Host"], host["ID"]);
    assert!(copy["Pool"] != root, "the pool of the cluster that has the host: {copy}");
}

/// A vCenter makes no folder without the right datacenter; the simulator then leaves the disk out and says nothing.
async fn in_folders(bench: Bench) {
    let simulator = Simulator::start(&bench, &["-folder", "1", "-dc", "2"]).await;
    let provider = simulator.connect().await;
    clone(&*provider, "DC1_H0_VM0", |request| {
        let path = Some("/shared/".to_owned());
        let disk = || NewDisk { size_bytes: 1 << 20, datastore_path: path.clone(), ..NewDisk::default() };
        request.add_disks = vec![disk(), disk()];
    })
    .await
    .unwrap();
    let copy = simulator.vm("the-clone").await;
    let files: Vec<_> = copy["Disks"].as_array().unwrap()[1..].iter().map(|disk| text(&disk["File"])).collect();
    assert_eq!(files.len(), 2, "{copy}");
    for (file, unit) in files.iter().zip(1..) {
        assert!(file.ends_with(&format!("] shared/the-clone_disk_{unit}.vmdk")), "{files:?}");
    }
}

async fn unknown(bench: Bench) {
    let simulator = Simulator::start(&bench, &[]).await;
    let provider = simulator.connect().await;
    let store = clone(&*provider, ALONE, |request| request.datastore = Some("datastore-9".to_owned())).await;
    let words = chain(&store.unwrap_err());
    assert!(words.contains("no datastore \"datastore-9\"") && words.contains("datastore-5"), "{words}");
    let host = clone(&*provider, ALONE, |request| request.host = Some("DC0_C0_H9".to_owned())).await;
    let words = chain(&host.unwrap_err());
    assert!(words.contains("DC0_C0_H9") && words.contains("DC0_C0_H1"), "{words}");
    let pool = clone(&*provider, ALONE, |request| request.resource_pool = Some("Resource".to_owned())).await;
    let words = chain(&pool.unwrap_err());
    assert!(words.contains("\"Resource\"") && words.contains("Resources"), "{words}");
    assert!(simulator.tasks("CloneVm").await.is_empty(), "nothing was asked of the source");
}

async fn mapping(bench: Bench) {
    let simulator = Simulator::start(&bench, &[]).await;
    let provider = simulator.connect().await;
    let lun = |compatibility, uuid: &str| NewDisk {
        rdm: Some(RdmLun { compatibility, lun_uuid: uuid.to_owned() }),
        ..NewDisk::default()
    };
    clone(&*provider, ALONE, |request| {
        request.add_disks = vec![
            lun(RdmCompatibility::Virtual, "naa.6001"),
            NewDisk { size_bytes: 1 << 20, ..NewDisk::default() },
            lun(RdmCompatibility::Physical, "naa.6002"),
        ];
    })
    .await
    .unwrap();
    let copy = simulator.vm("the-clone").await;
    let disks: Vec<_> = copy["Disks"].as_array().unwrap()[1..]
        .iter()
        .map(|disk| json!([disk["Unit"], disk["File"], disk["Mode"]]))
        .collect();
    assert_eq!(
        disks[1..],
        [
            json!([2, "/vmfs/devices/disks/naa.6001", "virtualMode"]),
            json!([3, "/vmfs/devices/disks/naa.6002", "physicalMode"]),
        ]
    );
    assert_eq!(disks[0][0], 1, "the disk file was part of the clone: {disks:?}");
}
