//! A file of cases, read: TOML with a list `test`. What does not fit is told with the case it stands in.

use std::path::{Path, PathBuf};

use dovetail_domain::Kind;
use dovetail_domain::mapping::Draft;
use serde::Deserialize;
use serde_json::Value as Json;

use super::values::{self, Wanted};
use crate::{Problem, problem::Result};

/// The most bytes of a file that is read.
const MAX_BYTES: u64 = 4 << 20;

/// The file.
pub(super) struct CaseFile {
    pub(super) path: PathBuf,
    pub(super) text: String,
    pub(super) cases: Vec<Case>,
    /// What stands beside the tests.
    pub(super) other_keys: Vec<String>,
}

/// A case.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) organization: Option<String>,
    pub(super) config: Option<Json>,
    pub(super) source: Json,
    pub(super) so_far: Draft,
    pub(super) expected: Expected,
}

/// What a case expects.
pub(super) enum Expected {
    /// The record holds these fields and traits afterwards.
    Record(Wanted),
    /// It is left out, for a reason that holds this.
    Skipped(String),
    /// An error whose message holds this.
    Error(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    kind: String,
    organization: Option<String>,
    config: Option<toml::Table>,
    source: Option<toml::Value>,
    source_file: Option<PathBuf>,
    #[serde(default)]
    fields: toml::Table,
    #[serde(default)]
    traits: toml::Table,
    expect: Option<WrittenRecord>,
    skipped: Option<String>,
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRecord {
    #[serde(default)]
    fields: toml::Table,
    #[serde(default)]
    traits: toml::Table,
}

/// Reads a file of cases.
pub(super) fn read(path: &Path) -> Result<CaseFile> {
    let refused = |what: String| {
        Problem::value(
            format!("the cases in {} cannot be used: {what}", path.display()),
            "A case is a [[test]] with a name, a kind, a source, and expect, skipped or error; the README has one.",
        )
    };
    let text = text_of(path).map_err(refused)?;
    let mut table: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| refused(error.to_string().trim_end().to_owned()))?;
    let Some(toml::Value::Array(tests)) = table.remove("test") else {
        return Err(refused("there is no [[test]] in it".to_owned()));
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    let cases = tests.into_iter().enumerate().map(|(place, test)| {
        let name = test
            .get("name")
            .and_then(toml::Value::as_str)
            .unwrap_or_default()
            .to_owned();
        case(test, folder).map_err(|why| refused(format!("test {} (`{name}`): {why}", place + 1)))
    });
    Ok(CaseFile {
        path: path.to_owned(),
        cases: cases.collect::<Result<_>>()?,
        other_keys: table.keys().cloned().collect(),
        text,
    })
}

fn text_of(path: &Path) -> Result<String, String> {
    let size = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > MAX_BYTES {
        return Err("it is larger than 4 MiB".to_owned());
    }
    std::fs::read_to_string(path).map_err(|error| error.to_string())
}

fn case(test: toml::Value, folder: &Path) -> Result<Case, String> {
    let written: Written = test
        .try_into()
        .map_err(|error: toml::de::Error| error.message().to_owned())?;
    let kind: Kind = written.kind.parse().map_err(|_| {
        let kinds = Kind::ALL.map(Kind::as_str).join(", ");
        format!("`{}` is no kind; there are {kinds}", written.kind)
    })?;
    let expected = match (written.expect, written.skipped, written.error) {
        (Some(record), None, None) => Expected::Record(values::wanted(
            kind,
            json_of_table(record.fields),
            json_of_table(record.traits),
        )?),
        (None, Some(part), None) => Expected::Skipped(part),
        (None, None, Some(part)) => Expected::Error(part),
        (None, None, None) => return Err("it needs one of `expect`, `skipped` and `error`".to_owned()),
        (expect, skipped, error) => {
            let given = [
                expect.map(|_| "`expect`"),
                skipped.map(|_| "`skipped`"),
                error.map(|_| "`error`"),
            ];
            let given: Vec<&str> = given.into_iter().flatten().collect();
            return Err(format!(
                "it has {}, and needs exactly one of them",
                given.join(" and ")
            ));
        }
    };
    Ok(Case {
        source: source(written.source, written.source_file, folder)?,
        so_far: values::draft(kind, json_of_table(written.fields), json_of_table(written.traits))?,
        config: written.config.map(|config| Json::Object(json_of_table(config))),
        name: written.name,
        organization: written.organization,
        kind,
        expected,
    })
}

/// The PSA's record: a table, a text of JSON where TOML has no word for it, or a file beside the cases.
fn source(given: Option<toml::Value>, file: Option<PathBuf>, folder: &Path) -> Result<Json, String> {
    let parsed = |text: &str, what: &str| {
        serde_json::from_str(text).map_err(|error| format!("{what} is no JSON: {error}"))
    };
    let source = match (given, file) {
        (Some(_), Some(_)) => return Err("it has both `source` and `source_file`".to_owned()),
        (None, None) => Json::Object(serde_json::Map::new()),
        (Some(toml::Value::String(text)), None) => parsed(&text, "`source`")?,
        (Some(value), None) => json_of(value),
        (None, Some(file)) => {
            let path = folder.join(&file);
            let text = text_of(&path).map_err(|why| format!("{} cannot be read: {why}", path.display()))?;
            parsed(&text, &format!("{}", path.display()))?
        }
    };
    match source {
        Json::Object(_) => Ok(source),
        _ => Err("the source is no object".to_owned()),
    }
}

fn json_of_table(table: toml::Table) -> serde_json::Map<String, Json> {
    table
        .into_iter()
        .map(|(key, value)| (key, json_of(value)))
        .collect()
}

/// TOML as JSON; its dates become the texts they were written as.
fn json_of(value: toml::Value) -> Json {
    match value {
        toml::Value::String(text) => Json::from(text),
        toml::Value::Integer(number) => Json::from(number),
        toml::Value::Float(number) => Json::from(number),
        toml::Value::Boolean(flag) => Json::from(flag),
        toml::Value::Datetime(date) => Json::from(date.to_string()),
        toml::Value::Array(items) => items.into_iter().map(json_of).collect(),
        toml::Value::Table(table) => Json::Object(json_of_table(table)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cases.toml");
        std::fs::write(&path, text).unwrap();
        match read(&path) {
            Ok(_) => String::new(),
            Err(problem) => problem.message.replace(&folder.path().display().to_string(), ""),
        }
    }

    #[test]
    fn a_case_that_does_not_fit_is_told_with_its_name() {
        let good = "[[test]]\nname = \"a\"\nkind = \"contact\"\nexpect = { fields = { title = \"x\" } }\n";
        assert_eq!(told(good), "");
        for (from, to, expected) in [
            ("contact", "person", "test 1 (`a`): `person` is no kind"),
            ("expect", "expects", "unknown field `expects`"),
            (
                "title = \"x\"",
                "serial = \"x\"",
                "`serial` is no field of a contact",
            ),
            ("title = \"x\"", "title = [1]", "field `title` holds a text"),
            (
                "kind",
                "error = \"x\"\nkind",
                "it has `expect` and `error`, and needs exactly one of them",
            ),
            (
                "expect = { fields = { title = \"x\" } }",
                "",
                "it needs one of `expect`, `skipped` and `error`",
            ),
            ("kind", "source = \"{\"\nkind", "`source` is no JSON"),
            ("kind", "source = \"[]\"\nkind", "the source is no object"),
            (
                "kind",
                "source_file = \"none.json\"\nkind",
                "/none.json cannot be read",
            ),
            ("[[test]]", "[[tests]]", "there is no [[test]] in it"),
            ("name = \"a\"", "name = ", "line 2"),
        ] {
            let told = told(&good.replace(from, to));
            assert!(told.contains(expected), "{expected}: {told}");
        }
    }
}
