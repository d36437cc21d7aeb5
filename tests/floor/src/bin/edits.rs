//! Edits that wait, and the least that sending them can cost.
//!
//! `edits make HOME COUNT` edits the notes of configurations of a home, as many as that, and puts them into its outbox.
//! `edits send HOME COUNT ADDRESS COMPANY PUBLIC-KEY CLIENT-ID CA-FILE` sends as many changes through the connector compiled
//! natively: the same requests through the same gate, and nothing is kept, mapped or planned. `edits plan` plans 100,000
//! records both ways, and compares them inward as the least. Each prints a line of JSON.

#[path = "../psa.rs"]
mod psa;
#[path = "../transport.rs"]
mod transport;

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use dovetail_domain::edit::{Wanted, edit};
use dovetail_domain::mapping::Draft;
use dovetail_domain::plan::inward;
use dovetail_domain::reconcile::{Past, plan};
use dovetail_domain::{AssetId, Field, IntegrationId, Kind, Outgoing, Record, Rule, Timestamp, Value};
use dovetail_sdk::connector::exports::{Change, PushOutcome};
use dovetail_store::{Archive, ChangeCause, Filter, Step, decompress, table};
use serde_json::{Value as Json, json};

use crate::psa::Psa;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Records a step, and changes a call of the connector.
const STEP: usize = 1_000;
const BATCH: usize = 50;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let told = match words.as_slice() {
        ["make", home, count] => made(Path::new(home), count),
        ["send", home, count, psa @ ..] => sent(Path::new(home), count, psa),
        ["plan"] => planned(),
        _ => Err("edits make HOME COUNT | send HOME COUNT … | plan".into()),
    };
    match told {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("edits: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Does something with the first so many configurations that are connected, a step at a time.
fn each_step(
    archive: &Archive,
    count: &str,
    mut each: impl FnMut(Vec<Record>) -> Result<(), Failure>,
) -> Result<u64, Failure> {
    let mut left: usize = count.parse()?;
    let (mut after, mut done) = (None, 0);
    let filter = Filter {
        integration: Some(IntegrationId(1)),
        ..Filter::default()
    };
    while left > 0 {
        let listed = archive.list(Kind::Configuration, &filter, after, STEP.min(left))?;
        left = left.saturating_sub(listed.records.len());
        done += listed.records.len() as u64;
        each(listed.records)?;
        match listed.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    Ok(done)
}

fn made(home: &Path, count: &str) -> Result<Json, Failure> {
    let archive = Archive::open(&home.join("store"))?;
    let now = Timestamp::from_seconds(1_793_000_000).ok_or("a time")?;
    let edits = each_step(&archive, count, |records| {
        let mut step = Step::new(now, ChangeCause::Person("bench".to_owned()));
        for before in records {
            let mut after = before.clone();
            let wanted = Wanted::Field(Field::Notes, Value::text(format!("checked {}", before.id)));
            edit(&mut after, wanted, Rule::TWO_WAY)?;
            let key = (IntegrationId(1), Kind::Configuration, before.id);
            step.put(&table::OUTBOX, &key, &Outgoing::since(now))?;
            step.update(&before, after)?;
        }
        Ok(archive.commit(step)?)
    })?;
    Ok(json!({ "edits": edits }))
}

fn sent(home: &Path, count: &str, psa: &[&str]) -> Result<Json, Failure> {
    let psa: Vec<String> = psa.iter().map(|word| (*word).to_owned()).collect();
    let Psa {
        _events,
        session,
        mut connector,
        context,
    } = Psa::of(&psa)?;
    let archive = Archive::open(&home.join("store"))?;
    let mut changes = Vec::new();
    each_step(&archive, count, |records| {
        for record in records {
            let Some(link) = &record.link else { continue };
            let source: Json = serde_json::from_str(&decompress(&link.source_json)?)?;
            changes.push(Change {
                kind: Kind::Configuration.as_str().to_owned(),
                id: Some(link.source.to_string()),
                parent: None,
                expected: json!({"notes": source.get("notes")}).to_string(),
                desired: json!({"notes": format!("floor {}", record.id)}).to_string(),
            });
        }
        Ok(())
    })?;
    let begun = Instant::now();
    let mut applied = 0_u64;
    for some in changes.chunks(BATCH) {
        for outcome in connector.push(&context, some) {
            match outcome {
                Ok(PushOutcome::Applied(_)) => applied += 1,
                Ok(_) => return Err("a change moved or is in doubt".into()),
                Err(fault) => return Err(fault.message.into()),
            }
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    Ok(json!({"edits": applied, "seconds": seconds, "requests": session.counters().requests}))
}

/// Records that are planned, and fields of each.
const RECORDS: u64 = 100_000;

fn planned() -> Result<Json, Failure> {
    let now = Timestamp::from_seconds(1_793_000_000).ok_or("a time")?;
    let texts: Vec<Field> = Kind::Configuration
        .fields()
        .iter()
        .filter(|(_, shape)| *shape == dovetail_domain::Shape::Text)
        .map(|(field, _)| *field)
        .collect();
    let draft = |turn: u64| Draft {
        fields: texts
            .iter()
            .map(|field| (*field, Value::text(format!("{field} {}", turn % 7))))
            .collect(),
        ..Draft::default()
    };
    // One field in each record was changed here, and one there.
    let records: Vec<(Record, Draft)> = (1..=RECORDS)
        .map(|number| {
            let mut record = Record::empty(AssetId(number), Kind::Configuration, None, now);
            let mut theirs = draft(number);
            for (field, value) in &theirs.fields {
                record.set(*field, value.clone());
            }
            record.set(Field::Notes, Value::text("ours"));
            record
                .base
                .set_field(Field::Notes, Some(theirs.get(Field::Notes).clone()));
            if let Some((_, value)) = theirs.fields.first_mut() {
                *value = Value::text("theirs");
            }
            (record, theirs)
        })
        .collect();
    let fields = RECORDS as f64 * texts.len() as f64;
    let mut found = 0;
    let begun = Instant::now();
    for (record, theirs) in &records {
        let planned = plan(record, None, theirs, Past::Known, |_| Rule::TWO_WAY);
        found += planned.changes.len() + planned.send.len();
    }
    let both = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    let mut least = 0;
    for (record, theirs) in &records {
        least += inward(record, None, theirs).len();
    }
    let inward = begun.elapsed().as_secs_f64();
    Ok(
        json!({"fields_a_second": fields / both, "inward_fields_a_second": fields / inward,
              "found": found, "least": least, "fields_a_record": texts.len()}),
    )
}
