//! The quick snapshot that is taken first, whatever else is collected.

use super::Redactor;
use crate::cluster::{Cluster, Kind, ObjectRef};
use crate::facts::chain;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{DynamicObject, LogParams};
use std::collections::BTreeSet;
use std::io;
use std::path::Path;

/// Lines of a pod's log, from its end.
const LOG_LINES: i64 = 2_000;

/// Kinds that the product makes for a Plan and labels with its UID (forklift-api.md section 7, labels L).
const OF_PLAN: [Kind; 6] = [Kind::POD, Kind::PVC, Kind::DATA_VOLUME, Kind::VM, Kind::JOB, Kind::CONFIG_MAP];

/// What a snapshot shall hold.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Objects by name. Secrets among them are left out.
    pub objects: BTreeSet<ObjectRef>,
    /// Label selectors of what the product made.
    pub selectors: BTreeSet<String>,
    /// Namespaces whose events are wanted, and in which the selectors look.
    pub namespaces: BTreeSet<String>,
}

/// Takes a snapshot.
pub struct Snapshot<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// Where files go.
    pub directory: &'a Path,
    /// What must not be written.
    pub redactor: &'a Redactor,
}

impl Snapshot<'_> {
    /// Writes `KIND-NAME.yaml` for each object, `events-NAMESPACE.yaml` and `POD.log`. Returns what could not be had.
    ///
    /// # Errors
    /// A file cannot be written.
    pub async fn take(&self, wanted: &Wanted) -> io::Result<Vec<String>> {
        std::fs::create_dir_all(self.directory)?;
        let mut missing = Vec::new();
        for target in wanted.objects.iter().filter(|target| target.kind != Kind::SECRET) {
            match self.cluster.get(target).await {
                Ok(Some(object)) => self.write_object(target.kind, &object)?,
                Ok(None) => missing.push(format!("{target} is not there")),
                Err(error) => missing.push(chain(&error)),
            }
        }
        for namespace in &wanted.namespaces {
            for selector in &wanted.selectors {
                for kind in OF_PLAN {
                    self.listed(kind, namespace, selector, &mut missing).await?;
                }
            }
            self.events(namespace, &mut missing).await?;
        }
        Ok(missing)
    }

    async fn listed(&self, kind: Kind, namespace: &str, selector: &str, missing: &mut Vec<String>) -> io::Result<()> {
        match self.cluster.list(kind, Some(namespace), selector).await {
            Ok(objects) => {
                for object in objects {
                    self.write_object(kind, &object)?;
                    if kind == Kind::POD {
                        self.log(namespace, &object, missing).await?;
                    }
                }
            }
            Err(error) if error.is_kind_missing() => {}
            Err(error) => missing.push(chain(&error)),
        }
        Ok(())
    }

    async fn events(&self, namespace: &str, missing: &mut Vec<String>) -> io::Result<()> {
        match self.cluster.list(Kind::EVENT, Some(namespace), "").await {
            Ok(events) => self.write(&format!("events-{namespace}.yaml"), &yaml(&events)?),
            Err(error) => {
                missing.push(chain(&error));
                Ok(())
            }
        }
    }

    async fn log(&self, namespace: &str, pod: &DynamicObject, missing: &mut Vec<String>) -> io::Result<()> {
        let name = pod.metadata.name.as_deref().unwrap_or_default();
        let pods: Api<Pod> = Api::namespaced(self.cluster.client().clone(), namespace);
        let params = LogParams { tail_lines: Some(LOG_LINES), ..LogParams::default() };
        match pods.logs(name, &params).await {
            Ok(text) => self.write(&format!("{name}.log"), &text),
            Err(error) => {
                missing.push(format!("read the log of Pod {namespace}/{name}: {error}"));
                Ok(())
            }
        }
    }

    fn write_object(&self, kind: Kind, object: &DynamicObject) -> io::Result<()> {
        let name = object.metadata.name.as_deref().unwrap_or("unnamed");
        self.write(&format!("{}-{name}.yaml", kind.kind), &yaml(object)?)
    }

    fn write(&self, file: &str, text: &str) -> io::Result<()> {
        std::fs::write(self.directory.join(file), self.redactor.clean(text))
    }
}

fn yaml(value: &impl serde::Serialize) -> io::Result<String> {
    serde_yaml::to_string(value).map_err(io::Error::other)
}
