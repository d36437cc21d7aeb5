//! Errors are an interface: a code, a sentence that says what is wrong, and one that says what to do.

use connectwise_simulator::{Kind, Response};
use e2e::{Home, simulator};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn wrong_names_and_values_are_told() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    for (words, code, phrase) in [
        (&["sync", "nobody"][..], "not-found", "nobody"),
        (&["integration", "show", "nobody"], "not-found", "nobody"),
        (&["integration", "connect", "nobody"], "not-found", "nobody"),
        (&["settings", "show", "nobody"], "not-found", "nobody"),
        (&["run", "show", "999"], "not-found", "999"),
        (&["run", "cancel", "999"], "not-found", "999"),
        (&["run", "cancel", "1"], "value-refused", "succeeded"),
        (
            &["asset", "show", "organization", "999999"],
            "not-found",
            "999999",
        ),
        (
            &["asset", "list", "contact", "--organization", "Nowhere Ltd"],
            "not-found",
            "Nowhere Ltd",
        ),
        (
            &["asset", "list", "contact", "--where", "shoe_size=44"],
            "value-refused",
            "shoe_size",
        ),
        (
            &["asset", "list", "contact", "--where", "title"],
            "value-refused",
            "--where",
        ),
        (
            &["asset", "list", "contact", "--integration", "nobody"],
            "not-found",
            "nobody",
        ),
        (
            &["settings", "set", "acme", "--select", "company-types=Clint"],
            "",
            "Clint",
        ),
        (
            &["settings", "set", "acme", "--select", "company-tpyes=all"],
            "",
            "company-tpyes",
        ),
        (&["settings", "set", "acme", "--interval", "soon"], "", "soon"),
        (
            &["settings", "set", "acme", "--tickets", "since=ever"],
            "",
            "ever",
        ),
        (&["connector", "guide", "nothing"], "not-found", "nothing"),
        (&["plugin", "inspect", "nothing"], "not-found", "nothing"),
        (
            &["plugin", "inspect", "/nowhere/a.wasm"],
            "value-refused",
            "/nowhere/a.wasm",
        ),
        (
            &["mapping", "unset", "acme", "--use", "nothing"],
            "not-found",
            "nothing",
        ),
        (
            &["mapping", "show", "acme", "--organization", "Nowhere Ltd"],
            "not-found",
            "Nowhere Ltd",
        ),
        (&["config", "set", "no.such", "x"], "", "no.such"),
    ] {
        let error = home.fails(words, 3).await;
        if !code.is_empty() {
            assert_eq!(error["code"], code, "{words:?}: {error}");
        }
        let message = error["message"].as_str().expect("a message");
        assert!(message.contains(phrase), "{words:?}: {error}");
        assert!(message.ends_with('.'), "{words:?}: {error}");
        let hint = error["hint"].as_str().expect("a hint");
        assert!(hint.ends_with('.') || hint.ends_with('`'), "{words:?}: {error}");
        // For people: the same two sentences.
        let ran = home.run(words).await.exits(3);
        assert_eq!(ran.stdout, "");
        let (first, second) = ran.stderr.split_once('\n').expect("two lines");
        assert_eq!(
            first,
            format!("error[{}]: {message}", error["code"].as_str().expect("a code"))
        );
        assert_eq!(second.trim(), hint, "{words:?}");
    }
    let taken = home.add("acme", &simulator).await.exits(3);
    assert!(taken.stderr.contains("error[already-exists]"), "{taken:?}");
    // Nothing of all that changed anything.
    assert_eq!(
        home.json(&["sync", "acme"]).await["entities"]["organization"]["updated"],
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_fits_several_is_refused_with_their_ids() {
    let simulator = simulator().await;
    let control = simulator.control();
    let (one, other) = (control.ids(Kind::Company)[0], control.ids(Kind::Company)[1]);
    for id in [one, other] {
        control
            .edit(Kind::Company, id, json!({"name": "Twin & Twin"}))
            .expect("it is there");
    }
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let error = home
        .fails(&["asset", "list", "contact", "--organization", "Twin & Twin"], 3)
        .await;
    assert_eq!(error["code"], "ambiguous");
    let twins = home
        .records("organization")
        .await
        .into_iter()
        .filter(|record| record["name"] == "Twin & Twin");
    let twins: Vec<String> = twins
        .map(|record| record["id"].as_str().expect("an id").to_owned())
        .collect();
    assert_eq!(twins.len(), 2);
    let hint = error["hint"].as_str().expect("a hint");
    for id in twins {
        assert!(hint.contains(&id), "{hint}");
        home.run(&["asset", "list", "contact", "--organization", &id])
            .await
            .exits(0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_run_says_why() {
    let simulator = simulator().await;
    let home = Home::new();
    home.add("acme", &simulator).await.exits(0);
    let error = home.fails(&["sync", "acme"], 3).await;
    assert_eq!(error["code"], "setting-missing");
    assert!(
        error["hint"]
            .as_str()
            .is_some_and(|hint| hint.contains("settings set acme")),
        "{error}"
    );
    home.choose("acme").await;
    home.run(&["integration", "pause", "acme"]).await.exits(0);
    let error = home.fails(&["sync", "acme"], 3).await;
    assert_eq!(error["code"], "paused");
    assert!(
        error["hint"]
            .as_str()
            .is_some_and(|hint| hint.contains("resume acme")),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_words_exit_2() {
    let home = Home::new();
    for words in [
        &["synch", "acme"][..],
        &["asset", "list", "shoe"],
        &["integration", "remove", "acme"],
        &[],
    ] {
        let ran = home.run(words).await.exits(2);
        assert!(
            ran.stdout.is_empty() && (ran.stderr.contains("Usage") || ran.stderr.contains("--help")),
            "{ran:?}"
        );
    }
    assert!(!home.path().exists(), "nothing was made");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    home.run(&["integration", "list"]).await.exits(0);
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&home.path()), 0o700);
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    let error = home.fails(&["integration", "list"], 3).await;
    assert_eq!(error["code"], "home-unusable");
    assert!(
        error["hint"]
            .as_str()
            .is_some_and(|hint| hint.contains("chmod 700")),
        "{error}"
    );
    assert_eq!(mode(&home.path()), 0o755, "nothing is changed about it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_that_the_connector_refuses_is_told() {
    let simulator = simulator().await;
    let control = simulator.control();
    let home = Home::connected("acme", &simulator).await;
    // The site is a host that may be reached; that it is no ConnectWise server only the connector can tell.
    let shop = Response {
        status: 200,
        headers: vec![("Content-Type".to_owned(), "text/html".to_owned())],
        body: b"<html>a shop</html>".to_vec(),
    };
    control.plan_response("/login/companyinfo/*", 0, shop);
    let ran = home.run(&["sync", "acme", "--format", "json"]).await.exits(3);
    assert_eq!(
        ran.error(),
        json!({
            "code": "invalid-config",
            "message": "The site does not answer as a ConnectWise server does: a web page instead of data.",
            "hint": "Change the setting `site` with `dovetail integration update`.",
        })
    );
    let run = ran.json();
    assert_eq!(
        (&run["status"], &run["reason"]),
        (&"failed".into(), &"invalid-config".into()),
        "{run:#}"
    );
    let error = home.fails(&["integration", "connect", "acme"], 3).await;
    assert_eq!(error["code"], "invalid-config", "{error}");
    control.clear_plans();
    assert_eq!(home.json(&["sync", "acme"]).await["status"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_program_was_not_written_for_is_its_own_failure() {
    let home = Home::new();
    // A folder for compiled plugins in which nothing can be compiled: where its lock belongs is a folder.
    let cache = home.path().with_file_name("cache");
    std::fs::create_dir_all(cache.join("compiling.lock")).expect("a folder can be made");
    let mut command = home.command(&["connector", "list", "--format", "json"]);
    let output = command
        .env("DOVETAIL_CACHE", &cache)
        .output()
        .await
        .expect("the binary can be started");
    let ran = e2e::ran(&output).exits(1);
    assert_eq!(ran.stdout, "");
    let error = ran.error();
    assert_eq!(error["code"], "internal", "{error}");
    let told = |part: &str| error[part].as_str().expect("a sentence").to_owned();
    assert!(told("message").contains(&cache.display().to_string()), "{error}");
    assert!(told("hint").contains("DOVETAIL_CACHE"), "{error}");
    // Elsewhere it works.
    home.run(&["connector", "list"]).await.exits(0);
}
