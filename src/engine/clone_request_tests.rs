use super::*;
use crate::config::{MapEnvironment, Providers};
use crate::scenario::Catalogue;

fn entry(offload: &str) -> ProviderEntry {
    let text = format!(
        r#"{{"v": {{"type": "vsphere", "version": "8.0.3", "fqdn": "vc", "api_url": "https://vc/sdk", "username": "u",
        "password": "p", "guest_vm_linux_user": "r", "guest_vm_linux_password": "p", "guest_vm_win_user": "a",
        "guest_vm_win_password": "p", "vddk_init_image": "x"{offload}}}}}"#
    );
    Providers::parse(&text, "test", &MapEnvironment::default()).unwrap().get("v").unwrap().clone()
}

fn offload(more: &str) -> ProviderEntry {
    entry(&format!(
        r#", "copyoffload": {{"storage_vendor_product": "primera3par", "datastore_id": "datastore-1",
        "storage_hostname": "h", "storage_username": "u", "storage_password": "p"{more}}}"#
    ))
}

fn plan(keys: &str) -> PlanSpec {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.yaml"), format!("description: A.\n{keys}\n")).unwrap();
    Catalogue::load(folder.path()).unwrap().scenarios[0].plans[0].plan.clone()
}

fn asked(entry: &ProviderEntry, keys: &str) -> Result<(String, CloneRequest), StepError> {
    let plan = plan(keys);
    let wish = Wish { plan: &plan, request: &plan.virtual_machines[0], entry };
    let source = VmRef { id: "vm-1".into(), name: wish.source_name().into() };
    let host = wish.named_host().map(str::to_owned);
    Ok((wish.base_name().to_owned(), wish.clone_request(source, "c", host, Duration::from_secs(1))?))
}

#[test]
fn without_copy_offload_its_section_says_nothing() {
    let full = offload(r#", "default_vm_name": "t", "resource_pool": "pool""#);
    let (base, clone) = asked(&full, "virtual_machines: [{name: a, disk_type: thin}]").unwrap();
    assert_eq!((base.as_str(), clone.source.name.as_str(), clone.cbt), ("a", "a", false));
    assert_eq!((clone.datastore, clone.resource_pool, clone.host), (None, None, None));
    assert_eq!(clone.disk_type, Some(provider::DiskType::Thin));
    assert!(
        asked(&full, "warm_migration: true\nvirtual_machines: [{name: a, source_vm_power: \"on\"}]").unwrap().1.cbt
    );
}

#[test]
fn copy_offload_brings_its_template_datastore_pool_and_host() {
    let ssh = r#", "default_vm_name": "t", "resource_pool": "pool", "esxi_clone_method": "ssh", "esxi_host": "e1",
        "esxi_user": "root", "esxi_password": "p""#;
    let (base, clone) = asked(&offload(ssh), "copyoffload: true\nvirtual_machines: [{name: a}]").unwrap();
    assert_eq!((base.as_str(), clone.source.name.as_str()), ("t", "t"));
    assert_eq!(clone.datastore.as_deref(), Some("datastore-1"));
    assert_eq!((clone.resource_pool.as_deref(), clone.host.as_deref()), (Some("pool"), Some("e1")));
    let own = "copyoffload: true\nvirtual_machines: [{name: a, clone_name: N_1, target_esxi_host: e2, target_datastore_id: datastore-9}]";
    let (base, clone) = asked(&offload(ssh), own).unwrap();
    assert_eq!(
        (base.as_str(), clone.host.as_deref(), clone.datastore.as_deref()),
        ("N_1", Some("e2"), Some("datastore-9"))
    );
    // Over vib any host will do.
    let vib = ssh.replace("\"ssh\"", "\"vib\"");
    assert_eq!(asked(&offload(&vib), "copyoffload: true\nvirtual_machines: [{name: a}]").unwrap().1.host, None);
}

#[test]
fn symbolic_datastores_and_luns_come_from_the_section() {
    let keys = "copyoffload: true\nvirtual_machines: [{name: a, target_datastore_id: non_xcopy_datastore_id, add_disks: \
        [{size_gb: 2, datastore_id: secondary_datastore_id, provision_type: thick-eager}, {size_gb: 1}, {rdm_type: physical}]}]";
    let full = r#", "secondary_datastore_id": "datastore-2", "non_xcopy_datastore_id": "datastore-3", "rdm_lun_uuid": "naa.1""#;
    let (_, clone) = asked(&offload(full), keys).unwrap();
    assert_eq!(clone.datastore.as_deref(), Some("datastore-3"));
    let stores: Vec<_> = clone.add_disks.iter().map(|disk| disk.datastore.as_deref()).collect();
    assert_eq!(stores, [Some("datastore-2"), None, Some("datastore-1")]);
    assert_eq!(
        (clone.add_disks[0].size_bytes, clone.add_disks[0].provisioning),
        (2 << 30, provider::DiskType::ThickEager)
    );
    let lun = RdmLun { compatibility: RdmCompatibility::Physical, lun_uuid: "naa.1".into() };
    assert_eq!(clone.add_disks[2].rdm, Some(lun));
    for key in ["secondary_datastore_id", "non_xcopy_datastore_id", "rdm_lun_uuid"] {
        let without = full
            .replace(&format!("\"{key}\""), "\"esxi_clone_method\"")
            .replace("\"esxi_clone_method\": \"", "\"default_vm_name\": \"");
        let error = asked(&offload(&without), keys).unwrap_err();
        assert!(
            matches!(&error, StepError::Broken(text) if text.contains(key) && text.contains("provider v")),
            "{error:?}"
        );
    }
}

#[test]
fn a_free_host_is_found_beside_the_dedicated_ones() {
    let host = |number: u32, cluster: &str, usable| HostRef {
        name: format!("esxi-{number}"),
        id: format!("host-{number}"),
        cluster: Some(cluster.to_owned()),
        usable,
    };
    let all = [host(4, "c", true), host(3, "c", true), host(1, "c", true), host(2, "c", false), host(0, "other", true)];
    let dedicated = ["host-1".to_owned()];
    assert_eq!(non_dedicated(&all, &dedicated, &host(4, "c", true)), Ok("host-4".into()), "where the source is");
    assert_eq!(non_dedicated(&all, &dedicated, &host(1, "c", true)), Ok("host-3".into()));
    let names = ["esxi-1".to_owned(), "host-3".to_owned(), "host-4".to_owned()];
    let error = non_dedicated(&all, &names, &host(1, "c", true)).unwrap_err();
    assert!(matches!(&error, StepError::Broken(text) if text.contains("no usable host beside esxi-1")), "{error:?}");
}
