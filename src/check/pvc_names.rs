//! The names of the claims, where a template gives them.

use super::pairing::{Pairing, row_of};
use super::{AskedClaimNames, Check, Evidence, Rule, VmEvidence};
use crate::event::Verdict;
use crate::facts::{SourceDisk, TargetVm, base_disk_file, parse_version};
use crate::template::{Naming, Template, Variables, Vocabulary, claim_name, naming, offload_admits};

pub(super) const CHECK: Check = Check {
    key: "pvc-names",
    rule: "The claim of each disk has the name that `pvc_name_template` gives for it: exactly, or as a prefix with what the \
           API server adds; with copy-offload, eight hexadecimal digits follow.",
    source: "original-suite.md section 3 (check_pvc_names); forklift-api.md section 8",
    judge: Rule::PerVm(judge),
};

// Which disk a claim holds is told by the claim, so neither order nor class matters here.
fn judge(evidence: &Evidence, vm: &VmEvidence, target: &TargetVm) -> Verdict {
    let Some(asked) = &evidence.asked.claim_names else {
        return Verdict::NotApplicable { reason: "the plan has no template for the names of its claims".to_owned() };
    };
    let template = match Template::parse(&asked.template) {
        Ok(template) => template,
        Err(error) => return Verdict::Inconclusive { reason: error.to_string() },
    };
    if let Some(verdict) = excused(evidence, vm, &template) {
        return verdict;
    }
    let pairing = Pairing::of(evidence, vm, target);
    if !pairing.sure {
        let reason = "the disks' numbers changed with MTV 2.11, and the version is not known".to_owned();
        return Verdict::Inconclusive { reason };
    }
    let (mut expected, mut actual, mut judged) = (Vec::new(), Vec::new(), 0);
    for (place, disk) in pairing.order.iter().enumerate() {
        // A claim that is not there is the check `storage`'s finding.
        let Some(claim) = pairing.claim_of(place) else { continue };
        let offload = row_of(evidence, disk).is_some_and(|row| row.vendor.is_some());
        let admitted = match Admitted::of(evidence, vm, (&template, asked), (place, disk), offload) {
            Ok(admitted) => admitted,
            Err(reason) => return Verdict::Inconclusive { reason },
        };
        judged += 1;
        if !admitted.admits(&claim.claim) {
            expected.push(format!("{} for {}", admitted.words(), disk.name));
            actual.push(claim.claim.clone());
        }
    }
    match (judged, expected.is_empty()) {
        (0, _) => Verdict::NotApplicable { reason: "no disk of the source is on the cluster".to_owned() },
        (_, true) => Verdict::Passed { seen: format!("{judged} names by {}", asked.template) },
        (_, false) => Verdict::Failed { expected: expected.join("; "), actual: actual.join("; ") },
    }
}

/// Why the template says nothing that can be judged: the product does not read it for this source, or it reads what is
/// only known on vSphere or only to the product.
fn excused(evidence: &Evidence, vm: &VmEvidence, template: &Template) -> Option<Verdict> {
    let source = evidence.provider_type.as_str();
    let not_applicable = |reason: String| Some(Verdict::NotApplicable { reason });
    if vocabulary(evidence).is_none() {
        return not_applicable(format!("this MTV reads no templates for {source} sources"));
    }
    let reads = |name: &str| template.variables().any(|variable| variable == name);
    let file = reads("FileName");
    if file && source != "vsphere" {
        return not_applicable(format!("the template reads FileName, and disks of {source} sources have no file"));
    }
    if ["SourcePVCName", "SourcePVCNamespace", "VolumeID", "SnapshotID", "DiskId"].into_iter().any(reads) {
        return not_applicable(format!("the template reads what is not observed of {source} sources"));
    }
    let inconclusive = |reason: &str| Some(Verdict::Inconclusive { reason: reason.to_owned() });
    if reads("WinDriveLetter") {
        return inconclusive("the template reads WinDriveLetter, which only the product knows");
    }
    if file && vm.source.disks.iter().any(|disk| disk.file.is_none()) {
        return inconclusive("the template reads FileName, and the source did not tell a disk's file");
    }
    None
}

fn vocabulary(evidence: &Evidence) -> Option<Vocabulary> {
    let source = evidence.provider_type.as_str();
    let version = evidence.mtv_version.as_ref().and_then(|text| parse_version(text).ok());
    version.map_or_else(|| Some(Vocabulary::of_any_version(source)), |version| Vocabulary::of(source, &version))
}

/// The names that a disk's claim may have.
enum Admitted {
    Named(Vec<Naming>),
    Offload(Vec<String>),
}

impl Admitted {
    fn of(
        evidence: &Evidence,
        vm: &VmEvidence,
        (template, asked): (&Template, &AskedClaimNames),
        (place, disk): (usize, &SourceDisk),
        offload: bool,
    ) -> Result<Self, String> {
        let mut texts = Vec::new();
        for file in files(disk, evidence.asked.warm) {
            let variables = Variables {
                vm_name: vm.source.name.clone(),
                target_vm_name: vm.target_name.clone(),
                plan_name: evidence.asked.plan_name.clone(),
                vm_id: vm.source.id.clone(),
                disk_index: place,
                file_name: file,
                shared: disk.shared,
                vocabulary: vocabulary(evidence).unwrap_or(Vocabulary::of_any_version(&evidence.provider_type)),
                ..Variables::default()
            };
            let text = claim_name(template, &variables).map_err(|error| error.to_string())?;
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        Ok(if offload {
            Self::Offload(texts)
        } else {
            Self::Named(texts.iter().map(|text| naming(text, asked.generate_name)).collect())
        })
    }

    fn admits(&self, claim: &str) -> bool {
        match self {
            Self::Named(names) => names.iter().any(|name| name.admits(claim)),
            Self::Offload(texts) => texts.iter().any(|text| offload_admits(text, claim)),
        }
    }

    fn words(&self) -> String {
        let words: Vec<String> = match self {
            Self::Named(names) => names.iter().map(Naming::to_string).collect(),
            Self::Offload(texts) => texts.iter().map(|text| format!("{text}-<8 hexadecimal digits>")).collect(),
        };
        words.join(" or ")
    }
}

/// The base names that the disk's file may have had when the product named the claim: a warm migration takes its first
/// snapshot before, so the file may be the delta of that.
fn files(disk: &SourceDisk, warm: bool) -> Vec<Option<String>> {
    let Some(file) = &disk.file else { return vec![None] };
    let name = |file: &str| file.rsplit(['/', ' ']).next().unwrap_or(file).to_owned();
    let now = name(file);
    if !warm {
        return vec![Some(now)];
    }
    let base = name(&base_disk_file(file));
    let delta = base.strip_suffix(".vmdk").map(|stem| format!("{stem}-000001.vmdk"));
    [Some(now), Some(base), delta].into_iter().flatten().map(Some).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn judged(template: &str, generate_name: bool, claims: [&str; 3]) -> Verdict {
        let mut evidence = sample::evidence();
        evidence.asked.claim_names = Some(AskedClaimNames { template: template.into(), generate_name });
        verdict(&evidence, claims)
    }

    fn verdict(evidence: &Evidence, claims: [&str; 3]) -> Verdict {
        let mut target = sample::target();
        for (disk, claim) in target.disks.iter_mut().zip(claims) {
            claim.clone_into(&mut disk.claim);
        }
        judge(evidence, &evidence.vms[0], &target)
    }

    #[test]
    fn each_disk_has_its_number_and_its_file() {
        let by_file = r#"{{ .FileName | trimSuffix ".vmdk" | replace "_" "-" }}-{{.DiskIndex}}"#;
        let names = ["rhel8-2-0-x7k2p", "rhel8-1-000002-1-aaaaa", "rhel8-3-2-bbbbb"];
        assert!(matches!(judged(by_file, true, names), Verdict::Passed { .. }), "{:?}", judged(by_file, true, names));
        assert!(matches!(judged(by_file, false, names), Verdict::Failed { .. }));
        let plain = "{{.VmName}}-disk-{{.DiskIndex}}";
        assert_eq!(
            judged(plain, false, ["rhel8-disk-0", "rhel8-disk-1", "rhel8-disk-20"]),
            Verdict::Failed { expected: "rhel8-disk-2 for Hard disk 3".into(), actual: "rhel8-disk-20".into() }
        );
        let swapped = judged(plain, false, ["rhel8-disk-1", "rhel8-disk-0", "rhel8-disk-2"]);
        assert!(matches!(swapped, Verdict::Failed { .. }));
        assert!(matches!(judged("{{.Nothing}}", false, names), Verdict::Inconclusive { .. }));
        assert!(matches!(judged("{{.VmName", false, names), Verdict::Inconclusive { .. }));
        assert!(matches!(judged("{{.VmName}}{{.WinDriveLetter}}", false, names), Verdict::Inconclusive { .. }));
    }

    #[test]
    fn order_and_count_do_not_matter() {
        let mut evidence = sample::evidence();
        let mut target = sample::target();
        target.disks.reverse();
        assert!(matches!(judge(&evidence, &evidence.vms[0], &target), Verdict::Passed { .. }));
        target.disks.remove(1);
        assert!(matches!(judge(&evidence, &evidence.vms[0], &target), Verdict::Passed { .. }));
        target.disks.clear();
        assert!(matches!(judge(&evidence, &evidence.vms[0], &target), Verdict::NotApplicable { .. }));
        evidence.asked.claim_names = None;
        assert!(matches!(judge(&evidence, &evidence.vms[0], &target), Verdict::NotApplicable { .. }));
    }

    #[test]
    fn other_sources_and_old_versions_have_reasons() {
        let mut evidence = sample::evidence();
        let claims = ["a", "b", "c"];
        evidence.mtv_version = Some("2.7.0".into());
        assert!(matches!(verdict(&evidence, claims), Verdict::NotApplicable { .. }));
        evidence.mtv_version = None;
        evidence.provider_type = "openshift".into();
        let Verdict::Failed { .. } = verdict(&evidence, claims) else { panic!() };
        evidence.asked.claim_names = Some(AskedClaimNames { template: "{{ .FileName }}".into(), generate_name: true });
        let Verdict::NotApplicable { reason } = verdict(&evidence, claims) else { panic!() };
        assert!(reason.contains("FileName"), "{reason}");
    }

    #[test]
    fn warm_files_may_be_deltas_and_offload_ends_in_digits() {
        let mut evidence = sample::evidence();
        evidence.asked.warm = true;
        evidence.asked.claim_names = Some(AskedClaimNames {
            template: r#"{{ .FileName | trimSuffix ".vmdk" | replace "_" "-" }}"#.into(),
            generate_name: false,
        });
        for first in ["rhel8-2", "rhel8-2-000001"] {
            assert!(matches!(verdict(&evidence, [first, "rhel8-1", "rhel8-3"]), Verdict::Passed { .. }), "{first}");
        }
        assert!(matches!(verdict(&evidence, ["rhel8-2-000009", "rhel8-1", "rhel8-3"]), Verdict::Failed { .. }));
        let offload = sample::offload();
        let names = ["pvc-0123abcd", "pvc-1123abcd", "pvc-2123abcd"];
        assert!(matches!(verdict(&offload, names), Verdict::Passed { .. }));
        let Verdict::Failed { expected, .. } = verdict(&offload, ["pvc-0123abcd", "pvc-x7k2p", "pvc-2123abcd"]) else {
            panic!()
        };
        assert_eq!(expected, "pvc-<8 hexadecimal digits> for Hard disk 1");
    }
}
