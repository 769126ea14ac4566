//! The lines that a populate pod prints, in the form of the product's log (klog with keys and values).
//!
//! Source: original-suite.md section 3 ("last `xcopyUsed=` in each populate pod log").

use crate::facts;

/// Writes lines about one disk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Printer<'a> {
    /// Name of the claim.
    pub(super) claim: &'a str,
    /// The disk's file, `[ds] vm/vm.vmdk`.
    pub(super) file: &'a str,
}

impl Printer<'_> {
    fn line(&self, severity: char, logger: &str, message: &str, values: &str) -> String {
        let now = facts::rfc3339(facts::now());
        let (claim, file) = (self.claim, self.file);
        format!(
            r#"{severity} {now} 1 populator] "{message}" logger="{logger}" pvc="{claim}" source_vmdk="{file}"{values}"#
        )
    }

    pub(super) fn started(&self) -> String {
        self.line('I', "copy-offload", "copy-offload started", "")
    }

    pub(super) fn progress(&self, percent: u64) -> String {
        self.line('I', "copy-offload.xcopy.clone", "clone progress", &format!(" progress={percent}"))
    }

    pub(super) fn verdict(&self, xcopy: bool) -> String {
        self.line('I', "copy-offload.xcopy.clone", "xcopy", &format!(" xcopyUsed={}", u8::from(xcopy)))
    }

    pub(super) fn finished(&self) -> String {
        self.line('I', "copy-offload", "copy-offload finished", "")
    }

    pub(super) fn failed(&self, reason: &str) -> String {
        let now = facts::rfc3339(facts::now());
        let (claim, file) = (self.claim, self.file);
        let place = format!(r#"logger="copy-offload" pvc="{claim}" source_vmdk="{file}""#);
        format!(r#"E {now} 1 populator] "copy-offload failed" err="{reason}" {place}"#)
    }
}

/// The reason of the last failure that a log tells of.
pub(super) fn failure(log: &str) -> Option<&str> {
    let (_, after) = log.rsplit_once(r#""copy-offload failed" err=""#)?;
    after.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_name_the_disk_and_say_what_happens() {
        let printer = Printer { claim: "pvc-1", file: "[ds] a/a.vmdk" };
        assert!(printer.progress(50).ends_with(r#"pvc="pvc-1" source_vmdk="[ds] a/a.vmdk" progress=50"#));
        assert!(printer.verdict(true).ends_with(" xcopyUsed=1") && printer.verdict(false).ends_with(" xcopyUsed=0"));
        let log = format!("{}\n{}\n", printer.started(), printer.failed("the array refuses the login"));
        assert_eq!(failure(&log), Some("the array refuses the login"));
        assert_eq!(failure(&printer.finished()), None);
    }
}
