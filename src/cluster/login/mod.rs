//! Ways to log in to a cluster: kubeconfig, service account, or user and password through OpenShift's OAuth server.

mod connect;
mod error;
mod form;
mod incluster;
mod kubeconfig;
mod oauth;
mod through;
mod transport;

pub use connect::connect;
pub use error::LoginError;
pub use through::connect_through;
