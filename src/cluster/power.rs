//! KubeVirt's power subresources.
//!
//! Source: cluster-api.md section 1.2.

use super::{Cluster, ClusterError, ObjectRef};
use http::{Request, header};

/// What a VM is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VmAction {
    /// Run.
    Start,
    /// Shut down.
    Stop,
}

impl VmAction {
    fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
        }
    }
}

impl Cluster {
    /// Asks KubeVirt to start or stop the VM, by its run strategy's own way; the answer comes before it is done.
    ///
    /// # Errors
    /// See [`ClusterError`]; a [`ClusterError::Conflict`] also says that the VM is so already or on its way.
    pub async fn ask_vm(&self, vm: &ObjectRef, action: VmAction) -> Result<(), ClusterError> {
        let (action, namespace) = (action.as_str(), vm.namespace.as_deref().unwrap_or_default());
        let operation = format!("{action} {vm}");
        let path =
            format!("/apis/subresources.kubevirt.io/v1/namespaces/{namespace}/virtualmachines/{}/{action}", vm.name);
        // Not repeated: a start that was taken, and whose answer was lost, is seen in the VM's state.
        let request = Request::put(path).header(header::CONTENT_TYPE, "application/json").body(b"{}".to_vec());
        let answer = match request {
            Ok(request) => self.client().request_text(request).await,
            Err(error) => Err(kube::Error::HttpError(error)),
        };
        answer.map(drop).map_err(|error| self.classify(&operation, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Kind;
    use crate::cluster::testing::{Fake, status};

    #[tokio::test]
    async fn a_vm_is_asked_once_and_a_conflict_is_told_as_one() {
        let fake = Fake::default();
        fake.text(202, "");
        fake.answer(409, status(409, "Conflict", "VM is already running"));
        let (cluster, vm) = (fake.cluster(), ObjectRef::namespaced(Kind::VM, "ns", "v"));
        cluster.ask_vm(&vm, VmAction::Start).await.unwrap();
        assert!(cluster.ask_vm(&vm, VmAction::Stop).await.unwrap_err().is_conflict());
        let asked: Vec<String> = fake.requests().iter().map(|one| format!("{} {}", one.method, one.path)).collect();
        let root = "PUT /apis/subresources.kubevirt.io/v1/namespaces/ns/virtualmachines/v";
        assert_eq!(asked.len(), 2);
        assert!(asked[0].starts_with(&format!("{root}/start")) && asked[1].starts_with(&format!("{root}/stop")));
    }
}
