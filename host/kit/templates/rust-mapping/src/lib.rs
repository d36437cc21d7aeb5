//! {{title}}: an overlay that puts a prefix before the names of configurations.

use dovetail_sdk::overlay::*;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default)]
    prefix: String,
}

impl Overlay for Config {
    const KINDS: &'static [&'static str] = &["configuration"];

    fn rows(&self) -> Vec<TableRow> {
        vec![row("configuration", "name", "name")]
    }

    fn change(&self, record: &Record, change: &mut Change) -> Result<(), Fault> {
        if let Some(name) = record.text("name") {
            change.text("name", format!("{} {name}", self.prefix).trim_start());
        }
        Ok(())
    }
}

dovetail_sdk::overlay!(Config);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gets_its_prefix() {
        let record = Record::of("configuration").with(Field::text("name", "DC-01"));
        let changed = changes_of::<Config>(r#"{"prefix": "HQ"}"#, record).unwrap();
        assert_eq!(changed.text("name"), Some("HQ DC-01"));
    }
}
