//! Overlays: a component from a file that the binary has never seen changes what the next sync writes, where it was
//! told to and nowhere else.

use std::collections::BTreeMap;

use e2e::{Home, component, simulator};
use serde_json::{Value, json};

/// Names of configurations by organization id and own id.
async fn names(home: &Home) -> BTreeMap<(String, String), String> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let records = home.records("configuration").await.into_iter();
    records
        .map(|asset| {
            (
                (text(&asset["organization"]["id"]), text(&asset["id"])),
                text(&asset["name"]),
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_organizations_configurations_are_renamed_and_named_back() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let before = names(&home).await;
    // The organization with the most, so that there are others too.
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    before
        .keys()
        .for_each(|(organization, _)| *counts.entry(organization).or_default() += 1);
    let (organization, _) = counts
        .iter()
        .max_by_key(|(_, count)| **count)
        .expect("there are some");
    assert!(counts.len() > 1);

    let file = home.file("never-seen.wasm", "");
    std::fs::copy(component("rename-configurations"), &file).expect("it can be copied");
    let shown = home.json(&["plugin", "inspect", &file]).await;
    assert_eq!(
        (&shown["name"], &shown["kind"]),
        (&"rename-configurations".into(), &"mapping".into()),
        "{shown:#}"
    );
    assert_eq!(shown["installed"], false);
    assert!(
        shown["imports"]
            .as_array()
            .is_some_and(|imports| imports.iter().all(|import| {
                import
                    .as_str()
                    .is_some_and(|import| import.starts_with("dovetail:plugin/"))
            })),
        "{shown:#}"
    );
    // Nobody is there to ask.
    assert_eq!(
        home.fails(&["plugin", "add", &file], 3).await["code"],
        "confirmation-needed"
    );
    home.run(&["plugin", "add", &file, "--yes"]).await.exits(0);
    // What is installed does not hang on the file.
    std::fs::remove_file(&file).expect("it was there");
    let listed = home.json(&["plugin", "list"]).await;
    let row = listed
        .as_array()
        .expect("a list")
        .iter()
        .find(|row| row["name"] == "rename-configurations");
    assert_eq!(row.expect("it is listed")["digest"], shown["digest"]);

    let config = home.file("rename.json", &json!({"prefix": "HD"}).to_string());
    let place = [
        "acme",
        "--organization",
        organization,
        "--use",
        "rename-configurations",
    ];
    let set: Vec<&str> = ["mapping", "set"]
        .into_iter()
        .chain(place)
        .chain(["--config", &config])
        .collect();
    home.run(&set).await.exits(0);
    let shown = home
        .json(&["mapping", "show", "acme", "--organization", organization])
        .await;
    assert_eq!(shown["layers"][1]["plugin"], "rename-configurations", "{shown:#}");
    let elsewhere = home.json(&["mapping", "show", "acme"]).await;
    assert_eq!(
        elsewhere["layers"].as_array().map(Vec::len),
        Some(1),
        "{elsewhere:#}"
    );

    let run = home.json(&["sync", "acme"]).await;
    assert_eq!(
        run["entities"]["configuration"]["updated"], counts[organization],
        "{run:#}"
    );
    for ((owner, id), name) in names(&home).await {
        let was = &before[&(owner.clone(), id)];
        let expected = if owner == *organization {
            format!("HD {was}")
        } else {
            was.clone()
        };
        assert_eq!(name, expected);
    }

    let unset: Vec<&str> = ["mapping", "unset"].into_iter().chain(place).collect();
    home.run(&unset).await.exits(0);
    home.run(&["sync", "acme"]).await.exits(0);
    assert_eq!(names(&home).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overlay_for_the_whole_integration_reaches_every_organization() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    home.rename_configurations("acme", "ALL").await;
    home.run(&["sync", "acme"]).await.exits(0);
    let names = names(&home).await;
    assert!(
        !names.is_empty() && names.values().all(|name| name.starts_with("ALL ")),
        "{names:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_does_not_fit_is_refused_when_it_is_set() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    let file = component("rename-configurations").display().to_string();
    home.run(&["plugin", "add", &file, "--yes"]).await.exits(0);
    for config in ["{\"prefx\": \"HD\"}", "{\"prefix\": 7}", "[]", "no JSON"] {
        let config = home.file("wrong.json", config);
        let words = [
            "mapping",
            "set",
            "acme",
            "--use",
            "rename-configurations",
            "--config",
            &config,
        ];
        assert_eq!(home.fails(&words, 3).await["code"], "value-refused");
    }
    assert_eq!(
        home.json(&["mapping", "show", "acme"]).await["layers"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    let error = home
        .fails(&["mapping", "set", "acme", "--use", "not-there"], 3)
        .await;
    assert_eq!(error["code"], "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_wants_more_than_it_may_is_refused_and_not_installed() {
    let home = Home::new();
    let foreign = wat::parse_str(
        r#"(component
             (import "wasi:cli/environment@0.2.0" (instance
               (export "get-arguments" (func (result (list string))))))
             (instance $mapping)
             (export "dovetail:plugin/mapping@0.1.0" (instance $mapping)))"#,
    )
    .expect("it is a component");
    let file = home.file("foreign.wasm", "");
    std::fs::write(&file, foreign).expect("it can be written");
    for words in [
        &["plugin", "inspect", &file][..],
        &["plugin", "add", &file, "--yes"],
    ] {
        let error = home.fails(words, 7).await;
        assert_eq!(error["code"], "plugin-refused", "{error}");
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|text| text.contains("wasi:cli/environment")),
            "{error}"
        );
    }
    let module = home.file("module.wasm", "");
    std::fs::write(&module, wat::parse_str("(module)").expect("it is a module")).expect("it can be written");
    assert_eq!(
        home.fails(&["plugin", "add", &module, "--yes"], 7).await["code"],
        "plugin-refused"
    );
    let text = home.file("text.wasm", "hello");
    assert_eq!(
        home.fails(&["plugin", "add", &text, "--yes"], 7).await["code"],
        "plugin-refused"
    );
    let listed = home.json(&["plugin", "list"]).await;
    assert!(
        listed
            .as_array()
            .expect("a list")
            .iter()
            .all(|row| row["from"] == "stock"),
        "{listed:#}"
    );
}
