//! The keys of a scenario file that are not a Plan's.

use super::plan::PlanSpec;
use super::values::{DurationText, duration, requirement};
use super::words::{Destination, ProviderType, RunMode};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use semver::VersionReq;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// A test scenario: which VMs are migrated, how, and what must come of it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Scenario")]
pub(in crate::scenario) struct ScenarioFile {
    /// What the scenario shows, in one sentence.
    pub(in crate::scenario) description: String,
    /// Id of the test case elsewhere, such as a ticket.
    pub(in crate::scenario) id: Option<String>,
    /// Words to select by, such as `tier0` or `warm`.
    #[serde(default)]
    pub(in crate::scenario) tags: Vec<String>,
    /// What must be there; the scenario is skipped, with the reason, where it is not.
    #[serde(default)]
    pub(in crate::scenario) requires: Requires,
    /// Lowest MTV version, such as `2.11.0`: short for `requires.mtv` with `>=`.
    pub(in crate::scenario) min_mtv_version: Option<String>,
    /// Product bugs for which the scenario is skipped.
    #[serde(default)]
    pub(in crate::scenario) known_issues: Vec<KnownIssue>,
    /// Where the migration goes. Default local.
    #[serde(default)]
    pub(in crate::scenario) destination: Destination,
    /// Values to combine, one test per combination; `${{ matrix.KEY }}` stands for the value.
    #[serde(default)]
    #[expect(dead_code, reason = "expanded before decoding; here for the schema and the list of known keys")]
    pub(in crate::scenario) matrix: BTreeMap<String, Vec<Value>>,
    /// Time limits in place of those of the settings.
    #[serde(default)]
    pub(in crate::scenario) timeouts: TimeoutOverrides,
    /// Parameters of the ForkliftController during the test, by name; restored afterwards.
    #[serde(default)]
    pub(in crate::scenario) forklift_controller: BTreeMap<String, Value>,
    /// How several plans run. Default sequential.
    pub(in crate::scenario) run: Option<RunMode>,
    /// Several plans, by name; the keys of a plan then stand in them and not at the top.
    pub(in crate::scenario) plans: Option<Plans>,
    /// Which checks run. Default: every one that applies.
    #[serde(default)]
    pub(in crate::scenario) checks: CheckSelection,
    /// Partial objects, by kind, that the cluster's objects must match after the migration.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, BTreeMap<String, Value>>")]
    pub(in crate::scenario) expect: BTreeMap<String, Value>,
}

/// A plan of a scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedPlan {
    /// Its name under `plans`; `None` if it is the scenario's only one.
    pub name: Option<String>,
    /// What it migrates, and how.
    pub plan: PlanSpec,
}

/// The mapping `plans`, in the order of the file.
#[derive(Debug, Clone)]
pub(in crate::scenario) struct Plans(pub(in crate::scenario) Vec<(String, PlanSpec)>);

impl<'de> Deserialize<'de> for Plans {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(PlansVisitor)
    }
}

struct PlansVisitor;

impl<'de> Visitor<'de> for PlansVisitor {
    type Value = Plans;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a mapping from name to plan")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Plans, A::Error> {
        let mut plans = Vec::new();
        while let Some(entry) = map.next_entry()? {
            plans.push(entry);
        }
        Ok(Plans(plans))
    }
}

impl JsonSchema for Plans {
    fn schema_name() -> Cow<'static, str> {
        "Plans".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<BTreeMap<String, PlanSpec>>()
    }
}

/// What a scenario needs of its surroundings; each key narrows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Requires {
    /// Types of source providers the scenario is for; not given: all that its other keys allow.
    #[serde(default)]
    pub source: Vec<ProviderType>,
    /// MTV version, such as `>=2.10` or `>=2.10, <2.12`.
    #[serde(default, deserialize_with = "requirement")]
    #[schemars(with = "Option<String>")]
    pub mtv: Option<VersionReq>,
    /// OpenShift version, such as `>=4.20`.
    #[serde(default, deserialize_with = "requirement")]
    #[schemars(with = "Option<String>")]
    pub openshift: Option<VersionReq>,
    /// Keys that the provider's `copyoffload` section must have.
    #[serde(default)]
    pub copyoffload: Vec<String>,
    /// Keys that the provider's entry must have, such as `vddk_init_image`.
    #[serde(default)]
    pub provider: Vec<String>,
    /// Settings that must be set and not empty, such as `remote_ocp_cluster`.
    #[serde(default)]
    pub settings: Vec<String>,
}

/// A product bug for which a scenario is skipped.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KnownIssue {
    /// Ticket, such as `MTV-2846`.
    pub id: String,
    /// Types of source providers it concerns; not given: all.
    #[serde(default)]
    pub source: Vec<ProviderType>,
    /// MTV versions it concerns, such as `<2.11`; not given: all.
    #[serde(default, deserialize_with = "requirement")]
    #[schemars(with = "Option<String>")]
    pub mtv: Option<VersionReq>,
    /// What goes wrong, in a few words, for the report.
    pub summary: Option<String>,
}

/// Time limits of a scenario; `None`: that of the settings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeoutOverrides {
    /// Until the Plan is Ready.
    #[serde(default, deserialize_with = "duration")]
    #[schemars(with = "Option<DurationText>")]
    pub plan_ready: Option<Duration>,
    /// Until the migration has ended.
    #[serde(default, deserialize_with = "duration")]
    #[schemars(with = "Option<DurationText>")]
    pub migration: Option<Duration>,
    /// Until the guest agents have connected.
    #[serde(default, deserialize_with = "duration")]
    #[schemars(with = "Option<DurationText>")]
    pub guest_agent: Option<Duration>,
    /// Until the VMs are in the inventory.
    #[serde(default, deserialize_with = "duration")]
    #[schemars(with = "Option<DurationText>")]
    pub inventory: Option<Duration>,
    /// Until guests answer over SSH.
    #[serde(default, deserialize_with = "duration")]
    #[schemars(with = "Option<DurationText>")]
    pub ssh: Option<Duration>,
    /// Until the static addresses of the source are there inside the migrated guests.
    #[serde(default, deserialize_with = "duration")]
    #[schemars(with = "Option<DurationText>")]
    pub static_ip: Option<Duration>,
    /// Until one clone is made.
    #[serde(default, deserialize_with = "duration")]
    #[schemars(with = "Option<DurationText>")]
    pub clone: Option<Duration>,
}

/// Which checks run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckSelection {
    /// Checks left out, by name, each with its reason.
    #[serde(default)]
    pub skip: BTreeMap<String, String>,
}
