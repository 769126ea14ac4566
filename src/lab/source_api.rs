//! The API of a source, whichever its type.

use super::openstack::OpenstackServer;
use super::ovirt::OvirtServer;
use super::vsphere::VsphereServer;
use super::world::{Source, SourceKind, World};
use axum::Router;
use std::sync::Arc;

/// The running API of one source.
#[derive(Debug)]
pub(super) enum SourceApi {
    /// SOAP.
    Vsphere(VsphereServer),
    /// The engine's REST API.
    Ovirt(OvirtServer),
    /// Keystone and the other services.
    Openstack(OpenstackServer),
}

impl SourceApi {
    /// The API of `source`; `None` where it has none of its own: the cluster's, or files on a share.
    pub(super) fn of(source: &Arc<Source>, world: &World) -> Option<Self> {
        let source = Arc::clone(source);
        match &source.kind {
            SourceKind::Vsphere(_) => Some(Self::Vsphere(VsphereServer::new(source, world))),
            SourceKind::Ovirt(_) => Some(Self::Ovirt(OvirtServer::new(source, world))),
            SourceKind::Openstack(_) => Some(Self::Openstack(OpenstackServer::new(source, world))),
            SourceKind::Openshift | SourceKind::Ova => None,
        }
    }

    pub(super) fn router(&self) -> Router {
        match self {
            Self::Vsphere(server) => server.router(),
            Self::Ovirt(server) => server.router(),
            Self::Openstack(server) => server.router(),
        }
    }

    /// Ends what it runs.
    pub(super) async fn stop(&self) {
        match self {
            Self::Vsphere(server) => server.stop().await,
            Self::Ovirt(server) => server.stop().await,
            Self::Openstack(server) => server.stop().await,
        }
    }
}
