//! Names of what a run creates.
//!
//! Source: original-suite.md section 1.1. Names are drawn from the seed by test and purpose, so that they do not depend
//! on which test runs first.

use crate::facts::{NAME_MAX_CHARS, Seed, SessionId, clone_name, dashed_version, keep_tail};
use sha2::{Digest, Sha256};

/// Makes the names of one test (or of the session's fixtures) on one source provider.
#[derive(Debug, Clone)]
pub struct Names {
    session: SessionId,
    seed: Seed,
    base: String,
    scope: String,
}

impl Names {
    /// Names for `scope`, a test's name or `session`; `provider_type` and `version` are the source provider's.
    pub fn new(session: &SessionId, seed: Seed, (provider_type, version): (&str, &str), scope: &str) -> Self {
        let base = format!("{session}-source-{provider_type}-{}", dashed_version(version));
        Self { session: session.clone(), seed, base, scope: scope.to_owned() }
    }

    fn unique(&self, purpose: &str) -> String {
        self.seed.suffix(&format!("{}/{}/{purpose}", self.base, self.scope), 4)
    }

    /// Name of a Secret, Provider or map: base and four characters.
    pub fn resource(&self, purpose: &str) -> String {
        keep_tail(&format!("{}-{}", self.base, self.unique(purpose)), NAME_MAX_CHARS)
    }

    /// Name of a Plan or Migration: as a resource's, with `-warm` or `-cold`.
    pub fn migration(&self, purpose: &str, warm: bool) -> String {
        let kind = if warm { "warm" } else { "cold" };
        keep_tail(&format!("{}-{}-{kind}", self.base, self.unique(purpose)), NAME_MAX_CHARS)
    }

    /// Name of the local destination Provider.
    pub fn destination_provider(&self) -> String {
        keep_tail(&format!("{}-local-ocp-provider", self.session), NAME_MAX_CHARS)
    }

    /// Name of the Provider of the cluster as a remote destination.
    pub fn remote_destination_provider(&self) -> String {
        keep_tail(&format!("{}-destination-ocp-provider", self.session), NAME_MAX_CHARS)
    }

    /// Name of the target namespace: the session id and the prefix without its `auto`.
    pub fn target_namespace(&self, prefix: &str) -> String {
        let name: String = format!("{}{}", self.session, prefix.replacen("auto", "", 1));
        name.chars().take(NAME_MAX_CHARS).collect::<String>().trim_end_matches('-').to_owned()
    }

    /// Name of the namespace of source VMs that are made on the cluster.
    pub fn source_namespace(&self) -> String {
        keep_tail(&format!("{}-source-vms", self.session), NAME_MAX_CHARS)
    }

    /// Name of the clone of the VM at `index` of the scenario.
    pub fn clone_of(&self, index: usize, base: &str, preserve_format: bool) -> String {
        clone_name(&self.session, base, &self.unique(&format!("clone {index} {base}")), preserve_format)
    }

    /// Name of the `number`-th NAD (from 1): `cb-<6 hex>-<n>`, under the 15 characters of a Linux bridge.
    pub fn nad(&self, number: usize) -> String {
        let digest = Sha256::digest(format!("{}/{}", self.session, self.scope));
        format!("cb-{:02x}{:02x}{:02x}-{number}", digest[0], digest[1], digest[2])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(scope: &str) -> Names {
        let session = SessionId::try_from("auto-ab12".to_owned()).unwrap();
        Names::new(&session, Seed(1), ("vsphere", "8.0.3"), scope)
    }

    #[test]
    fn names_carry_session_base_and_kind() {
        let names = names("cold/sanity");
        assert!(names.resource("map").starts_with("auto-ab12-source-vsphere-8-0-3-"));
        assert_ne!(names.resource("map"), names.resource("secret"));
        assert!(names.migration("plan", false).ends_with("-cold"));
        assert!(names.migration("plan", true).ends_with("-warm"));
        assert_eq!(names.remote_destination_provider(), "auto-ab12-destination-ocp-provider");
        assert_eq!(names.target_namespace("auto"), "auto-ab12");
        assert_eq!(names.target_namespace("auto-mtv"), "auto-ab12-mtv");
        assert!(names.nad(10).len() < 15);
        assert_ne!(names.nad(1), super::tests::names("cold/other").nad(1));
        assert_eq!(names.clone_of(0, "x", false), super::tests::names("cold/sanity").clone_of(0, "x", false));
        assert_ne!(names.clone_of(0, "x", false), names.clone_of(1, "x", false));
    }
}
