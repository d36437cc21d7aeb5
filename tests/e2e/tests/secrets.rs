//! Secrets are taken from safe places only and never come out again.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use e2e::{Home, simulator};

/// Every form in which the private key could have got out.
fn forms(credentials: &connectwise_simulator::Credentials) -> Vec<String> {
    let pair = format!(
        "{}+{}:{}",
        credentials.company_id, credentials.public_key, credentials.private_key
    );
    let key = credentials.private_key.as_str();
    [key, pair.as_str()]
        .iter()
        .flat_map(|text| {
            [
                STANDARD.encode(text),
                STANDARD_NO_PAD.encode(text),
                URL_SAFE_NO_PAD.encode(text),
            ]
        })
        .chain([key.to_owned()])
        .collect()
}

/// Every file below a folder with its bytes.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the home can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.is_file() {
            found.push((
                path.display().to_string(),
                std::fs::read(&path).expect("the file can be read"),
            ));
        }
    }
    found
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_in_no_output_and_no_file() {
    let simulator = simulator().await;
    let home = Home::new();
    let forms = forms(simulator.credentials());
    let mut outputs = vec![home.add("acme", &simulator).await];
    home.choose("acme").await;
    for words in [
        &["-vvv", "integration", "connect", "acme"][..],
        &["-vvv", "sync", "acme"],
        &["integration", "show", "acme", "--format", "json"],
        &["integration", "list", "--format", "json"],
        &["run", "list", "--format", "json"],
        &["settings", "show", "acme", "--format", "json"],
        &["config", "get"],
    ] {
        outputs.push(home.run(words).await.exits(0));
    }
    // And where the PSA repeats what it was sent.
    let echo = format!(
        "{{\"message\":\"no such key: {}\"}}",
        simulator.credentials().private_key
    );
    let response = connectwise_simulator::Response {
        status: 400,
        headers: Vec::new(),
        body: echo.into_bytes(),
    };
    simulator
        .control()
        .plan_response("/company/companies*", 0, response);
    outputs.push(home.run(&["-vvv", "sync", "acme", "--format", "json"]).await);
    outputs.push(home.run(&["run", "list", "--format", "json"]).await.exits(0));
    assert!(
        outputs[8].code != 0,
        "the refused run ends with an error: {:?}",
        outputs[8]
    );
    for form in &forms {
        for ran in &outputs {
            assert!(
                !ran.stdout.contains(form) && !ran.stderr.contains(form),
                "{form} is in an output: {ran:#?}"
            );
        }
        for (path, bytes) in files(&home.path()) {
            assert!(!holds(&bytes, form), "{form} is in {path}");
        }
    }
    assert!(!files(&home.path()).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_no_value_of_the_command_line() {
    let simulator = simulator().await;
    let home = Home::new();
    let key = simulator.credentials().private_key.clone();
    for (begins, given) in [
        ("private-key=", format!("private-key={key}")),
        ("private-key=", "private-key=env:NOT_THERE".to_owned()),
        ("private-key=", "private-key=file:/nowhere/key".to_owned()),
    ] {
        let ran = home
            .add_with("acme", &simulator, &[(begins, &given)])
            .await
            .exits(3);
        assert!(!ran.stderr.contains(&key), "{ran:?}");
    }
    let mut words = home.add_words("acme", &simulator);
    words.extend(["--set".to_owned(), format!("private-key={key}")]);
    let ran = home.run_words(&words).await.exits(3);
    assert!(!ran.stderr.contains(&key), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_secret_and_one_that_is_not_given_are_refused() {
    let simulator = simulator().await;
    let home = Home::new();
    let short = home.file("short", "elevenchars\n");
    let words = home.words_with(
        "acme",
        &simulator,
        &[("private-key=", &format!("private-key=file:{short}"))],
    );
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let error = home.fails(&words, 3).await;
    assert_eq!(error["code"], "secret-refused");
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|text| text.contains("12 characters")),
        "{error}"
    );
    let mut words = home.add_words("acme", &simulator);
    let place = words
        .iter()
        .position(|word| word == "--secret")
        .expect("it is given");
    words.drain(place..place + 2);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert_eq!(home.fails(&words, 3).await["code"], "secret-refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_retired_login_is_told_by_name() {
    let simulator = simulator().await;
    let home = Home::new();
    // Passwords of those logins were short: that is not what is wrong with them.
    let short = format!("file:{}", home.file("short", "hunter2\n"));
    for (option, given) in [
        ("--set", "env:PRIVATE_KEY"),
        ("--secret", "env:PRIVATE_KEY"),
        ("--secret", &short),
    ] {
        let mut words = home.add_words("acme", &simulator);
        words.extend([option.to_owned(), format!("integrator-password={given}")]);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let error = home.fails(&words, 3).await;
        assert_eq!(error["code"], "soap-retired", "{option} {given}");
        assert!(
            error["hint"].as_str().is_some_and(|hint| hint.contains("key")),
            "{error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_id_is_given_once_or_for_everybody() {
    let simulator = simulator().await;
    let home = Home::new();
    let mut words = home.add_words("acme", &simulator);
    let place = words
        .iter()
        .position(|word| word.starts_with("client-id="))
        .expect("it is given");
    words.drain(place - 1..=place);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let error = home.fails(&words, 3).await;
    assert_eq!(error["code"], "client-id-missing");
    let hint = error["hint"].as_str().expect("a hint");
    assert!(
        hint.contains("--set client-id=") && hint.contains("config set connectwise.client-id"),
        "{hint}"
    );
    let id = simulator.credentials().client_id.clone();
    home.run(&["config", "set", "connectwise.client-id", &id])
        .await
        .exits(0);
    home.run(&words).await.exits(0);
    assert_eq!(home.json(&["integration", "connect", "acme"]).await["ok"], true);
}
