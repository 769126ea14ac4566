//! A Kubernetes API server in-process: a cloneable tower service over JSON objects, good enough that kube-rs, kubectl
//! and the Python client work against it.
//!
//! It owns storage, API semantics and access control (cluster-api.md section 6). It runs no controllers other than what
//! cannot be told apart from the API server: garbage collection, namespace termination, establishment of custom kinds.

mod admit;
mod apply;
mod auth;
mod columns;
mod convert;
mod crd;
mod create;
mod delete;
mod discovery;
mod failure;
mod fields;
mod gc;
mod json_patch;
mod jsonpath;
mod kinds;
mod limits;
mod metadata;
mod object;
mod openapi;
mod openapi_v2;
mod ownership;
mod patch;
mod present;
mod protobuf;
mod rbac;
mod read;
mod registry;
mod request;
mod reviews;
mod routes;
mod scale;
mod schema;
mod selector;
mod server;
mod service;
mod store;
mod strategic;
mod table;
mod update;
mod upgrade;
mod validate;
mod watch;

pub use auth::User;
pub use server::ApiServer;
pub use service::{ApiService, ConnectionReset};

#[cfg(test)]
mod tests;
