//! A run on a lab of its own, with hands on the lab's faults.

pub(crate) use crate::course::{COLD, Collected, all_files};
use crate::course::{Course, Ended};
use crate::many::EndedAll;
use mtvtest::cluster::{Cluster, connect_through};
use mtvtest::config::{Secret, Settings};
use mtvtest::engine::{Problem, Session, SessionParts, StepError, disconnect};
use mtvtest::lab::clock::Pace;
use mtvtest::lab::fault::Faults;
use mtvtest::lab::world::{Role, VmSpec, World, WorldSpec};
use mtvtest::lab::{Baseline, Lab, Oracle};
use mtvtest::scenario::Test;
use mtvtest::wait::pause;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

/// A lab, and the program's course on it.
pub(crate) struct Rig {
    pub(crate) lab: Lab,
    pub(crate) baseline: Baseline,
    course: Course,
}

/// How a run went, and what differs in the world from before it.
pub(crate) struct Ran {
    ended: Ended,
    pub(crate) differences: Vec<String>,
}

impl Deref for Rig {
    type Target = Course;

    fn deref(&self) -> &Course {
        &self.course
    }
}

impl DerefMut for Rig {
    fn deref_mut(&mut self) -> &mut Course {
        &mut self.course
    }
}

impl Deref for Ran {
    type Target = Ended;

    fn deref(&self) -> &Ended {
        &self.ended
    }
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with_world(|_| {}, &Faults::default())
    }

    /// A lab of the default world, whose scenarios run on this provider.
    pub(crate) fn on(provider: &str) -> Self {
        let mut rig = Self::new();
        provider.clone_into(&mut rig.course.provider);
        rig
    }

    /// A lab of the default world whose VM `name` on vSphere is another.
    pub(crate) fn with_vm(name: &str, change: impl FnOnce(&mut VmSpec)) -> Self {
        let edit = |spec: &mut WorldSpec| {
            change(spec.sources[0].vms_mut().iter_mut().find(|vm| vm.name == name).unwrap());
        };
        Self::with_world(edit, &Faults::default())
    }

    /// A lab of the default world, changed, with faults that are on from the start.
    pub(crate) fn with_world(change: impl FnOnce(&mut WorldSpec), faults: &Faults) -> Self {
        Self::at_pace(Pace::FULL, change, faults)
    }

    /// As [`Self::with_world`], where simulated work takes its time.
    pub(crate) fn at_pace(pace: Pace, change: impl FnOnce(&mut WorldSpec), faults: &Faults) -> Self {
        let mut spec = WorldSpec::embedded().unwrap();
        change(&mut spec);
        let admin = spec.cluster.users.iter().find(|user| user.role == Role::Admin).unwrap().clone();
        let mut settings = Settings::default();
        settings.storage_class = Some(spec.cluster.storage_classes[0].name.clone());
        settings.cluster_username = Some(admin.name);
        settings.cluster_password = Some(Secret::new(admin.password));
        settings.insecure_verify_skip = true;
        let mut world = World::from_spec(spec, pace).unwrap();
        world.faults = faults.clone();
        let lab = Lab::start(world).unwrap();
        settings.cluster_host = Some(lab.api_url());
        // The lab's cluster is its own remote destination, as in `run --lab`.
        settings.remote_ocp_cluster = Some(lab.api_url());
        let baseline = Baseline::take(&lab);
        let course = Course::new(settings, lab.network(), lab.providers_json());
        Self { lab, baseline, course }
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.lab.world().faults
    }

    /// What the preflight says; nothing is created by it.
    pub(crate) async fn preflight(&self, scenario: &str) -> Vec<String> {
        let test = self.test(scenario);
        let (parts, _events) = match self.parts().await {
            Ok(parts) => parts,
            Err(problems) => return problems.into_iter().map(|problem| problem.0).collect(),
        };
        match self.sources(&parts, &test).await {
            Ok(sources) => {
                disconnect(sources).await;
                Vec::new()
            }
            Err(problems) => problems.into_iter().map(|problem| problem.0).collect(),
        }
    }

    /// Connects and examines the cluster.
    pub(crate) async fn parts(&self) -> Result<(SessionParts, Collected), Vec<Problem>> {
        self.course.parts(self.connect().await?).await
    }

    async fn connect(&self) -> Result<Cluster, Vec<Problem>> {
        let login = connect_through(&self.settings, self.network.as_ref(), self.lab.api().service()).await;
        login.map_err(|error| vec![Problem(mtvtest::facts::chain(&error))])
    }

    /// Sets up a session for a scenario's text.
    pub(crate) async fn session(
        &self,
        scenario: &str,
    ) -> (Result<Session, (SessionParts, StepError)>, Test, Collected) {
        let cluster = self.connect().await.unwrap_or_else(|problems| panic!("{problems:?}"));
        self.course.session(cluster, scenario).await
    }

    /// A whole run: set up, the test, tear down.
    pub(crate) async fn run(&self, scenario: &str) -> Ran {
        let cluster = self.connect().await.unwrap_or_else(|problems| panic!("{problems:?}"));
        let ended = Box::pin(self.course.run(cluster, scenario)).await;
        Ran { ended, differences: self.baseline.differences(&self.lab) }
    }

    /// A whole run of many tests, side by side.
    pub(crate) async fn run_all(&self, tests: &[Test]) -> EndedAll {
        let cluster = self.connect().await.unwrap_or_else(|problems| panic!("{problems:?}"));
        self.course.run_all(cluster, tests).await
    }

    /// A run whose world is looked at just before the test's clean-up would begin: everything stays in place until
    /// `look` has seen it.
    pub(crate) async fn run_and_look(&mut self, scenario: &str, look: impl FnOnce(&Lab)) -> Ran {
        self.course.settings.skip_teardown = true;
        let cluster = self.connect().await.unwrap_or_else(|problems| panic!("{problems:?}"));
        let (session, test, collected) = self.course.session(cluster, scenario).await;
        let session = session.map_err(|failed| failed.1).unwrap();
        let outcome = mtvtest::engine::run_test(&session, &test).await;
        look(&self.lab);
        let parts = session.close().await;
        let leftovers = parts.tear_down().await.unwrap();
        drop(parts);
        let ended = Ended { outcome, events: collected.end().await, leftovers };
        Ran { ended, differences: self.baseline.differences(&self.lab) }
    }

    /// Lets (paused) time pass until there is a Migration.
    pub(crate) async fn migration_exists(&self) {
        self.until(|lab| lab.api().objects().iter().any(|object| object["kind"] == "Migration")).await;
    }

    /// Lets (paused) time pass until the lab is so.
    pub(crate) async fn until(&self, mut is_so: impl FnMut(&Lab) -> bool) {
        while !is_so(&self.lab) {
            pause(Duration::from_millis(1)).await;
        }
    }

    pub(crate) fn leftovers(&self) -> Vec<String> {
        Oracle::leftovers(&self.lab, self.session_id().as_str())
    }
}

/// Two VMs, `shared-1` and `shared-2`, with one disk in common.
pub(crate) fn share_a_disk(spec: &mut WorldSpec) {
    let vms = spec.sources[0].vms_mut();
    let like = vms.iter().find(|vm| vm.name == "mtv-tests-rhel8").unwrap().clone();
    for name in ["shared-1", "shared-2"] {
        let mut vm = VmSpec { name: name.into(), ..like.clone() };
        let mut disk = vm.disks[0].clone();
        (disk.size, disk.shared) = ("2Gi".into(), Some("quorum".into()));
        vm.disks.push(disk);
        vms.push(vm);
    }
}

impl Ran {
    /// Nothing was left, by the ledger and by the world itself.
    #[track_caller]
    pub(crate) fn assert_empty_world(&self) {
        assert_eq!(self.leftovers, [], "the ledger has leftovers after {:?}", self.outcome);
        assert_eq!(self.differences, Vec::<String>::new(), "the world differs after {:?}", self.outcome);
    }
}
