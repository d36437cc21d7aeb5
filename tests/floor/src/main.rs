//! The least a full sync can cost: the same requests over the same TLS through the same gate, the same connector and
//! mapping sources compiled natively, the same envelopes in the same batches with the same fsync. What is missing is
//! what the product adds: no components, no checked conversion, no matching, no planner, no links between records.
//!
//! `floor ADDRESS COMPANY PUBLIC-KEY CLIENT-ID CA-FILE HOME`, the private key in `PRIVATE_KEY`; prints one line of JSON.

mod draft;
mod psa;
mod transport;

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

use connectwise::{ConnectWise, Connection};
use connectwise_mapping::{Source, convert_records};
use dovetail_domain::record::{MatchedBy, digest};
use dovetail_domain::{
    AssetId, Base, IntegrationId, Kind, Link, Record, RunId, SourceId, SyncState, Timestamp,
};
use dovetail_sdk::Connector;
use dovetail_sdk::connector::exports::{Choice, Context, Listing, Page, Selection};
use dovetail_sdk::mapping::exports::Outcome;
use dovetail_store::{Archive, ChangeCause, Step, compress};

use crate::psa::Psa;
use crate::transport::Through;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    match measure() {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("floor: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<serde_json::Value, Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [psa @ .., home] = words.as_slice() else {
        return Err(format!("floor {} HOME", psa::WORDS).into());
    };
    let Psa {
        _events,
        session,
        mut connector,
        mut context,
    } = Psa::of(psa)?;
    let archive = Archive::open(std::path::Path::new(home))?;

    let begun = Instant::now();
    for group in ConnectWise::describe().groups {
        context.selections.push(Selection {
            group: group.id,
            chosen: Choice::Every,
        });
    }
    let mut records = 0_u64;
    let mut organizations: HashMap<String, AssetId> = HashMap::new();
    for (run, kind) in (1..).zip(Kind::ALL) {
        let listings = if kind == Kind::Location {
            let parents: Vec<String> = organizations.keys().cloned().collect();
            parents
                .chunks(200)
                .map(|parents| listing(kind, parents.to_vec()))
                .collect()
        } else {
            vec![listing(kind, Vec::new())]
        };
        let (send, pages) = sync_channel::<Page>(1);
        let context = &context;
        let connector = &mut connector;
        records += std::thread::scope(|scope| {
            let pulling = scope.spawn(move || pull(connector, context, &listings, &send));
            let stored = store(&archive, kind, RunId(run), &pages, &mut organizations);
            drop(pages);
            pulling
                .join()
                .map_err(|_| Failure::from("the reading thread broke"))??;
            stored
        })?;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let counters = session.counters();
    Ok(
        serde_json::json!({"records": records, "seconds": seconds, "requests": counters.requests, "bytes": counters.bytes}),
    )
}

fn listing(kind: Kind, parents: Vec<String>) -> Listing {
    Listing {
        kind: kind.as_str().to_owned(),
        since: None,
        parents,
    }
}

fn pull(
    connector: &mut Connection<Through>,
    context: &Context,
    listings: &[Listing],
    pages: &SyncSender<Page>,
) -> Result<(), Failure> {
    for listing in listings {
        let mut cursor = None;
        loop {
            let page = connector
                .pull(context, listing, cursor.as_deref())
                .map_err(|fault| fault.message)?;
            cursor = page.next.clone();
            if pages.send(page).is_err() || cursor.is_none() {
                break;
            }
        }
    }
    Ok(())
}

/// Maps and stores pages as they come: one batch a page.
fn store(
    archive: &Archive,
    kind: Kind,
    run: RunId,
    pages: &Receiver<Page>,
    organizations: &mut HashMap<String, AssetId>,
) -> Result<u64, Failure> {
    let now = Timestamp::from_seconds(1_793_000_000).ok_or("a time")?;
    let mut records = 0;
    for page in pages {
        let sources: Vec<_> = page
            .items
            .into_iter()
            .filter(|item| item.excluded.is_empty())
            .map(|item| item.record_found)
            .collect();
        let drafts = convert_records(sources.iter().map(|source| Source {
            kind: &source.kind,
            version: &source.version,
            json: &source.json,
        }));
        let mut step = Step::new(now, ChangeCause::Run(run));
        for (source, outcome) in sources.iter().zip(drafts) {
            let Ok(Outcome::Mapped(mapped)) = outcome else {
                continue;
            };
            let owner = mapped.organization.as_ref().map(|owner| owner.id.clone());
            let organization = owner.and_then(|owner| organizations.get(&owner).copied());
            if kind != Kind::Organization && organization.is_none() {
                continue;
            }
            let id = archive.next_asset();
            if kind == Kind::Organization {
                organizations.insert(source.id.clone(), id);
            }
            let (fields, traits) = draft::record_parts(mapped);
            step.create(Record {
                id,
                kind,
                organization,
                fields,
                traits,
                link: Some(Link {
                    integration: IntegrationId(1),
                    source: SourceId::new(&source.id).ok_or("an id")?,
                    version: source.version.parse().ok(),
                    state: SyncState::Enabled,
                    by: MatchedBy::Created,
                    shadow: digest(&source.json),
                    source_json: compress(&source.json)?,
                }),
                base: Base::default(),
                held: Vec::new(),
                own: Vec::new(),
                updated: now,
            })?;
            records += 1;
        }
        archive.commit(step)?;
    }
    Ok(records)
}
