//! An overlay for one customer: configurations get a prefix before their name, and a custom field fills a standard
//! field that ConnectWise leaves empty.
//!
//! Its configuration: `{"prefix": "HD", "copy": {"from": "custom_fields.Rack position", "to": "asset_tag"}}`. Both
//! parts may be missing. An overlay says only what it changes; everything else stays as the layers before made it.

use dovetail_sdk::Mapping;
use dovetail_sdk::mapping::exports::{
    Context, Description, Direction, Draft, Edit, Input, Outcome, Patch, TableRow,
};
use dovetail_sdk::mapping::types::{Fault, Field};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    prefix: Option<String>,
    copy: Option<Copied>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Copied {
    from: String,
    to: String,
}

impl Config {
    fn read(json: &str) -> Result<Config, Fault> {
        serde_json::from_str(json).map_err(|error| {
            Fault::invalid_config("config", format!("the configuration cannot be read: {error}"))
        })
    }
}

struct RenameConfigurations;

impl Mapping for RenameConfigurations {
    fn describe() -> Description {
        Description {
            name: "rename-configurations".into(),
            title: "Configurations renamed, a custom field copied".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            connectors: vec![],
            overlay: true,
            table: vec![],
            config_schema: include_str!("config.schema.json").into(),
        }
    }

    fn configure(context: Context) -> Result<Vec<TableRow>, Fault> {
        let config = Config::read(&context.config)?;
        let row = |name: String, path: String, identifies| TableRow {
            kind: "configuration".into(),
            name,
            path,
            flow: Direction::Inward,
            identifies,
        };
        let renamed = config.prefix.map(|_| row("name".into(), "name".into(), true));
        let copied = config
            .copy
            .map(|copy| row(copy.to, format!("traits.{}", copy.from), false));
        Ok(renamed.into_iter().chain(copied).collect())
    }

    fn convert(context: Context, records: Vec<Input>) -> Vec<Result<Outcome, Fault>> {
        let config = Config::read(&context.config);
        let convert = |input| match &config {
            Ok(config) => Ok(Outcome::Mapped(changes(config, input))),
            Err(fault) => Err(fault.clone()),
        };
        records.iter().map(convert).collect()
    }

    /// The name is made here, so an edit of it has nowhere to go.
    fn to_source(_: Context, edits: Vec<Edit>) -> Vec<Result<Patch, Fault>> {
        let patch = |edit: Edit| {
            let names = edit.wanted.into_iter().map(|field| field.name);
            Ok(Patch {
                json: "{}".into(),
                refused: names.filter(|name| name == "name").collect(),
            })
        };
        edits.into_iter().map(patch).collect()
    }
}

/// What this overlay changes of a record.
fn changes(config: &Config, input: &Input) -> Draft {
    let mut changes = Draft::empty();
    if input.source.kind != "configuration" {
        return changes;
    }
    if let (Some(prefix), Some(name)) = (&config.prefix, input.so_far.text("name")) {
        let renamed = format!("{prefix} {name}");
        changes.fields.push(Field::text("name", renamed));
    }
    if let Some(Copied { from, to }) = &config.copy
        && input.so_far.text(to).is_none()
        && let Some(text) = input.so_far.supplement(from).and_then(as_text)
    {
        changes.fields.push(Field::text(to, text));
    }
    changes
}

/// A trait's JSON as the text a person would write.
fn as_text(json: &str) -> Option<String> {
    match serde_json::from_str(json).ok()? {
        Value::String(text) => Some(text),
        scalar @ (Value::Number(_) | Value::Bool(_)) => Some(scalar.to_string()),
        _ => None,
    }
}

dovetail_sdk::export_mapping!(RenameConfigurations);

#[cfg(test)]
mod tests {
    use super::*;
    use dovetail_sdk::mapping::types::{Cause, SourceRecord, Supplement};

    fn convert(
        config: &str,
        kind: &str,
        fields: Vec<Field>,
        traits: Vec<Supplement>,
    ) -> Result<Vec<Field>, Fault> {
        let source = SourceRecord {
            kind: kind.into(),
            id: "1".into(),
            version: String::new(),
            name: String::new(),
            json: "{}".into(),
        };
        let input = Input {
            source,
            so_far: Draft {
                fields,
                traits,
                ..Draft::empty()
            },
        };
        let context = Context {
            config: config.into(),
            organization: None,
        };
        let mut answers = RenameConfigurations::convert(context, vec![input]);
        assert_eq!(answers.len(), 1);
        match answers.remove(0)? {
            Outcome::Mapped(draft) => {
                assert!(draft.traits.is_empty() && draft.organization.is_none());
                Ok(draft.fields)
            }
            Outcome::Skipped(reason) => panic!("skipped: {reason}"),
        }
    }

    const BOTH: &str =
        r#"{"prefix": "HD", "copy": {"from": "custom_fields.Rack position", "to": "asset_tag"}}"#;

    fn rack(json: &str) -> Vec<Supplement> {
        vec![Supplement::new("custom_fields.Rack position", json)]
    }

    #[test]
    fn a_configuration_is_renamed_and_its_rack_copied() {
        let changed = convert(
            BOTH,
            "configuration",
            vec![Field::text("name", "DC-01")],
            rack("\"A3\""),
        );
        assert_eq!(
            changed.unwrap(),
            [Field::text("name", "HD DC-01"), Field::text("asset_tag", "A3")]
        );
    }

    #[test]
    fn a_field_that_is_filled_is_left_alone() {
        let fields = vec![Field::text("name", "DC-01"), Field::text("asset_tag", "T-1")];
        let changed = convert(BOTH, "configuration", fields, rack("\"A3\"")).unwrap();
        assert_eq!(changed, [Field::text("name", "HD DC-01")]);
    }

    #[test]
    fn a_number_is_copied_as_it_is_written() {
        let changed = convert(BOTH, "configuration", vec![], rack("42")).unwrap();
        assert_eq!(changed, [Field::text("asset_tag", "42")]);
    }

    #[test]
    fn other_kinds_and_an_empty_configuration_change_nothing() {
        let name = || vec![Field::text("name", "Ada")];
        assert_eq!(convert(BOTH, "organization", name(), rack("\"A3\"")).unwrap(), []);
        assert_eq!(
            convert("{}", "configuration", name(), rack("\"A3\"")).unwrap(),
            []
        );
    }

    #[test]
    fn a_configuration_that_makes_no_sense_is_told() {
        for config in [
            "prefix: HD",
            r#"{"prefix": 7}"#,
            r#"{"prefx": "HD"}"#,
            r#"{"copy": {"from": "a"}}"#,
        ] {
            let fault = convert(config, "configuration", vec![], vec![]).unwrap_err();
            assert_eq!(fault.cause, Cause::InvalidConfig("config".into()), "{config}");
        }
    }

    #[test]
    fn an_edited_name_is_refused() {
        let edit = Edit {
            kind: "configuration".into(),
            source: None,
            wanted: vec![Field::text("name", "X"), Field::text("notes", "Y")],
            traits: vec![],
        };
        let context = Context {
            config: "{}".into(),
            organization: None,
        };
        let patch = RenameConfigurations::to_source(context, vec![edit])
            .remove(0)
            .unwrap();
        assert_eq!(
            patch,
            Patch {
                json: "{}".into(),
                refused: vec!["name".into()]
            }
        );
    }

    #[test]
    fn the_schema_is_json() {
        let schema: Value = serde_json::from_str(&RenameConfigurations::describe().config_schema).unwrap();
        assert_eq!(schema["type"], "object");
    }
}
