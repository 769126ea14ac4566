//! Environments that are not ready: every problem is told with its remedy, and nothing is created.

use crate::rig::{COLD, Rig};
use mtvtest::config::Secret;
use mtvtest::lab::fault::{Failure, Faults};
use mtvtest::lab::world::{Role, WorldSpec};

async fn problems(failure: Option<Failure>, change: impl FnOnce(&mut Rig), scenario: &str) -> Vec<String> {
    let faults = Faults::default();
    if let Some(failure) = failure {
        faults.fail(failure);
    }
    let mut rig = Rig::with_world(|_| {}, &faults);
    change(&mut rig);
    let problems = rig.preflight(scenario).await;
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    rig.lab.stop().await;
    problems
}

fn only(problems: &[String]) -> &str {
    assert_eq!(problems.len(), 1, "{problems:?}");
    &problems[0]
}

#[tokio::test(start_paused = true)]
async fn a_ready_environment_has_no_problems() {
    assert_eq!(problems(None, |_| {}, COLD).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn forklift_missing_or_down() {
    let missing = problems(Some(Failure::ForkliftMissing), |_| {}, COLD).await;
    assert!(only(&missing).contains("does not serve Forklift's kinds; install the MTV operator"), "{missing:?}");
    let down = problems(Some(Failure::ForkliftPodsDown), |_| {}, COLD).await;
    assert!(only(&down).contains("Forklift's pods in openshift-mtv are not running"), "{down:?}");
}

#[tokio::test(start_paused = true)]
async fn wrong_password_wrong_class_and_no_rights() {
    let wrong = |rig: &mut Rig| rig.settings.cluster_password = Some(Secret::new("wrong"));
    let found = problems(None, wrong, COLD).await;
    assert!(only(&found).contains("password"), "{found:?}");
    let class = |rig: &mut Rig| rig.settings.storage_class = Some("nosuch-class".into());
    let found = problems(None, class, COLD).await;
    assert!(only(&found).starts_with("the cluster has no storage class \"nosuch-class\""), "{found:?}");
    let nobody = |rig: &mut Rig| {
        let user =
            WorldSpec::embedded().unwrap().cluster.users.into_iter().find(|user| user.role == Role::Viewer).unwrap();
        rig.settings.cluster_username = Some(user.name);
        rig.settings.cluster_password = Some(Secret::new(user.password));
    };
    let found = problems(None, nobody, COLD).await;
    assert!(
        only(&found).starts_with("the user lacks rights: ") && found[0].contains("create plans.forklift"),
        "{found:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_vm_that_is_not_there_names_the_nearest() {
    let scenario = COLD.replace("mtv-tests-rhel8", "mtv-tests-rhel88");
    let found = problems(None, |_| {}, &scenario).await;
    assert!(
        only(&found).contains("mtv-tests-rhel88") && found[0].contains("the nearest are mtv-tests-rhel8"),
        "{found:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_cluster_names_its_address() {
    let away = |rig: &mut Rig| rig.settings.cluster_host = Some("https://api.nowhere.test:6443".into());
    let found = problems(None, away, COLD).await;
    assert!(only(&found).contains("api.nowhere.test"), "{found:?}");
}
