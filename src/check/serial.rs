//! The BIOS serial that the guest sees.

use super::versions::at_least;
use super::{Check, Evidence, Rule, VmEvidence};
use crate::event::Verdict;
use crate::facts::TargetVm;

pub(super) const CHECK: Check = Check {
    key: "serial",
    rule: "The firmware serial is the source's BIOS UUID: in VMware's form from OpenShift 4.20 with MTV 2.10 on, verbatim \
           before; that of an OVA file is its UUID, verbatim.",
    source: "original-suite.md section 3 (serial); forklift-api.md section 7 (firmware)",
    judge: Rule::PerVm(judge),
};

fn judge(evidence: &Evidence, vm: &VmEvidence, target: &TargetVm) -> Verdict {
    if !matches!(evidence.provider_type.as_str(), "vsphere" | "ova") {
        return Verdict::NotApplicable { reason: format!("{} sources have no such rule", evidence.provider_type) };
    }
    let Some(uuid) = &vm.source.uuid else {
        return Verdict::Inconclusive { reason: "the source did not tell its BIOS UUID".to_owned() };
    };
    let accepted = accepted_forms(evidence, uuid);
    let expected = accepted.join(" or ");
    match &target.serial {
        None => Verdict::Failed { expected, actual: "no serial".to_owned() },
        Some(serial) if accepted.iter().any(|form| form.eq_ignore_ascii_case(serial)) => {
            Verdict::Passed { seen: serial.clone() }
        }
        Some(serial) => Verdict::Failed { expected, actual: serial.clone() },
    }
}

/// The forms that the versions allow; both where the MTV version is not known.
fn accepted_forms(evidence: &Evidence, uuid: &str) -> Vec<String> {
    if evidence.provider_type == "ova" {
        return vec![uuid.to_owned()];
    }
    let openshift = at_least(evidence.openshift_version.as_ref(), 4, 20).unwrap_or(false);
    match (openshift, at_least(evidence.mtv_version.as_ref(), 2, 10)) {
        (false, _) | (true, Some(false)) => vec![uuid.to_owned()],
        (true, Some(true)) => vec![vmware_form(uuid)],
        (true, None) => vec![vmware_form(uuid), uuid.to_owned()],
    }
}

/// `VMware-` and the sixteen bytes as hex, separated by spaces, with a dash in the middle.
fn vmware_form(uuid: &str) -> String {
    let digits: Vec<char> = uuid.to_lowercase().chars().filter(char::is_ascii_hexdigit).collect();
    let bytes: Vec<String> = digits.chunks(2).map(|pair| pair.iter().collect()).collect();
    let (front, back) = bytes.split_at(bytes.len().min(8));
    format!("VMware-{}-{}", front.join(" "), back.join(" "))
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    const UUID: &str = "42171AbC-0000-1111-2222-333344445555";
    const VMWARE: &str = "VMware-42 17 1a bc 00 00 11 11-22 22 33 33 44 44 55 55";

    fn verdict(openshift: Option<&str>, mtv: Option<&str>, serial: Option<&str>) -> Verdict {
        let mut evidence = sample::evidence();
        evidence.openshift_version = openshift.map(str::to_owned);
        evidence.mtv_version = mtv.map(str::to_owned);
        evidence.vms[0].source.uuid = Some(UUID.to_owned());
        let target = TargetVm { serial: serial.map(str::to_owned), ..sample::target() };
        judge(&evidence, &evidence.vms[0], &target)
    }

    #[test]
    fn an_ova_file_keeps_its_uuid_in_every_version() {
        let mut evidence = sample::evidence();
        evidence.provider_type = "ova".into();
        evidence.vms[0].source.uuid = Some(UUID.to_owned());
        let judged = |serial: &str| {
            let target = TargetVm { serial: Some(serial.to_owned()), ..sample::target() };
            judge(&evidence, &evidence.vms[0], &target)
        };
        assert!(matches!(judged(UUID), Verdict::Passed { .. }));
        assert!(matches!(judged(VMWARE), Verdict::Failed { .. }));
    }

    #[test]
    fn the_form_follows_the_versions() {
        for (openshift, mtv, serial, passes) in [
            (Some("4.20.1"), Some("2.11.3"), VMWARE, true),
            (Some("4.20.1"), Some("2.11.3"), UUID, false),
            (Some("4.19.9"), Some("2.11.3"), UUID, true),
            (Some("4.19.9"), Some("2.11.3"), VMWARE, false),
            (Some("4.20.0"), Some("2.9.4"), UUID, true),
            (Some("4.21.0"), None, UUID, true),
            (Some("4.21.0"), None, VMWARE, true),
            (None, Some("2.11.0"), UUID, true),
        ] {
            let verdict = verdict(openshift, mtv, Some(serial));
            assert_eq!(
                matches!(verdict, Verdict::Passed { .. }),
                passes,
                "{openshift:?} {mtv:?} {serial}: {verdict:?}"
            );
        }
        assert!(matches!(verdict(None, None, None), Verdict::Failed { .. }));
    }
}
