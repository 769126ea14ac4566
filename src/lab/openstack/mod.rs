//! An OpenStack cloud: Keystone, Nova, Cinder, Neutron and Glance over a source of the world, on one host by path.
//!
//! It serves openstacksdk and our own client: versions, login with every form of domain and project, lists in pages,
//! servers with their power, images of them, volumes and their snapshots, networks. It changes a
//! [`Source`](crate::lab::world::Source) and nothing else. URLs in answers follow the request's host.
//!
//! Transport faults meet requests by their method and the path `/<host><path>`.

mod block;
mod compute;
mod create;
mod flavor;
mod identity;
mod image;
mod network;
mod reply;
mod request;
mod server;
mod servers;
mod versions;
mod volume_view;

pub use server::OpenstackServer;
