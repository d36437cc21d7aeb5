//! An overlay for one customer: configurations get a prefix before their name, and a custom field fills a standard
//! field that ConnectWise leaves empty.
//!
//! Its configuration: `{"prefix": "HD", "copy": {"from": "custom_fields.Rack position", "to": "asset_tag"}}`. Both
//! parts may be missing. An overlay says only what it changes; everything else stays as the layers before made it.

use dovetail_sdk::overlay::{Change, Fault, Overlay, Record, TableRow, row};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RenameConfigurations {
    prefix: Option<String>,
    copy: Option<Copied>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Copied {
    from: String,
    to: String,
}

impl Overlay for RenameConfigurations {
    const KINDS: &'static [&'static str] = &["configuration"];
    const SCHEMA: &'static str = include_str!("config.schema.json");

    fn rows(&self) -> Vec<TableRow> {
        let renamed = self.prefix.iter().map(|_| TableRow {
            identifies: true,
            ..row("configuration", "name", "name")
        });
        let copied = self
            .copy
            .iter()
            .map(|copy| row("configuration", &copy.to, &format!("traits.{}", copy.from)));
        renamed.chain(copied).collect()
    }

    fn change(&self, record: &Record, change: &mut Change) -> Result<(), Fault> {
        if let (Some(prefix), Some(name)) = (&self.prefix, record.text("name")) {
            change.text("name", format!("{prefix} {name}"));
        }
        if let Some(Copied { from, to }) = &self.copy
            && record.text(to).is_none()
            && let Some(text) = record.supplement_text(from)
        {
            change.text(to, text);
        }
        Ok(())
    }
}

dovetail_sdk::overlay!(RenameConfigurations);

#[cfg(test)]
mod tests {
    use super::*;
    use dovetail_sdk::Mapping;
    use dovetail_sdk::mapping::exports::{Context, Edit};
    use dovetail_sdk::mapping::types::{Cause, Field};
    use dovetail_sdk::overlay::changes_of;

    const BOTH: &str =
        r#"{"prefix": "HD", "copy": {"from": "custom_fields.Rack position", "to": "asset_tag"}}"#;

    fn changed(config: &str, record: Record) -> Vec<Field> {
        changes_of::<RenameConfigurations>(config, record).unwrap().fields
    }

    fn in_rack() -> Record {
        Record::of("configuration").with_trait("custom_fields.Rack position", "A3")
    }

    #[test]
    fn a_configuration_is_renamed_and_its_rack_copied() {
        assert_eq!(
            changed(BOTH, in_rack().with(Field::text("name", "DC-01"))),
            [Field::text("name", "HD DC-01"), Field::text("asset_tag", "A3")]
        );
    }

    #[test]
    fn a_field_that_is_filled_is_left_alone() {
        assert_eq!(changed(BOTH, in_rack().with(Field::text("asset_tag", "T-1"))), []);
    }

    #[test]
    fn a_number_is_copied_as_it_is_written() {
        let numbered = Record::of("configuration").with_trait("custom_fields.Rack position", 42);
        assert_eq!(changed(BOTH, numbered), [Field::text("asset_tag", "42")]);
    }

    #[test]
    fn other_kinds_and_an_empty_configuration_change_nothing() {
        let contact = Record::of("organization").with(Field::text("name", "Ada"));
        assert_eq!(changed(BOTH, contact), []);
        assert_eq!(changed("{}", in_rack().with(Field::text("name", "DC-01"))), []);
    }

    #[test]
    fn a_configuration_that_makes_no_sense_is_told() {
        for (config, key) in [
            ("prefix: HD", "config"),
            (r#"{"prefix": 7}"#, "prefix"),
            (r#"{"copy": {"from": "a"}}"#, "copy"),
        ] {
            let fault = changes_of::<RenameConfigurations>(config, in_rack()).unwrap_err();
            assert_eq!(fault.cause, Cause::InvalidConfig(key.into()), "{config}");
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
            config: BOTH.into(),
            organization: None,
        };
        let patch = DovetailOverlay::to_source(context, vec![edit]).remove(0).unwrap();
        assert_eq!(patch.json, "{}");
        assert_eq!(patch.refused, ["name"]);
    }
}
