//! People of the documentation: they edit what is kept in step, make records, choose between two sides, say who wins, take
//! runs back and let go of what is held.

use serde_json::Value;

use super::entered::Side;
use super::parts::{Form, PARTS, Part, said};
use super::stage::{Stage, id, source};

impl Stage {
    /// Somebody does something here.
    pub(super) async fn here(&mut self) {
        match self.dice.below(100) {
            0..58 => self.edit_here().await,
            58..74 => self.edit_other().await,
            74..84 => self.make().await,
            84..89 => self.decide_who_wins().await,
            89..93 => self.choose_some().await,
            93..97 => self.take_back().await,
            _ => self.let_go().await,
        }
    }

    /// A part is changed that people of the PSA change too: the one they changed last, or any.
    pub(super) async fn edit_here(&mut self) {
        let recent = self.recent(Side::There);
        let part = match &recent {
            Some((part, _)) => *part,
            None => self.dice.pick(&PARTS).expect("there are parts"),
        };
        let mut records = self.in_step(part.kind).await;
        if let Some((_, wanted)) = &recent {
            records.retain(|record| source(record) == *wanted);
        }
        let Some(record) = self.dice.pick(&records) else {
            return;
        };
        let stands = &record["fields"][part.field];
        self.words += 1;
        let said = said(part.form, self.words, &mut self.dice);
        let empties = part.may_go && !stands.is_null() && self.dice.chance(12);
        let keeps = self.dice.chance(60);
        let text = match part.form {
            _ if empties => String::new(),
            Form::Emails | Form::Phones => {
                let label = if part.form == Form::Emails {
                    "Email"
                } else {
                    "Direct"
                };
                let mut entries: Vec<String> = stands.as_array().into_iter().flatten().map(entry).collect();
                entries.retain(|_| keeps);
                entries.push(format!("{label}={}", said.text));
                entries.join(";")
            }
            _ => said.text.clone(),
        };
        let word = (!empties).then_some(said.word);
        if self.set(&record, part.kind, part.field, &text, word).await {
            self.touched.push((Side::Here, part, source(&record)));
        }
    }

    /// A list, a link or a custom field is changed.
    async fn edit_other(&mut self) {
        let kind = ["organization", "contact", "configuration", "configuration"][self.dice.below(4) as usize];
        let records = self.in_step(kind).await;
        let Some(record) = self.dice.pick(&records) else {
            return;
        };
        let turn = self.dice.below(4);
        let (field, text, word) = match (kind, turn) {
            ("organization" | "contact", 0 | 1) => {
                let labels = records.iter().flat_map(|one| texts(&one["fields"]["type"]));
                let labels: Vec<String> = labels.collect();
                let some = (0..1 + self.dice.below(2)).filter_map(|_| self.dice.pick(&labels));
                let mut some: Vec<String> = some.collect();
                some.dedup();
                ("type".to_owned(), some.join(";"), None)
            }
            ("configuration", 0) => {
                let labels: Vec<String> = records
                    .iter()
                    .flat_map(|one| texts(&one["fields"]["status"]))
                    .collect();
                (
                    "status".to_owned(),
                    self.dice.pick(&labels).unwrap_or_default(),
                    None,
                )
            }
            ("contact", 2) | ("configuration", 1) => self.link_to(&record, "location").await,
            ("configuration", 2) => self.link_to(&record, "contact").await,
            _ => {
                let traits = record["traits"].as_object().into_iter().flatten();
                let names = traits.filter(|(name, value)| {
                    let shared = name.starts_with("custom_fields.") || name.starts_with("questions.");
                    shared && value.is_string()
                });
                let names: Vec<String> = names.map(|(name, _)| name.clone()).collect();
                let Some(name) = self.dice.pick(&names) else {
                    return;
                };
                self.words += 1;
                let said = said(Form::Words, self.words, &mut self.dice);
                (format!("traits.{name}"), said.text, Some(said.word))
            }
        };
        if text.is_empty() && field == "type" && kind == "organization" {
            return;
        }
        self.set(&record, kind, &field, &text, word).await;
    }

    /// A link to a record of the same organization, or to none.
    async fn link_to(&mut self, record: &Value, kind: &str) -> (String, String, Option<String>) {
        let mut others = self.in_step(kind).await;
        others.retain(|other| other["organization"] == record["organization"]);
        let other = self.dice.pick(&others).filter(|_| !self.dice.chance(20));
        let other = other.map(|other| id(&other)).unwrap_or_default();
        (kind.to_owned(), other, None)
    }

    /// Sets a field and says whether that was accepted and changed anything.
    pub(super) async fn set(
        &mut self,
        record: &Value,
        kind: &str,
        field: &str,
        text: &str,
        word: Option<String>,
    ) -> bool {
        let (asset, set) = (id(record), format!("{field}={text}"));
        let words = ["asset", "edit", kind, &asset, "--set", &set, "--format", "json"];
        let ran = self.home.run(&words).await;
        self.note(&format!(
            "here: {kind} {asset} ({}) {set:?}: exit {}",
            source(record),
            ran.code
        ));
        if ran.code == 3 {
            return false;
        }
        let after = ran.exits(0).json();
        let of = |record: &Value| match field.strip_prefix("traits.") {
            Some(name) => record["traits"][name].clone(),
            None => record["fields"][field].clone(),
        };
        let now = of(&after);
        if now == of(record) {
            return false;
        }
        self.entered.here((kind, &asset, field), &now.to_string(), word);
        true
    }

    /// A record is made, much like one that is there.
    pub(super) async fn make(&mut self) {
        let kind = [
            "location",
            "contact",
            "configuration",
            "configuration",
            "organization",
        ][self.dice.below(5) as usize];
        let records = self.in_step(kind).await;
        let Some(like) = self.dice.pick(&records) else {
            return;
        };
        self.words += 1;
        let said = said(Form::Words, self.words, &mut self.dice);
        let of = |field: &str| format!("{field}={}", texts(&like["fields"][field]).join(";"));
        let owner = format!("organization={}", id(&like["organization"]));
        let named = |field: &str| format!("{field}={} new", said.word);
        let (name, words) = match kind {
            "location" => ("name", vec![named("name"), owner, "city=Ely".to_owned()]),
            "contact" => {
                let mail = format!("emails=Email={}@example.com", said.word);
                ("first_name", vec![named("first_name"), owner, mail, of("type")])
            }
            "configuration" => {
                let serial = format!("serial_number=S-{}", said.word);
                (
                    "name",
                    vec![named("name"), owner, of("type"), of("status"), serial],
                )
            }
            _ => {
                let short = format!("short_name={}", said.word);
                let city = "traits.city=Ely".to_owned();
                ("name", vec![named("name"), short, of("type"), of("status"), city])
            }
        };
        let set = words.iter().flat_map(|word| ["--set", word.as_str()]);
        let words: Vec<&str> = ["asset", "create", kind, "--format", "json"]
            .into_iter()
            .chain(set)
            .collect();
        let ran = self.home.run(&words).await;
        self.note(&format!("here: {}: exit {}", words.join(" "), ran.code));
        if ran.code == 3 {
            return;
        }
        let made = id(&ran.exits(0).json());
        self.entered
            .here((kind, &made, name), &said.word, Some(said.word.clone()));
        self.made.insert((kind.to_owned(), made));
    }

    /// Somebody says who wins in a field.
    async fn decide_who_wins(&mut self) {
        const POLICIES: [&str; 5] = ["from-psa", "from-local", "fill-empty", "manual", "default"];
        let part: Part = self.dice.pick(&PARTS).expect("there are parts");
        let policy = self.dice.pick(&POLICIES).expect("there are policies");
        let name = format!("{}.{}", part.kind, part.field);
        let words = ["policy", "set", "acme", &name, policy];
        self.home.run(&words).await.exits(0);
        self.note(&words.join(" "));
        self.entered.decided(part.kind, part.field);
    }

    /// One of the conflicts is settled.
    async fn choose_some(&mut self) {
        self.look().await;
        let open = self.conflicts().await;
        if let Some(row) = self.dice.pick(&open) {
            self.choose(&row).await;
        }
    }

    /// What is open between the two sides.
    pub(super) async fn conflicts(&self) -> Vec<Value> {
        let open = self.home.json(&["conflict", "list", "acme"]).await;
        open.as_array().cloned().unwrap_or_default()
    }

    /// A conflict is settled by one of the two values, or by another.
    pub(super) async fn choose(&mut self, row: &Value) {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let (name, kind, field) = (text("id"), text("kind"), text("field"));
        let asset = id(&row["asset"]);
        self.words += 1;
        let said = said(Form::Words, self.words, &mut self.dice);
        let takes_text = PARTS.iter().any(|part| {
            (part.kind, part.field) == (kind.as_str(), field.as_str()) && part.form == Form::Words
        });
        let take = match self.dice.below(3) {
            0 => "psa",
            1 if takes_text => said.text.as_str(),
            _ => "local",
        };
        let words = ["conflict", "resolve", &name, "--take", take, "--format", "json"];
        let ran = self.home.run(&words).await;
        self.note(&format!(
            "{}: {}, exit {}",
            words.join(" "),
            row["looped"],
            ran.code
        ));
        ran.exits(0);
        self.choices += 1;
        match take {
            "psa" => self.entered.given_up(&kind, &asset, &field),
            "local" => self
                .entered
                .here((&kind, &asset, &field), &row["local"].to_string(), None),
            _ => self
                .entered
                .here((&kind, &asset, &field), &said.text, Some(said.word)),
        }
    }

    /// One of the last runs is taken back, where it brought nothing in and let nothing go.
    async fn take_back(&mut self) {
        let runs = self.home.json(&["run", "list", "acme"]).await;
        let harmless = |run: &&Value| {
            let tallies = run["entities"].as_object().into_iter().flatten();
            let mut counts = tallies.map(|(_, tally)| (&tally["created"], &tally["orphaned"]));
            counts.all(|(created, orphaned)| *created == 0 && *orphaned == 0)
        };
        let some: Vec<Value> = runs
            .as_array()
            .into_iter()
            .flatten()
            .take(3)
            .filter(harmless)
            .cloned()
            .collect();
        let Some(run) = self.dice.pick(&some) else {
            return;
        };
        let name = run["run"].as_str().unwrap_or_default();
        let ran = self.home.run(&["run", "revert", name, "--format", "json"]).await;
        self.note(&format!("run revert {name}: exit {}", ran.code));
        if ran.code != 0 {
            return;
        }
        let told = ran.json();
        for row in told["changes"].as_array().into_iter().flatten() {
            let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            self.note(&format!("  {} {} {}", row["kind"], row["id"], row["field"]));
            self.entered.given_up(&text("kind"), &text("id"), &text("field"));
        }
    }

    /// What is held of a record is let go.
    async fn let_go(&mut self) {
        for kind in ["contact", "configuration", "organization", "location"] {
            let mut records = self.home.records(kind).await;
            records.retain(|record| record["held"].as_array().is_some_and(|held| !held.is_empty()));
            let Some(record) = self.dice.pick(&records) else {
                continue;
            };
            let asset = id(&record);
            self.look().await;
            self.home.run(&["asset", "release", kind, &asset]).await.exits(0);
            self.note(&format!("asset release {kind} {asset}: {}", record["held"]));
            for part in texts(&record["held"]) {
                self.entered.given_up(kind, &asset, &part);
            }
            return;
        }
    }

    /// Records of a kind that are kept in step.
    pub(super) async fn in_step(&self, kind: &str) -> Vec<Value> {
        let mut records = self.home.records(kind).await;
        records.retain(|record| record["sync"] == "enabled");
        records
    }
}

/// The texts of a field: one, or several.
pub(super) fn texts(value: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match value {
        Value::Array(all) => all.iter().filter_map(text).collect(),
        one => text(one).into_iter().collect(),
    }
}

/// An entry of a list as it is typed.
pub(super) fn entry(entry: &Value) -> String {
    let text = |name: &str| entry[name].as_str().unwrap_or_default();
    match text("label") {
        "" => text("value").to_owned(),
        label => format!("{label}={}", text("value")),
    }
}
