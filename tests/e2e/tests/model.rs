//! The engine against a PSA to which anything may happen: edits, deletions, merges, changed permissions, faults and
//! kills, drawn from a seed. Whatever happened, once it is quiet the documentation is what a new one would be.
//!
//! `DOVETAIL_SEED=7` runs one episode, `DOVETAIL_SEEDS=1..100` many; `cargo xtask soak MINUTES` goes on for long.

pub(crate) mod dice;
pub(crate) mod psa;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use connectwise_simulator::{Config, Control, Fault, FaultPlan, Kind, Simulator, Size};
use e2e::{Home, Ran, Signal};
use serde_json::{Value, json};

use self::dice::Dice;
use self::psa::{Key, Standing, Standings, change, is_narrowed, standings, widen};

/// What the suite runs each time. All but the first once found runs that lost what a run before them, which did not come
/// to its end, had learned: of companies that came in, and of records that left.
const USUAL: [u64; 4] = [1, 145, 192, 204];

/// Episodes that go on at once.
const AT_ONCE: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_it_ends_as_a_new_home_would() {
    each_seed(
        &USUAL,
        "whatever_happens_it_ends_as_a_new_home_would",
        |seed, deeds| Box::pin(episode(seed, deeds)),
    )
    .await;
}

/// Runs an episode for each seed that is asked for, or else for the usual ones. One that fails prints its seed, what was
/// done until then and how to replay it by the test's name.
pub(crate) async fn each_seed(
    usual: &[u64],
    test: &str,
    episode: impl Fn(u64, Deeds) -> Pin<Box<dyn Future<Output = ()> + Send>>,
) {
    let seeds = seeds(usual);
    for some in seeds.chunks(AT_ONCE) {
        let episodes: Vec<_> = some
            .iter()
            .map(|seed| {
                let deeds = Deeds::default();
                (*seed, deeds.clone(), tokio::spawn(episode(*seed, deeds)))
            })
            .collect();
        for (seed, deeds, episode) in episodes {
            let outcome = episode.await;
            if outcome.is_ok() && seeds.len() == 1 {
                eprintln!("seed {seed}:\n{}", deeds.0.lock().expect("nobody panics there"));
            }
            if let Err(error) = outcome {
                let told = deeds
                    .0
                    .lock()
                    .unwrap_or_else(|poisoned| poisoned.into_inner())
                    .clone();
                eprintln!(
                    "seed {seed} failed after:\n{told}replay it: DOVETAIL_SEED={seed} cargo test --workspace --test e2e -- \
                     {test}"
                );
                std::panic::resume_unwind(error.into_panic());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_yes_waits_on_through_increments() {
    let simulator = e2e::simulator().await;
    let control = simulator.control();
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let configurations = home.records("configuration").await;
    for record in configurations.iter().take(12) {
        let id = record["source"]["id"]
            .as_str()
            .and_then(|id| id.parse().ok())
            .expect("a number");
        control.delete(Kind::Configuration, id).expect("it is there");
    }
    assert!(braked(&home.run(&words(true)).await));
    // An increment has not looked at them again, and forgets none.
    let ran = home.run(&words(false)).await.exits(8);
    assert!(braked(&ran), "{ran:#?}");
    let run = ran.json();
    assert_eq!(
        (&run["mode"], run["leaving"].as_array().map(Vec::len)),
        (&json!("incremental"), Some(12))
    );
    let id = run["run"].as_str().expect("an id");
    let after = home.json(&["run", "approve", id, "--orphans"]).await;
    assert_eq!(after["entities"]["configuration"]["orphaned"], 12, "{after:#}");
    home.run(&words(false)).await.exits(0);
}

/// The seeds to run.
fn seeds(usual: &[u64]) -> Vec<u64> {
    let number = |text: &str| text.parse::<u64>().expect("a seed is a number");
    if let Ok(seed) = std::env::var("DOVETAIL_SEED") {
        return vec![number(&seed)];
    }
    match std::env::var("DOVETAIL_SEEDS") {
        Ok(range) => {
            let (from, to) = range.split_once("..").expect("seeds are FROM..TO");
            (number(from)..number(to)).collect()
        }
        Err(_) => usual.to_vec(),
    }
}

/// What was done so far, for the one who looks for the cause.
#[derive(Clone, Default)]
pub(crate) struct Deeds(Arc<Mutex<String>>);

impl Deeds {
    pub(crate) fn note(&self, deed: &str) {
        let mut told = self.0.lock().expect("nobody panics here");
        writeln!(told, "  {deed}").expect("a text takes everything");
    }
}

/// An episode's means.
struct Stage {
    control: Control,
    home: Home,
    dice: Dice,
    deeds: Deeds,
    /// Whether permissions change in this episode.
    permits: bool,
    /// Whether an increment may have missed something for lack of permission since everything was read.
    blinded: bool,
}

/// From a first sync through rounds of changes and disturbed runs to quiet.
async fn episode(seed: u64, deeds: Deeds) {
    let mut dice = Dice::new(seed);
    let simulator = Simulator::start(Config {
        seed,
        loose: dice.chance(50),
        size: Size {
            companies: 5 + dice.below(4),
            contacts: 16,
            configurations: 36,
            tickets: 20,
            members: 4,
        },
        ..Config::default()
    })
    .await
    .expect("the simulator starts");
    let home = Home::connected("acme", &simulator).await;
    let reread = dice.below(4).to_string();
    home.run(&["settings", "set", "acme", "--reread", &reread])
        .await
        .exits(0);
    let mut stage = Stage {
        control: simulator.control(),
        home,
        permits: dice.chance(35),
        dice,
        deeds,
        blinded: false,
    };
    if stage.dice.chance(80) {
        stage.home.run(&["sync", "acme"]).await.exits(0);
    }
    for _ in 0..5 + stage.dice.below(5) {
        // What happened before lies behind the overlap of increments then.
        if stage.dice.chance(50) {
            stage.control.advance(3_600);
            stage.deeds.note("an hour goes by");
        }
        for _ in 0..stage.dice.below(6) {
            stage.happen();
        }
        stage.round().await;
    }
    stage.end(&simulator).await;
}

impl Stage {
    /// Something happens to the PSA.
    fn happen(&mut self) {
        let deed = change(&self.control, &mut self.dice, self.permits);
        self.deeds.note(&deed);
        self.blinded |= is_narrowed(&self.control);
    }

    /// A run that may be disturbed. It never takes away what exists.
    async fn round(&mut self) {
        let before = Documented::read(&self.home).await;
        let standings_before = standings(&self.control);
        let full = self.dice.chance(20);
        if self.dice.chance(30) {
            let plan = self.plan();
            self.deeds.note(&format!("faults: {plan:?}"));
            self.control.set_faults(Some(plan));
        }
        let blind = is_narrowed(&self.control);
        let ran = if self.dice.chance(50) {
            self.disturbed(full).await
        } else {
            self.home.run(&words(full)).await
        };
        self.deeds.note(&format!("sync, full: {full}: {}", outcome(&ran)));
        assert!([-1, 0, 4, 5, 8].contains(&ran.code), "{ran:#?}");
        let is_narrowed = is_narrowed(&self.control);
        if full && ran.code == 0 && !blind && !is_narrowed {
            self.blinded = false;
        }
        // An answer is given whether or not it is used: what follows is drawn alike.
        let (decides, says_yes) = (self.dice.chance(80), self.dice.chance(75));
        self.control.set_faults(None);
        if braked(&ran) && !is_narrowed && decides {
            let id = ran.json()["run"].as_str().expect("an id").to_owned();
            self.decide(&id, says_yes).await;
        }
        let after = Documented::read(&self.home).await;
        let standings_after = standings(&self.control);
        for (key, record) in &before.enabled {
            let stood = standings_before.get(key) == Some(&Standing::In)
                && standings_after.get(key) == Some(&Standing::In);
            let organization = after.owner_of(key, record);
            let stands = after.enabled.contains_key(key);
            assert!(
                !stood || stands || !organization,
                "{key:?} exists, and the run took it away: {ran:#?}"
            );
        }
    }

    /// A plan of faults that pass.
    fn plan(&mut self) -> FaultPlan {
        FaultPlan {
            seed: self.dice.below(1_000),
            per_thousand: 150,
            most: 1 + self.dice.below(4),
            kinds: vec![
                Fault::TooManyRequests { retry_after: 0 },
                Fault::TooManyRequests { retry_after: 0 },
                Fault::TooManyRequests { retry_after: 1 },
                Fault::Timeout,
                Fault::BadGateway,
                Fault::Reset,
                Fault::Truncated,
            ],
        }
    }

    /// A run that is stopped at some request: something happens meanwhile, or it is asked to end, or it is killed.
    async fn disturbed(&mut self, full: bool) -> Ran {
        const PLACES: [&str; 7] = [
            "/company/companies",
            "/company/companies?*",
            "/company/companies/*/sites*",
            "/company/contacts*",
            "/company/configurations*",
            "/service/tickets*",
            "/company/*",
        ];
        let place = self.dice.pick(&PLACES).unwrap_or("/company/*");
        let (kind, changes) = (self.dice.below(3), self.dice.below(4));
        let hold = self.control.hold(place);
        let mut sync = self.home.start(&words(full));
        let is_held = sync.until(hold.wait_until_held(1)).await;
        self.deeds.note(&format!("{place} is held: {is_held}"));
        match kind {
            0 => {
                for _ in 0..changes {
                    self.happen();
                }
            }
            1 if is_held => sync.signal(Signal::TERM),
            _ if is_held => sync.signal(Signal::KILL),
            _ => {}
        }
        if kind == 0 {
            hold.release();
            sync.ended().await
        } else {
            let ran = sync.ended().await;
            hold.release();
            ran
        }
    }

    /// A person's yes or no.
    async fn decide(&mut self, run: &str, says_yes: bool) {
        let words: &[&str] = if says_yes {
            &["run", "approve", run, "--orphans"]
        } else {
            &["run", "reject", run]
        };
        self.deeds.note(&words.join(" "));
        self.home.run(words).await.exits(0);
    }

    /// Runs until it succeeds, with a yes to what waits.
    async fn quietly(&mut self, full: bool) -> Value {
        let ran = self.home.run(&words(full)).await;
        self.deeds
            .note(&format!("in quiet, full: {full}: {}", outcome(&ran)));
        if braked(&ran) {
            let id = ran.json()["run"].as_str().expect("an id").to_owned();
            self.decide(&id, true).await;
            return self.home.json(&["run", "show", &id]).await;
        }
        assert_eq!(ran.code, 0, "{ran:#?}");
        let run = ran.json();
        assert_eq!(run["status"], "succeeded", "{run:#}");
        run
    }

    /// Nothing happens any more.
    async fn end(&mut self, simulator: &Simulator) {
        widen(&self.control);
        let standings = standings(&self.control);
        let expected = Home::connected("acme", simulator).await;
        expected.run(&["sync", "acme"]).await.exits(0);
        let expected = Documented::read(&expected).await;
        assert_eq!(
            expected.enabled.keys().cloned().collect::<BTreeSet<_>>(),
            among(&standings, Standing::In)
        );

        let seen = !self.blinded;
        let run = self.quietly(false).await;
        if seen && run["mode"] == "incremental" {
            self.deeds.note("what changed has to be in");
            changes_are_in(&Documented::read(&self.home).await, &expected, &standings);
        }

        self.quietly(true).await;
        let documented = Documented::read(&self.home).await;
        is_equal(&documented, &expected);
        let left = documented
            .orphaned
            .iter()
            .find(|key| standings.get(*key) == Some(&Standing::In));
        assert_eq!(left, None, "it is orphaned and exists");

        for full in [false, true] {
            let before = self.home.everything().await;
            let run = self.quietly(full).await;
            for (kind, tally) in run["entities"].as_object().expect("a run has counts") {
                for what in ["created", "updated", "orphaned", "quarantined"] {
                    assert_eq!(tally[what], 0, "full: {full}: {kind} {what}: {run:#}");
                }
            }
            assert_eq!(
                self.home.everything().await,
                before,
                "full: {full}: a run that had nothing to do wrote"
            );
        }
    }
}

/// A sync, of everything or of changes, with JSON output.
pub(crate) fn words(full: bool) -> Vec<&'static str> {
    let mut words = vec!["sync", "acme", "--format", "json"];
    if full {
        words.push("--full");
    }
    words
}

/// Whether a run waits for a person's yes to what leaves.
pub(crate) fn braked(ran: &Ran) -> bool {
    ran.code == 8 && !ran.stdout.is_empty() && ran.json()["reason"] == "orphan-brake"
}

/// How a run ended, in a few words.
pub(crate) fn outcome(ran: &Ran) -> String {
    let run: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
    format!(
        "exit {}, {}, {}, {}",
        ran.code, run["mode"], run["status"], run["reason"]
    )
}

fn among(standings: &Standings, wanted: Standing) -> BTreeSet<Key> {
    let found = standings.iter().filter(|(_, standing)| **standing == wanted);
    found.map(|(key, _)| key.clone()).collect()
}

/// What stands in a home.
pub(crate) struct Documented {
    /// Records that are kept in step, without own ids and times. A link names the PSA's id; one that leads to nothing
    /// that is kept in step is left out, since what left keeps its last name.
    pub(crate) enabled: BTreeMap<Key, Value>,
    orphaned: BTreeSet<Key>,
}

impl Documented {
    pub(crate) async fn read(home: &Home) -> Documented {
        let records: Vec<Value> = home
            .everything()
            .await
            .into_iter()
            .flat_map(|mut list| std::mem::take(list.as_array_mut().expect("a list")))
            .collect();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let key = |record: &Value| (text(&record["kind"]), text(&record["source"]["id"]));
        let (enabled, orphaned): (Vec<&Value>, Vec<&Value>) =
            records.iter().partition(|record| record["sync"] == "enabled");
        let ids: BTreeMap<String, String> = enabled
            .iter()
            .map(|record| (text(&record["id"]), key(record).1))
            .collect();
        let linked = |link: &Value| -> Option<Value> {
            let id = ids.get(link["id"].as_str()?)?;
            Some(json!({"id": id, "name": link["name"]}))
        };
        let mut found = BTreeMap::new();
        for record in &enabled {
            let fields = record["fields"].as_object().expect("fields").iter();
            let fields: serde_json::Map<String, Value> = fields
                .filter_map(|(name, value)| {
                    let is_link = value.get("id").is_some();
                    let value = if is_link { linked(value)? } else { value.clone() };
                    Some((name.clone(), value))
                })
                .collect();
            let kept = json!({
                "name": record["name"],
                "organization": linked(&record["organization"]),
                "fields": fields,
                "traits": record["traits"],
            });
            let twin = found.insert(key(record), kept);
            assert!(twin.is_none(), "{:?} is there twice", key(record));
        }
        Documented {
            enabled: found,
            orphaned: orphaned.into_iter().map(key).collect(),
        }
    }

    /// Whether the organization that a record belonged to is kept in step; an organization stands by itself.
    fn owner_of(&self, (kind, _): &Key, record: &Value) -> bool {
        let owner = record["organization"]["id"].as_str().unwrap_or_default();
        kind == "organization"
            || self
                .enabled
                .contains_key(&("organization".to_owned(), owner.to_owned()))
    }
}

/// The same records are kept in step, and each is the same.
fn is_equal(documented: &Documented, expected: &Documented) {
    let keys = |of: &Documented| of.enabled.keys().cloned().collect::<BTreeSet<_>>();
    let (has, wants) = (keys(documented), keys(expected));
    let missing: Vec<_> = wants.difference(&has).collect();
    let extra: Vec<_> = has.difference(&wants).collect();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "missing: {missing:?}, too many: {extra:?}"
    );
    for (key, record) in &documented.enabled {
        assert_eq!(record, &expected.enabled[key], "{key:?}");
    }
}

/// What an increment is told of is in: every record that exists, with its own fields as they are, and none that says of
/// itself that it stays out. Locations have their turn, links follow their targets when everything is read.
fn changes_are_in(documented: &Documented, expected: &Documented, standings: &Standings) {
    let own = |record: &Value| {
        let mut record = record.clone();
        let fields = record["fields"].as_object_mut().expect("fields");
        fields.retain(|_, value| value.get("id").is_none());
        (
            record["organization"]["id"].take(),
            record["name"].take(),
            record["fields"].take(),
        )
    };
    for (key, standing) in standings {
        let record = documented.enabled.get(key);
        match standing {
            _ if key.0 == "location" => {}
            Standing::In => {
                let record =
                    record.unwrap_or_else(|| panic!("{key:?} exists and is not in after an increment"));
                assert_eq!(
                    own(record),
                    own(&expected.enabled[key]),
                    "{key:?} after an increment"
                );
            }
            Standing::Out => assert!(record.is_none(), "{key:?} stays out and is in after an increment"),
            Standing::Follows => {}
        }
    }
}
