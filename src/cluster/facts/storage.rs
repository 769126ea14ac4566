//! Storage classes.

use crate::cluster::{Cluster, ClusterError, Kind, ObjectRef};
use kube::core::DynamicObject;

/// CDI prefers the second over the first. Source: cluster-api.md section 2.
const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";
const DEFAULT_VIRT_CLASS: &str = "storageclass.kubevirt.io/is-default-virt-class";

/// The names of all storage classes, sorted.
///
/// # Errors
/// See [`ClusterError`].
pub async fn storage_classes(cluster: &Cluster) -> Result<Vec<String>, ClusterError> {
    let classes = cluster.list(Kind::STORAGE_CLASS, None, "").await?;
    let mut names: Vec<String> = classes.into_iter().filter_map(|class| class.metadata.name).collect();
    names.sort();
    Ok(names)
}

/// Whether there is a storage class of that name.
///
/// # Errors
/// See [`ClusterError`].
pub async fn storage_class_exists(cluster: &Cluster, name: &str) -> Result<bool, ClusterError> {
    Ok(cluster.get(&ObjectRef::global(Kind::STORAGE_CLASS, name)).await?.is_some())
}

/// The class that VMs get by default: the virtualization default, else the cluster's.
///
/// # Errors
/// See [`ClusterError`].
pub async fn default_storage_class(cluster: &Cluster) -> Result<Option<String>, ClusterError> {
    let classes = cluster.list(Kind::STORAGE_CLASS, None, "").await?;
    let marked = |annotation: &str| classes.iter().find(|class| is_marked(class, annotation));
    let chosen = marked(DEFAULT_VIRT_CLASS).or_else(|| marked(DEFAULT_CLASS));
    Ok(chosen.and_then(|class| class.metadata.name.clone()))
}

fn is_marked(class: &DynamicObject, annotation: &str) -> bool {
    class.metadata.annotations.as_ref().and_then(|all| all.get(annotation)).is_some_and(|value| value == "true")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::testing::{Fake, list, not_found};
    use serde_json::json;

    #[tokio::test]
    async fn classes_are_listed_and_the_virtualization_default_wins() {
        let class =
            |name: &str, annotation: &str| json!({"metadata": {"name": name, "annotations": {annotation: "true"}}});
        let classes = list("1", &[class("nfs", DEFAULT_CLASS), class("ceph", DEFAULT_VIRT_CLASS), class("a", "x")]);
        let fake = Fake::default();
        fake.answer(200, classes.clone());
        fake.answer(200, classes);
        fake.answer(200, class("nfs", "x"));
        fake.answer(404, not_found("storageclasses", "gp3"));
        let cluster = fake.cluster();
        assert_eq!(storage_classes(&cluster).await.unwrap(), ["a", "ceph", "nfs"]);
        assert_eq!(default_storage_class(&cluster).await.unwrap().as_deref(), Some("ceph"));
        assert!(storage_class_exists(&cluster, "nfs").await.unwrap());
        assert!(!storage_class_exists(&cluster, "gp3").await.unwrap());
    }
}
