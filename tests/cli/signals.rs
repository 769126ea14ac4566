//! Runs that are killed or interrupted in the middle of a migration, and what `clean` makes of them.

use crate::bin::Running;
use crate::served::{ServedLab, assert_removed};

/// A tenth of real time: a migration takes many seconds, so that "in the middle" is easy to hit.
const SLOW: &str = "--speed 10";

/// A run on `served` whose disks are being copied at this moment.
fn in_mid_migration(served: &ServedLab) -> Running {
    let mut run = served.folder.call(&format!("{} --log-level debug", ServedLab::run_line())).start();
    run.until(&["cold/sanity", "DiskTransfer", "Running"]);
    run
}

#[test]
fn clean_removes_what_a_killed_run_left_by_its_ledger() {
    let served = ServedLab::start(SLOW);
    let run = in_mid_migration(&served);
    run.signal("KILL");
    assert_eq!(run.end().code, None);
    let session = served.session();
    let ended = served.folder.run(&format!("clean .data-collector/latest {}", ServedLab::reach()));
    assert_removed(&ended, "Migration");
    served.assert_empty(&session);
}

#[test]
fn clean_removes_what_a_killed_run_left_without_its_ledger() {
    let served = ServedLab::start(SLOW);
    let run = in_mid_migration(&served);
    run.signal("KILL");
    assert_eq!(run.end().code, None);
    let session = served.session();
    std::fs::remove_dir_all(served.folder.join(".data-collector")).unwrap();
    let dry = served.folder.run(&format!("clean --session {session} --dry-run {}", ServedLab::reach()));
    assert_eq!(dry.code, Some(0), "{dry:?}");
    assert!(dry.err.contains("would remove Plan ") && !dry.err.contains("\nremoved"), "{}", dry.err);
    let ended = served.folder.run(&format!("clean --session {session} {}", ServedLab::reach()));
    assert_removed(&ended, "Migration");
    served.assert_empty(&session);
}

#[test]
fn the_first_signal_cancels_and_cleans() {
    for signal in ["INT", "TERM"] {
        let served = ServedLab::start(SLOW);
        let run = in_mid_migration(&served);
        run.signal(signal);
        let ended = run.end();
        assert_eq!(ended.code, Some(130), "{ended:?}");
        assert!(ended.err.contains("INTERRUPTED cold/sanity"), "{}", ended.err);
        served.assert_empty(&served.session());
    }
}

#[test]
fn the_second_signal_exits_at_once_and_prints_the_clean_command() {
    let served = ServedLab::start(SLOW);
    let mut run = in_mid_migration(&served);
    // Nobody answers from here on: what the first signal began can never end.
    served.lab.signal("STOP");
    run.signal("INT");
    run.until(&["interrupted", "second signal"]);
    run.signal("INT");
    let ended = run.end();
    served.lab.signal("CONT");
    assert_eq!(ended.code, Some(131), "{ended:?}");
    let (_, command) = ended.err.split_once("remove it with: mtvtest ").unwrap();
    let session = served.session();
    assert_eq!(command.trim_end(), format!("clean .data-collector/{session} {}", reach_as_printed()));
    let cleaned = served.folder.run(command.trim_end());
    assert_eq!(cleaned.code, Some(0), "{cleaned:?}");
    served.assert_empty(&session);
}

/// The options in the order in which the program prints them.
fn reach_as_printed() -> &'static str {
    ServedLab::reach()
}

#[test]
fn a_living_run_is_not_cleaned() {
    let served = ServedLab::start(SLOW);
    let run = in_mid_migration(&served);
    let refused = served.folder.run(&format!("clean .data-collector/latest {}", ServedLab::reach()));
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.contains("belongs to a run that is still alive"), "{}", refused.err);
    run.signal("INT");
    assert_eq!(run.end().code, Some(130));
}
