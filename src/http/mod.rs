//! The one way to speak HTTP to anything but the Kubernetes API: inventory, OAuth, vSphere, oVirt, OpenStack.
//!
//! A leaf. Product code gets a [`Network`] and cannot tell the real one from the lab's (design section 4, promise 9).
//! It owns TLS policy, time limits and the count of requests, and the kubeconfig that gives another program the same
//! access; it never retries and never follows redirects.

mod chain_fetch;
mod client;
mod in_order;
mod kubeconfig;
mod private_file;
mod problem;
mod real;
#[cfg(test)]
pub(crate) mod testing;
mod tls;
mod verifier;
mod web_socket;

pub use client::{Bulk, ByteStream, HttpClient, HttpError, Network, RequestCounter, Transport};
pub use kubeconfig::Kubeconfig;
pub use private_file::write_private;
pub use real::RealNetwork;
pub use tls::{TlsPolicy, install_crypto};
pub use web_socket::WebSocketBytes;
