//! Scalars with a form of their own: durations, version requirements, datastores, PVC name templates.

use crate::facts::parse_requirement;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use semver::VersionReq;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Schema of a duration; the field itself is an `Option<Duration>`.
pub(super) struct DurationText;

impl JsonSchema for DurationText {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A duration such as `6m`, `1h 30m`, `45s`, or a number of seconds.",
            "type": ["string", "integer"],
            "minimum": 0
        })
    }
}

/// Reads an optional duration: `6m`, `1h 30m`, `250ms`, or a number of seconds.
pub(super) fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    Ok(Option::<ReadDuration>::deserialize(from)?.map(|read| read.0))
}

struct ReadDuration(Duration);

impl<'de> Deserialize<'de> for ReadDuration {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(DurationVisitor).map(Self)
    }
}

struct DurationVisitor;

impl Visitor<'_> for DurationVisitor {
    type Value = Duration;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a duration such as 6m, 1h 30m, 45s, or a number of seconds")
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<Duration, E> {
        if seconds == 0 { Err(E::custom("a duration of 0 leaves no time")) } else { Ok(Duration::from_secs(seconds)) }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
        if let Ok(seconds) = text.parse() {
            return self.visit_u64(seconds);
        }
        let read = text.parse::<jiff::SignedDuration>().ok().and_then(|span| Duration::try_from(span).ok());
        match read {
            Some(Duration::ZERO) => Err(E::custom("a duration of 0 leaves no time")),
            Some(duration) => Ok(duration),
            None => Err(E::custom(format_args!("`{text}` is not a duration such as 6m, 1h 30m, 45s"))),
        }
    }
}

/// Reads an optional version requirement such as `>=2.10`.
pub(super) fn requirement<'de, D: Deserializer<'de>>(from: D) -> Result<Option<VersionReq>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    text.map(|text| parse_requirement(&text).map_err(D::Error::custom)).transpose()
}

/// A datastore of the source: a MoRef, or one that the provider's `copyoffload` section names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub enum DatastoreRef {
    /// `secondary_datastore_id` of the provider's `copyoffload` section.
    Secondary,
    /// `non_xcopy_datastore_id` of the provider's `copyoffload` section.
    NonXcopy,
    /// A MoRef such as `datastore-12`.
    MoRef(String),
}

impl DatastoreRef {
    /// The key of the `copyoffload` section that holds the MoRef, if it is not given directly.
    pub fn copyoffload_key(&self) -> Option<&'static str> {
        match self {
            Self::Secondary => Some("secondary_datastore_id"),
            Self::NonXcopy => Some("non_xcopy_datastore_id"),
            Self::MoRef(_) => None,
        }
    }
}

impl TryFrom<String> for DatastoreRef {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let moref = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
        match text.as_str() {
            "secondary_datastore_id" => Ok(Self::Secondary),
            "non_xcopy_datastore_id" => Ok(Self::NonXcopy),
            "" => Err("a datastore must be named".to_owned()),
            other if other.chars().all(moref) => Ok(Self::MoRef(text)),
            other => Err(format!(
                "`{other}` is no datastore: give a MoRef such as `datastore-12`, or `secondary_datastore_id` or \
                 `non_xcopy_datastore_id`"
            )),
        }
    }
}

impl From<DatastoreRef> for String {
    fn from(datastore: DatastoreRef) -> Self {
        match datastore.copyoffload_key() {
            Some(key) => key.to_owned(),
            None => match datastore {
                DatastoreRef::MoRef(id) => id,
                DatastoreRef::Secondary | DatastoreRef::NonXcopy => Self::new(),
            },
        }
    }
}

/// Go template of PVC names: one for all, or one per provider type.
///
/// Source: original-suite.md section 1.4, "pvc template resolver".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PvcNameTemplate {
    /// One template for every provider.
    One(String),
    /// By provider type; the key `default` serves the others.
    ByProvider(BTreeMap<String, String>),
}

impl PvcNameTemplate {
    /// The template for a provider type, if there is one.
    pub fn for_provider(&self, provider_type: &str) -> Option<&str> {
        match self {
            Self::One(template) => Some(template),
            Self::ByProvider(map) => map.get(provider_type).or_else(|| map.get("default")).map(String::as_str),
        }
    }
}

/// Keys of a template map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum TemplateKey {
    Vsphere,
    Ovirt,
    Openstack,
    Openshift,
    Ova,
    Hyperv,
    Default,
}

impl TemplateKey {
    fn as_str(self) -> &'static str {
        match self {
            Self::Vsphere => "vsphere",
            Self::Ovirt => "ovirt",
            Self::Openstack => "openstack",
            Self::Openshift => "openshift",
            Self::Ova => "ova",
            Self::Hyperv => "hyperv",
            Self::Default => "default",
        }
    }
}

impl<'de> Deserialize<'de> for PvcNameTemplate {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(TemplateVisitor)
    }
}

struct TemplateVisitor;

impl<'de> Visitor<'de> for TemplateVisitor {
    type Value = PvcNameTemplate;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a template, or a mapping from provider type (or `default`) to a template")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<PvcNameTemplate, E> {
        Ok(PvcNameTemplate::One(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<PvcNameTemplate, A::Error> {
        let read = BTreeMap::<TemplateKey, String>::deserialize(MapAccessDeserializer::new(map))?;
        let by_provider = read.into_iter().map(|(key, template)| (key.as_str().to_owned(), template)).collect();
        Ok(PvcNameTemplate::ByProvider(by_provider))
    }
}

impl JsonSchema for PvcNameTemplate {
    fn schema_name() -> Cow<'static, str> {
        "PvcNameTemplate".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A Go template, or a mapping from provider type (or `default`) to a template.",
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "propertyNames": {
                        "enum": ["vsphere", "ovirt", "openstack", "openshift", "ova", "hyperv", "default"]
                    },
                    "additionalProperties": {"type": "string"}
                }
            ]
        })
    }
}
