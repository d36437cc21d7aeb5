use clap::{CommandFactory, Parser};
use dovetail_server::request::{Change, Fate, Whom};
use dovetail_server::{Problem, Request};

use crate::args::Cli;
use crate::words;

fn request(words: &[&str]) -> Result<Request, Problem> {
    let words = std::iter::once("dovetail").chain(words.iter().copied());
    let cli = Cli::try_parse_from(words).map_err(|error| Problem::internal(error.to_string()))?;
    words::request(cli.command, &mut "from-standard-input\n".as_bytes()).map(|request| request.unwrap())
}

fn refused(words: &[&str]) -> Problem {
    request(words).err().unwrap()
}

#[test]
fn the_definitions_hold_together() {
    Cli::command().debug_assert();
}

#[test]
fn words_clap_refuses_exit_with_2() {
    for words in [
        &["dovetail", "integration", "remove", "acme"][..],
        &[
            "dovetail",
            "integration",
            "remove",
            "acme",
            "--keep-data",
            "--delete-data",
        ],
        &["dovetail", "asset", "list", "widget"],
        &["dovetail", "sync"],
        &["dovetail", "sync", "acme", "--dry-run=perhaps"],
        &["dovetail", "settings", "set", "acme", "--contacts", "perhaps"],
        &[
            "dovetail", "user", "invite", "acme", "--all", "--only", "1", "--role", "reader",
        ],
        &["dovetail", "user", "invite", "acme"],
        &["dovetail", "-q", "-v", "integration", "list"],
    ] {
        assert_eq!(
            Cli::try_parse_from(words).err().map(|error| error.exit_code()),
            Some(2),
            "{words:?}"
        );
    }
}

#[test]
fn values_that_are_not_acceptable_exit_with_3() {
    for words in [
        &["sync", "Acme"][..],
        &["run", "show", "last"],
        &["asset", "show", "contact", "x"],
        &["asset", "list", "contact", "--where", "name"],
        &["settings", "set", "acme", "--tickets", "some"],
        &["settings", "set", "acme", "--interval", "soon"],
        &["settings", "set", "acme", "--select", "types"],
        &["settings", "set", "acme", "--two-way", "perhaps"],
        &["settings", "set", "acme", "--two-way", "widget=on"],
        &[
            "integration",
            "add",
            "acme",
            "--connector",
            "c",
            "--set",
            "novalue",
        ],
        &[
            "integration",
            "add",
            "acme",
            "--connector",
            "c",
            "--requests-per-minute",
            "0",
        ],
        &[
            "integration",
            "add",
            "acme",
            "--connector",
            "c",
            "--secret",
            "private-key=hunter2hunter2",
        ],
        &[
            "integration",
            "add",
            "acme",
            "--connector",
            "c",
            "--secret",
            "a=-",
            "--secret",
            "b=-",
        ],
    ] {
        assert_eq!(refused(words).exit(), 3, "{words:?}");
    }
}

#[test]
fn a_secret_comes_from_its_source_and_is_never_repeated() {
    let Request::IntegrationAdd(add) = request(&[
        "integration",
        "add",
        "acme",
        "--connector",
        "c",
        "--secret",
        "private-key=-",
    ])
    .unwrap() else {
        panic!("another request");
    };
    let secrets: Vec<_> = add
        .secrets
        .iter()
        .map(|(key, secret)| (key.as_str(), secret.expose()))
        .collect();
    assert_eq!(secrets, [("private-key", "from-standard-input")]);
    let problem = refused(&[
        "integration",
        "add",
        "acme",
        "--connector",
        "c",
        "--secret",
        "private-key=hunter2hunter2",
    ]);
    assert!(!format!("{problem:?}").contains("hunter2"));
}

#[test]
fn network_words() {
    let network = |words: &[&str]| {
        let all: Vec<&str> = ["integration", "update", "acme"]
            .iter()
            .chain(words)
            .copied()
            .collect();
        match request(&all).unwrap() {
            Request::IntegrationUpdate(update) => update.network,
            _ => panic!("another request"),
        }
    };
    let none = network(&[]);
    assert_eq!(
        (&none.ca_file, none.allow_private_network, &none.proxy),
        (&Change::Keep, None, &Change::Keep)
    );
    let all = network(&[
        "--allow-private-network",
        "--proxy",
        "http://p:1",
        "--requests-per-minute",
        "unlimited",
    ]);
    assert_eq!(all.allow_private_network, Some(true));
    assert_eq!(
        (all.proxy, all.requests_per_minute),
        (Change::To("http://p:1".to_owned()), Change::Clear)
    );
    let back = network(&[
        "--no-private-network",
        "--no-proxy",
        "--no-ca-file",
        "--requests-per-minute",
        "60",
    ]);
    assert_eq!(
        (back.allow_private_network, back.ca_file),
        (Some(false), Change::Clear)
    );
    assert_eq!(
        (back.proxy, back.requests_per_minute),
        (Change::Clear, Change::To(60))
    );
    assert!(matches!(network(&["--ca-file", "ca.pem"]).ca_file, Change::To(path) if path.is_absolute()));
}

#[test]
fn fates_and_whom() {
    for (word, fate) in [
        ("--keep-data", Fate::KeepData),
        ("--keep-data-and-links", Fate::KeepDataAndLinks),
        ("--delete-data", Fate::DeleteData),
    ] {
        let request = request(&["integration", "remove", "acme", word]).unwrap();
        assert!(
            matches!(request, Request::IntegrationRemove { fate: found, yes: false, .. } if found == fate)
        );
    }
    let whom = |words: &[&str]| {
        let all: Vec<&str> = ["user", "invite", "acme", "--role", "reader"]
            .iter()
            .chain(words)
            .copied()
            .collect();
        match request(&all).unwrap() {
            Request::UserInvite { whom, .. } => whom,
            _ => panic!("another request"),
        }
    };
    assert_eq!(whom(&[]), Whom::All);
    assert_eq!(whom(&["--all"]), Whom::All);
    assert_eq!(
        whom(&["--only", "1,2"]),
        Whom::Only(vec!["1".to_owned(), "2".to_owned()])
    );
    assert_eq!(whom(&["--except", "3"]), Whom::Except(vec!["3".to_owned()]));
}

#[test]
fn a_command_is_told_by_its_words_without_values() {
    let matches =
        Cli::command().get_matches_from(["dovetail", "asset", "list", "contact", "--where", "title=CEO"]);
    assert_eq!(crate::command_name(&matches), "asset list");
}

#[test]
fn man_pages_are_written_for_every_command() {
    let folder = tempfile::tempdir().unwrap();
    crate::man_pages(folder.path()).unwrap();
    for page in ["dovetail.1", "dovetail-sync.1", "dovetail-integration-add.1"] {
        assert!(folder.path().join(page).exists(), "{page}");
    }
}
