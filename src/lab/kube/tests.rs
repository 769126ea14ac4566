//! Tests of the whole server, through kube-rs and by raw requests.

mod access;
mod applying;
mod collecting;
mod fixture;
mod reading;
mod runtime;
mod workloads;
mod writing;
