//! A Linux guest. Which commands it is asked stands in `looked`; each format has a file of its own.

pub(super) mod config;
pub(super) mod ifcfg;
pub(super) mod ifconfig;
pub(super) mod ip_addr;
pub(super) mod ip_json;
mod looked;
pub(super) mod lsblk;
pub(super) mod netplan;
pub(super) mod nmcli;
pub(super) mod release;
pub(super) mod routes;

pub(super) use looked::look;
