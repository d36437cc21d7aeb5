//! Rules from a file: set, looked at beforehand, refused with line and column, and a record left out with a reason.

use std::collections::BTreeMap;

use connectwise_simulator::{Kind, Simulator};
use e2e::{Home, field_row, simulator};
use serde_json::json;

/// A home that is synced, and the organization with the most configurations: its id, its name and their number.
async fn synced(simulator: &Simulator) -> (Home, String, String, u64) {
    let home = Home::connected("acme", simulator).await;
    home.run(&["settings", "set", "acme", "--reread", "0"])
        .await
        .exits(0);
    home.run(&["sync", "acme"]).await.exits(0);
    let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
    for record in home.records("configuration").await {
        let part = |name: &str| record["organization"][name].as_str().unwrap().to_owned();
        *counts.entry((part("id"), part("name"))).or_default() += 1;
    }
    let ((id, name), count) = counts.into_iter().max_by_key(|(_, count)| *count).unwrap();
    (home, id, name, count)
}

const RULES: &str = r#"
version = 1

[[rule]]
name = "their configurations carry HD"
kind = "configuration"
field = "name"
template = "HD {{ fields.name }}"

[[rule]]
kind = "configuration"
trait = "first_letter"
template = "{{ source.name[0] }}"

[[test]]
name = "a configuration"
kind = "configuration"
source = { name = "DC-01" }
fields = { name = "DC-01" }
expect = { fields = { name = "HD DC-01" }, traits = { first_letter = "D" } }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn one_customers_records_follow_a_file_of_rules() {
    let simulator = simulator().await;
    let (home, organization, _, count) = synced(&simulator).await;
    let before = home.records("configuration").await;
    let file = home.file("hd.toml", RULES);
    let place = ["acme", "--organization", &organization];
    let with = |verb| -> Vec<&str> {
        let mut words = vec!["mapping", verb];
        words.extend(place);
        words.extend(["--use", "rules", "--config", &file]);
        words
    };
    let mut preview = with("preview");
    preview.extend(["--kind", "configuration", "--limit", "1"]);
    let shown = home.json(&preview).await;
    assert_eq!(shown["differ"], json!(count), "{shown:#}");
    let fields: Vec<&str> = shown["records"][0]["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["name", "traits.first_letter"]);

    let set = home.json(&with("set")).await;
    let rows: Vec<(&str, &str)> = set["table"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["layer"] == "rules")
        .map(|row| (row["field"].as_str().unwrap(), row["direction"].as_str().unwrap()))
        .collect();
    assert_eq!(rows, [("name", "inward"), ("traits.first_letter", "inward")]);
    let run = home.json(&["sync", "acme"]).await;
    assert_eq!(run["entities"]["configuration"]["updated"], json!(count));
    for (was, is) in before.iter().zip(home.records("configuration").await) {
        let name = was["name"].as_str().unwrap();
        if is["organization"]["id"] == *organization {
            assert_eq!(is["name"], json!(format!("HD {name}")));
            assert_eq!(is["traits"]["first_letter"], json!(name.get(..1).unwrap()));
        } else {
            assert_eq!(&is, was);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_a_mistake_is_refused_with_its_place() {
    let simulator = simulator().await;
    let (home, ..) = synced(&simulator).await;
    for (wrong, right, place) in [
        ("field = \"nmae\"", "field = \"name\"", "line 7"),
        ("{{ fields.name }}", "{{ field.name }}", "line 8"),
        ("HD DC-01", "XX DC-01", "a configuration"),
        ("version = 1", "version = one", "line 2"),
    ]
    .map(|(a, b, place)| match a.contains("nmae") {
        true => (a, b, place),
        false => (b, a, place),
    }) {
        let text = RULES.replace(right, wrong);
        assert_ne!(text, RULES, "{wrong}");
        let file = home.file("wrong.toml", &text);
        let words = ["mapping", "set", "acme", "--use", "rules", "--config", &file];
        let error = home.fails(&words, 3).await;
        assert_eq!(error["code"], "value-refused");
        assert!(
            error["message"].as_str().unwrap().contains(place),
            "{wrong}: {error:#}"
        );
    }
    let shown = home.json(&["mapping", "show", "acme"]).await;
    assert_eq!(
        shown["layers"].as_array().map(Vec::len),
        Some(1),
        "nothing was set"
    );
    // TOML is for mappings that take it.
    let file = home.file("rules.json", "{\"rules\": 7}");
    let words = ["mapping", "set", "acme", "--use", "rules", "--config", &file];
    assert_eq!(home.fails(&words, 3).await["code"], "value-refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_rules_leave_out_is_told_and_comes_back_without_them() {
    let simulator = simulator().await;
    let (home, ..) = synced(&simulator).await;
    let before = home.content().await;
    let name = home.records("configuration").await[0]["name"]
        .as_str()
        .unwrap()
        .to_owned();
    let rules = format!(
        "version = 1\n[[rule]]\nkind = \"configuration\"\nwhen = \"fields.name == '{name}'\"\nskip = \"{{{{ fields.name }}}} is a spare part\"\n"
    );
    let file = home.file("skip.toml", &rules);
    home.run(&["mapping", "set", "acme", "--use", "rules", "--config", &file])
        .await
        .exits(0);
    let run = home.json(&["sync", "acme"]).await;
    assert_eq!(run["mode"], "incremental");
    let gone = run["entities"]["configuration"]["orphaned"].as_u64().unwrap();
    assert!(gone >= 1, "{run:#}");
    let told = run["left_out"].as_array().unwrap();
    let reason = format!("rules: {name} is a spare part");
    assert!(told.iter().any(|row| row["why"] == json!(reason)), "{run:#}");

    // What a layer left out was not stored anew, so the run without it reads everything.
    home.run(&["mapping", "unset", "acme", "--use", "rules"])
        .await
        .exits(0);
    let run = home.json(&["sync", "acme"]).await;
    assert_eq!(run["mode"], "full", "{run:#}");
    let after = home.content().await;
    assert_eq!(after, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_two_way_rule_comes_back_as_it_was() {
    let simulator = simulator().await;
    let (home, ..) = synced(&simulator).await;
    let rules = r#"
version = 1
[[rule]]
kind = "configuration"
field = "notes"
template = "Note: {{ source.notes }}"
direction = "both"
"#;
    let shown = home.rules("acme", rules).await;
    let notes = field_row(&shown["table"], "configuration", "notes");
    assert_eq!(
        (&notes["layer"], &notes["direction"]),
        (&json!("rules"), &json!("both")),
        "{notes:#}"
    );
    assert!(notes["tried"].as_u64() > Some(0), "{notes:#}");

    // What a layer changes behind another's back shows where the law is tried.
    let rules = "version = 1\n[[rule]]\nkind = \"configuration\"\nfield = \"name\"\ntemplate = \"HD {{ source.name }}\"\n";
    let shown = home.rules("acme", rules).await;
    let name = field_row(&shown["table"], "configuration", "name");
    assert_eq!(name["direction"], "inward", "{name:#}");
}

/// Overlays of single organizations, drawn from a seed, over records that arrive in an order drawn from it too.
async fn overlays_of_single_organizations(seed: u64) {
    let simulator = simulator().await;
    let control = simulator.control();
    let home = Home::connected("acme", &simulator).await;
    let mut dice = seed;
    let mut throw = |below: u64| {
        // Numerical Recipes' generator; its upper bits are good enough to draw lots.
        dice = dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % below
    };
    home.run(&["sync", "acme"]).await.exits(0);
    let organizations = home.records("organization").await;
    let mut prefixes: BTreeMap<String, String> = BTreeMap::new();
    for round in 0..3_u64 {
        // Some organizations get an overlay, some lose theirs.
        for organization in &organizations {
            let id = organization["id"].as_str().unwrap();
            match throw(4) {
                0 => {
                    let prefix = format!("P{round}-{id}");
                    let rules = format!(
                        "version = 1\n[[rule]]\nkind = \"configuration\"\nfield = \"name\"\ntemplate = \"{prefix} {{{{ fields.name }}}}\"\n"
                    );
                    let file = home.file("own.toml", &rules);
                    let words = [
                        "mapping",
                        "set",
                        "acme",
                        "--organization",
                        id,
                        "--use",
                        "rules",
                        "--config",
                        &file,
                    ];
                    home.run(&words).await.exits(0);
                    prefixes.insert(id.to_owned(), prefix);
                }
                1 if prefixes.remove(id).is_some() => {
                    let words = ["mapping", "unset", "acme", "--organization", id, "--use", "rules"];
                    home.run(&words).await.exits(0);
                }
                _ => {}
            }
        }
        // Records change one after the other, so that an increment meets them in that order and none of the stored one.
        let configurations = home.records("configuration").await;
        for _ in 0..throw(20) {
            let record = &configurations[usize::try_from(throw(configurations.len() as u64)).unwrap()];
            let id: u64 = record["source"]["id"].as_str().unwrap().parse().unwrap();
            control.advance(u32::try_from(throw(90)).unwrap());
            let name = format!("changed {}", throw(1_000));
            control
                .edit(Kind::Configuration, id, json!({"name": name}))
                .unwrap();
        }
        let words = [&["sync", "acme"][..], &["sync", "acme", "--full"]];
        home.run(words[usize::try_from(throw(2)).unwrap()]).await.exits(0);
        for record in home.records("configuration").await {
            let id: u64 = record["source"]["id"].as_str().unwrap().parse().unwrap();
            let theirs = control.record(Kind::Configuration, id).unwrap();
            let name = theirs["name"].as_str().unwrap();
            let wanted = match prefixes.get(record["organization"]["id"].as_str().unwrap()) {
                Some(prefix) => format!("{prefix} {name}"),
                None => name.to_owned(),
            };
            assert_eq!(
                record["name"],
                json!(wanted),
                "seed {seed}, round {round}: {record:#}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organizations_layer_changes_its_records_and_no_others_in_whatever_order_they_arrive() {
    let seeds = match std::env::var("DOVETAIL_SEED") {
        Ok(seed) => vec![seed.parse().expect("a seed is a number")],
        Err(_) => (1..=4).collect::<Vec<u64>>(),
    };
    for seed in seeds {
        overlays_of_single_organizations(seed).await;
    }
}

/// The organization's name is what its layer is told: when it changes, so does what the layer made of it, in that run, and
/// the preview shows what becomes of the organization itself.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_layer_makes_of_an_organizations_name_follows_it() {
    let simulator = simulator().await;
    let control = simulator.control();
    let (home, organization, _, count) = synced(&simulator).await;
    let rules = r#"
        version = 1
        [[rule]]
        kind = "configuration"
        trait = "of"
        template = "{{ organization }}"
        [[rule]]
        kind = "organization"
        trait = "called"
        template = "{{ organization }}"
    "#;
    let file = home.file("named.toml", rules);
    let of = [
        "acme",
        "--organization",
        &organization,
        "--use",
        "rules",
        "--config",
        &file,
    ];
    let mut preview = vec!["mapping", "preview"];
    preview.extend(of);
    preview.extend(["--kind", "organization"]);
    let shown = home.json(&preview).await;
    assert_eq!(
        (&shown["looked_at"], &shown["differ"]),
        (&json!(1), &json!(1)),
        "{shown:#}"
    );
    let mut set = vec!["mapping", "set"];
    set.extend(of);
    home.run(&set).await.exits(0);
    home.run(&["sync", "acme"]).await.exits(0);

    let source = home.json(&["asset", "show", "organization", &organization]).await["source"]["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    for (name, how) in [("Third Dental", "--full"), ("Fourth Dental", "--quiet")] {
        control.advance(3_600);
        control
            .edit(Kind::Company, source, json!({"name": name}))
            .unwrap();
        home.run(&["sync", "acme", how]).await.exits(0);
        let record = home.json(&["asset", "show", "organization", &organization]).await;
        assert_eq!(record["traits"]["called"], name, "{record:#}");
        let mut told = BTreeMap::<String, u64>::new();
        for record in home.records("configuration").await {
            if record["organization"]["id"] == organization.as_str() {
                *told.entry(record["traits"]["of"].to_string()).or_default() += 1;
            }
        }
        assert_eq!(told, BTreeMap::from([(format!("\"{name}\""), count)]), "{how}");
        // All is said: nothing is mapped again.
        let next = home.json(&["sync", "acme"]).await;
        assert_eq!(next["entities"]["configuration"]["updated"], 0, "{next:#}");
    }
}

/// What a stack cannot map any more is in quarantine once, and the PSA is not asked for it.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_mapped_again_is_met_once() {
    let simulator = simulator().await;
    let (home, _, _, _) = synced(&simulator).await;
    let known = home.records("configuration").await.len() as u64;
    // The latest is read again by every run.
    let idle = home.json(&["sync", "acme"]).await;
    let again = idle["entities"]["configuration"]["read"].as_u64().unwrap();
    assert!(again < known, "{idle:#}");
    let rule =
        "version = 1\n[[rule]]\nkind = \"configuration\"\nfield = \"installed_at\"\ntemplate = \"soon\"\n";
    let file = home.file("soon.toml", rule);
    home.run(&["mapping", "set", "acme", "--use", "rules", "--config", &file])
        .await
        .exits(0);
    let run = home
        .run(&["sync", "acme", "--format", "json"])
        .await
        .exits(6)
        .json();
    assert_eq!(
        run["entities"]["configuration"]["quarantined"],
        known + again,
        "{run:#}"
    );
    let listed = home.json(&["quarantine", "list"]).await;
    let rows = listed.as_array().unwrap();
    let tries: u64 = rows.iter().map(|row| row["attempts"].as_u64().unwrap()).sum();
    assert_eq!(tries, known + again, "{listed:#}");
    assert!(
        (known..=known + again).contains(&(rows.len() as u64)),
        "{listed:#}"
    );
}

/// Whoever lets go of a field has chosen the PSA's side: nothing is left to choose.
#[tokio::test(flavor = "multi_thread")]
async fn letting_a_field_go_settles_its_conflict() {
    let simulator = simulator().await;
    let (home, organization, _, count) = synced(&simulator).await;
    let rule = |prefix: &str| {
        format!(
            "version = 1\n[[rule]]\nkind = \"configuration\"\nfield = \"name\"\ntemplate = \"{prefix} {{{{ fields.name }}}}\"\n"
        )
    };
    for prefix in ["HD", "X"] {
        let file = home.file("rule.toml", &rule(prefix));
        let set = [
            "mapping",
            "set",
            "acme",
            "--organization",
            &organization,
            "--use",
            "rules",
            "--config",
            &file,
        ];
        home.run(&set).await.exits(0);
        home.run(&["sync", "acme"]).await.exits(0);
    }
    let runs = home.json(&["run", "list", "acme"]).await;
    let last = runs
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["run"].as_str().unwrap().parse::<u64>().unwrap());
    home.run(&["run", "revert", &last.max().unwrap().to_string()])
        .await
        .exits(0);
    let unset = [
        "mapping",
        "unset",
        "acme",
        "--organization",
        &organization,
        "--use",
        "rules",
    ];
    home.run(&unset).await.exits(0);
    home.run(&["sync", "acme"]).await;
    let open = home.json(&["conflict", "list"]).await;
    let open = open.as_array().unwrap();
    assert_eq!(open.len() as u64, count, "{open:#?}");
    let id = open[0]["asset"]["id"].as_str().unwrap();
    let released = home
        .json(&["asset", "release", "configuration", id, "name"])
        .await;
    assert_eq!(released["name"], open[0]["psa"], "{released:#}\n{:#}", open[0]);
    let left = home.json(&["conflict", "list"]).await;
    assert_eq!(left.as_array().unwrap().len() as u64, count - 1);
}
