//! Names of the claims, and of a target VM's volumes and networks: the product's defaults, or templates.
//!
//! Pure. Source: forklift-api.md section 8.

use super::super::object::{flag, generated_name, name, text};
use super::plan_facts::{Attachment, PlannedVm};
use crate::lab::world::Vm;
use crate::template::{
    Field, Naming, NetworkVariables, Template, Variables, Vocabulary, VolumeVariables, claim_name as rendered_name,
    naming,
};
use semver::Version;
use serde_json::Value;
use std::collections::BTreeMap;

/// Longest name of a volume; longer outcomes are cut.
const VOLUME_NAME_MAX: usize = 63;

/// The boot disk's position that the product's validation assumes.
const ROOT_WHILE_VALIDATING: usize = 1;

/// A disk whose claim is named.
pub(crate) struct Claim<'a> {
    pub(crate) plan: &'a Value,
    pub(crate) planned: &'a PlannedVm,
    pub(crate) vm: &'a Vm,
    /// Position of the disk in the product's order.
    pub(crate) index: usize,
    /// Name of the VM on the cluster.
    pub(crate) target_name: &'a str,
    pub(crate) mtv: &'a Version,
    /// Type of the source provider, which decides what templates may read.
    pub(crate) source_type: &'a str,
}

/// The template of a kind (`pvcNameTemplate`): the VM's own, else the plan's; empty if there is none.
pub(crate) fn template_of<'a>(plan: &'a Value, entry: &'a Value, kind: &str) -> &'a str {
    let own = text(entry, &format!("/{kind}"));
    if own.is_empty() { text(plan, &format!("/spec/{kind}")) } else { own }
}

/// The disk that a VM boots from: that of its entry (`/dev/sdb` is the second), else the first.
pub(crate) fn boot_disk(entry: &Value, disks: usize) -> usize {
    let letter = entry["rootDisk"].as_str().and_then(|device| device.bytes().last());
    let boot = letter.and_then(|byte| byte.checked_sub(b'a')).map_or(0, usize::from);
    if boot < disks { boot } else { 0 }
}

impl Claim<'_> {
    /// What the claim's template gives; `None` without a template, or where this version reads none.
    ///
    /// # Errors
    /// It does not parse or render, or its outcome is no DNS-1123 label.
    pub(crate) fn rendered(&self) -> Option<Result<String, String>> {
        self.with_root(boot_disk(&self.planned.entry, self.vm.disks.len()))
    }

    /// The same as [`Claim::rendered`] while the plan is validated.
    pub(crate) fn validated(&self) -> Option<Result<String, String>> {
        self.with_root(ROOT_WHILE_VALIDATING)
    }

    fn with_root(&self, root_disk_index: usize) -> Option<Result<String, String>> {
        let template = template_of(self.plan, &self.planned.entry, "pvcNameTemplate");
        let vocabulary = Vocabulary::of(self.source_type, self.mtv).filter(|_| !template.is_empty())?;
        let file = self.vm.disks.get(self.index).map(|disk| base_name(&disk.file));
        let drive = self.index == root_disk_index && self.vm.is_windows();
        let variables = Variables {
            vm_name: self.vm.name.clone(),
            target_vm_name: self.target_name.to_owned(),
            plan_name: name(self.plan).to_owned(),
            vm_id: self.vm.moref.clone(),
            disk_index: self.index,
            root_disk_index,
            file_name: file.map(ToOwned::to_owned),
            shared: self.vm.disks.get(self.index).is_some_and(|disk| disk.shared),
            win_drive_letter: drive.then(|| "c".to_owned()),
            others: disk_ids(self),
            vocabulary,
        };
        let named = Template::parse(template).and_then(|template| rendered_name(&template, &variables));
        Some(named.map_err(|error| error.to_string()))
    }

    /// The claim's name. It is the same each time it is asked for, so that a repeated creation meets what is there.
    ///
    /// # Errors
    /// See [`Claim::rendered`].
    pub(crate) fn name(&self, purpose: &str) -> Result<String, String> {
        let disk = self.vm.disks.get(self.index).filter(|_| self.source_type == "openshift");
        let Some(rendered) = self.rendered() else {
            if let Some(disk) = disk {
                // A claim of a cluster keeps its name. Source: forklift-api.md section 8 (default).
                return Ok(base_name(&disk.file).to_owned());
            }
            return Ok(generated_name(&format!("{}-{}-", name(self.plan), self.vm.moref), purpose));
        };
        match naming(&rendered?, flag(self.plan, "/spec/pvcNameTemplateUseGenerateName", true)) {
            Naming::Exact(name) => Ok(name),
            Naming::Prefix(prefix) => Ok(generated_name(&prefix, purpose)),
        }
    }
}

/// What templates read of disks of other sources.
fn disk_ids(claim: &Claim<'_>) -> BTreeMap<String, String> {
    let disk = claim.vm.disks.get(claim.index).filter(|_| claim.source_type == "ovirt");
    disk.map(|disk| ("DiskId".to_owned(), disk.uuid.clone())).into_iter().collect()
}

/// The file's name without datastore and folder.
fn base_name(file: &str) -> &str {
    file.rsplit_once('/').map_or(file, |(_, name)| name)
}

/// The name of a volume: what the template gives, cut to fit; the default where it gives nothing usable.
pub(crate) fn volume_name(template: &str, claim: &str, index: usize) -> String {
    let variables = VolumeVariables { claim_name: claim.to_owned(), volume_index: index };
    from_template(template, &variables.fields()).unwrap_or_else(|| format!("vol-{index}"))
}

/// The name of a network: what the template gives, cut to fit; the default where it gives nothing usable.
pub(crate) fn network_name(template: &str, attachment: &Attachment, index: usize) -> String {
    let (kind, place) = match attachment {
        Attachment::Multus(place) => ("multus", place.as_str()),
        Attachment::Pod | Attachment::Ignored => ("pod", ""),
    };
    let (space, network) = place.split_once('/').unwrap_or(("", place));
    let variables = NetworkVariables {
        network_name: network.to_owned(),
        network_namespace: space.to_owned(),
        network_type: kind.to_owned(),
        network_index: index,
    };
    from_template(template, &variables.fields()).unwrap_or_else(|| format!("net-{index}"))
}

fn from_template(template: &str, fields: &[(&str, Field)]) -> Option<String> {
    let rendered = Template::parse(template).ok().filter(|_| !template.is_empty())?.render_fields(fields).ok()?;
    let cut: String = rendered.chars().take(VOLUME_NAME_MAX).collect();
    (!cut.is_empty()).then_some(cut)
}

/// Why a template of volumes or networks is refused when the plan is validated.
pub(crate) fn device_template_fault(plan: &Value, entry: &Value) -> Option<String> {
    let volume = VolumeVariables { claim_name: "pvc".to_owned(), volume_index: 0 }.fields();
    let network = NetworkVariables {
        network_name: "network".to_owned(),
        network_namespace: "namespace".to_owned(),
        network_type: "Multus".to_owned(),
        network_index: 0,
    };
    let kinds = [("volumeNameTemplate", volume), ("networkNameTemplate", network.fields())];
    kinds.iter().find_map(|(kind, fields)| {
        let template = Some(template_of(plan, entry, kind)).filter(|template| !template.is_empty())?;
        Template::parse(template).and_then(|template| template.render_fields(fields)).err().map(|why| why.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::super::validate_vms::tests::vm;
    use super::*;
    use serde_json::json;

    /// What the template gives, what it gives while the plan is validated, and the claim's name.
    type Named = (Option<Result<String, String>>, Option<Result<String, String>>, Result<String, String>);

    fn of(plan: &Value, entry: Value) -> Named {
        let source = vm("Web_A", &[]);
        let planned = PlannedVm { entry, vm: None, ambiguous: false, left_out: Vec::new() };
        let mtv = Version::new(2, 11, 0);
        let claim = Claim {
            plan,
            planned: &planned,
            vm: &source,
            index: 0,
            target_name: "web-a",
            mtv: &mtv,
            source_type: "vsphere",
        };
        (claim.rendered(), claim.validated(), claim.name("u/0"))
    }

    fn plan(template: &str) -> Value {
        json!({"metadata": {"name": "p"}, "spec": {"pvcNameTemplate": template}})
    }

    #[test]
    fn templates_see_the_disk_and_the_vm() {
        for (template, outcome) in [
            ("{{.PlanName}}-{{.TargetVmName}}-{{.DiskIndex}}", "p-web-a-0"),
            ("{{ .FileName | trimSuffix \".vmdk\" | replace \"_\" \"-\" | lower }}-{{.DiskIndex}}", "web-a-0"),
            ("{{if eq .DiskIndex .RootDiskIndex}}root{{else}}data{{end}}", "root"),
        ] {
            assert_eq!(of(&plan(template), json!({})).0, Some(Ok(outcome.to_owned())), "{template}");
        }
        let assumed = plan("{{if eq .DiskIndex .RootDiskIndex}}root{{else}}data{{end}}");
        assert_eq!(of(&assumed, json!({})).1, Some(Ok("data".to_owned())));
        for (template, why) in [("{{.VmName}}", "DNS-1123"), ("{{nosuch}}", "nosuch"), ("{{.VmName", "does not parse")]
        {
            let refused = of(&plan(template), json!({})).0.unwrap().unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
    }

    #[test]
    fn names_follow_generate_name() {
        let named = |plan: &Value, entry: Value| of(plan, entry).2.unwrap();
        let generated = named(&plan("{{.PlanName}}-d{{.DiskIndex}}"), json!({}));
        assert!(generated.starts_with("p-d0-") && generated.len() == 10, "{generated}");
        assert_eq!(generated, named(&plan("{{.PlanName}}-d{{.DiskIndex}}"), json!({})), "asked again");
        let mut exact = plan("x");
        exact["spec"]["pvcNameTemplateUseGenerateName"] = json!(false);
        assert_eq!(named(&exact, json!({})), "x");
        assert_eq!(named(&exact, json!({"pvcNameTemplate": "own"})), "own");
        assert!(named(&json!({"metadata": {"name": "p"}}), json!({})).starts_with("p-vm-Web_A-"));
    }

    #[test]
    fn volumes_and_networks_fall_back_to_their_number() {
        assert_eq!(volume_name("d-{{.PVCName}}-{{.VolumeIndex}}", "c", 1), "d-c-1");
        assert_eq!(volume_name(&format!("{}{{{{.VolumeIndex}}}}", "a".repeat(70)), "c", 1), "a".repeat(63));
        for template in ["", "{{.Nothing}}", "{{nosuch}}"] {
            assert_eq!(volume_name(template, "c", 1), "vol-1", "{template}");
        }
        let multus = Attachment::Multus("space/nad".to_owned());
        let all = "{{.NetworkType}}-{{.NetworkNamespace}}-{{.NetworkName}}-{{.NetworkIndex}}";
        assert_eq!(network_name(all, &multus, 2), "multus-space-nad-2");
        assert_eq!(network_name(all, &Attachment::Pod, 0), "pod---0");
        assert_eq!(network_name("{{.PVCName}}", &multus, 2), "net-2");
    }

    #[test]
    fn templates_of_devices_are_validated_for_parsing_only() {
        let faulty = |kind: &str, template: &str| {
            device_template_fault(&json!({"spec": {kind: template}}), &json!({})).unwrap_or_default()
        };
        assert_eq!(faulty("volumeNameTemplate", "{{.PVCName}}"), "");
        assert!(faulty("volumeNameTemplate", "{{.NetworkName}}").contains("NetworkName"));
        assert!(faulty("networkNameTemplate", "{{if").contains("does not parse"));
    }
}
