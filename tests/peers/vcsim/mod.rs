//! The vSphere provider against govmomi's simulator of a vCenter. What the simulator cannot do stands in
//! docs/testing.md.

mod changing;
mod cloning;
mod interrupted;
mod lost;
mod placing;
mod reading;
mod refused;
mod removing;
mod sessions;
mod simulator;
mod switching;
mod wire;

use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    let all = [
        sessions::trials(),
        reading::trials(),
        switching::trials(),
        changing::trials(),
        cloning::trials(),
        placing::trials(),
        interrupted::trials(),
        lost::trials(),
        refused::trials(),
        removing::trials(),
        wire::trials(),
    ];
    all.into_iter().flatten().collect()
}
