//! How the VM boots: firmware, secure boot, TPM.

use super::{Check, Evidence, Rule, VmEvidence};
use crate::event::Verdict;
use crate::facts::{Firmware, TargetVm};

pub(super) const CHECK: Check = Check {
    key: "firmware",
    rule: "Firmware (BIOS or EFI), secure boot and TPM are those of the source, as far as the source tells them.",
    source: "original-suite.md section 3 (boot); forklift-api.md section 7 (firmware, TPM)",
    judge: Rule::PerVm(judge),
};

fn judge(evidence: &Evidence, vm: &VmEvidence, target: &TargetVm) -> Verdict {
    // Forklift always writes secure boot off for oVirt.
    let secure_boot = vm.source.secure_boot.filter(|_| evidence.provider_type != "ovirt");
    let (mut expected, mut actual) = (Vec::new(), Vec::new());
    let mut compare = |wanted: Option<String>, found: String| {
        if let Some(wanted) = wanted {
            expected.push(wanted);
            actual.push(found);
        }
    };
    compare(vm.source.firmware.map(words), words(target.firmware));
    compare(secure_boot.map(|on| flag("secure boot", on)), flag("secure boot", target.secure_boot));
    compare(vm.source.tpm.map(|there| flag("TPM", there)), flag("TPM", target.tpm));
    if expected.is_empty() {
        return Verdict::NotApplicable { reason: "the source tells nothing of how it boots".to_owned() };
    }
    if expected == actual {
        return Verdict::Passed { seen: expected.join(", ") };
    }
    Verdict::Failed { expected: expected.join(", "), actual: actual.join(", ") }
}

fn words(firmware: Firmware) -> String {
    match firmware {
        Firmware::Bios => "BIOS",
        Firmware::Efi => "EFI",
    }
    .to_owned()
}

fn flag(what: &str, there: bool) -> String {
    format!("{} {what}", if there { "with" } else { "without" })
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn each_part_counts_where_the_source_tells_it() {
        let mut evidence = sample::evidence();
        let target = sample::target();
        let judged = |evidence: &Evidence, target: &TargetVm| judge(evidence, &evidence.vms[0], target);
        assert_eq!(judged(&evidence, &target), Verdict::Passed { seen: "EFI, with secure boot, with TPM".into() });
        let bios = TargetVm { firmware: Firmware::Bios, secure_boot: false, ..target.clone() };
        assert_eq!(
            judged(&evidence, &bios),
            Verdict::Failed {
                expected: "EFI, with secure boot, with TPM".into(),
                actual: "BIOS, without secure boot, with TPM".into()
            }
        );
        assert!(matches!(judged(&evidence, &TargetVm { tpm: false, ..target.clone() }), Verdict::Failed { .. }));
        evidence.vms[0].source.tpm = None;
        assert!(matches!(judged(&evidence, &TargetVm { tpm: false, ..target.clone() }), Verdict::Passed { .. }));
        evidence.provider_type = "ovirt".into();
        let insecure = TargetVm { secure_boot: false, ..target };
        assert!(matches!(judged(&evidence, &insecure), Verdict::Passed { .. }));
        evidence.vms[0].source.firmware = None;
        assert!(matches!(judged(&evidence, &insecure), Verdict::NotApplicable { .. }));
    }
}
