//! CustomResourceDefinitions: own, minimal, open schemas.
//!
//! Names, scopes and status subresources: forklift-api.md section 1, cluster-api.md sections 1 to 3.

use semver::Version;
use serde_json::{Value, json};

/// A kind to define.
struct Definition {
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
    short: &'static [&'static str],
    namespaced: bool,
    status: bool,
    /// Name and path of printer columns.
    columns: &'static [(&'static str, &'static str)],
}

const fn define(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
    scope: (bool, bool),
) -> Definition {
    let (namespaced, status) = scope;
    Definition { group, version, kind, plural, short: &[], namespaced, status, columns: &[] }
}

const NAMESPACED: (bool, bool) = (true, true);
const CLUSTER: (bool, bool) = (false, true);
const READY: (&str, &str) = ("READY", ".status.conditions[?(@.type=='Ready')].status");
const EXECUTION: [(&str, &str); 4] = [
    READY,
    ("RUNNING", ".status.conditions[?(@.type=='Running')].status"),
    ("SUCCEEDED", ".status.conditions[?(@.type=='Succeeded')].status"),
    ("FAILED", ".status.conditions[?(@.type=='Failed')].status"),
];

fn forklift() -> Vec<Definition> {
    let own = |kind, plural| define("forklift.konveyor.io", "v1beta1", kind, plural, NAMESPACED);
    let without_status = |kind, plural| define("forklift.konveyor.io", "v1beta1", kind, plural, (true, false));
    vec![
        Definition {
            columns: &[
                ("TYPE", ".spec.type"),
                ("STATUS", ".status.phase"),
                READY,
                ("CONNECTED", ".status.conditions[?(@.type=='ConnectionTestSucceeded')].status"),
                ("INVENTORY", ".status.conditions[?(@.type=='InventoryCreated')].status"),
                ("URL", ".spec.url"),
            ],
            ..own("Provider", "providers")
        },
        Definition {
            columns: &[
                READY,
                ("EXECUTING", ".status.conditions[?(@.type=='Executing')].status"),
                ("SUCCEEDED", ".status.conditions[?(@.type=='Succeeded')].status"),
                ("FAILED", ".status.conditions[?(@.type=='Failed')].status"),
            ],
            ..own("Plan", "plans")
        },
        Definition { columns: &EXECUTION, ..own("Migration", "migrations") },
        Definition { columns: &[READY], ..own("NetworkMap", "networkmaps") },
        Definition { columns: &[READY], ..own("StorageMap", "storagemaps") },
        Definition { columns: &[READY, ("IMAGE", ".spec.image")], ..own("Hook", "hooks") },
        Definition { columns: &[READY, ("IP", ".spec.ipAddress")], ..own("Host", "hosts") },
        own("ForkliftController", "forkliftcontrollers"),
        own("OVAProviderServer", "ovaproviderservers"),
        own("HyperVProviderServer", "hypervproviderservers"),
        own("Conversion", "conversions"),
        without_status("OvirtVolumePopulator", "ovirtvolumepopulators"),
        without_status("OpenstackVolumePopulator", "openstackvolumepopulators"),
        Definition {
            short: &["vxvp", "vxvps"],
            ..without_status("VSphereXcopyVolumePopulator", "vspherexcopyvolumepopulators")
        },
    ]
}

fn of_instance_types(kind: &'static str, plural: &'static str, scope: (bool, bool)) -> Definition {
    define("instancetype.kubevirt.io", "v1beta1", kind, plural, scope)
}

fn platform() -> Vec<Definition> {
    vec![
        Definition {
            short: &["vm", "vms"],
            columns: &[("STATUS", ".status.printableStatus"), READY],
            ..define("kubevirt.io", "v1", "VirtualMachine", "virtualmachines", NAMESPACED)
        },
        Definition {
            short: &["vmi", "vmis"],
            columns: &[
                ("PHASE", ".status.phase"),
                ("IP", ".status.interfaces[0].ipAddress"),
                ("NODENAME", ".status.nodeName"),
                READY,
            ],
            ..define("kubevirt.io", "v1", "VirtualMachineInstance", "virtualmachineinstances", NAMESPACED)
        },
        define("kubevirt.io", "v1", "KubeVirt", "kubevirts", NAMESPACED),
        of_instance_types("VirtualMachineInstancetype", "virtualmachineinstancetypes", (true, false)),
        of_instance_types("VirtualMachineClusterInstancetype", "virtualmachineclusterinstancetypes", (false, false)),
        of_instance_types("VirtualMachinePreference", "virtualmachinepreferences", (true, false)),
        of_instance_types("VirtualMachineClusterPreference", "virtualmachineclusterpreferences", (false, false)),
        Definition {
            short: &["vmexport", "vmexports"],
            columns: &[("PHASE", ".status.phase")],
            ..define("export.kubevirt.io", "v1beta1", "VirtualMachineExport", "virtualmachineexports", NAMESPACED)
        },
        Definition {
            short: &["dv", "dvs"],
            columns: &[
                ("PHASE", ".status.phase"),
                ("PROGRESS", ".status.progress"),
                ("RESTARTS", ".status.restartCount"),
            ],
            ..define("cdi.kubevirt.io", "v1beta1", "DataVolume", "datavolumes", NAMESPACED)
        },
        define("cdi.kubevirt.io", "v1beta1", "DataSource", "datasources", NAMESPACED),
        define("cdi.kubevirt.io", "v1beta1", "StorageProfile", "storageprofiles", CLUSTER),
        define("cdi.kubevirt.io", "v1beta1", "CDI", "cdis", CLUSTER),
        Definition {
            short: &["net-attach-def"],
            ..define(
                "k8s.cni.cncf.io",
                "v1",
                "NetworkAttachmentDefinition",
                "network-attachment-definitions",
                (true, false),
            )
        },
        Definition {
            columns: &[("HOST/PORT", ".spec.host")],
            ..define("route.openshift.io", "v1", "Route", "routes", NAMESPACED)
        },
        Definition {
            columns: &[("VERSION", ".status.desired.version")],
            ..define("config.openshift.io", "v1", "ClusterVersion", "clusterversions", CLUSTER)
        },
        define("config.openshift.io", "v1", "ImageDigestMirrorSet", "imagedigestmirrorsets", CLUSTER),
        Definition {
            short: &["csv", "csvs"],
            columns: &[("DISPLAY", ".spec.displayName"), ("VERSION", ".spec.version"), ("PHASE", ".status.phase")],
            ..define("operators.coreos.com", "v1alpha1", "ClusterServiceVersion", "clusterserviceversions", NAMESPACED)
        },
        Definition {
            short: &["sub", "subs"],
            columns: &[("CHANNEL", ".spec.channel")],
            ..define("operators.coreos.com", "v1alpha1", "Subscription", "subscriptions", NAMESPACED)
        },
        define("console.openshift.io", "v1", "ConsoleCLIDownload", "consoleclidownloads", (false, false)),
    ]
}

/// All definitions; Forklift's own, those of this release, only if it is installed.
pub(super) fn all(mtv: Option<&Version>) -> Vec<Value> {
    let since = |minor| mtv.is_some_and(|version| *version >= Version::new(2, minor, 0));
    let known = |definition: &Definition| match definition.kind {
        "OVAProviderServer" => since(10),
        "HyperVProviderServer" => since(11),
        "Conversion" => since(12),
        _ => true,
    };
    let mut forklift = if mtv.is_some() { forklift() } else { Vec::new() };
    forklift.retain(known);
    let mut all: Vec<Value> = platform().iter().chain(&forklift).map(object).collect();
    if since(10) {
        let typed = all.iter_mut().find(|one| one["spec"]["names"]["kind"] == "ForkliftController");
        if let Some(definition) = typed {
            let schema = &mut definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
            *schema = json!({"type": "object", "properties": settings()});
        }
    }
    all
}

/// The keys of the ForkliftController that are kept since 2.10; others are pruned. Source: forklift-api.md section 10.
fn settings() -> Value {
    let number = json!({"x-kubernetes-int-or-string": true});
    let switch = json!({"type": "string", "enum": ["true", "false"]});
    let mut keys = serde_json::Map::new();
    for key in NUMBERS {
        keys.insert(key.to_owned(), number.clone());
    }
    for key in SWITCHES {
        keys.insert(key.to_owned(), switch.clone());
    }
    for key in TEXTS {
        keys.insert(key.to_owned(), json!({"type": "string"}));
    }
    keys.into()
}

const NUMBERS: [&str; 4] = [
    "controller_precopy_interval",
    "controller_max_vm_inflight",
    "controller_max_populator_inflight",
    "controller_snapshot_removal_timeout_minuts",
];
const SWITCHES: [&str; 13] = [
    "feature_copy_offload",
    "feature_ocp_live_migration",
    "feature_use_conversion_cr",
    "feature_windows_wait_for_reboot",
    "feature_vmware_system_serial_number",
    "feature_ui_plugin",
    "feature_validation",
    "feature_volume_populator",
    "wait_for_final_snapshot_consolidation",
    "controller_ovirt_warm_migration",
    "controller_vsphere_incremental_backup",
    "controller_static_udn_ip_addresses",
    "controller_retain_populator_pods",
];
const TEXTS: [&str; 2] = ["vddk_image", "controller_pvc_name_template"];

fn object(definition: &Definition) -> Value {
    let mut names = json!({
        "kind": definition.kind, "listKind": format!("{}List", definition.kind), "plural": definition.plural,
        "singular": definition.kind.to_lowercase(),
    });
    if !definition.short.is_empty() {
        names["shortNames"] = json!(definition.short);
    }
    let mut columns: Vec<Value> = definition
        .columns
        .iter()
        .map(|(name, path)| json!({"name": name, "type": "string", "jsonPath": path}))
        .collect();
    columns.push(json!({"name": "AGE", "type": "date", "jsonPath": ".metadata.creationTimestamp"}));
    let open = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let mut properties = json!({"spec": open});
    let mut version = json!({
        "name": definition.version, "served": true, "storage": true, "additionalPrinterColumns": columns,
    });
    if definition.status {
        properties["status"] = open.clone();
        version["subresources"] = json!({"status": {}});
    }
    version["schema"] = json!({"openAPIV3Schema": {
        "type": "object", "properties": properties, "x-kubernetes-preserve-unknown-fields": true}});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{}.{}", definition.plural, definition.group)},
        "spec": {
            "group": definition.group, "names": names,
            "scope": if definition.namespaced { "Namespaced" } else { "Cluster" }, "versions": [version],
        },
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::kinds;
    use super::*;

    #[test]
    fn the_controllers_kinds_are_defined_as_they_use_them() {
        let defined = all(Some(&Version::new(2, 12, 0)));
        for kind in [
            kinds::PROVIDER,
            kinds::PLAN,
            kinds::MIGRATION,
            kinds::STORAGE_MAP,
            kinds::NETWORK_MAP,
            kinds::HOOK,
            kinds::POPULATOR,
            kinds::FORKLIFT_CONTROLLER,
            kinds::DATA_VOLUME,
            kinds::STORAGE_PROFILE,
            kinds::ATTACHMENT,
            kinds::VIRTUAL_MACHINE,
            kinds::INSTANCE,
        ] {
            let name = format!("{}.{}", kind.plural, kind.group);
            let one = defined.iter().find(|one| one["metadata"]["name"] == json!(name)).unwrap();
            assert_eq!(one["spec"]["names"]["kind"], kind.title);
            assert_eq!(one["spec"]["versions"][0]["name"], kind.version);
            assert_eq!(one["spec"]["scope"] == "Namespaced", kind.namespaced, "{name}");
        }
        assert!(all(None).iter().all(|one| one["spec"]["group"] != "forklift.konveyor.io"));
    }
}
