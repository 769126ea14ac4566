//! `schema`: JSON Schemas of the files people write.

use super::args::{SchemaArgs, SchemaKind};
use super::{CliError, ExitCode, output};
use crate::{config, scenario};
use serde_json::Value;

/// `mtvtest schema`.
pub(super) fn schema(args: SchemaArgs) -> Result<ExitCode, CliError> {
    output::print(&format!("{:#}\n", schema_of(args.kind))).map_err(CliError::stdout)?;
    Ok(ExitCode::Success)
}

fn schema_of(kind: SchemaKind) -> Value {
    match kind {
        SchemaKind::Scenario => scenario::schema(),
        SchemaKind::Providers => config::providers_schema().to_value(),
        SchemaKind::Settings => config::settings_schema().to_value(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn every_file_has_a_schema_of_an_object() {
        for kind in SchemaKind::value_variants() {
            let schema = schema_of(*kind);
            assert!(schema["$schema"].is_string(), "{kind:?}");
            // An empty settings file is a valid one, so its type is not the object alone.
            assert!(schema["type"].to_string().contains("\"object\""), "{kind:?}");
            assert!(schema["properties"].is_object() || schema["additionalProperties"].is_object(), "{kind:?}");
        }
    }
}
