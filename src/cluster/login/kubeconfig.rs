//! Login by kubeconfig: the files that the settings or `KUBECONFIG` name, else the one in the home directory.
//!
//! Source: cluster-api.md section 3.2.

use super::LoginError;
use crate::config::Environment;
use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use std::io;
use std::path::{Path, PathBuf};

/// Kubeconfig files, merged; the first file that sets a thing wins.
pub(super) struct Files {
    /// The paths as one text, for errors.
    pub(super) named: String,
    merged: Kubeconfig,
}

/// What a kubeconfig says of a cluster.
pub(super) struct Entry {
    pub(super) config: Config,
    /// `proxy-url` of the cluster's entry.
    pub(super) proxy: Option<String>,
}

impl Files {
    /// The explicit file, else those of `KUBECONFIG`, else `~/.kube/config`. `Ok(None)` when nothing was named
    /// explicitly and no file is there.
    pub(super) fn find(explicit: Option<&Path>, env: &dyn Environment) -> Result<Option<Self>, LoginError> {
        let listed = env.get("KUBECONFIG").filter(|list| !list.is_empty());
        let paths: Vec<PathBuf> = match (explicit, listed) {
            (Some(path), _) => vec![path.to_owned()],
            (None, Some(list)) => std::env::split_paths(&list).filter(|path| !path.as_os_str().is_empty()).collect(),
            (None, None) => {
                let home = env.get("HOME").or_else(|| env.get("USERPROFILE"));
                home.into_iter().map(|home| Path::new(&home).join(".kube").join("config")).collect()
            }
        };
        let named = paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
        let fail = |cause| LoginError::Kubeconfig { path: named.clone(), cause: Box::new(cause) };
        let mut merged: Option<Kubeconfig> = None;
        for path in &paths {
            let next = match Kubeconfig::read_from(path) {
                Ok(next) => next,
                Err(KubeconfigError::ReadConfig(error, _))
                    if explicit.is_none() && error.kind() == io::ErrorKind::NotFound =>
                {
                    continue;
                }
                Err(error) => return Err(fail(error)),
            };
            merged = Some(match merged {
                Some(before) => before.merge(next).map_err(fail)?,
                None => next,
            });
        }
        Ok(merged.map(|merged| Self { named, merged }))
    }

    /// The cluster and user of `context`, else of the current context.
    pub(super) async fn entry(&self, context: Option<&str>) -> Result<Entry, LoginError> {
        let options = KubeConfigOptions { context: context.map(str::to_owned), ..KubeConfigOptions::default() };
        let mut config = Config::from_custom_kubeconfig(self.merged.clone(), &options)
            .await
            .map_err(|cause| LoginError::Kubeconfig { path: self.named.clone(), cause: Box::new(cause) })?;
        // kube mixes in the process environment here; the proxy is found by `transport`.
        config.proxy_url = None;
        Ok(Entry { config, proxy: self.proxy(context) })
    }

    /// The certificate authority that the files hold for the API server at `url`.
    pub(super) async fn authority_of(&self, url: &str) -> Option<Vec<Vec<u8>>> {
        let same = |server: &str| server.trim_end_matches('/').eq_ignore_ascii_case(url);
        let cluster = self.merged.clusters.iter().find(|named| {
            let server = named.cluster.as_ref().and_then(|cluster| cluster.server.as_deref());
            server.is_some_and(same)
        })?;
        let context = self
            .merged
            .contexts
            .iter()
            .find(|named| named.context.as_ref().is_some_and(|context| context.cluster == cluster.name))?;
        self.entry(Some(&context.name)).await.ok()?.config.root_cert
    }

    fn proxy(&self, context: Option<&str>) -> Option<String> {
        let wanted = context.or(self.merged.current_context.as_deref())?;
        let context = self.merged.contexts.iter().find(|named| named.name == wanted)?.context.as_ref()?;
        let cluster = self.merged.clusters.iter().find(|named| named.name == context.cluster)?.cluster.as_ref()?;
        cluster.proxy_url.clone().filter(|proxy| !proxy.is_empty())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::config::MapEnvironment;

    /// A kubeconfig with contexts `one` (current) and `two`.
    pub(in super::super) fn text(server: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: one\n\
             clusters:\n- {{name: c, cluster: {{server: '{server}', proxy-url: 'http://proxy.test:3128'}}}}\n\
             - {{name: d, cluster: {{server: 'https://d.test:6443', insecure-skip-tls-verify: true}}}}\n\
             users:\n- {{name: u, user: {{token: secret-token}}}}\n\
             contexts:\n- {{name: one, context: {{cluster: c, user: u, namespace: ns1}}}}\n\
             - {{name: two, context: {{cluster: d, user: u}}}}\n"
        )
    }

    fn env(key: &str, value: &str) -> MapEnvironment {
        MapEnvironment([(key.to_owned(), value.to_owned())].into())
    }

    #[tokio::test]
    async fn contexts_are_found_in_explicit_listed_and_home_files() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".kube").join("config");
        std::fs::create_dir(folder.path().join(".kube")).unwrap();
        std::fs::write(&file, text("https://c.test:6443")).unwrap();
        let home = env("HOME", &folder.path().display().to_string());
        let missing = folder.path().join("missing");
        let list = std::env::join_paths([&missing, &file]).unwrap();
        let listed = env("KUBECONFIG", list.to_str().unwrap());
        let empty = MapEnvironment::default();
        for (explicit, env) in [(Some(file.as_path()), &empty), (None, &listed), (None, &home)] {
            let files = Files::find(explicit, env).unwrap().unwrap();
            let one = files.entry(None).await.unwrap();
            assert_eq!(one.config.cluster_url.to_string(), "https://c.test:6443/");
            assert_eq!(one.config.default_namespace, "ns1");
            assert_eq!(one.proxy.as_deref(), Some("http://proxy.test:3128"));
            let two = files.entry(Some("two")).await.unwrap();
            assert!(two.config.accept_invalid_certs && two.proxy.is_none());
            assert!(files.entry(Some("three")).await.is_err());
        }
        assert!(Files::find(None, &env("KUBECONFIG", &missing.display().to_string())).unwrap().is_none());
        assert!(Files::find(Some(&missing), &empty).is_err());
        std::fs::write(&file, "{").unwrap();
        assert!(Files::find(None, &home).is_err());
    }
}
