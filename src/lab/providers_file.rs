//! The providers file of a world's sources, in the original suite's own format.
//!
//! Source: original-suite.md section 4.

use super::world::{ArraySpec, EsxiSpec, NamedRef, Source, SourceSpec, VsphereSpec, World, usual_login};
use crate::facts::GuestFamily;
use serde_json::{Value, json};

/// The providers file with `host[:port]` texts for the sources' hosts.
pub(super) fn providers_json(world: &World, place: impl Fn(&str) -> String) -> String {
    let sources = world.spec.sources.iter().zip(&world.sources);
    let entries: serde_json::Map<String, Value> =
        sources.map(|(spec, source)| (source.name.clone(), provider_entry(spec, source, &place))).collect();
    format!("{:#}\n", Value::Object(entries))
}

fn provider_entry(spec: &SourceSpec, source: &Source, place: impl Fn(&str) -> String) -> Value {
    let (linux, windows) = (usual_login(GuestFamily::Linux), usual_login(GuestFamily::Windows));
    let mut entry = json!({
        "type": source.type_name(),
        "version": source.version,
        "guest_vm_linux_user": linux.0,
        "guest_vm_linux_password": linux.1,
        "guest_vm_win_user": windows.0,
        "guest_vm_win_password": windows.1,
    });
    if let SourceSpec::Ova(spec) = spec {
        entry["api_url"] = json!(format!("{}:{}", spec.host, spec.export));
    }
    if source.has_api() {
        let authority = place(&source.host);
        entry["fqdn"] = json!(authority);
        entry["api_url"] = json!(format!("https://{authority}{}", source.api_path()));
        entry["username"] = json!(source.username);
        entry["password"] = json!(source.password);
    }
    match spec {
        SourceSpec::Vsphere(spec) => add_vsphere(&mut entry, spec, source),
        SourceSpec::Openstack(spec) => {
            entry["region_name"] = json!(spec.region);
            entry["project_name"] = json!(spec.project);
            entry["user_domain_name"] = json!(spec.domain);
            entry["user_domain_id"] = json!(spec.domain.to_lowercase());
            entry["project_domain_id"] = json!(spec.domain.to_lowercase());
        }
        SourceSpec::Ovirt(_) | SourceSpec::Openshift(_) | SourceSpec::Ova(_) => {}
    }
    entry
}

fn add_vsphere(entry: &mut Value, spec: &VsphereSpec, source: &Source) {
    entry["vddk_init_image"] = json!(format!("registry.lab.mtvtest/vddk:{}", spec.version));
    if let Some(passphrase) = spec.vms.iter().find_map(|vm| vm.guest.luks.as_ref()) {
        entry["luks_passphrase"] = json!(passphrase);
    }
    if let Some(array) = &spec.array {
        let inventory = source.read();
        let esxi = inventory.hosts.first().map(|host| (host, &spec.esxi));
        entry["copyoffload"] = copyoffload(array, &inventory.datastores, esxi);
    }
}

/// The array, its first two datastores, the first datastore that is not on it, its first LUN, and for clones over SSH
/// the first host.
fn copyoffload(array: &ArraySpec, datastores: &[NamedRef], esxi: Option<(&NamedRef, &EsxiSpec)>) -> Value {
    let mut section = json!({
        "storage_vendor_product": array.vendor,
        "storage_hostname": array.hostname,
        "storage_username": array.username,
        "storage_password": array.password,
    });
    for (key, value) in &array.keys {
        section[key] = json!(value);
    }
    let on_array = |store: &&NamedRef| array.datastores.contains(&store.name);
    let mut own = array.datastores.iter().filter_map(|name| datastores.iter().find(|store| store.name == *name));
    let other = datastores.iter().find(|store| !on_array(store));
    let stores =
        [("datastore_id", own.next()), ("secondary_datastore_id", own.next()), ("non_xcopy_datastore_id", other)];
    for (key, store) in stores {
        if let Some(store) = store {
            section[key] = json!(store.moref);
        }
    }
    if let Some(lun) = array.luns.first() {
        section["rdm_lun_uuid"] = json!(lun);
    }
    if let Some(method) = &array.clone_method {
        section["esxi_clone_method"] = json!(method);
    }
    if let (Some("ssh"), Some((host, login))) = (array.clone_method.as_deref(), esxi) {
        section["esxi_host"] = json!(host.name);
        section["esxi_user"] = json!(login.user);
        section["esxi_password"] = json!(login.password);
    }
    section
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::clock::Pace;
    use crate::lab::world::WorldSpec;

    fn section(change: impl Fn(&mut Option<ArraySpec>)) -> Value {
        let mut spec = WorldSpec::embedded().unwrap();
        change(&mut spec.sources[0].vsphere_mut().unwrap().array);
        let world = World::from_spec(spec, Pace::FULL).unwrap();
        let file: Value = serde_json::from_str(&providers_json(&world, str::to_owned)).unwrap();
        file["vsphere-8"]["copyoffload"].clone()
    }

    #[test]
    fn the_array_of_the_world_is_in_the_file() {
        let embedded = json!({
            "storage_vendor_product": "ontap", "storage_hostname": "array.lab.mtvtest", "storage_username": "admin",
            "storage_password": "lab-array", "ontap_svm": "svm-lab", "datastore_id": "datastore-41",
            "secondary_datastore_id": "datastore-42", "non_xcopy_datastore_id": "datastore-43",
            "rdm_lun_uuid": "naa.600a0980383139544924583130326761",
        });
        assert_eq!(section(|_| ()), embedded);
        assert_eq!(section(|array| *array = None), Value::Null);
        let ssh = section(|array| {
            let array = array.as_mut().unwrap();
            array.clone_method = Some("ssh".into());
            array.datastores = vec!["nfs-1".into()];
        });
        assert_eq!(
            (&ssh["datastore_id"], &ssh["non_xcopy_datastore_id"]),
            (&json!("datastore-43"), &json!("datastore-41"))
        );
        assert_eq!((&ssh["esxi_host"], &ssh["esxi_user"]), (&json!("esxi-1.lab.mtvtest"), &json!("root")));
        assert!(ssh.get("secondary_datastore_id").is_none());
    }
}
