//! What a plugin author does: a project out of the binary, with no checkout above it and no home, is built, tested and
//! previewed at once, in each language; and what goes wrong is told so that its author can mend it.
//!
//! Each language's own tools fetch what they need; what they fetched stays under the target folder for the next time.

use std::path::{Path, PathBuf};

use e2e::{Home, Ran, binary, component, copy_folder, ran, root, simulator, target};
use serde_json::Value;
use tempfile::TempDir;

mod told;

/// An author's machine: the binary, the tools of the languages, a folder.
struct Author {
    folder: TempDir,
}

impl Author {
    fn new() -> Author {
        let folder = TempDir::new().expect("a temporary folder can be made");
        Author { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("a file can be written into the temporary folder");
    }

    /// The environment stays: tools find what they need by it.
    fn command(&self, words: &[&str]) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(binary());
        command
            .args(words)
            .current_dir(self.folder.path())
            .env("DOVETAIL_HOME", self.path("home"))
            .env("DOVETAIL_CACHE", target().join("e2e-cache"))
            // What a project depends on is compiled once for all tests.
            .env("CARGO_TARGET_DIR", kept("rust"))
            .kill_on_drop(true);
        command
    }

    async fn run(&self, words: &[&str]) -> Ran {
        let output = self
            .command(words)
            .output()
            .await
            .expect("the binary can be started");
        assert!(!self.path("home").exists(), "{words:?} opened a home");
        ran(&output)
    }

    async fn json(&self, words: &[&str]) -> Value {
        self.run(&with_json(words)).await.exits(0).json()
    }

    /// A command that has to fail: its error document.
    async fn fails(&self, words: &[&str], code: i32) -> Value {
        self.run(&with_json(words)).await.exits(code).error()
    }
}

fn with_json<'a>(words: &[&'a str]) -> Vec<&'a str> {
    words.iter().copied().chain(["--format", "json"]).collect()
}

/// The folder for what a language's tools fetch.
fn kept(language: &str) -> PathBuf {
    let folder = target().join("e2e-cache/authors").join(language);
    std::fs::create_dir_all(&folder).expect("a folder can be made in the target folder");
    folder
}

/// Puts a project's files where its language's tools fetched before; what they fetched stays.
fn moved(project: &Path, to: &Path) {
    for entry in std::fs::read_dir(project).expect("the project is there") {
        let from = entry.expect("an entry").path();
        let place = to.join(from.file_name().expect("an entry has a name"));
        if place.is_dir() {
            std::fs::remove_dir_all(&place).expect("it is ours");
        }
        if from.is_dir() {
            copy_folder(&from, &place);
        } else {
            std::fs::copy(&from, &place).expect("a file can be copied");
        }
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of the tests is text")
}

/// That what was built asks for nothing but what a mapping is given.
fn assert_sound(built: &Value) {
    let imports = built["imports"].as_array().expect("a list");
    let granted = |import: &Value| {
        import
            .as_str()
            .is_some_and(|name| name.starts_with("dovetail:plugin/"))
    };
    assert!(imports.iter().all(granted), "{built:#}");
    assert_eq!(built["world"], "mapping-plugin", "{built:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_in_rust_is_made_built_tested_and_previewed() {
    let author = Author::new();
    let made = author.json(&["plugin", "new", "mapping", "of-acme"]).await;
    assert_eq!(
        (&made["name"], &made["language"]),
        (&"of-acme".into(), &"rust".into())
    );
    let built = author.json(&["plugin", "build", "of-acme"]).await;
    assert_sound(&built);
    assert_eq!(built["name"], "of-acme");
    let file = author.path("of-acme/of-acme.wasm");
    assert_eq!(built["file"], text(&file.canonicalize().expect("it was built")));
    let report = author.json(&["plugin", "test", "of-acme/of-acme.wasm"]).await;
    assert_eq!(
        (&report["passed"], &report["failed"]),
        (&3.into(), &0.into()),
        "{report:#}"
    );
    // The project's own tests run with nothing but cargo.
    let own = tokio::process::Command::new("cargo")
        .args(["test", "--quiet"])
        .current_dir(author.path("of-acme"))
        .env("CARGO_TARGET_DIR", kept("rust"))
        .output();
    let own = own.await.expect("cargo can be started");
    assert!(own.status.success(), "{}", String::from_utf8_lossy(&own.stderr));

    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    home.run(&["plugin", "add", text(&file), "--yes"]).await.exits(0);
    let config = home.file("prefix.json", r#"{"prefix": "HQ"}"#);
    let words = [
        "mapping",
        "preview",
        "acme",
        "--kind",
        "configuration",
        "--use",
        "of-acme",
        "--config",
        &config,
    ];
    let preview = home.json(&words).await;
    let change = &preview["records"][0]["changes"][0];
    let after = change["after"].as_str().unwrap_or_default();
    assert!(after.starts_with("HQ "), "{preview:#}");
    // An installed plugin is tested by its name, and then its cases have to be named.
    let cases = author.path("of-acme/tests/cases.toml");
    let report = home.json(&["plugin", "test", "of-acme", text(&cases)]).await;
    assert_eq!(report["passed"], 3);
    assert_eq!(
        home.fails(&["plugin", "test", "of-acme"], 3).await["code"],
        "value-refused"
    );
    assert_eq!(
        home.fails(&["plugin", "test", "no-such", text(&cases)], 3).await["code"],
        "not-found"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_in_rust_is_made_and_built() {
    let author = Author::new();
    author.json(&["plugin", "new", "connector", "other-psa"]).await;
    let built = author
        .json(&["plugin", "build", "other-psa", "-o", "made.wasm"])
        .await;
    assert_eq!(
        (&built["name"], &built["world"]),
        (&"other-psa".into(), &"connector-plugin".into())
    );
    let home = Home::new();
    let shown = home
        .json(&["plugin", "inspect", text(&author.path("made.wasm"))])
        .await;
    assert_eq!(shown["secrets"], serde_json::json!(["key"]), "{shown:#}");
    // Cases are of mappings, which is told before anybody writes some.
    for there in [false, true] {
        if there {
            author.write("cases.toml", "");
        }
        let error = author.fails(&["plugin", "test", "made.wasm"], 3).await;
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|text| text.contains("is a connector, and cases are of mappings")),
            "{error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_cannot_be_is_told_before_the_build() {
    let author = Author::new();
    author.json(&["plugin", "new", "mapping", "nowhere"]).await;
    std::fs::create_dir(author.path("made")).expect("a folder can be made in the temporary folder");
    for (out, told) in [
        ("made", "names a folder"),
        ("made/", "names a folder"),
        ("none/made.wasm", "there is no folder"),
    ] {
        // Whoever came as far as to build would miss the tools.
        let output = author
            .command(&["plugin", "build", "nowhere", "-o", out, "--format", "json"])
            .env("PATH", author.path("nothing"))
            .output()
            .await
            .expect("it starts");
        let error = ran(&output).exits(3).error();
        let message = error["message"].as_str().unwrap_or_default().to_lowercase();
        assert!(message.contains(told), "{out}: {error:#}");
        assert!(
            error["hint"].as_str().is_some_and(|hint| hint.contains("-o")),
            "{error:#}"
        );
    }
    assert!(!author.path("made.wasm.part").exists() && !author.path("made.part").exists());
}

/// A mistake in a template's source, made where a record is called `boom`, and what is told of it.
struct Mistake<'a> {
    file: &'a str,
    makes: &'a str,
    before: &'a str,
    told: &'a str,
}

const BOOM: &str = r#"
    [[test]]
    name = "a mistake"
    kind = "configuration"
    fields = { name = "boom" }
    expect = {}
"#;

/// The template, then the worked example, in a language whose tools fetch into the project.
async fn made_built_and_tested(language: &str, example: &str, mistake: Mistake<'_>) {
    let author = Author::new();
    author
        .json(&["plugin", "new", "mapping", "of-acme", "--language", language])
        .await;
    let kept = kept(language);
    let source = author.path("of-acme").join(mistake.file);
    let text_of = std::fs::read_to_string(&source).expect("the template has it");
    assert!(text_of.contains(mistake.before), "{text_of}");
    let wrong = text_of.replace(mistake.before, &format!("{}{}", mistake.makes, mistake.before));
    std::fs::write(&source, wrong).expect("it can be written");
    moved(&author.path("of-acme"), &kept);
    let built = author.json(&["plugin", "build", text(&kept)]).await;
    assert_sound(&built);
    let report = author
        .json(&["plugin", "test", text(&kept.join("of-acme.wasm"))])
        .await;
    assert_eq!(
        (&report["passed"], &report["failed"]),
        (&3.into(), &0.into()),
        "{report:#}"
    );

    // What its author did not mean is told with its place, and costs no instance.
    author.write("cases.toml", BOOM);
    let ran = author
        .run(&with_json(&[
            "plugin",
            "test",
            text(&kept.join("of-acme.wasm")),
            "cases.toml",
        ]))
        .await
        .exits(7);
    let message = ran.json()["cases"][0]["message"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(message.contains(mistake.told), "{message}");

    // An example is kept without what `plugin build` writes.
    std::fs::remove_dir_all(kept.join("vendor")).expect("it was written");
    moved(&root().join("plugins/examples").join(example), &kept);
    let built = author.json(&["plugin", "build", text(&kept)]).await;
    assert_sound(&built);
    assert_eq!(built["name"], example);
    let component = kept.join(format!("{example}.wasm"));
    let report = author.json(&["plugin", "test", text(&component)]).await;
    assert_eq!(report["failed"], 0, "{report:#}");
    assert!(
        report["passed"].as_u64().is_some_and(|passed| passed >= 4),
        "{report:#}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_in_javascript_is_made_built_and_tested() {
    let mistake = Mistake {
        file: "src/overlay.js",
        makes: "if (name === \"boom\") { null.boom(); }\n        ",
        before: "if (name) {",
        told: "TypeError: can't access property \"boom\" of null (change@src/overlay.js:",
    };
    made_built_and_tested("javascript", "rack-notes", mistake).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_in_python_is_made_built_and_tested() {
    let mistake = Mistake {
        file: "src/app.py",
        makes: "if name == \"boom\":\n            None.boom()\n        ",
        before: "if name:",
        told: "AttributeError: 'NoneType' object has no attribute 'boom' (/0/app.py:",
    };
    made_built_and_tested("python", "warranty-by-age", mistake).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worked_overlay_in_rust_holds_its_cases() {
    let author = Author::new();
    let cases = root().join("plugins/examples/rename-configurations/tests/cases.toml");
    let component = component("rename-configurations");
    let report = author
        .json(&["plugin", "test", text(&component), text(&cases)])
        .await;
    assert_eq!(
        (&report["passed"], &report["failed"]),
        (&4.into(), &0.into()),
        "{report:#}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_says_what_is_there_and_what_is_missing() {
    let author = Author::new();
    let found = author.json(&["plugin", "doctor"]).await;
    let languages: Vec<&str> = found
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["language"].as_str())
        .collect();
    assert_eq!(languages, ["rust", "javascript", "python"]);
    assert!(
        found[0]["usable"] == true && found[0]["tools"][0]["program"] == "cargo",
        "{found:#}"
    );

    let bare = |words: &[&str]| {
        let mut command = author.command(words);
        command.env("PATH", author.path("nothing"));
        command
    };
    let output = bare(&["plugin", "doctor", "--format", "json"])
        .output()
        .await
        .expect("it starts");
    for one in ran(&output).exits(0).json().as_array().expect("a list") {
        assert_eq!(one["usable"], false, "{one:#}");
        assert!(
            one["todo"]
                .as_str()
                .is_some_and(|todo| todo.to_lowercase().starts_with("install ")),
            "{one:#}"
        );
    }
    for (language, tool) in [("javascript", "node"), ("python", "python3"), ("rust", "cargo")] {
        let dir = format!("of-{language}");
        author
            .run(&["plugin", "new", "mapping", &dir, "--language", language])
            .await
            .exits(0);
        let output = bare(&["plugin", "build", &dir, "--format", "json"])
            .output()
            .await
            .expect("it starts");
        let error = ran(&output).exits(3).error();
        let message = error["message"].as_str().unwrap_or_default();
        assert!(message.contains(&format!("`{tool}`")), "{error:#}");
        assert!(
            error["hint"]
                .as_str()
                .is_some_and(|hint| hint.contains("plugin doctor")),
            "{error:#}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_is_made_in_an_empty_folder_only_and_under_a_name_for_plugins() {
    let author = Author::new();
    author.write("mine", "x");
    let error = author
        .fails(&["plugin", "new", "mapping", ".", "--name", "a"], 3)
        .await;
    assert_eq!(error["code"], "already-exists");
    for name in ["Names", "a_b", "9x"] {
        let error = author.fails(&["plugin", "new", "mapping", name], 3).await;
        assert_eq!(error["code"], "value-refused", "{error}");
        assert!(!author.path(name).exists());
    }
    let words = ["plugin", "new", "connector", "x", "--language", "python"];
    assert_eq!(author.fails(&words, 3).await["code"], "value-refused");
    let error = author.fails(&["plugin", "build", "."], 3).await;
    assert_eq!(error["code"], "not-found", "{error}");
}
