//! A layer's configuration from a file: one JSON object, or another form that the mapping's schema has a place for. A
//! property of `contentMediaType: application/toml` takes the text of a `.toml` file as it is, so that the mapping can
//! say line and column of what is wrong in it.

use std::io::Read;
use std::path::Path;

use dovetail_domain::mapping::{MappingContext, TableRow};
use dovetail_runtime::LoadedMapping;
use serde_json::{Map, Value as Json, json};

use crate::{Problem, problem::Result, schema};

/// The most bytes of a layer's configuration.
const MAX_BYTES: u64 = 256 * 1024;

/// Reads a configuration for a mapping with this schema.
pub(super) fn read(path: &Path, schema: &str) -> Result<Json> {
    let refused = |what: String| {
        Problem::value(
            what,
            "Name a file that holds the layer's configuration, of at most 256 KiB.",
        )
    };
    let unreadable = |error: std::io::Error| refused(format!("{} cannot be read: {error}", path.display()));
    // What is no plain file does not say how long it is.
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut text = String::new();
    file.take(MAX_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(refused(format!("{} is larger than 256 KiB", path.display())));
    }
    if path.extension().is_some_and(|ending| ending == "toml") {
        return match place_of(schema, "application/toml") {
            Some(property) => Ok(json!({ property: text })),
            None => Err(refused(format!(
                "{} is TOML, and this mapping takes JSON",
                path.display()
            ))),
        };
    }
    let config: Json = serde_json::from_str(&text)
        .map_err(|error| refused(format!("{} is no JSON: {error}", path.display())))?;
    match config {
        Json::Object(_) => Ok(config),
        _ => Err(refused(format!(
            "{} holds JSON that is no object",
            path.display()
        ))),
    }
}

/// Why a mapping does not take a configuration, in words.
pub(crate) enum Misfit {
    /// Its schema says so.
    Schema(String),
    /// The mapping itself does.
    Mapping(String),
}

impl Misfit {
    /// The words, whoever says them.
    pub(crate) fn words(self) -> String {
        match self {
            Misfit::Schema(words) | Misfit::Mapping(words) => words,
        }
    }
}

/// Has a mapping look at a configuration, by its schema first: the rows that take effect under it, or why it is not
/// taken.
pub(crate) async fn look(
    mapping: &LoadedMapping,
    config: &Json,
    organization: Option<&str>,
) -> Result<std::result::Result<Vec<TableRow>, Misfit>> {
    if let Err(what) = schema::check(&mapping.description().config_schema, config) {
        return Ok(Err(Misfit::Schema(what)));
    }
    let context = MappingContext {
        config: config.to_string(),
        organization: organization.map(str::to_owned),
    };
    let read = mapping.configure(&context).await?;
    Ok(read.map_err(|fault| Misfit::Mapping(fault.message)))
}

/// The property of a schema that holds text of a media type.
pub(crate) fn place_of(schema: &str, media_type: &str) -> Option<String> {
    let schema: Map<String, Json> = serde_json::from_str(schema).ok()?;
    let properties = schema.get("properties")?.as_object()?;
    let of_type = |property: &Json| {
        property
            .get("contentMediaType")
            .is_some_and(|known| known == media_type)
    };
    let found = properties.iter().find(|(_, property)| of_type(property));
    found.map(|(name, _)| name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toml_goes_where_the_schema_has_a_place_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rules.toml");
        std::fs::write(&file, "version = 1\n").unwrap();
        let schema = r#"{"properties": {"a": {"type": "string"},
            "rules": {"type": "string", "contentMediaType": "application/toml"}}}"#;
        assert_eq!(read(&file, schema).unwrap(), json!({"rules": "version = 1\n"}));
        for schema in ["", "{}", r#"{"properties": {"rules": {"type": "string"}}}"#] {
            let problem = read(&file, schema).unwrap_err();
            assert!(problem.message.contains("takes JSON"), "{problem:?}");
        }
    }
}
