use std::sync::Mutex;

use dovetail_domain::record::MatchedBy;
use dovetail_domain::{AssetId, IntegrationId, Link, Record, SourceId, SyncState, Value};
use dovetail_store::{ChangeCause, Filter, RunTrigger, Step};

use super::*;
use crate::progress::Unwatched;

fn noon() -> Timestamp {
    Timestamp::from_seconds(1_793_534_400).unwrap()
}

fn csv(kind: Kind, text: &str) -> File<'_> {
    File {
        format: Format::Csv,
        kind,
        name: "file.csv",
        bytes: text.as_bytes(),
    }
}

fn try_import(archive: &Archive, file: &File<'_>) -> Result<Run, ImportError> {
    let run = archive.next_run();
    import(archive, file, run, noon, &Unwatched, &Cancel::default())
}

fn bring(archive: &Archive, kind: Kind, text: &str) -> Run {
    let run = try_import(archive, &csv(kind, text)).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(run.status, RunStatus::Succeeded);
    assert!(archive.verify().unwrap().is_sound());
    run
}

/// What is counted of a kind: created, updated, unchanged, left out, waiting.
fn counts(run: &Run, kind: Kind) -> [u64; 5] {
    let tally = run.entities.get(&kind).copied().unwrap_or_default();
    [
        tally.created,
        tally.updated,
        tally.unchanged,
        tally.skipped,
        tally.waiting,
    ]
}

fn all(archive: &Archive, kind: Kind) -> Vec<Record> {
    archive
        .list(kind, &Filter::default(), None, usize::MAX)
        .unwrap()
        .records
}

fn called(archive: &Archive, kind: Kind, name: &str) -> Record {
    let mut found = archive.named(kind, name, None).unwrap();
    assert_eq!(found.len(), 1, "{name}");
    found.remove(0)
}

fn connect(archive: &Archive, record: &Record) {
    let mut after = record.clone();
    after.link = Some(Link {
        integration: IntegrationId(1),
        source: SourceId::new("250").unwrap(),
        version: None,
        state: SyncState::Enabled,
        by: MatchedBy::Rule,
        shadow: [0; 16],
        source_json: Vec::new(),
    });
    let mut step = Step::new(noon(), ChangeCause::Run(RunId(99)));
    step.update(record, after).unwrap();
    archive.commit(step).unwrap();
}

const DEVICES: &str = "name,organization,type,serial_number,notes\n\
                       SRV-1,Acme,Server,S1,first\n\
                       SRV-2,Acme,Server,S2,\n";

fn with_acme() -> Archive {
    let archive = Archive::in_memory();
    bring(&archive, Kind::Organization, "name,phone\nAcme,555\n");
    archive
}

#[test]
fn a_file_imported_twice_is_imported_once() {
    let archive = with_acme();
    let run = bring(&archive, Kind::Configuration, DEVICES);
    assert_eq!(counts(&run, Kind::Configuration), [2, 0, 0, 0, 0]);
    assert_eq!(
        (run.trigger, run.integration),
        (RunTrigger::Import, IntegrationId::NONE)
    );
    assert_eq!(archive.last_import().unwrap(), Some(run.id));
    let before = all(&archive, Kind::Configuration);
    let again = bring(&archive, Kind::Configuration, DEVICES);
    assert_eq!(counts(&again, Kind::Configuration), [0, 0, 2, 0, 0]);
    assert_eq!(all(&archive, Kind::Configuration), before);
    // One that changed nothing is not among those that did.
    assert_eq!(archive.last_import().unwrap(), Some(run.id));
}

#[test]
fn what_the_file_says_is_changed_and_the_rest_stays() {
    let archive = with_acme();
    bring(&archive, Kind::Configuration, DEVICES);
    let changed = "name,organization,type,serial_number,asset_tag,notes,traits.rack\n\
                   SRV-1,acme,Server,S1,A1,,R1\n";
    let error = try_import(&archive, &csv(Kind::Configuration, changed)).unwrap_err();
    assert!(
        error.to_string().contains("there is no organization `acme`"),
        "{error}"
    );
    let run = bring(&archive, Kind::Configuration, &changed.replace("acme", "Acme"));
    assert_eq!(counts(&run, Kind::Configuration), [0, 1, 0, 0, 0]);
    let record = called(&archive, Kind::Configuration, "SRV-1");
    assert_eq!(record.get(Field::AssetTag), &Value::text("A1"));
    assert_eq!(
        record.get(Field::Notes),
        &Value::text("first"),
        "an empty cell says nothing"
    );
    assert_eq!(record.traits, [("rack".to_owned(), "\"R1\"".to_owned())]);
    // Another serial number is another device.
    let other = "name,organization,type,serial_number\nSRV-1,Acme,Server,S9\n";
    assert_eq!(
        counts(&bring(&archive, Kind::Configuration, other), Kind::Configuration),
        [1, 0, 0, 0, 0]
    );
}

#[test]
fn a_bad_row_keeps_every_row_out() {
    let archive = with_acme();
    let before = archive.runs(None, 9).unwrap();
    let text = "name,organization,active\nSRV-1,Acme,yes\nSRV-2,Nowhere,yes\nSRV-3,Acme,maybe\n";
    let error = try_import(&archive, &csv(Kind::Configuration, text)).unwrap_err();
    assert_eq!(error.code(), Code::ImportInvalid);
    assert_eq!(
        error.to_string(),
        "`file.csv` cannot be imported as it is; nothing was written:\n  \
         line 3, column `organization`: there is no organization `Nowhere`; expected the id or the exact name of one \
         that is there\n  \
         line 4, column `active`: `maybe` is neither yes nor no; expected true, false, yes, no, 1 or 0"
    );
    assert_eq!(all(&archive, Kind::Configuration), vec![]);
    assert_eq!(archive.runs(None, 9).unwrap(), before);
    let tickets = try_import(&archive, &csv(Kind::Ticket, "summary\nx\n")).unwrap_err();
    assert_eq!(tickets.code(), Code::ValueRefused);
    let bytes = b"name\nAcme\nB\xe4r\n";
    let file = File {
        bytes,
        ..csv(Kind::Organization, "")
    };
    let error = try_import(&archive, &file).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("line 3: it is no UTF-8; expected a file saved as UTF-8"),
        "{error}"
    );
}

#[test]
fn a_mark_before_the_text_is_no_part_of_the_header() {
    let archive = Archive::in_memory();
    bring(&archive, Kind::Organization, "\u{feff}name\nAcme\n");
    assert_eq!(all(&archive, Kind::Organization).len(), 1);
}

#[test]
fn what_a_psa_has_a_say_in_is_left_to_it() {
    let archive = with_acme();
    bring(&archive, Kind::Configuration, DEVICES);
    let record = called(&archive, Kind::Configuration, "SRV-1");
    connect(&archive, &record);
    let connected = called(&archive, Kind::Configuration, "SRV-1");
    let run = bring(&archive, Kind::Configuration, &DEVICES.replace("first", "other"));
    assert_eq!(counts(&run, Kind::Configuration), [0, 0, 1, 1, 0]);
    assert_eq!(called(&archive, Kind::Configuration, "SRV-1"), connected);
    let named = &run.left_out[0];
    assert_eq!((named.name.as_str(), &named.source_id), ("SRV-1", &None));
    let expected = format!(
        "line 2: configuration {} is like it and is kept in step with a PSA",
        record.id
    );
    assert_eq!(named.why, expected);
}

#[test]
fn a_second_row_of_one_record_is_left_out_and_named() {
    let archive = with_acme();
    let run = bring(
        &archive,
        Kind::Configuration,
        &format!("{DEVICES}SRV-1,Acme,Server, S1 ,third\n"),
    );
    assert_eq!(counts(&run, Kind::Configuration), [2, 0, 0, 1, 0]);
    assert_eq!(run.left_out[0].why, "line 4: it is the same record as line 2");
    assert_eq!(
        called(&archive, Kind::Configuration, "SRV-1").get(Field::Notes),
        &Value::text("first")
    );
}

#[test]
fn several_that_are_like_a_row_wait() {
    let archive = with_acme();
    bring(&archive, Kind::Configuration, DEVICES);
    let mut twin = called(&archive, Kind::Configuration, "SRV-1");
    let first = twin.id;
    twin.id = archive.next_asset();
    let mut step = Step::new(noon(), ChangeCause::Person("ada".to_owned()));
    step.create(twin.clone()).unwrap();
    archive.commit(step).unwrap();
    let run = bring(&archive, Kind::Configuration, &DEVICES.replace("first", "other"));
    assert_eq!(counts(&run, Kind::Configuration), [0, 0, 1, 0, 1]);
    let why = format!("line 2: it could be configuration {first} or {}", twin.id);
    assert_eq!(run.waiting[0].why, why);
}

#[test]
fn links_are_found_by_id_and_by_name_within_the_organization() {
    let archive = with_acme();
    bring(&archive, Kind::Organization, "name\nOther\n");
    bring(
        &archive,
        Kind::Location,
        "organization,name\nAcme,Main\nOther,Main\nOther,Twin\n",
    );
    let acme = called(&archive, Kind::Organization, "Acme");
    let main = archive
        .named(Kind::Location, "Main", Some(acme.id))
        .unwrap()
        .remove(0);
    let by_name = "organization,first_name,last_name,location\nAcme,Ada,Lovelace,Main\n";
    bring(&archive, Kind::Contact, by_name);
    let ada = called(&archive, Kind::Contact, "Ada Lovelace");
    assert_eq!(
        ada.get(Field::Location).to_json(),
        serde_json::json!({"id": main.id.to_string(), "name": "Main"})
    );
    let by_id = by_name
        .replace(",Main", &format!(",{}", main.id))
        .replace("Acme", &acme.id.to_string());
    assert_eq!(
        counts(&bring(&archive, Kind::Contact, &by_id), Kind::Contact),
        [0, 0, 1, 0, 0]
    );
    // A location of another organization is none of this one's, by name or by id.
    let twin = called(&archive, Kind::Location, "Twin");
    for location in ["Twin".to_owned(), twin.id.to_string()] {
        let text = by_name.replace(",Main", &format!(",{location}"));
        let error = try_import(&archive, &csv(Kind::Contact, &text))
            .unwrap_err()
            .to_string();
        let told =
            format!("line 2, column `location`: there is no location `{location}` of the same organization");
        assert!(error.contains(&told), "{error}");
    }
    let mut double = main.clone();
    double.id = archive.next_asset();
    double.set(Field::City, Value::text("Elsewhere"));
    let mut step = Step::new(noon(), ChangeCause::Person("ada".to_owned()));
    step.create(double.clone()).unwrap();
    archive.commit(step).unwrap();
    let error = try_import(&archive, &csv(Kind::Contact, by_name))
        .unwrap_err()
        .to_string();
    let told = format!(
        "2 locations of the same organization are called `Main`; expected one of their ids: {}, {}",
        main.id, double.id
    );
    assert!(error.contains(&told), "{error}");
}

#[test]
fn parents_come_with_the_same_file_and_locations_after_it() {
    let archive = Archive::in_memory();
    let text = "name,parent,primary_location\nChild,Holding,Main\nHolding,,\n";
    let run = bring(&archive, Kind::Organization, text);
    assert_eq!(counts(&run, Kind::Organization), [2, 0, 0, 0, 0]);
    let link = |field| called(&archive, Kind::Organization, "Child").get(field).to_json();
    let holding = called(&archive, Kind::Organization, "Holding").id.to_string();
    assert_eq!(
        link(Field::Parent),
        serde_json::json!({"id": holding, "name": "Holding"})
    );
    assert_eq!(
        link(Field::PrimaryLocation),
        serde_json::json!({"id": null, "name": "Main"})
    );
    assert_eq!(
        counts(&bring(&archive, Kind::Organization, text), Kind::Organization),
        [0, 0, 2, 0, 0]
    );
    // With its locations there, the same file links them.
    bring(&archive, Kind::Location, "organization,name\nChild,Main\n");
    assert_eq!(
        counts(&bring(&archive, Kind::Organization, text), Kind::Organization),
        [0, 1, 1, 0, 0]
    );
    let main = called(&archive, Kind::Location, "Main").id.to_string();
    assert_eq!(
        link(Field::PrimaryLocation),
        serde_json::json!({"id": main, "name": "Main"})
    );
    let error = try_import(&archive, &csv(Kind::Organization, "name,parent\nOrphan,Nobody\n")).unwrap_err();
    let told = "line 2, column `parent`: there is no organization `Nobody`; expected";
    assert!(error.to_string().contains(told), "{error}");
}

/// So many devices of Acme.
fn many(count: usize) -> String {
    let rows: String = (0..count).map(|number| format!("SRV-{number},Acme\n")).collect();
    format!("name,organization\n{rows}")
}

/// Stops an import after so many steps.
struct StopAfter(Mutex<usize>, Cancel);

impl Progress for StopAfter {
    fn event(&self, event: Event) {
        if matches!(event, Event::Stored { .. }) {
            let mut left = self.0.lock().unwrap();
            *left -= 1;
            if *left == 0 {
                self.1.cancel();
            }
        }
    }
}

#[test]
fn an_import_that_is_stopped_leaves_whole_steps_and_can_be_done_again() {
    let archive = with_acme();
    let text = many(STEP * 2 + 100);
    let stop = StopAfter(Mutex::new(1), Cancel::default());
    let file = csv(Kind::Configuration, &text);
    let run = import(&archive, &file, archive.next_run(), noon, &stop, &stop.1).unwrap();
    assert_eq!(run.status, RunStatus::Cancelled);
    assert_eq!(counts(&run, Kind::Configuration), [STEP as u64, 0, 0, 0, 0]);
    assert_eq!(all(&archive, Kind::Configuration).len(), STEP);
    assert_eq!(archive.run(run.id).unwrap(), Some(run));
    let run = bring(&archive, Kind::Configuration, &text);
    let (created, unchanged) = (STEP as u64 + 100, STEP as u64);
    assert_eq!(counts(&run, Kind::Configuration), [created, 0, unchanged, 0, 0]);
}

#[test]
fn a_preview_says_what_the_import_does_and_writes_nothing() {
    let archive = with_acme();
    bring(&archive, Kind::Configuration, DEVICES);
    let text = DEVICES.replace("first", "other") + "SRV-3,Acme,Server,S3,new\n";
    let file = csv(Kind::Configuration, &text);
    let before = all(&archive, Kind::Configuration);
    let (preview, told) = preview_import(&archive, &file, noon, &Unwatched, &Cancel::default()).unwrap();
    assert_eq!(all(&archive, Kind::Configuration), before);
    let run = bring(&archive, Kind::Configuration, &text);
    assert_eq!((preview.dry_run, &preview.entities), (true, &run.entities));
    let mut did = of_run(&archive, run.id).unwrap();
    assert_eq!(did.len(), 2);
    let mut told = told;
    for row in did.iter_mut().chain(&mut told).filter(|row| row.field.is_none()) {
        row.id = AssetId(0);
    }
    assert_eq!(told, did);
    let why: Vec<&str> = did.iter().map(|row| row.why.as_str()).collect();
    assert!(why.contains(&"new in the file") && why.contains(&"so the file says"));
}

#[test]
fn an_import_is_taken_back_without_holding_anything() {
    let archive = with_acme();
    let first = bring(&archive, Kind::Configuration, DEVICES);
    let before = all(&archive, Kind::Configuration);
    let text = "name,organization,type,serial_number,notes,traits.rack\n\
                SRV-1,Acme,Server,S1,other,R1\n\
                SRV-3,Acme,Server,S3,new,\n";
    let run = bring(&archive, Kind::Configuration, text);
    let revert = |run: &Run| {
        let step = || Step::new(noon(), ChangeCause::Revert(run.id));
        crate::revert(&archive, run, step, false, None).unwrap()
    };
    let reverted = revert(&run);
    assert_eq!((reverted.changes.len(), reverted.left), (3, vec![]));
    assert_eq!(all(&archive, Kind::Configuration), before);
    // An organization goes only after what belongs to it.
    let acme = archive.runs(None, 9).unwrap().pop().unwrap();
    assert_eq!(
        revert(&acme).left[0].why,
        "other records belong to it; take back first what brought them in"
    );
    // What another import changed and gave back is as this one made it.
    assert_eq!(revert(&first).left, vec![]);
    assert_eq!(all(&archive, Kind::Configuration), vec![]);
    assert_eq!(revert(&acme).left, vec![]);
}

#[test]
fn rows_are_looked_at_again_where_somebody_wrote_meanwhile() {
    let archive = with_acme();
    bring(&archive, Kind::Configuration, DEVICES);
    let text = DEVICES.replace("first", "other") + "SRV-3,Acme,Server,S3,new\n";
    let file = csv(Kind::Configuration, &text);
    let rows: Vec<Row> = rows(&file, &text).unwrap().map(Result::unwrap).collect();
    let mut directory = Directory::new(&archive);
    let run = Run::import(archive.next_run(), "file.csv".to_owned(), noon());
    let mut writing = Writing::begin(&archive, Kind::Configuration, run.clone(), noon);
    let placed: Vec<Placed> = rows
        .iter()
        .map(|row| {
            place(&mut directory, Kind::Configuration, row, None)
                .unwrap()
                .unwrap()
        })
        .collect();
    let written = archive.written();
    // A sync connects one of them while they are being compared.
    connect(&archive, &called(&archive, Kind::Configuration, "SRV-1"));
    let connected = called(&archive, Kind::Configuration, "SRV-1");
    assert!(!writing.write(&mut directory, &placed, written).unwrap());
    assert_eq!(writing.run, run);
    assert_eq!(all(&archive, Kind::Configuration).len(), 2);
    assert!(writing.write(&mut directory, &placed, archive.written()).unwrap());
    assert_eq!(counts(&writing.run, Kind::Configuration), [1, 0, 1, 1, 0]);
    assert_eq!(called(&archive, Kind::Configuration, "SRV-1"), connected);
}
