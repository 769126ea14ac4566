//! Why a test is skipped: what its scenario needs, held against its source, the settings and the environment.

use super::preflight::Environment;
use crate::config::{ProviderEntry, Settings};
use crate::facts::parse_version;
use crate::scenario::{Scenario, SourceFacts};

/// Why `scenario` cannot run on the source of `entry`, in words; `None` if it can. What an unknown environment would say
/// is not judged.
pub fn skip_reason(
    scenario: &Scenario,
    entry: &ProviderEntry,
    settings: &Settings,
    environment: Option<&Environment>,
) -> Option<String> {
    let version = |text: Option<&String>| parse_version(text?).ok();
    let array = entry.copyoffload();
    let given = settings.table().into_iter().filter(|(_, value, _)| !value.is_empty());
    let owned = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
    scenario.skip_reason(&SourceFacts {
        provider_name: &entry.name,
        provider_type: entry.type_name(),
        mtv_version: version(environment.and_then(|known| known.mtv.as_ref())).as_ref(),
        openshift_version: version(environment.and_then(|known| known.openshift.as_ref())).as_ref(),
        copyoffload_keys: &array.map(|section| owned(section.present_keys())).unwrap_or_default(),
        array_mtv: array.map(|section| section.storage_vendor_product.since()).as_ref(),
        provider_keys: &owned(&entry.present_keys()),
        settings: &given.map(|(key, ..)| key.to_owned()).collect(),
    })
}
