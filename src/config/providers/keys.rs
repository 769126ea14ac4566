//! Every key of the providers file, declared once: name, form, need and meaning.
//!
//! Source: original-suite.md section 4.

use super::StorageVendor;

/// The provider types, as the file names them.
pub(super) const TYPES: [&str; 5] = ["vsphere", "ovirt", "openstack", "openshift", "ova"];

/// What a key holds.
#[derive(Clone, Copy)]
pub(super) enum Form {
    Text,
    Secret,
    /// true, false, or those words as a string.
    Switch,
    /// One of these words.
    Choice(&'static [&'static str]),
    TextList,
    /// Name to string, boolean or number; the values may be secret.
    SecretMap,
    /// The section `copyoffload`.
    CopyOffload,
}

/// Whether a key must be there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// There, and not empty.
    Required,
    /// May be absent; empty counts as absent.
    Optional,
}

/// A key.
#[derive(Clone, Copy)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) form: Form,
    pub(super) need: Need,
    /// Whether `COPYOFFLOAD_<KEY>` overrides it.
    pub(super) env: bool,
    pub(super) doc: &'static str,
}

const fn key(name: &'static str, form: Form, need: Need, doc: &'static str) -> Key {
    Key { name, form, need, env: false, doc }
}

/// A key that `COPYOFFLOAD_<KEY>` overrides.
const fn over(name: &'static str, form: Form, need: Need, doc: &'static str) -> Key {
    Key { name, form, need, env: true, doc }
}

const KEY: &str = "Private key of that user: its path, or its text.";

/// The keys of an entry of `type_name`, `type` itself first.
pub(super) fn entry_keys(type_name: &str) -> Vec<Key> {
    // An OpenShift source is reached with the session's token and an OVA share without login, so the original's
    // always-read keys may be empty there.
    let login = if matches!(type_name, "openshift" | "ova") { Need::Optional } else { Need::Required };
    let url = if type_name == "openshift" { Need::Optional } else { Need::Required };
    let mut keys = vec![
        key("type", Form::Choice(&TYPES), Need::Required, "Kind of the source."),
        key("version", Form::Text, Need::Required, "Version of the source, as names of created objects carry it."),
        key("fqdn", Form::Text, login, "Host name of the source, HOST or HOST:PORT; its certificate is trusted."),
        key("api_url", Form::Text, url, url_doc(type_name)),
        key("username", Form::Text, login, "User of the source's API."),
        key("password", Form::Secret, login, "Password of that user."),
        key("guest_vm_linux_user", Form::Text, Need::Optional, "User for SSH into Linux guests."),
        key("guest_vm_linux_password", Form::Secret, Need::Optional, "Password of that user."),
        key("guest_vm_linux_private_key", Form::Secret, Need::Optional, KEY),
        key("guest_vm_linux_private_key_passphrase", Form::Secret, Need::Optional, "What that key is encrypted with."),
        key("guest_vm_win_user", Form::Text, Need::Optional, "User for SSH into Windows guests."),
        key("guest_vm_win_password", Form::Secret, Need::Optional, "Password of that user."),
        key("guest_vm_win_private_key", Form::Secret, Need::Optional, KEY),
        key("guest_vm_win_private_key_passphrase", Form::Secret, Need::Optional, "What that key is encrypted with."),
    ];
    keys.extend(match type_name {
        "vsphere" => VSPHERE.to_vec(),
        "openstack" => OPENSTACK.to_vec(),
        _ => Vec::new(),
    });
    keys
}

/// The form of `api_url` by type. Source: forklift-api.md section 2.
fn url_doc(type_name: &str) -> &'static str {
    match type_name {
        "vsphere" => "URL of the SDK: https://HOST/sdk.",
        "ovirt" => "URL of the engine: https://HOST/ovirt-engine/api.",
        "openstack" => "URL of Keystone: https://HOST:PORT/v3.",
        "ova" => "NFS share with the OVA files: SERVER:/PATH.",
        _ => "URL of the cluster's API: https://HOST:6443; empty for the cluster that runs MTV.",
    }
}

const VSPHERE: [Key; 5] = [
    key("vddk_init_image", Form::Text, Need::Optional, "VDDK image; without it the operator's is used."),
    key(
        "endpoint_type",
        Form::Choice(&["vcenter", "esxi"]),
        Need::Optional,
        "What api_url leads to; vcenter if absent.",
    ),
    key("clone_provider", Form::Text, Need::Optional, "For esxi: name of the vCenter entry that clones VMs."),
    key("luks_passphrase", Form::Secret, Need::Optional, "Passphrase of guests with encrypted disks."),
    key("copyoffload", Form::CopyOffload, Need::Optional, "Storage copy offload (XCOPY) through the array."),
];

const OPENSTACK: [Key; 7] = [
    key("region_name", Form::Text, Need::Required, "Region."),
    key("user_domain_id", Form::Text, Need::Optional, "Keystone domain of the user, by id."),
    key("user_domain_name", Form::Text, Need::Optional, "Keystone domain of the user, by name."),
    key("project_id", Form::Text, Need::Optional, "Project, by id."),
    key("project_name", Form::Text, Need::Optional, "Project, by name."),
    key("project_domain_id", Form::Text, Need::Optional, "Keystone domain of the project, by id."),
    key("project_domain_name", Form::Text, Need::Optional, "Keystone domain of the project, by name."),
];

/// Keys of an OpenStack entry of which one at least must be there, unless the key beside them is: a project's id needs
/// no domain.
pub(super) const OPENSTACK_EITHER: [([&str; 2], Option<&str>); 3] = [
    (["user_domain_id", "user_domain_name"], None),
    (["project_id", "project_name"], None),
    (["project_domain_id", "project_domain_name"], Some("project_id")),
];

/// The keys of the section `copyoffload`, those of every vendor included.
pub(super) fn copyoffload_keys() -> Vec<Key> {
    let mut keys = COPYOFFLOAD.to_vec();
    for vendor in StorageVendor::ALL {
        keys.extend(vendor.keys().iter().map(|own| over(own.name, Form::Text, Need::Optional, own.doc)));
    }
    keys
}

const COPYOFFLOAD: [Key; 17] = [
    key(
        "storage_vendor_product",
        Form::Choice(&StorageVendor::NAMES),
        Need::Required,
        "The array, as Forklift's storageVendorProduct names it.",
    ),
    key("datastore_id", Form::Text, Need::Required, "MoRef of the datastore on the array (datastore-123)."),
    over("storage_hostname", Form::Text, Need::Required, "Host of the array's management API."),
    over("storage_username", Form::Text, Need::Required, "User of that API."),
    over("storage_password", Form::Secret, Need::Required, "Password of that user."),
    over(
        "storage_skip_ssl_verification",
        Form::Switch,
        Need::Optional,
        "Whether the array's certificate is not verified.",
    ),
    over("storage_secret_extra", Form::SecretMap, Need::Optional, "Further keys of the storage Secret; they win."),
    key("secondary_datastore_id", Form::Text, Need::Optional, "MoRef of a second datastore on the array."),
    key("non_xcopy_datastore_id", Form::Text, Need::Optional, "MoRef of a datastore without offload support."),
    key("default_vm_name", Form::Text, Need::Optional, "Template that replaces the name of every cloned VM."),
    key("esxi_clone_method", Form::Choice(&["vib", "ssh"]), Need::Optional, "How the ESXi host is told to clone."),
    over("esxi_host", Form::Text, Need::Optional, "ESXi host for ssh; clones are placed on it."),
    over("esxi_user", Form::Text, Need::Optional, "User of that host."),
    over("esxi_password", Form::Secret, Need::Optional, "Password of that user."),
    key("rdm_lun_uuid", Form::Text, Need::Optional, "LUN for raw device mappings, naa.<id>."),
    key("resource_pool", Form::Text, Need::Optional, "Resource pool of the clones."),
    key("dedicated_migration_hosts", Form::TextList, Need::Optional, "MoRefs of the hosts that do the copying."),
];
