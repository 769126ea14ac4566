//! How far the disks are: what CDI reports, and virt-v2v's own pace.

use super::super::cdi::percent_per;
use super::super::hub::STEP;
use super::super::kinds::DATA_VOLUME;
use super::super::object::text;
use super::objects::Run;
use super::pipeline::Step;

/// Percent of each DataVolume of a VM, in the order of the disks.
pub(super) fn volume_percents(run: &Run<'_>, vm: &str) -> Vec<u64> {
    run.of_vm(DATA_VOLUME, vm)
        .iter()
        .map(|volume| percent(text(volume, "/status/phase"), text(volume, "/status/progress")))
        .collect()
}

fn percent(phase: &str, progress: &str) -> u64 {
    if phase == "Succeeded" {
        return 100;
    }
    let whole = progress.trim_end_matches('%').split('.').next().unwrap_or_default();
    whole.parse::<u64>().unwrap_or(0).min(99)
}

/// Percent that virt-v2v copies in one step of the plan: what the simulated network allows, or half at full speed.
pub(super) fn stride(full_speed: bool, total_mib: u64) -> u64 {
    if full_speed { 50 } else { percent_per(STEP, total_mib) }
}

/// Moves a step by what has been copied of each disk; whether everything is.
pub(super) fn advance(step: &mut Step, percents: &[u64]) -> bool {
    step.advance(percents);
    step.percent() >= 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_read_as_cdi_writes_it() {
        assert_eq!(percent("ImportInProgress", "12.5%"), 12);
        assert_eq!(percent("ImportInProgress", "100.0%"), 99);
        assert_eq!(percent("Pending", "N/A"), 0);
        assert_eq!(percent("Succeeded", ""), 100);
        assert_eq!((stride(true, 16_384), stride(false, 16_384), stride(false, 49_152)), (50, 3, 1));
    }
}
