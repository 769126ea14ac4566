//! What the service sends of OpenStack. Some members are capitalised, and empty ones are left out.
//!
//! Source: inventory-api.md section 8.

use super::null_as_empty;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// A server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OpenstackVm {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// `<project>/<name>`.
    pub path: String,
    /// Nova's status.
    pub status: String,
    /// The image that it was booted from; empty when that was a volume.
    #[serde(rename = "imageID")]
    pub image_id: String,
    /// Flavor.
    #[serde(rename = "flavorID")]
    pub flavor_id: String,
    /// Addresses by the name of the network.
    #[serde(deserialize_with = "null_as_no_addresses")]
    pub addresses: BTreeMap<String, Vec<OpenstackAddress>>,
    /// Volumes.
    #[serde(deserialize_with = "null_as_empty")]
    pub attached_volumes: Vec<OpenstackRef>,
}

fn null_as_no_addresses<'de, D: Deserializer<'de>>(
    input: D,
) -> Result<BTreeMap<String, Vec<OpenstackAddress>>, D::Error> {
    Ok(Option::deserialize(input)?.unwrap_or_default())
}

/// A reference to a volume.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OpenstackRef {
    /// Id.
    #[serde(rename = "ID")]
    pub id: String,
}

/// An address of a server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OpenstackAddress {
    /// The address.
    pub addr: String,
    /// MAC address of the port.
    #[serde(rename = "OS-EXT-IPS-MAC:mac_addr")]
    pub mac: String,
}

/// A volume.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OpenstackVolume {
    /// Id.
    pub id: String,
    /// `in-use`, `available`...
    pub status: String,
    /// GiB.
    pub size: u64,
    /// Name of its type.
    pub volume_type: String,
}
