//! What the cluster tells of virtctl: where to download it, and which version serves its KubeVirt.

use crate::cluster::{Cluster, ClusterError, Kind, ObjectRef, tolerant};
use crate::facts::parse_version;
use semver::Version;
use serde::Deserialize;

/// The object with the links. Source: cluster-api.md section 3.3.
const DOWNLOAD: &str = "virtctl-clidownloads-kubevirt-hyperconverged";

#[derive(Deserialize, Default)]
#[serde(default)]
struct CliDownload {
    spec: Links,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Links {
    links: Vec<Link>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Link {
    text: String,
    href: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct KubeVirt {
    status: KubeVirtStatus,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct KubeVirtStatus {
    observed_kube_virt_version: String,
}

/// The address of virtctl's archive for this operating system and architecture; `None` when the cluster offers none (no
/// OpenShift, no such object, no such link).
///
/// # Errors
/// See [`ClusterError`].
pub async fn virtctl_download(cluster: &Cluster) -> Result<Option<String>, ClusterError> {
    let target = ObjectRef::global(Kind::CONSOLE_CLI_DOWNLOAD, DOWNLOAD);
    let found = match cluster.get(&target).await {
        Err(ClusterError::KindMissing { .. }) => None,
        answer => answer?,
    };
    let Some(object) = found else { return Ok(None) };
    let read: CliDownload = tolerant::read(&format!("read {target}"), &object)?;
    Ok(link_for(std::env::consts::OS, std::env::consts::ARCH, read.spec.links))
}

/// The link that says in its text, or else in its address, that it is for this system: `Download virtctl for Linux for
/// x86_64`, `https://HOST/amd64/linux/virtctl.tar.gz`. Source: cluster-api.md section 3.3.
fn link_for(os: &str, arch: &str, links: Vec<Link>) -> Option<String> {
    let (system, folder) = match os {
        "linux" => ("linux", "linux"),
        "macos" => ("mac", "mac"),
        _ => return None,
    };
    let (processor, short) = match arch {
        "x86_64" => ("x86_64", "amd64"),
        "aarch64" => ("arm 64", "arm64"),
        _ => return None,
    };
    let (text, path) = (format!(" for {system} for {processor}"), format!("/{short}/{folder}/"));
    let named = links.iter().find(|link| link.text.trim().to_lowercase().ends_with(&text));
    let link = named.or_else(|| links.iter().find(|link| link.href.contains(&path)));
    link.map(|link| link.href.clone()).filter(|href| !href.is_empty())
}

/// The version of the cluster's KubeVirt; `None` when it is not installed, does not tell, or may not be looked at.
///
/// # Errors
/// See [`ClusterError`].
pub async fn kubevirt_version(cluster: &Cluster) -> Result<Option<Version>, ClusterError> {
    let installed = match cluster.list(Kind::KUBEVIRT, None, "").await {
        Err(ClusterError::KindMissing { .. } | ClusterError::Forbidden { .. }) => return Ok(None),
        answer => answer?,
    };
    for object in installed {
        let read: KubeVirt = tolerant::read("read the version of KubeVirt", &object)?;
        if let Ok(version) = parse_version(&read.status.observed_kube_virt_version) {
            return Ok(Some(version));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::testing::{Fake, list, not_found, status};
    use serde_json::json;

    fn links() -> Vec<Link> {
        let link = |text: &str, path: &str| Link {
            text: format!("Download virtctl for {text}"),
            href: format!("https://host.test/{path}"),
        };
        vec![
            link("Linux for x86_64", "amd64/linux/virtctl.tar.gz"),
            link("Linux for ARM 64", "arm64/linux/virtctl.tar.gz"),
            link("Linux for IBM Z", "s390x/linux/virtctl.tar.gz"),
            link("Mac for x86_64", "amd64/mac/virtctl.zip"),
            link("Mac for ARM 64", "arm64/mac/virtctl.zip"),
            link("Windows for x86_64", "amd64/windows/virtctl.zip"),
            link("Windows for ARM 64", "arm64/windows/virtctl.zip"),
        ]
    }

    #[test]
    fn each_system_has_its_link() {
        for (os, arch, path) in [
            ("linux", "x86_64", Some("amd64/linux/virtctl.tar.gz")),
            ("linux", "aarch64", Some("arm64/linux/virtctl.tar.gz")),
            ("macos", "x86_64", Some("amd64/mac/virtctl.zip")),
            ("macos", "aarch64", Some("arm64/mac/virtctl.zip")),
            ("windows", "x86_64", None),
            ("linux", "riscv64", None),
        ] {
            let expected = path.map(|path| format!("https://host.test/{path}"));
            assert_eq!(link_for(os, arch, links()), expected, "{os} {arch}");
            // Where the words have changed, the address tells.
            let renamed = links().into_iter().map(|link| Link { text: "Get it".into(), ..link }).collect();
            assert_eq!(link_for(os, arch, renamed), expected, "{os} {arch}");
        }
    }

    #[tokio::test]
    async fn a_cluster_without_downloads_has_none() {
        let fake = Fake::default();
        fake.text(404, "404 page not found");
        fake.answer(404, not_found("consoleclidownloads", DOWNLOAD));
        fake.answer(200, json!({"metadata": {"name": DOWNLOAD}, "spec": {"links": null}}));
        let cluster = fake.cluster();
        for _ in 0..3 {
            assert_eq!(virtctl_download(&cluster).await.unwrap(), None);
        }
        assert!(fake.is_spent());
    }

    #[tokio::test]
    async fn kubevirt_tells_its_version_or_does_not() {
        let kubevirt = |status: serde_json::Value| json!({"metadata": {"name": "kubevirt", "namespace": "openshift-cnv"}, "status": status});
        let fake = Fake::default();
        fake.answer(200, list("1", &[kubevirt(json!({})), kubevirt(json!({"observedKubeVirtVersion": "v1.5.2"}))]));
        fake.answer(200, list("1", &[]));
        fake.answer(403, status(403, "Forbidden", "cannot list kubevirts"));
        fake.text(404, "404 page not found");
        let cluster = fake.cluster();
        let mut told = Vec::new();
        for _ in 0..4 {
            told.push(kubevirt_version(&cluster).await.unwrap());
        }
        assert_eq!(told, [Some(Version::new(1, 5, 2)), None, None, None]);
    }
}
