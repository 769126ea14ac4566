//! One virtctl on disk: where it is, with which environment it runs, which version it is of.

use super::output::Mask;
use super::process::Running;
use super::version;
use crate::config::Environment;
use semver::Version;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::process::Command;
use tokio_util::task::TaskTracker;

/// How long `virtctl version --client` may take, which asks nobody.
const VERSION_LIMIT: Duration = Duration::from_secs(20);

/// Where programs, files and hosts are found; all else stays here.
const HANDED_ON: [&str; 6] = ["PATH", "HOME", "TMPDIR", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR"];
const PROXIES: [&str; 3] = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"];

fn is_handed_on(name: &str) -> bool {
    HANDED_ON.contains(&name) || PROXIES.iter().any(|proxy| proxy.eq_ignore_ascii_case(name))
}

/// What every virtctl is run with.
#[derive(Clone)]
pub(super) struct Runner {
    pub(super) tasks: TaskTracker,
    /// The variables that virtctl needs; this program's others may be secret.
    variables: Arc<Vec<(String, String)>>,
}

impl Runner {
    pub(super) fn new(environment: &dyn Environment) -> Self {
        let variables = environment.all().into_iter().filter(|(name, _)| is_handed_on(name)).collect();
        Self { tasks: TaskTracker::new(), variables: Arc::new(variables) }
    }

    /// A call of the program at `path`.
    pub(super) fn command(&self, path: &Path) -> Command {
        let mut command = Command::new(path);
        command.env_clear().envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The version of the virtctl at `path`, if it is one for a cluster of `wanted`; else why it is not used.
    pub(super) async fn examine(&self, path: &Path, wanted: Option<&Version>) -> Result<Version, String> {
        let called = path.display();
        let version = self.version(path).await.map_err(|why| format!("{called} {why}"))?;
        match wanted {
            Some(wanted) if !version::fits(&version, Some(wanted)) => {
                Err(format!("{called} is of KubeVirt {version}, and the cluster's is {wanted}"))
            }
            _ => Ok(version),
        }
    }

    async fn version(&self, path: &Path) -> Result<Version, String> {
        let metadata = std::fs::metadata(path).map_err(|error| format!("cannot be looked at: {error}"))?;
        if !metadata.is_file() || metadata.permissions().mode() & 0o111 == 0 {
            return Err("is no executable file".to_owned());
        }
        let mut command = self.command(path);
        command.args(["version", "--client"]);
        let started = Running::start(&self.tasks, command, Arc::new(Mask(None))).await;
        let running = started.map_err(|error| format!("cannot be run: {error}"))?;
        let told = tokio::time::timeout(VERSION_LIMIT, running.told(|_| false)).await;
        let told = told.map_err(|_| format!("does not tell its version within {VERSION_LIMIT:?}"))?;
        let text: Vec<&str> = told.last.iter().map(String::as_str).collect();
        version::read(&text.join("\n")).ok_or_else(|| format!("tells no version: `version --client` {}", told.ending()))
    }
}

/// The first virtctl of PATH, as a shell would find it; without a usable one, one that cannot be executed, so that it can
/// be told. Relative directories are passed over: they mean something else in every directory.
pub(super) fn in_path(environment: &dyn Environment) -> Option<PathBuf> {
    let path = environment.filled("PATH")?;
    let found: Vec<PathBuf> = std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join("virtctl"))
        .filter(|file| file.is_file())
        .collect();
    let executable = |file: &&PathBuf| file.metadata().is_ok_and(|data| data.permissions().mode() & 0o111 != 0);
    found.iter().find(executable).or(found.first()).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_finds_things_is_handed_on() {
        for (name, on) in [
            ("PATH", true),
            ("https_proxy", true),
            ("CLUSTER_PASSWORD", false),
            ("COPYOFFLOAD_STORAGE_PASSWORD", false),
            ("MTVTEST_CLUSTER_PASSWORD", false),
        ] {
            assert_eq!(is_handed_on(name), on, "{name}");
        }
    }
}
