//! Rung 5: the program against software that nobody here wrote (docs/testing.md). A test whose parts are not installed
//! is reported as ignored, with what to install; with `MTVTEST_PEERS_REQUIRED=1` (as in CI) it fails.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod bench;
mod clients;
mod control_plane;
#[path = "../support/course.rs"]
mod course;
mod differential;
mod gotemplate;
mod kubernetes;
mod openssh;
mod part;
mod peer;
mod trial;
mod vcsim;
mod virtctl;

use libtest_mimic::Arguments;
use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(folder) = std::env::var_os(peer::tests::HOLD) {
        peer::tests::hold(folder.as_ref());
    }
    trial::hear_panics();
    let arguments = Arguments::from_args();
    let trials = [
        peer::tests::trials(),
        vcsim::trials(),
        openssh::trials(),
        clients::trials(),
        kubernetes::trials(),
        differential::trials(),
        gotemplate::trials(),
        virtctl::trials(),
    ];
    let trials = trials.into_iter().flatten().collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    peer::end_all();
    control_plane::ControlPlane::remove_files();
    conclusion.exit_code()
}
