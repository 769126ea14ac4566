//! What the services send. Unknown members are ignored, absent ones are empty.
//!
//! Source: source-providers.md section 4.2.

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeMap;

fn null_as_empty<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(input: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(input)?.unwrap_or_default())
}

/// A server, by microversion 2.47.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Server {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) status: String,
    pub(super) flavor: Flavor,
    /// `""` when it was booted from a volume.
    image: Value,
    pub(super) fault: Option<Fault>,
}

impl Server {
    /// Id of the image that it was booted from, if that was no volume.
    pub(super) fn image_id(&self) -> Option<&str> {
        self.image["id"].as_str()
    }

    /// Its status, with the service's own words when it failed.
    pub(super) fn state(&self) -> String {
        let words = self.fault.as_ref().map(|fault| fault.message.trim().trim_end_matches('.'));
        match words.filter(|words| !words.is_empty()) {
            Some(words) => format!("{}: {words}", self.status),
            None => self.status.clone(),
        }
    }
}

/// Why a server is in error.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Fault {
    pub(super) message: String,
}

/// A flavor, as a server has it inline.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Flavor {
    pub(super) original_name: String,
    pub(super) vcpus: u32,
    /// MiB.
    pub(super) ram: u64,
    /// GiB.
    pub(super) disk: u64,
    #[serde(deserialize_with = "null_as_empty")]
    pub(super) extra_specs: BTreeMap<String, Value>,
}

/// A volume at a server.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Attachment {
    pub(super) volume_id: String,
    #[serde(deserialize_with = "null_as_empty")]
    pub(super) device: String,
}

impl Attachment {
    /// Device order (`/dev/vdb` before `/dev/vdaa`); without devices by id.
    pub(super) fn place(&self) -> (bool, usize, &str, &str) {
        (self.device.is_empty(), self.device.len(), &self.device, &self.volume_id)
    }
}

/// A volume.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Volume {
    pub(super) id: String,
    #[serde(deserialize_with = "null_as_empty")]
    pub(super) name: String,
    /// GiB.
    pub(super) size: u64,
    pub(super) status: String,
    bootable: Value,
    #[serde(rename = "volume_type")]
    pub(super) kind: Option<String>,
    pub(super) multiattach: bool,
    /// What its image says of the guest.
    #[serde(rename = "volume_image_metadata", deserialize_with = "null_as_empty")]
    pub(super) marks: BTreeMap<String, Value>,
}

impl Volume {
    /// Told as a text.
    pub(super) fn is_bootable(&self) -> bool {
        self.bootable == "true" || self.bootable == true
    }
}

/// A snapshot of a volume.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct VolumeSnapshot {
    pub(super) id: String,
    #[serde(deserialize_with = "null_as_empty")]
    pub(super) name: String,
    pub(super) volume_id: String,
    pub(super) status: String,
    #[serde(deserialize_with = "null_as_empty")]
    pub(super) created_at: String,
}

/// An image; its properties are members beside its own.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Image {
    pub(super) id: String,
    #[serde(deserialize_with = "null_as_empty")]
    pub(super) name: String,
    pub(super) status: String,
    #[serde(flatten)]
    pub(super) properties: BTreeMap<String, Value>,
}

/// A port.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Port {
    pub(super) id: String,
    #[serde(deserialize_with = "null_as_empty")]
    pub(super) name: String,
    pub(super) mac_address: String,
    pub(super) network_id: String,
    #[serde(deserialize_with = "null_as_empty")]
    pub(super) fixed_ips: Vec<FixedIp>,
}

/// An address of a port.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct FixedIp {
    pub(super) ip_address: String,
    pub(super) subnet_id: String,
}

/// A subnet.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Subnet {
    pub(super) cidr: String,
    pub(super) gateway_ip: Option<String>,
}

/// What has an id and a name.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Named {
    pub(super) id: String,
    #[serde(deserialize_with = "null_as_empty")]
    pub(super) name: String,
}
