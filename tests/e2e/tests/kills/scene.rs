//! The scenario: an integration is added, connected and chosen for, everything is read, the PSA changes, what changed is
//! read, a type is deselected, and the next run does that; then a plugin is added, the key is changed, and the store is
//! written anew. Each step is one command; it can be tried again and again from the home as it stood before it.

use connectwise_simulator::{Config, Control, Kind, Simulator, Size};
use e2e::{Content, Home, component};
use serde_json::{Value, json};

/// What can be seen of a home.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct State {
    /// The exit code of the step's command.
    exit: i32,
    /// Every record; none before the first run.
    content: Content,
    /// Every row of the quarantine, without what differs from run to run.
    quarantine: Vec<Value>,
    /// The integration's settings, after a step about them.
    settings: Value,
    /// What `verify` says is wrong.
    problems: Value,
}

/// A command of the scenario.
pub(super) struct Step {
    /// The home as it stands before.
    pub(super) before: Home,
    /// The command.
    pub(super) words: Vec<String>,
    /// What it comes to undisturbed.
    pub(super) after: State,
    undisturbed: Home,
}

/// The words of a command, and what happens to the PSA before it.
type Planned = (Vec<String>, fn(&Control));

/// The scenario as far as it has come.
pub(super) struct Scene {
    pub(super) simulator: Simulator,
    home: Option<Home>,
    /// The authority's file stands beside it.
    _desk: Home,
    steps: std::vec::IntoIter<Planned>,
}

impl Scene {
    pub(super) async fn new() -> Scene {
        let simulator = small(1).await;
        let desk = Home::new();
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let quiet: fn(&Control) = |_| {};
        let plugin = component("rename-configurations");
        let steps = vec![
            (desk.add_words("acme", &simulator), quiet),
            (words(&["integration", "connect", "acme"]), quiet),
            (
                words(&[
                    "settings",
                    "set",
                    "acme",
                    "--select",
                    "company-types=recommended",
                    "--select",
                    "company-statuses=recommended",
                    "--select",
                    "configuration-types=all",
                    "--select",
                    "configuration-statuses=recommended",
                    "--select",
                    "contact-types=all",
                    "--select",
                    "ticket-boards=recommended",
                ]),
                quiet,
            ),
            (words(&["sync", "acme"]), quiet),
            (words(&["sync", "acme"]), change),
            (
                words(&[
                    "settings",
                    "set",
                    "acme",
                    "--select",
                    "configuration-types=recommended",
                    "--contacts",
                    "off",
                ]),
                quiet,
            ),
            (words(&["sync", "acme"]), quiet),
            (
                words(&["plugin", "add", &plugin.display().to_string(), "--yes"]),
                quiet,
            ),
            (words(&["config", "rotate-key"]), quiet),
            (words(&["compact"]), quiet),
        ];
        Scene {
            simulator,
            home: Some(Home::new()),
            _desk: desk,
            steps: steps.into_iter(),
        }
    }

    /// The next step, done undisturbed.
    pub(super) async fn next(&mut self) -> Option<Step> {
        let (words, happens) = self.steps.next()?;
        happens(&self.simulator.control());
        let before = self.home.take().expect("the step before is done");
        let undisturbed = before.copy();
        let exit = undisturbed.run_words(&words).await.code;
        assert!([0, 6].contains(&exit), "{words:?} ends with {exit}");
        let after = State::after(&words, &undisturbed, exit).await;
        Some(Step {
            before,
            words,
            after,
            undisturbed,
        })
    }

    /// Goes on from where a step leads.
    pub(super) fn done(&mut self, step: Step) {
        self.home = Some(step.undisturbed);
    }
}

impl Step {
    /// The command on a home.
    pub(super) fn command(&self, home: &Home) -> tokio::process::Command {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        home.command(&words)
    }

    /// Does the step once more on a home in which it was disturbed, and says what is not as it would be undisturbed.
    pub(super) async fn again(&self, home: &Home, what: &str) -> Vec<String> {
        let said = |told: String| format!("{:?} {what}: {told}", self.words.join(" "));
        let ran = home.run_words(&self.words).await;
        let is_there = self
            .words
            .starts_with(&["integration".to_owned(), "add".to_owned()])
            && ran.stderr.contains("already");
        // What was added in full before the kill cannot be added again.
        let exit = if is_there { self.after.exit } else { ran.code };
        if exit != self.after.exit {
            return vec![said(format!("once more: {ran:?}"))];
        }
        let state = State::after(&self.words, home, exit).await;
        let is_same = state == self.after;
        let told = || said(format!("it ends as {state:#?} and not as {:#?}", self.after));
        if is_same { Vec::new() } else { vec![told()] }
    }
}

impl State {
    /// What a command may have changed.
    async fn after(words: &[String], home: &Home, exit: i32) -> State {
        let is = |word: &str| words.first().is_some_and(|first| first == word);
        let mut state = State {
            exit,
            content: Content::new(),
            quarantine: Vec::new(),
            settings: Value::Null,
            problems: home.json(&["verify"]).await["problems"].take(),
        };
        if is("settings") {
            state.settings = home.json(&["settings", "show", "acme"]).await;
        }
        if is("sync") {
            state.content = home.content().await;
            state.quarantine = quarantine(home).await;
        }
        state
    }

    /// What a run leaves.
    pub(crate) async fn of(home: &Home) -> State {
        State::after(&["sync".to_owned()], home, 0).await
    }
}

async fn quarantine(home: &Home) -> Vec<Value> {
    let listed = home.json(&["quarantine", "list"]).await;
    let rows = listed.as_array().expect("a list").iter();
    rows.map(|row| json!([row["kind"], row["source_id"], row["code"], row["message"]]))
        .collect()
}

/// A simulator of so few records that every one of its requests can be the last.
pub(crate) async fn small(seed: u64) -> Simulator {
    let config = Config {
        seed,
        size: Size {
            companies: 6,
            contacts: 8,
            configurations: 10,
            tickets: 6,
            members: 4,
        },
        ..Config::default()
    };
    Simulator::start(config).await.expect("the simulator starts")
}

/// What happens to the PSA: records change, come and go, and one makes no sense any more.
pub(crate) fn change(control: &Control) {
    let edit = |kind, place: usize, fields: Value| {
        let id = control.ids(kind)[place];
        control.edit(kind, id, fields).expect("it is there");
    };
    edit(Kind::Company, 1, json!({"name": "Renamed"}));
    edit(Kind::Contact, 1, json!({"title": "Changed"}));
    edit(Kind::Configuration, 2, json!({"modelNumber": "Changed"}));
    edit(
        Kind::Configuration,
        3,
        json!({"installationDate": "the day before yesterday"}),
    );
    let last = *control.ids(Kind::Contact).last().expect("a contact");
    control.delete(Kind::Contact, last).expect("it is there");
    let mut new = control
        .record(Kind::Configuration, control.ids(Kind::Configuration)[4])
        .expect("it is there");
    new["name"] = json!("A new one");
    new["serialNumber"] = json!("NEW-1");
    control.add(Kind::Configuration, new).expect("it can be added");
}
