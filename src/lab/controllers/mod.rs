//! The product's controllers, as ordinary kube clients.
