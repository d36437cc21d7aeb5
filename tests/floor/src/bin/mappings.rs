//! Mappings as components against the same mapping compiled natively, on the configurations of a home that was synced.
//!
//! `mappings HOME CACHE COMPILER [NAME=COMPONENT[=CONFIG-FILE]]…` with the standard mapping first; prints a line of JSON
//! for each, the native one before them. The others are given what the standard mapping made, as they are in a run.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use connectwise_mapping::{Source, convert_records};
use dovetail_domain::mapping::{Draft, MappingContext, Outcome};
use dovetail_domain::{Kind, SourceRecord};
use dovetail_runtime::{Compiler, LoadedMapping, MappingInput, Runtime, RuntimeConfig};
use dovetail_store::{Archive, decompress};
use serde_json::json;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Records of a batch, as in a run.
const BATCH: usize = 1_000;
/// Records read from the home.
const READ: usize = 20_000;
/// How often each is measured.
const PASSES: usize = 5;
/// Empty calls that are made to see what a call costs by itself.
const EMPTY_CALLS: u32 = 2_000;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    match measure().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mappings: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [home, cache, compiler, mappings @ ..] = words.as_slice() else {
        return Err("mappings HOME CACHE COMPILER NAME=COMPONENT[=CONFIG-FILE]…".into());
    };
    let records = records(Path::new(home))?;
    // Read once before it is measured, like the others.
    native(&records);
    let mut passes = Vec::new();
    for _ in 0..PASSES {
        let begun = Instant::now();
        native(&records);
        passes.push(begun.elapsed());
    }
    told("native", records.len(), passes, None);
    let runtime = Runtime::new(RuntimeConfig {
        cache_dir: cache.into(),
        compiler: Compiler::Child {
            program: compiler.into(),
            arguments: Vec::new(),
        },
    })?;
    let mut drafts = vec![Draft::default(); records.len()];
    for (place, words) in mappings.iter().enumerate() {
        let mut parts = words.splitn(3, '=');
        let (name, file) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let config = match parts.next() {
            Some(file) => std::fs::read_to_string(file)?,
            None => "{}".to_owned(),
        };
        let loaded = runtime.load_mapping(&std::fs::read(file)?).await?;
        let context = MappingContext {
            config,
            organization: None,
        };
        let mut made = Vec::with_capacity(records.len());
        convert(&loaded, &context, &records, &drafts, |draft| made.push(draft)).await?;
        let mut passes = Vec::new();
        for _ in 0..PASSES {
            let begun = Instant::now();
            convert(&loaded, &context, &records, &drafts, |draft| {
                std::hint::black_box(draft);
            })
            .await?;
            passes.push(begun.elapsed());
        }
        let call = empty_calls(&loaded, &context).await?;
        told(name, records.len(), passes, Some(call));
        if place == 0 {
            drafts = made;
        }
    }
    Ok(())
}

/// The configurations of a home as the PSA gave them.
fn records(home: &Path) -> Result<Vec<SourceRecord>, Failure> {
    let archive = Archive::open(&home.join("store"))?;
    let mut records = Vec::new();
    let mut after = None;
    while records.len() < READ {
        let briefs = archive.briefs(Kind::Configuration, None, None, after, BATCH)?;
        let Some(last) = briefs.last() else { break };
        after = Some(last.id);
        for brief in &briefs {
            if let Some(record) = archive.record(Kind::Configuration, brief.id)?
                && let Some(link) = &record.link
            {
                records.push(SourceRecord {
                    kind: Kind::Configuration,
                    id: link.source.clone(),
                    version: link.version,
                    name: record.name(),
                    json: decompress(&link.source_json)?,
                });
            }
        }
    }
    match records.is_empty() {
        true => Err("the home holds no configurations".into()),
        false => Ok(records),
    }
}

/// The same mapping source without a component around it.
fn native(records: &[SourceRecord]) {
    for batch in records.chunks(BATCH) {
        let sources = batch.iter().map(|record| Source {
            kind: record.kind.as_str(),
            version: "",
            json: &record.json,
        });
        std::hint::black_box(convert_records(sources));
    }
}

/// Converts all records in batches; each draft is handed over, as in a run, before the next batch.
async fn convert(
    loaded: &LoadedMapping,
    context: &MappingContext,
    records: &[SourceRecord],
    drafts: &[Draft],
    mut each: impl FnMut(Draft),
) -> Result<(), Failure> {
    let mut runner = loaded.runner();
    for (batch, so_far) in records.chunks(BATCH).zip(drafts.chunks(BATCH)) {
        let inputs: Vec<MappingInput<'_>> = batch
            .iter()
            .zip(so_far)
            .map(|(source, so_far)| MappingInput { source, so_far })
            .collect();
        for (answer, so_far) in runner.convert(context, &inputs).await?.into_iter().zip(so_far) {
            match answer? {
                Outcome::Mapped(draft) => each(draft),
                Outcome::Skipped(_) => each(so_far.clone()),
            }
        }
    }
    Ok(())
}

/// What a call costs with nothing to do, in microseconds.
async fn empty_calls(loaded: &LoadedMapping, context: &MappingContext) -> Result<f64, Failure> {
    // A batch of none is no call, so one record is converted that the mapping leaves alone as fast as it can.
    let mut runner = loaded.runner();
    let record = SourceRecord {
        kind: Kind::Ticket,
        id: dovetail_domain::SourceId::new("1".to_owned()).ok_or("1 is an id")?,
        version: None,
        name: String::new(),
        json: "{\"id\":1,\"summary\":\"x\"}".to_owned(),
    };
    let so_far = Draft::default();
    let input = [MappingInput {
        source: &record,
        so_far: &so_far,
    }];
    runner.convert(context, &input).await?;
    let begun = Instant::now();
    for _ in 0..EMPTY_CALLS {
        runner.convert(context, &input).await?;
    }
    Ok(begun.elapsed().as_secs_f64() * 1e6 / f64::from(EMPTY_CALLS))
}

/// Prints the middle of the passes.
fn told(name: &str, records: usize, mut passes: Vec<Duration>, call_us: Option<f64>) {
    passes.sort_unstable();
    let middle = passes.get(passes.len() / 2).copied().unwrap_or_default();
    let seconds = middle.as_secs_f64();
    println!(
        "{}",
        json!({"name": name, "records": records, "seconds": seconds, "call_us": call_us})
    );
}
