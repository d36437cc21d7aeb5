//! What an author is told: each way in which a mapping fails, with its field, limit, function, message and place.

use serde_json::{Value, json};

use super::{Author, text};

/// A mapping that does what a record's name says.
const MISBEHAVING: &str = r#"
//! It does what a record's name says.

use dovetail_sdk::mapping::log::{Level, write};
use dovetail_sdk::overlay::*;

#[derive(serde::Deserialize)]
struct Config {}

impl Overlay for Config {
    fn change(&self, record: &Record, change: &mut Change) -> Result<(), Fault> {
        match record.text("name").unwrap_or_default() {
            "panic" => {
                write(Level::Info, "looking at the rack");
                change.text("notes", rack_of(record));
            }
            "loop" => loop {
                std::hint::black_box(record);
            },
            "memory" => {
                let mut hoard = Vec::new();
                loop {
                    hoard.push(vec![1_u8; 1 << 20]);
                    std::hint::black_box(&hoard);
                }
            }
            "no field" => drop(change.text("serial", "4711")),
            "shape" => drop(change.text("active", "yes")),
            "date" => drop(change.date("purchased_at", "31.12.2026")),
            "trait" => drop(change.put_trait("", 1)),
            "fault" => return Err(Fault::data("serial_number", "the serial number is a dash")),
            "skip" => change.skip("it is a spare part"),
            _ => {}
        }
        Ok(())
    }
}

#[inline(never)]
fn rack_of(record: &Record) -> String {
    panic!("no rack in {}", record.id())
}

dovetail_sdk::overlay!(Config);
"#;

/// A case that does `name` and expects the record to stay as it is.
fn case(name: &str) -> String {
    format!(
        "[[test]]\nname = \"{name}\"\nkind = \"configuration\"\nsource = {{ id = 17 }}\nfields = {{ name = \"{name}\" }}\n\
         expect = {{ fields = {{ name = \"{name}\" }} }}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_in_a_mapping_is_told_to_its_author() {
    let author = Author::new();
    author.json(&["plugin", "new", "mapping", "odd"]).await;
    author.write("odd/src/lib.rs", MISBEHAVING);
    author.json(&["plugin", "build", "odd"]).await;
    // What each comes to; the rest of a message hangs on the compiler.
    let told = [
        (
            "panic",
            "it gives an error: plugin odd 0.1.0 trapped in `convert`: wasm `unreachable` instruction executed, at `odd::rack_of in odd::Config::change`. \
             It said: panicked at src/lib.rs:41:5: no rack in 17. Its log before: looking at the rack",
        ),
        (
            "loop",
            "it gives an error: plugin odd 0.1.0 ran over a limit in `convert`; it may use 1010 ms of computing in one call",
        ),
        (
            "memory",
            "it gives an error: plugin odd 0.1.0 ran over a limit in `convert`; it may use 128 MiB of memory",
        ),
        (
            "no field",
            "it gives an error: `serial` is no field of a configuration",
        ),
        (
            "shape",
            "it gives an error: field `active` holds a flag and nothing else",
        ),
        (
            "date",
            "it gives an error: field `purchased_at`: `31.12.2026` is no date: YYYY-MM-DD or RFC 3339",
        ),
        ("trait", "it gives an error: a trait without a name"),
        ("fault", "it gives an error: the serial number is a dash"),
        ("skip", "it is left out: it is a spare part"),
    ];
    let cases: String = told.iter().map(|(name, _)| case(name)).collect();
    author.write("odd/tests/cases.toml", &cases);
    let ran = author
        .run(&["plugin", "test", "odd/odd.wasm", "--format", "json"])
        .await
        .exits(7);
    assert_eq!(ran.error_code(), "plugin-answer");
    let report = ran.json();
    for ((name, expected), verdict) in told.iter().zip(report["cases"].as_array().expect("a list")) {
        assert_eq!(
            (&verdict["name"], &verdict["passed"]),
            (&json!(name), &json!(false))
        );
        let message = verdict["message"].as_str().unwrap_or_default();
        assert_eq!(message, format!("expected a mapped record; {expected}"));
    }
    assert_eq!(report["cases"].as_array().map(Vec::len), Some(told.len()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_fails_shows_what_differs() {
    let author = Author::new();
    let component = e2e::component("rename-configurations");
    let cases = r#"
        [[test]]
        name = "renamed"
        kind = "configuration"
        config = { prefix = "HD" }
        fields = { name = "DC-01", active = true }
        traits = { rack = 3 }
        expect = { fields = { name = "HQ DC-01", active = false, notes = "none" }, traits = { rack = 4 } }

        [[test]]
        name = "skipped"
        kind = "configuration"
        skipped = "retired"
    "#;
    author.write("cases.toml", cases);
    let ran = author
        .run(&["plugin", "test", text(&component), "cases.toml"])
        .await
        .exits(7);
    assert_eq!(
        ran.stdout,
        r#"FAILED  renamed
          name         expected  "HQ DC-01"
                       got       "HD DC-01"
          active       expected  false
                       got       true
          notes        expected  "none"
                       got       nothing
          traits.rack  expected  4
                       got       3
FAILED  skipped
          expected left out, with a reason that holds `retired`; it is mapped
rename-configurations 0.0.0: 0 passed, 2 failed
"#
    );
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(
        lines,
        [
            "error[plugin-answer]: 2 of 2 cases of rename-configurations failed.",
            "  Mend the plugin, build it again, or correct what the case expects."
        ]
    );
    author.write(
        "cases.toml",
        "version = 1\n[[test]]\nname = \"a\"\nkind = \"contact\"\nskipped = \"\"\n",
    );
    let error = author
        .fails(&["plugin", "test", text(&component), "cases.toml"], 3)
        .await;
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|text| text.contains("has `version` beside its tests")),
        "{error}"
    );
    author.write(
        "cases.toml",
        "[[test]]\nname = \"a\"\nkind = \"contract\"\nskipped = \"\"\n",
    );
    let error = author
        .fails(&["plugin", "test", text(&component), "cases.toml"], 3)
        .await;
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|text| text.contains("test 1 (`a`): `contract` is no kind")),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_that_make_no_plugin_are_told_as_such() {
    let author = Author::new();
    author.json(&["plugin", "new", "mapping", "torn"]).await;
    let refused = async |source: &str, code: i32| -> Value {
        author.write("torn/src/lib.rs", source);
        author.fails(&["plugin", "build", "torn"], code).await
    };
    let error = refused("pub fn f() -> u8 { \"\" }", 3).await;
    assert_eq!(error["code"], "value-refused");
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|text| text.contains("mismatched types")),
        "{error:#}"
    );
    // Everything but the macro.
    let error = refused("pub use dovetail_sdk::overlay::Change;", 7).await;
    assert_eq!(error["code"], "plugin-refused", "{error:#}");
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|text| text.contains("it exports nothing")),
        "{error:#}"
    );
    assert!(
        error["hint"]
            .as_str()
            .is_some_and(|hint| hint.contains("dovetail_sdk::overlay!")),
        "{error:#}"
    );
    assert!(!author.path("torn/torn.wasm").exists() && !author.path("torn/torn.wasm.part").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_is_refused_leaves_the_one_before_it() {
    let author = Author::new();
    author.json(&["plugin", "new", "mapping", "steady"]).await;
    author.json(&["plugin", "build", "steady"]).await;
    let file = author.path("steady/steady.wasm");
    let good = std::fs::read(&file).expect("it was built");
    author.write("steady/src/lib.rs", "pub use dovetail_sdk::overlay::Change;");
    let error = author.fails(&["plugin", "build", "steady"], 7).await;
    assert_eq!(error["code"], "plugin-refused", "{error:#}");
    assert!(std::fs::read(&file).expect("it is still there") == good);
    assert!(!author.path("steady/steady.wasm.part").exists());
    let report = author.json(&["plugin", "test", "steady/steady.wasm"]).await;
    assert_eq!(report["failed"], 0, "{report:#}");
}

/// A mapping that breaks while it looks at some of its configurations.
const MOODY: &str = r#"
//! It tells its rows unless it is in a mood.

use dovetail_sdk::overlay::*;

#[derive(serde::Deserialize)]
struct Config {
    #[serde(default)]
    mood: String,
}

impl Overlay for Config {
    fn rows(&self) -> Vec<TableRow> {
        match self.mood.as_str() {
            "panic" => panic!("no rows in this mood"),
            "loop" => loop {
                std::hint::black_box(self);
            },
            _ => Vec::new(),
        }
    }

    fn change(&self, _: &Record, _: &mut Change) -> Result<(), Fault> {
        Ok(())
    }
}

dovetail_sdk::overlay!(Config);
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_breaks_the_mapping_fails_its_case_and_no_other() {
    let author = Author::new();
    author.json(&["plugin", "new", "mapping", "moody"]).await;
    author.write("moody/src/lib.rs", MOODY);
    author.json(&["plugin", "build", "moody"]).await;
    let cases = r#"
        [[test]]
        name = "not expected"
        kind = "configuration"
        config = { mood = "panic" }
        expect = {}

        [[test]]
        name = "a trap"
        kind = "configuration"
        config = { mood = "panic" }
        error = "no rows in this mood"

        [[test]]
        name = "a limit"
        kind = "configuration"
        config = { mood = "loop" }
        error = "ran over a limit in `configure`"

        [[test]]
        name = "another"
        kind = "configuration"
        fields = { name = "DC-01" }
        expect = { fields = { name = "DC-01" } }
    "#;
    author.write("moody/tests/cases.toml", cases);
    let report = author
        .run(&["plugin", "test", "moody/moody.wasm", "--format", "json"])
        .await
        .exits(7)
        .json();
    assert_eq!(
        (&report["passed"], &report["failed"]),
        (&json!(3), &json!(1)),
        "{report:#}"
    );
    let message = report["cases"][0]["message"].as_str().unwrap_or_default();
    for part in [
        "expected a mapped record; its configuration makes it fail: ",
        "moody 0.1.0 trapped in `configure`",
        "no rows in this mood",
    ] {
        assert!(message.contains(part), "{message}");
    }
}

/// A mapping that takes a text of TOML and copies its first line into the notes.
const OF_RULES: &str = r##"
//! It copies the first line of its rules.

use dovetail_sdk::overlay::*;

#[derive(serde::Deserialize)]
struct Config {
    rules: String,
}

impl Overlay for Config {
    const SCHEMA: &'static str = r#"{"type": "object", "required": ["rules"], "properties": {
        "rules": {"type": "string", "contentMediaType": "application/toml"}}}"#;

    fn change(&self, _: &Record, change: &mut Change) -> Result<(), Fault> {
        change.text("notes", self.rules.lines().next().unwrap_or_default());
        Ok(())
    }
}

dovetail_sdk::overlay!(Config);
"##;

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_in_toml_carries_its_own_cases() {
    let author = Author::new();
    author.json(&["plugin", "new", "mapping", "ruled"]).await;
    author.write("ruled/src/lib.rs", OF_RULES);
    author.json(&["plugin", "build", "ruled"]).await;
    let own = "version = 1\n\n[[test]]\nname = \"its own\"\nkind = \"contact\"\nconfig = { rules = \"other\" }\n\
               error = \"no field of a contact\"\n\n[[test]]\nname = \"noted\"\nkind = \"configuration\"\n\
               expect = { fields = { notes = \"version = 1\" } }\n";
    author.write("rules.toml", own);
    let report = author
        .json(&["plugin", "test", "ruled/ruled.wasm", "rules.toml"])
        .await;
    assert_eq!(
        (&report["passed"], &report["failed"]),
        (&json!(2), &json!(0)),
        "{report:#}"
    );
    // Without a configuration of its own the schema speaks, as it does when a layer is set.
    author.write("cases.toml", &own.replace("version = 1\n\n", ""));
    let ran = author
        .run(&["plugin", "test", "ruled/ruled.wasm", "cases.toml"])
        .await
        .exits(7);
    assert!(
        ran.stdout
            .contains("the configuration is refused: the configuration lacks `rules`"),
        "{ran:#?}"
    );
}
