//! Marks in the guest are as they were.

use super::ssh::why_outside;
use super::{Check, Evidence, Rule, VmEvidence};
use crate::event::Verdict;
use crate::facts::{Integrity, IntegrityAfter, TargetVm};

/// So many files are told one by one.
const LINES_MAX: usize = 20;
/// Letters of a hash that tell it from others.
const HASH_LETTERS: usize = 12;

/// How guests say that there is nothing; Windows' words depend on its language, its error ids do not.
const ABSENT: [&str; 5] = ["No such file", "not find", "PathNotFound", "ItemNotFound", "FileNotFound"];

pub(super) const CHECK: Check = Check {
    key: "integrity",
    rule: "The marker that was written in the source guest, and every file of the manifest, are in the migrated guest, \
           unchanged.",
    source: "original-suite.md section 3 (data marker); docs/checks.md, section \"Marks in the guest\"",
    judge: Rule::PerVm(judge),
};

fn judge(_: &Evidence, vm: &VmEvidence, _: &TargetVm) -> Verdict {
    let Some(marks) = &vm.guest.integrity else {
        return Verdict::NotApplicable { reason: "the scenario marks nothing in the guest".to_owned() };
    };
    if marks.marker.is_none() && marks.before.is_empty() {
        return Verdict::Inconclusive { reason: "nothing was marked in the source guest".to_owned() };
    }
    let Some(after) = &marks.after else {
        return Verdict::Inconclusive {
            reason: format!("the guest was not asked afterwards: {}", why_outside(&vm.guest.login)),
        };
    };
    let lines: Vec<String> = marker_change(marks, after).into_iter().chain(file_changes(marks, after)).collect();
    let marked = marked(marks);
    let unknown = unknown(marks, after);
    if lines.is_empty() && !unknown.is_empty() {
        return Verdict::Inconclusive { reason: format!("the guest did not show {}", unknown.join("; ")) };
    }
    if lines.is_empty() {
        return Verdict::Passed { seen: format!("{marked}{}", added(marks, after)) };
    }
    let more = lines.len().saturating_sub(LINES_MAX);
    let more = (more > 0).then(|| format!("and {more} more"));
    let told: Vec<String> = lines.into_iter().take(LINES_MAX).chain(more).collect();
    Verdict::Failed { expected: format!("unchanged: {marked}"), actual: told.join("\n") + &added(marks, after) }
}

fn marked(marks: &Integrity) -> String {
    let files = match marks.before.len() {
        0 => None,
        1 => Some("1 file".to_owned()),
        count => Some(format!("{count} files")),
    };
    let marker = marks.marker.as_ref().map(|(path, _)| format!("the marker {path}"));
    marker.into_iter().chain(files).collect::<Vec<_>>().join(" and ")
}

fn marker_change(marks: &Integrity, after: &IntegrityAfter) -> Option<String> {
    let (path, text) = marks.marker.as_ref()?;
    match &after.marker {
        Some(found) if found == text => None,
        Some(found) => Some(format!("marker {path}: {:?} before, {:?} after", shown(text), shown(found))),
        None if hidden(path, after).is_some() => None,
        None => Some(format!("marker {path}: gone{}", words_of_guest(path, after))),
    }
}

fn file_changes<'a>(marks: &'a Integrity, after: &'a IntegrityAfter) -> impl Iterator<Item = String> + 'a {
    marks.before.iter().filter_map(|(path, before)| match after.files.get(path) {
        Some(found) if found == before => None,
        Some(found) => Some(format!("{path}: {} before, {} after", brief(before), brief(found))),
        None if hidden(path, after).is_some() => None,
        None => Some(format!("{path}: {} before, gone after{}", brief(before), words_of_guest(path, after))),
    })
}

/// What the guest said of the path, or of a folder above it.
fn said<'a>(path: &str, after: &'a IntegrityAfter) -> Option<&'a String> {
    let is_at_or_below = |above: &str| {
        let above = above.trim_end_matches(['/', '\\']);
        path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '\\']))
    };
    after.unread.iter().find(|(unread, _)| is_at_or_below(unread)).map(|(_, reason)| reason)
}

/// What kept the guest from showing the path, if it does not say that there is nothing: such a path may be unchanged.
fn hidden<'a>(path: &str, after: &'a IntegrityAfter) -> Option<&'a String> {
    said(path, after).filter(|reason| !ABSENT.iter().any(|words| reason.contains(words)))
}

fn unknown(marks: &Integrity, after: &IntegrityAfter) -> Vec<String> {
    let marker = marks.marker.iter().filter(|_| after.marker.is_none()).map(|(path, _)| path);
    let files = marks.before.keys().filter(|path| !after.files.contains_key(*path));
    let told = marker.chain(files).filter_map(|path| Some(format!("{path} ({})", hidden(path, after)?)));
    told.take(LINES_MAX).collect()
}

fn words_of_guest(path: &str, after: &IntegrityAfter) -> String {
    said(path, after).map_or(String::new(), |reason| format!(" ({reason})"))
}

/// Files that are new in a folder of the manifest are no change of what was there.
fn added(marks: &Integrity, after: &IntegrityAfter) -> String {
    let new: Vec<&str> =
        after.files.keys().filter(|path| !marks.before.contains_key(*path)).map(String::as_str).collect();
    match new.as_slice() {
        [] => String::new(),
        [path] => format!("; new: {path}"),
        [path, others @ ..] => format!("; new: {path} and {} more", others.len()),
    }
}

fn brief(hash: &str) -> String {
    hash.chars().take(HASH_LETTERS).collect()
}

fn shown(text: &str) -> String {
    text.chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn judged(change: impl FnOnce(&mut Integrity)) -> Verdict {
        sample::judged(judge, |evidence, _| change(evidence.vms[0].guest.integrity.as_mut().unwrap()))
    }

    fn actual(change: impl FnOnce(&mut Integrity, &mut IntegrityAfter)) -> String {
        let verdict = judged(|marks| {
            let mut after = marks.after.take().unwrap();
            change(marks, &mut after);
            marks.after = Some(after);
        });
        let Verdict::Failed { expected, actual } = verdict else { panic!("{verdict:?}") };
        assert!(expected.starts_with("unchanged: "), "{expected}");
        actual
    }

    #[test]
    fn each_change_names_the_file_and_both_hashes() {
        let changed = actual(|_, after| drop(after.files.insert("/etc/fstab".into(), "0123456789abcdef".repeat(4))));
        assert_eq!(changed, "/etc/fstab: 2cf24dba5fb0 before, 0123456789ab after");
        let gone = actual(|_, after| {
            after.files.clear();
            after.unread.insert("/etc".into(), "find: ‘/etc’: No such file or directory".into());
        });
        assert_eq!(
            gone,
            "/etc/fstab: 2cf24dba5fb0 before, gone after (find: ‘/etc’: No such file or directory)\n\
             /srv/data: 486ea46224d1 before, gone after"
        );
        let other = actual(|_, after| after.marker = Some("another VM".into()));
        assert_eq!(other, "marker /var/tmp/mtvtest-marker: \"auto-ab12 rhel8\" before, \"another VM\" after");
        assert_eq!(actual(|_, after| after.marker = None), "marker /var/tmp/mtvtest-marker: gone");
    }

    #[test]
    fn many_changes_are_counted_and_new_files_are_told() {
        let many = actual(|marks, after| {
            marks.before = (0..30).map(|number| (format!("/d/{number:02}"), "ab".repeat(32))).collect();
            after.files.insert("/d/new".into(), "cd".repeat(32));
            after.files.remove("/etc/fstab");
        });
        assert_eq!(many.lines().count(), LINES_MAX + 1);
        assert!(many.ends_with("\nand 10 more; new: /d/new and 1 more"), "{many}");
        let seen = judged(|marks| drop(marks.after.as_mut().unwrap().files.insert("/etc/new".into(), "ab".repeat(32))));
        assert_eq!(
            seen,
            Verdict::Passed { seen: "the marker /var/tmp/mtvtest-marker and 2 files; new: /etc/new".into() }
        );
    }

    #[test]
    fn what_the_guest_did_not_show_is_not_gone() {
        let verdict = judged(|marks| {
            let after = marks.after.as_mut().unwrap();
            after.files.remove("/srv/data");
            after.unread.insert("/srv/".into(), "Permission denied".into());
            after.unread.insert("/etc/fst".into(), "Permission denied".into());
        });
        let reason = "the guest did not show /srv/data (Permission denied)".to_owned();
        assert_eq!(verdict, Verdict::Inconclusive { reason });
    }

    #[test]
    fn a_guest_that_was_not_asked_proves_nothing() {
        assert!(matches!(judged(|marks| marks.after = None), Verdict::Inconclusive { .. }));
        let nothing = judged(|marks| {
            marks.marker = None;
            marks.before.clear();
        });
        assert!(matches!(nothing, Verdict::Inconclusive { .. }));
        let unasked = sample::judged(judge, |evidence, _| evidence.vms[0].guest.integrity = None);
        assert!(matches!(unasked, Verdict::NotApplicable { .. }));
    }
}
