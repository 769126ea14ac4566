//! The step that migrates: the Migration is made, followed, cut over, and its end is judged.

use super::offload::{Capture, CaptureScope, OffloadVm};
use super::prepare::Prepared;
use super::steps::StepError;
use super::walk::Walk;
use crate::check::{AskedFailure, VmEnding, judge_ending};
use crate::cluster::{Kind, ObjectRef};
use crate::event::{Event, EventSender, StepName, Verdict};
use crate::facts::{DiskOffload, now, rfc3339};
use crate::migration::{
    Failure, Finished, VmProgress, cutover_patch, failing_hook, finished, hooks_of, migration_body, vm_progress,
};
use crate::scenario::{ExpectedResult, PipelineStep, StopAfter};
use crate::undo::ObjectUndo;
use crate::wait::{Deadline, Seen};
use kube::api::DynamicObject;
use std::collections::BTreeMap;

/// A migration that has run.
pub(super) struct MigrationRun {
    /// The cutover that was asked for, RFC 3339; `None` of a cold migration.
    pub(super) cutover: Option<String>,
    /// The VMs as they were last seen.
    pub(super) vms: Vec<VmProgress>,
    /// How the disks of each VM were copied, by inventory id; empty without copy-offload.
    pub(super) offload: BTreeMap<String, Vec<DiskOffload>>,
}

/// When a warm migration is cut over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cutover {
    /// At a time that the Migration carries from its start; for a cold migration none.
    Fixed,
    /// As soon as every VM has so many precopies.
    AfterPrecopies(u32),
}

/// What ends one wait on a Migration.
enum Reached {
    Precopies,
    End(Finished),
}

impl Walk<'_> {
    pub(super) async fn migrate(&mut self) -> Result<(), StepError> {
        let parts = self.session.parts();
        let (plan, plan_entry) = self.made_in(StepName::Plan)?;
        let mut needs = vec![plan_entry];
        // The product makes the VMs; they are written down before it is told to.
        for vm in &self.vms {
            let target = ObjectRef::namespaced(Kind::VM, &self.target_namespace.0, &vm.target_name);
            let thing = target.thing(ObjectUndo::DeleteMigrated);
            let outlive = [plan_entry, self.target_namespace.1];
            needs.push(parts.ledger.intend(Some(self.test), thing, &outlive)?);
        }
        let name = self.names.migration("migration", self.plan.warm_migration);
        let rule = self.cutover_rule();
        let fixed = (self.plan.warm_migration && rule == Cutover::Fixed).then(|| self.fixed_cutover());
        let mut draft = self.draft(Kind::MIGRATION, &name, migration_body(self.namespace(), &plan, fixed.as_deref()));
        draft.needs.extend(needs);
        let target = draft.target.clone();
        let created = draft.create_undone_by(parts, ObjectUndo::CancelThenDelete).await?;
        self.keep(StepName::Migrate, (name, created.entry));
        let capture = self.capture(&target, &created.object);
        let mut run = MigrationRun { cutover: fixed, vms: Vec::new(), offload: BTreeMap::new() };
        let end = self.follow(&target, rule, &mut run).await;
        if let Some(capture) = capture {
            run.offload = capture.finish().await;
        }
        self.migration = Some(run);
        self.conclude(&target, end?)
    }

    /// Begins to watch how the disks of a copy-offload plan are copied.
    fn capture(&self, target: &ObjectRef, migration: &DynamicObject) -> Option<Capture> {
        if !self.plan.copyoffload {
            return None;
        }
        let parts = self.session.parts();
        let disks = |vm: &Prepared| OffloadVm { id: vm.inventory.id.clone(), disks: vm.facts.disks.clone() };
        let scope = CaptureScope {
            test: self.test.to_owned(),
            plan: self.made_plan().unwrap_or_default(),
            plan_uid: self.plan_uid.clone(),
            migration: target.clone(),
            migration_uid: migration.metadata.uid.clone().unwrap_or_default(),
            target_namespace: self.target_namespace.0.clone(),
            vms: self.vms.iter().map(disks).collect(),
        };
        Some(Capture::start(&parts.cluster, &parts.events, scope))
    }

    /// How the disks of a VM were copied, by its inventory id.
    pub(super) fn offload_of(&self, id: &str) -> Vec<DiskOffload> {
        self.migration.as_ref().and_then(|run| run.offload.get(id).cloned()).unwrap_or_default()
    }

    fn cutover_rule(&self) -> Cutover {
        let after = self.plan.cutover.as_ref().map(|cutover| cutover.after_precopies);
        after.map_or(Cutover::Fixed, Cutover::AfterPrecopies)
    }

    /// `mins_before_cutover` from now (original-suite.md section 1.5, `get_cutover_value`).
    fn fixed_cutover(&self) -> String {
        let wait = self.session.parts().settings.mins_before_cutover;
        rfc3339(now().checked_add(wait).unwrap_or_else(|_| now()))
    }

    /// Follows the Migration to its end, and sets its cutover where that depends on its course.
    async fn follow(&self, target: &ObjectRef, rule: Cutover, run: &mut MigrationRun) -> Result<Finished, StepError> {
        let parts = self.session.parts();
        let deadline = self.deadline(self.scenario.timeouts.migration, parts.settings.timeouts.migration);
        let mut follow = Follow { events: &parts.events, test: self.test, last: BTreeMap::new(), vms: Vec::new() };
        if let Cutover::AfterPrecopies(count) = rule {
            let reached = self.wait_for(target, &deadline, &mut follow, Some(count)).await;
            run.vms.clone_from(&follow.vms);
            if let Reached::End(end) = reached? {
                return Ok(end);
            }
            let cutover = rfc3339(now());
            parts.cluster.patch(target, &cutover_patch(&cutover)).await?;
            run.cutover = Some(cutover);
        }
        let reached = self.wait_for(target, &deadline, &mut follow, None).await;
        run.vms = follow.vms;
        match reached? {
            Reached::End(end) => Ok(end),
            Reached::Precopies => Err(StepError::Broken(format!("{target}: a wait without a count ended by one"))),
        }
    }

    async fn wait_for(
        &self,
        target: &ObjectRef,
        deadline: &Deadline,
        follow: &mut Follow<'_>,
        precopies: Option<u32>,
    ) -> Result<Reached, StepError> {
        let judge = |object: Option<&DynamicObject>| {
            follow.tell(object);
            match finished(object) {
                Seen::Met(end) => Seen::Met(Reached::End(end)),
                Seen::Pending(_) if precopies.is_some_and(|count| follow.have_precopies(count)) => {
                    Seen::Met(Reached::Precopies)
                }
                Seen::Pending(state) => Seen::Pending(state),
                Seen::Hopeless(why) => Seen::Hopeless(why),
            }
        };
        let what = match precopies {
            Some(count) => format!("wait for {target} to make {count} precopies of every VM"),
            None => format!("wait for {target} to finish"),
        };
        Ok(self.session.parts().cluster.wait(&what, target, deadline, judge).await?)
    }

    /// What the end means for the scenario.
    fn conclude(&mut self, target: &ObjectRef, end: Finished) -> Result<(), StepError> {
        let asked = self.asked_failure();
        match (end, asked) {
            (Finished::Succeeded, None) => {
                self.measure();
                self.shall_check = self.plan.stop_after != Some(StopAfter::Migrate);
                Ok(())
            }
            (Finished::Succeeded, Some(asked)) => self.judge_failure(&asked, &[]),
            (Finished::Failed(failures), Some(asked)) => self.judge_failure(&asked, &failures),
            (Finished::Failed(failures), None) => {
                let words: Vec<String> = failures.iter().map(ToString::to_string).collect();
                Err(StepError::Failed(format!("{target} failed: {}", words.join("\n"))))
            }
            (Finished::Canceled(reason), _) => {
                Err(StepError::Failed(format!("{target} was cancelled by somebody else (reason {reason:?})")))
            }
        }
    }

    /// How the migration must fail, if it must. What the scenario says of the step wins over what its hooks say; a
    /// playbook of the author's own may fail at either hook that the plan has.
    fn asked_failure(&self) -> Option<AskedFailure> {
        let fails = self.plan.expected_migration_result == Some(ExpectedResult::Fail);
        let hook = failing_hook(self.plan);
        if !fails && hook.is_none() {
            return None;
        }
        let own = self.plan.expected_failure.as_ref();
        let steps = match own.and_then(|failure| failure.step).or(hook) {
            Some(step) => vec![step],
            None => hooks_of(self.plan).iter().map(|(step, _)| step.step()).collect(),
        };
        Some(AskedFailure { steps, message: own.and_then(|failure| failure.message.clone()) })
    }

    /// Judges a migration that must fail. The VMs are there, and are checked, only when all was done but the last hook.
    fn judge_failure(&mut self, asked: &AskedFailure, failures: &[Failure]) -> Result<(), StepError> {
        let ending = |vm: &Prepared| {
            let failure = failures.iter().find(|failure| failure.vm == vm.facts.name);
            VmEnding {
                vm: vm.facts.name.clone(),
                failed_step: failure.map(|failure| failure.step.clone()),
                reasons: failure.map(|failure| failure.reasons.clone()).unwrap_or_default(),
            }
        };
        let endings: Vec<VmEnding> = self.vms.iter().map(ending).collect();
        let report = judge_ending(asked, &endings);
        self.session.parts().emit(Event::CheckJudged { test: self.test.to_owned(), report: report.clone() });
        if let Verdict::Failed { expected, actual } = report.verdict {
            return Err(StepError::Failed(format!(
                "the migration did not fail as it must: expected {expected}, actual {actual}"
            )));
        }
        let at_post_hook = |one: &VmEnding| one.failed_step.as_deref() == Some(PipelineStep::PostHook.as_str());
        self.shall_check = endings.iter().all(at_post_hook) && self.plan.stop_after.is_none();
        Ok(())
    }

    /// Tells what the migration of each VM took.
    fn measure(&self) {
        let Some(run) = &self.migration else { return };
        for vm in &run.vms {
            let warm = vm.warm_record(run.cutover.as_deref());
            self.session.parts().emit(Event::MigrationMeasured {
                test: self.test.to_owned(),
                vm: vm.name.clone(),
                copied_mib: vm.copied_mib(),
                precopies: warm.as_ref().map(|record| record.precopies),
                downtime_ms: warm.and_then(|record| record.downtime_ms),
            });
        }
    }
}

/// Tells the readers when a VM's step, phase or progress changes, and only then; keeps what was seen last.
struct Follow<'a> {
    events: &'a EventSender,
    test: &'a str,
    last: BTreeMap<String, (String, String, u64)>,
    vms: Vec<VmProgress>,
}

impl Follow<'_> {
    fn tell(&mut self, migration: Option<&DynamicObject>) {
        let Some(migration) = migration else { return };
        self.vms = vm_progress(migration);
        for vm in &self.vms {
            let Some(step) = vm.current_step() else { continue };
            let now = (step.name.clone(), step.phase.clone(), step.progress.completed);
            if self.last.get(&vm.id) == Some(&now) {
                continue;
            }
            self.events.emit(Event::MigrationProgressed {
                test: self.test.to_owned(),
                vm: vm.name.clone(),
                step: now.0.clone(),
                phase: now.1.clone(),
                completed: now.2,
                total: step.progress.total,
            });
            self.last.insert(vm.id.clone(), now);
        }
    }

    fn have_precopies(&self, count: u32) -> bool {
        let enough = |vm: &VmProgress| vm.warm.as_ref().is_some_and(|warm| warm.successes >= count);
        !self.vms.is_empty() && self.vms.iter().all(enough)
    }
}
