//! The mutation table: each product fault is caught by exactly one check, and by no other.

use crate::rig::{COLD, Rig};
use mtvtest::event::Outcome;
use mtvtest::lab::fault::ProductFault;

/// The check that must catch a fault.
fn caught_by(fault: ProductFault) -> &'static str {
    match fault {
        ProductFault::WrongPower => "power",
        ProductFault::LostCore => "cpu",
        ProductFault::HalvedMemory => "memory",
        ProductFault::WrongNetwork => "network",
        ProductFault::LostDisk | ProductFault::WrongStorageClass | ProductFault::ShrunkDisk => "storage",
        ProductFault::WrongSerial => "serial",
        ProductFault::SilentAgent => "guest-agent",
        ProductFault::TlsFlagFlipped => "provider-tls",
    }
}

#[tokio::test(start_paused = true)]
async fn each_fault_is_caught_by_its_check_and_no_other() {
    for fault in ProductFault::ALL {
        let rig = Rig::new();
        rig.faults().harm(fault);
        let ran = rig.run(COLD).await;
        assert_eq!(ran.failed_checks(), [caught_by(fault)], "{fault:?}: {:?}", ran.outcome);
        assert!(matches!(ran.outcome, Outcome::Failed { .. }), "{fault:?}: {:?}", ran.outcome);
        let reason = ran.reason();
        assert!(
            reason.contains("expected") && reason.contains("actual") && reason.contains("rule:"),
            "{fault:?}: {reason}"
        );
        ran.assert_empty_world();
        rig.lab.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn each_check_has_a_fault() {
    for check in mtvtest::check::CHECKS {
        assert!(ProductFault::ALL.iter().any(|fault| caught_by(*fault) == check.key), "{} has no fault", check.key);
    }
}
