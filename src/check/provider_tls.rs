//! The TLS setting of the source provider.

use super::{Check, Evidence, Rule};
use crate::event::Verdict;

pub(super) const CHECK: Check = Check {
    key: "provider-tls",
    rule: "The Provider's Secret still says `insecureSkipVerify` as the settings asked for.",
    source: "original-suite.md section 3 (check_ssl_configuration)",
    judge: Rule::PerPlan(judge),
};

fn judge(evidence: &Evidence) -> Verdict {
    if !matches!(evidence.provider_type.as_str(), "vsphere" | "ovirt" | "openstack") {
        return Verdict::NotApplicable { reason: format!("{} providers have no such setting", evidence.provider_type) };
    }
    let expected = format!("insecureSkipVerify {}", evidence.insecure_asked);
    match &evidence.insecure_found {
        Some(found) if *found == evidence.insecure_asked.to_string() => Verdict::Passed { seen: expected },
        Some(found) => Verdict::Failed { expected, actual: format!("insecureSkipVerify {found}") },
        None => Verdict::Failed { expected, actual: "no insecureSkipVerify in the Secret".to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn the_words_must_be_equal() {
        let judged = |insecure_asked, found: Option<&str>| {
            judge(&Evidence { insecure_asked, insecure_found: found.map(str::to_owned), ..sample::evidence() })
        };
        assert!(matches!(judged(true, Some("true")), Verdict::Passed { .. }));
        assert!(matches!(judged(false, Some("true")), Verdict::Failed { .. }));
        assert!(matches!(judged(false, None), Verdict::Failed { .. }));
        let other = Evidence { provider_type: "ova".into(), ..sample::evidence() };
        assert!(matches!(judge(&other), Verdict::NotApplicable { .. }));
    }
}
