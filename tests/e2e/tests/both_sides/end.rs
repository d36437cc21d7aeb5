//! Nothing happens any more: what is open is settled, it comes to quiet, and both sides are held against each other and
//! against what people entered.

use std::collections::{BTreeMap, BTreeSet};

use e2e::Home;
use serde_json::Value;

use super::entered::{Side, Word};
use super::here::{entry, texts};
use super::parts::PARTS;
use super::stage::{Stage, id, source};
use super::written::{Known, unasked};
use crate::model::psa::Key;
use crate::model::{Documented, braked, outcome, words};

/// Runs within which it has to come to quiet.
const RUNS: usize = 8;

impl Stage {
    /// It comes to quiet, and nothing is lost.
    pub(super) async fn end(&mut self) {
        self.control.set_faults(None);
        self.control.clear_plans();
        self.take_up().await;
        for part in PARTS {
            if self.entered.is_decided(part.kind, part.field) {
                let name = format!("{}.{}", part.kind, part.field);
                self.home
                    .run(&["policy", "set", "acme", &name, "default"])
                    .await
                    .exits(0);
            }
        }
        let mut runs = 0;
        while !self.settled().await {
            runs += 1;
            assert!(runs <= RUNS, "it does not come to quiet");
        }
        self.note(&format!("quiet after {runs} runs"));
        let expected = self.another().await;
        let all = self.home.everything().await;
        let all: Vec<Value> = all
            .into_iter()
            .flat_map(|mut list| list.as_array_mut().map(std::mem::take).unwrap_or_default())
            .collect();
        let theirs = Documented::read(&expected).await;
        let mut wrong = self.unequal(&theirs, &all).await;
        wrong.extend(unasked(&self.control, &known(&all, &self.made), &self.entered));
        self.look().await;
        wrong.extend(self.lost(&theirs, &all).await);
        wrong.extend(self.moved().await);
        let verified = self.home.json(&["verify"]).await;
        if verified["problems"]
            .as_array()
            .is_none_or(|problems| !problems.is_empty())
        {
            wrong.push(format!("verify: {verified:#}"));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// A home of its own that reads everything.
    async fn another(&self) -> Home {
        let home = Home::connected("acme", &self.simulator).await;
        home.run(&["sync", "acme"]).await.exits(0);
        home
    }

    /// Settles what waits for a person and runs once more. Whether there was nothing to settle, and nothing to do.
    async fn settled(&mut self) -> bool {
        let mut quiet = true;
        for row in self.conflicts().await {
            quiet = false;
            self.choose(&row).await;
        }
        let refused = self.refused().await;
        if !refused.is_empty() {
            quiet = false;
            let ran = self.home.run(&["quarantine", "retry", "--all"]).await;
            self.note(&format!("quarantine retry --all: exit {}", ran.code));
            for row in self.refused().await {
                self.yield_to_psa(&row).await;
            }
        }
        let (writes, before) = (self.control.writes().len(), self.home.everything().await);
        let ran = self.home.run(&words(true)).await;
        self.note(&format!("in quiet: {}", outcome(&ran)));
        if braked(&ran) {
            self.answer(&ran).await;
            quiet = false;
        } else {
            assert!([0, 6].contains(&ran.code), "{ran:#?}");
        }
        self.look().await;
        let after = self.home.everything().await;
        let waits = after
            .iter()
            .filter_map(Value::as_array)
            .flatten()
            .any(|record| record["pending"] == true);
        quiet && !waits && self.control.writes().len() == writes && after == before
    }

    /// Edits that the PSA did not take.
    async fn refused(&self) -> Vec<Value> {
        let listed = self.home.json(&["quarantine", "list"]).await;
        let rows = listed.as_array().cloned().unwrap_or_default();
        rows.into_iter()
            .filter(|row| row["code"] == "push-refused")
            .collect()
    }

    /// An edit that is not accepted is given up: each field gets what the PSA has.
    async fn yield_to_psa(&mut self, row: &Value) {
        let name = row["id"].as_str().unwrap_or_default();
        let (kind, asset) = name.split_once('.').expect("a kind and an id");
        self.note(&format!("{name} is not accepted: {}", row["message"]));
        let record = self.home.json(&["asset", "show", kind, asset]).await;
        if source(&record).is_empty() {
            self.home.run(&["asset", "delete", kind, asset]).await.exits(0);
            self.made.remove(&(kind.to_owned(), asset.to_owned()));
            self.entered.given_up_whole(kind, asset);
            return;
        }
        let theirs = self.another().await.records(kind).await;
        // What the PSA does not have any more leaves with the next run.
        let Some(theirs) = theirs.iter().find(|one| source(one) == source(&record)) else {
            return;
        };
        for of in ["fields", "traits"] {
            let names: BTreeSet<&String> = [&record, theirs]
                .into_iter()
                .flat_map(|one| one[of].as_object().into_iter().flat_map(serde_json::Map::keys))
                .collect();
            for field in names {
                let (now, wanted) = (&record[of][field], &theirs[of][field]);
                if now == wanted || wanted.is_object() || now.is_object() {
                    continue;
                }
                let text = match wanted {
                    Value::Array(all) if all.iter().any(Value::is_object) => {
                        all.iter().map(entry).collect::<Vec<_>>().join(";")
                    }
                    other => texts(other).join(";"),
                };
                let field = match of {
                    "traits" => format!("traits.{field}"),
                    _ => field.clone(),
                };
                self.set(&record, kind, &field, &text, None).await;
            }
        }
    }

    /// Where what is kept in step is not what a new home makes of the PSA's records.
    async fn unequal(&self, theirs: &Documented, all: &[Value]) -> Vec<String> {
        let ours = Documented::read(&self.home).await;
        let mut wrong = Vec::new();
        let keys = |of: &Documented| of.enabled.keys().cloned().collect::<BTreeSet<Key>>();
        let (has, wants) = (keys(&ours), keys(theirs));
        for key in wants.difference(&has) {
            wrong.push(format!("{key:?} is missing"));
        }
        for key in has.difference(&wants) {
            wrong.push(format!("{key:?} is too many"));
        }
        let held: BTreeMap<Key, Vec<String>> = all
            .iter()
            .filter(|record| !source(record).is_empty())
            .map(|record| {
                (
                    (
                        record["kind"].as_str().unwrap_or_default().to_owned(),
                        source(record),
                    ),
                    texts(&record["held"]),
                )
            })
            .collect();
        // A link leads to records of the same organization; one that is held in another leads elsewhere.
        let strays = held
            .iter()
            .filter(|(_, held)| held.iter().any(|part| part == "organization"));
        let strays: BTreeSet<&str> = strays.map(|((_, source), _)| source.as_str()).collect();
        for (key, ours) in &ours.enabled {
            let Some(theirs) = theirs.enabled.get(key) else {
                continue;
            };
            let held = held.get(key).map(Vec::as_slice).unwrap_or_default();
            let (mut ours, mut theirs) = (ours.clone(), theirs.clone());
            for record in [&mut ours, &mut theirs] {
                without(record, held, &strays);
            }
            if ours != theirs {
                wrong.push(format!("{key:?} is {ours} here and {theirs} in the PSA"));
            }
        }
        wrong
    }

    /// What somebody entered and nobody finds again.
    async fn lost(&self, theirs: &Documented, all: &[Value]) -> Vec<String> {
        let mut wrong = Vec::new();
        for word in self.entered.open() {
            let (kind, at, part) = &word.place;
            let record = all.iter().find(|record| {
                let of = match word.side {
                    Side::Here => id(record),
                    Side::There => source(record),
                };
                record["kind"] == kind.as_str() && of == *at
            });
            let Some(record) = record else {
                if word.side == Side::Here || theirs.enabled.contains_key(&(kind.clone(), at.clone())) {
                    wrong.push(format!("{word:?} is nowhere"));
                }
                continue;
            };
            if record["sync"] != "enabled" && word.side == Side::There {
                continue;
            }
            if !self.is_told(word, record).await {
                wrong.push(format!("{word:?} is lost: {record}, {part}"));
            }
        }
        for (kind, asset) in &self.made {
            let record = all
                .iter()
                .find(|record| record["kind"] == kind.as_str() && id(record) == *asset);
            let Some(record) = record else {
                wrong.push(format!("{kind} {asset} was made here and is gone"));
                continue;
            };
            let owner = id(&record["organization"]);
            let owner = all
                .iter()
                .find(|one| one["kind"] == "organization" && id(one) == owner);
            let belongs = kind == "organization" || owner.is_some_and(|owner| owner["sync"] == "enabled");
            if belongs && record["sync"].is_null() {
                wrong.push(format!("{kind} {asset} was not made in the PSA: {record}"));
            }
        }
        wrong
    }

    /// Whether what is not seen on the other side was there in between, or is kept for a reason: the record is not kept in
    /// step any more, or the part is held, or somebody said who wins and the record tells what lost.
    async fn is_told(&self, word: &Word, record: &Value) -> bool {
        let (kind, _, part) = &word.place;
        let says = |value: &Value| value.to_string().to_lowercase().contains(&word.word);
        let history = self.home.json(&["asset", "history", kind, &id(record)]).await;
        let mut history = history.as_array().into_iter().flatten();
        match word.side {
            Side::Here => {
                let held = texts(&record["held"]).contains(part);
                let parted = record["sync"] != "enabled";
                let decided = self.entered.is_decided(kind, part);
                (held || parted) && says(record)
                    || history.any(|row| {
                        says(&row["before"]) && decided || says(&row["after"]) && row["in_psa"] == true
                    })
            }
            Side::There => history.any(|row| says(&row["before"]) || says(&row["after"])),
        }
    }

    /// What two more runs do, of which each has nothing to do.
    async fn moved(&mut self) -> Vec<String> {
        let mut wrong = Vec::new();
        for full in [true, false] {
            let (before, writes) = (self.home.everything().await, self.control.writes().len());
            let ran = self.home.run(&words(full)).await;
            let said = format!("full: {full}: a run that had nothing to do");
            if !matches!(ran.code, 0 | 6) {
                wrong.push(format!("{said} ended with {ran:#?}"));
            }
            if self.control.writes().len() != writes {
                wrong.push(format!(
                    "{said} wrote in the PSA: {:#?}",
                    self.control.writes().split_off(writes)
                ));
            }
            if self.home.everything().await != before {
                wrong.push(format!("{said} changed something here"));
            }
        }
        wrong
    }
}

/// The records of the documentation that the PSA has too.
fn known(all: &[Value], made: &BTreeSet<(String, String)>) -> Vec<Known> {
    let linked = all.iter().filter(|record| !source(record).is_empty());
    linked
        .map(|record| {
            let kind = record["kind"].as_str().unwrap_or_default().to_owned();
            Known {
                made_here: made.contains(&(kind.clone(), id(record))),
                asset: id(record),
                source: source(record),
                kind,
            }
        })
        .collect()
}

/// Takes out of a record what is held, traits that are the documentation's own, and the names of what links lead to: that may
/// be held there. Links that lead to strays go, and those of a record that is one.
fn without(record: &mut Value, held: &[String], strays: &BTreeSet<&str>) {
    let is_held = |name: &str| held.iter().any(|part| part == name);
    let owner = record["organization"]["id"].take();
    record["organization"] = owner;
    if let Some(fields) = record["fields"].as_object_mut() {
        let is_stray = |target: &str| is_held("organization") || strays.contains(target);
        fields.retain(|name, value| !is_held(name) && !value["id"].as_str().is_some_and(is_stray));
        for value in fields.values_mut().filter(|value| value.is_object()) {
            let target = value["id"].take();
            *value = target;
        }
    }
    if let Some(traits) = record["traits"].as_object_mut() {
        traits.retain(|name, _| name != "city" && !is_held(&format!("traits.{name}")));
    }
    if is_held("organization") {
        record["organization"] = Value::Null;
    }
    if ["name", "first_name", "last_name"].into_iter().any(is_held) {
        record["name"] = Value::Null;
    }
}
