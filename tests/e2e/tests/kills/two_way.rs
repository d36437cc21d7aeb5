//! A run in which both sides have something for each other is killed at every request, and at every write below its home:
//! run on, it ends with what undisturbed runs end with on both sides, each record that was made here is made in the PSA once,
//! and nothing is written a second time. The same for a person's own commands.

use std::collections::BTreeMap;

use connectwise_simulator::{Control, Fault, Kept, Kind, Loss, Role, Simulator, Writes};
use e2e::crash::Crash;
use e2e::{Home, Signal, Started};
use serde_json::{Value, json};

use super::scene::small;
use crate::model::psa::SYNCED;

/// Scenes that are played at once.
const AT_ONCE: u64 = 2;

/// Runs after which nothing is left to be done.
const RUNS: usize = 4;

/// More than the run has requests or writes.
const TOO_MANY: u64 = 600;

/// What can be seen of both sides.
#[derive(Clone, Debug, PartialEq)]
struct Sides {
    /// Every record, without times.
    records: Vec<Value>,
    conflicts: Vec<Value>,
    psa: BTreeMap<(&'static str, u64), Value>,
    problems: Value,
}

/// Two sides that have something for each other.
struct Scene {
    simulator: Simulator,
    /// The home before the run.
    before: Home,
    /// The PSA before the run.
    kept: Kept,
    after: Sides,
}

/// A record's own id.
fn id(record: &Value) -> &str {
    record["id"].as_str().expect("an id")
}

fn number(record: &Value) -> u64 {
    record["source"]["id"]
        .as_str()
        .and_then(|id| id.parse().ok())
        .expect("a number")
}

impl Scene {
    async fn new() -> Scene {
        let simulator = small(1).await;
        let control = simulator.control();
        control.set_role(Role::writing());
        let home = Home::connected("acme", &simulator).await;
        home.run(&["settings", "set", "acme", "--two-way", "on", "--reread", "1"])
            .await
            .exits(0);
        home.run(&["sync", "acme"]).await.exits(0);
        stir(&home, &control).await;
        let mut scene = Scene {
            kept: control.keep(),
            simulator,
            before: home,
            after: Sides {
                records: Vec::new(),
                conflicts: Vec::new(),
                psa: BTreeMap::new(),
                problems: Value::Null,
            },
        };
        scene.set();
        let undisturbed = scene.before.copy();
        scene.after = scene.runs_on(&undisturbed).await.expect("it comes to an end");
        assert_eq!(scene.unasked(), Vec::<String>::new());
        assert_eq!(scene.after.conflicts.len(), 1, "{:#?}", scene.after.conflicts);
        scene
    }

    /// Puts the PSA back to where it was: the answer to the one record that is made is lost.
    fn set(&self) {
        let control = self.simulator.control();
        control.put_back(&self.kept);
        control.fail_writes(
            Writes::of(Kind::Configuration).method("POST").next(1),
            Fault::Lost { how: Loss::Reset },
        );
    }

    /// Runs until nothing is left to be done: both sides then.
    async fn runs_on(&self, home: &Home) -> Result<Sides, String> {
        for _ in 0..RUNS {
            let ran = home.run(&["sync", "acme", "--format", "json"]).await;
            if ![0, 8].contains(&ran.code) {
                return Err(format!("{ran:#?}"));
            }
            if ran.code == 0 {
                let sides = self.sides(home).await;
                if sides.records.iter().all(|record| record["pending"] == false) {
                    return Ok(sides);
                }
            }
        }
        let sides = self.sides(home).await;
        Err(format!(
            "something is left after {RUNS} runs: {:#?}",
            sides.records
        ))
    }

    async fn sides(&self, home: &Home) -> Sides {
        let mut records = Vec::new();
        for kind in ["organization", "location", "contact", "configuration"] {
            records.extend(home.records(kind).await);
        }
        for record in &mut records {
            record["updated"].take();
            record["source"]["updated"].take();
        }
        let listed = home.json(&["conflict", "list"]).await;
        let mut conflicts = listed.as_array().expect("a list").clone();
        for row in &mut conflicts {
            row["since"].take();
        }
        Sides {
            records,
            conflicts,
            psa: psa(&self.simulator.control()),
            problems: home.json(&["verify"]).await["problems"].take(),
        }
    }

    /// Says what was written more than once, or made more than once.
    fn unasked(&self) -> Vec<String> {
        let mut times: BTreeMap<String, u64> = BTreeMap::new();
        let writes = self.simulator.control().writes();
        for write in writes.iter().filter(|write| write.applied.is_some()) {
            *times
                .entry(format!("{} {}", write.method, write.path))
                .or_default() += 1;
        }
        let twice = times.iter().filter(|(_, times)| **times > 1);
        let mut wrong: Vec<String> = twice
            .map(|(what, times)| format!("{what}, {times} times"))
            .collect();
        if times.len() != 3 {
            wrong.push(format!("written were {times:?}"));
        }
        wrong
    }

    /// What is wrong after a run that was disturbed on this home.
    async fn wrong(&self, home: &Home, what: &str) -> Vec<String> {
        let mut wrong: Vec<String> = match self.runs_on(home).await {
            Err(why) => vec![why],
            Ok(sides) if sides != self.after => {
                vec![format!("it ends as {sides:#?} and not as {:#?}", self.after)]
            }
            Ok(_) => Vec::new(),
        };
        wrong.extend(self.unasked());
        wrong
            .into_iter()
            .map(|wrong| format!("{what}: {wrong}"))
            .collect()
    }

    /// Kills the run at a request; none where it has no such request.
    async fn killed_at_request(&self, number: u64) -> Option<Vec<String>> {
        self.set();
        let home = self.before.copy();
        let hold = self.simulator.control().hold_after("*", number - 1);
        let mut run = home.start(&["sync", "acme"]);
        if !run.until(hold.wait_until_held(1)).await {
            return None;
        }
        run.signal(Signal::KILL);
        assert_eq!(run.ended().await.code, -1, "it ended by itself");
        hold.release();
        Some(self.wrong(&home, &format!("killed at request {number}")).await)
    }

    /// Kills the run at a write; none where it has no such write.
    async fn killed_at_write(&self, number: u64) -> Option<Vec<String>> {
        self.set();
        let home = self.before.copy();
        let mut command = home.command(&["sync", "acme"]);
        Crash::Dies(number).befall(&mut command, home.around());
        if Started::of(command).ended().await.code != -1 {
            return None;
        }
        Some(self.wrong(&home, &format!("killed at moment {number}")).await)
    }
}

/// What a person sees of the records that are edited here, and of what is open.
async fn seen(home: &Home) -> Vec<Value> {
    let mut all = home.records("contact").await;
    all.extend(home.records("configuration").await);
    for record in &mut all {
        record["updated"].take();
        // A number that was given to what was not made is not given again.
        if record["source"].is_null() {
            record["id"].take();
        }
    }
    all.push(home.json(&["conflict", "list"]).await);
    all
}

/// Edits on both sides, a record that is made, and one field that both change.
async fn stir(home: &Home, control: &Control) {
    let set = async |kind: &str, record: &Value, word: &str| {
        home.run(&["asset", "edit", kind, id(record), "--set", word])
            .await
            .exits(0);
    };
    let contacts = home.records("contact").await;
    let configurations = home.records("configuration").await;
    set("contact", &contacts[0], "title=Sent from here").await;
    set("configuration", &configurations[0], "notes=Sent from here").await;
    control
        .edit(
            Kind::Contact,
            number(&contacts[1]),
            json!({"title": "Said there"}),
        )
        .expect("it is there");
    set("contact", &contacts[2], "title=Both, here").await;
    control
        .edit(
            Kind::Contact,
            number(&contacts[2]),
            json!({"title": "Both, there"}),
        )
        .expect("it is there");
    home.run_words(&making(&configurations[1], "Made here"))
        .await
        .exits(0);
}

/// The words that make a configuration much like another.
fn making(like: &Value, name: &str) -> Vec<String> {
    let of = |field: &str| format!("{field}={}", like["fields"][field].as_str().unwrap_or_default());
    let owner = format!("organization={}", id(&like["organization"]));
    let set = [
        format!("name={name}"),
        owner,
        of("type"),
        of("status"),
        format!("serial_number={name}"),
    ];
    let words = ["asset", "create", "configuration"].map(str::to_owned);
    let set = set.into_iter().flat_map(|word| ["--set".to_owned(), word]);
    words.into_iter().chain(set).collect()
}

/// The PSA's records without what says when and by whom they were written.
fn psa(control: &Control) -> BTreeMap<(&'static str, u64), Value> {
    let mut all = BTreeMap::new();
    for (kind, name) in SYNCED {
        for id in control.ids(kind) {
            let mut record = control.record(kind, id).expect("it is there");
            record["_info"].take();
            all.insert((name, id), record);
        }
    }
    all
}

/// Plays scenes at once, each with every so manieth fate, until there are no more: how many there were, and what was wrong.
async fn every(fate: impl AsyncFn(&Scene, u64) -> Option<Vec<String>>) -> (u64, Vec<String>) {
    let (mut kills, mut wrong) = (0, Vec::new());
    let scenes = [Scene::new().await, Scene::new().await];
    for first in (1..TOO_MANY).step_by(AT_ONCE as usize) {
        let (one, other) = tokio::join!(fate(&scenes[0], first), fate(&scenes[1], first + 1));
        let ends = one.is_none() || other.is_none();
        for told in [one, other].into_iter().flatten() {
            kills += 1;
            wrong.extend(told);
        }
        if ends {
            break;
        }
    }
    (kills, wrong)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_request_both_sides_end_the_same() {
    let (kills, wrong) = every(async |scene, number| scene.killed_at_request(number).await).await;
    println!("killed at {kills} requests");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(kills >= 10, "only {kills} requests were the last");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_write_both_sides_end_the_same() {
    let (kills, wrong) = every(async |scene, number| scene.killed_at_write(number).await).await;
    println!("killed at {kills} moments");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(kills >= 100, "only {kills} moments were the last");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_persons_command_that_is_killed_at_any_write_is_done_or_not() {
    let scene = Scene::new().await;
    scene.set();
    let before = scene.before.copy();
    before.run(&["sync", "acme"]).await.exits(0);
    let contact = before.records("contact").await.remove(0);
    let like = before.records("configuration").await.remove(0);
    let open = before.json(&["conflict", "list"]).await;
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let commands = [
        words(&[
            "asset",
            "edit",
            "contact",
            id(&contact),
            "--set",
            "title=Once more",
        ]),
        words(&["conflict", "resolve", id(&open[0]), "--take", "local"]),
        making(&like, "Made later"),
    ];
    let stood = seen(&before).await;
    let (mut kills, mut wrong) = (0, Vec::new());
    for words in commands {
        let undisturbed = before.copy();
        undisturbed.run_words(&words).await.exits(0);
        let after = seen(&undisturbed).await;
        assert_ne!(stood, after, "{words:?} does nothing");
        for number in 1..TOO_MANY {
            let home = before.copy();
            let mut command = home.command(&words.iter().map(String::as_str).collect::<Vec<_>>());
            Crash::Dies(number).befall(&mut command, home.around());
            if Started::of(command).ended().await.code != -1 {
                break;
            }
            kills += 1;
            let mut now = seen(&home).await;
            if now == stood {
                home.run_words(&words).await.exits(0);
                now = seen(&home).await;
            }
            let problems = home.json(&["verify"]).await["problems"].take();
            if now != after || problems != json!([]) {
                wrong.push(format!(
                    "{words:?} killed at moment {number}: {problems} {now:#?}"
                ));
            }
        }
    }
    println!("killed at {kills} moments");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(kills >= 15, "only {kills} moments were the last");
}
