//! Measures the store: fills it with records a page at a time, as a first sync does, then opens it again and reads every
//! record by its PSA id, as a sync without changes does. Run it a second time on the same folder to see what opening
//! and reading take by themselves.
//!
//! `cargo run -p dovetail-store --example fill -- RECORDS FOLDER [CACHE_MIB] [FLUSH_MS|none]`

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use dovetail_domain::record::MatchedBy;
use dovetail_domain::{
    AssetId, Base, Field, IntegrationId, Kind, Link, Record, RunId, SourceId, SyncState, Timestamp, Value,
};
use dovetail_store::{Archive, ChangeCause, Sled, Step, Store, compress, envelope};

const PAGE: u64 = 1_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let records: u64 = arguments.next().unwrap_or_else(|| "100000".to_owned()).parse()?;
    let folder = arguments
        .next()
        .ok_or("the second argument is a folder to fill")?;
    let cache: u64 = arguments.next().unwrap_or_else(|| "32".to_owned()).parse()?;
    let flush = match arguments.next().as_deref() {
        None => Some(500),
        Some("none") => None,
        Some(milliseconds) => Some(milliseconds.parse()?),
    };
    let open = || Sled::open_with(Path::new(&folder), cache << 20, flush);

    let sample = record(1, 1)?;
    println!(
        "{records} records of {} bytes, cache {cache} MiB, flush every {flush:?}",
        envelope::encode(&sample)?.len()
    );
    if !Path::new(&folder).exists() {
        let start = Instant::now();
        let made = records.min(10_000);
        for number in 0..made {
            record(number + 1, number)?;
        }
        println!(
            "made {made}, which costs {:.0} microseconds each",
            start.elapsed().as_secs_f64() * 1e6 / made as f64
        );
        let archive = Archive::over(Arc::new(open()?))?;
        let start = Instant::now();
        let mut filled = 0;
        while filled < records {
            let page = PAGE.min(records - filled);
            let mut step = Step::new(sample.updated, ChangeCause::Run(RunId(1)));
            for _ in 0..page {
                step.create(record(archive.next_asset().0, filled)?)?;
            }
            archive.commit(step)?;
            filled += page;
            if filled % 100_000 == 0 {
                report("filled", filled, start, archive.store())?;
            }
        }
        report("filled", filled, start, archive.store())?;
        println!(
            "index {} bytes a record",
            archive.index_bytes() as u64 / records.max(1)
        );
    }

    let start = Instant::now();
    let archive = Archive::over(Arc::new(open()?))?;
    report("opened with", records, start, archive.store())?;
    let start = Instant::now();
    archive.warm()?;
    report("index built of", records, start, archive.store())?;

    let start = Instant::now();
    for number in 1..=records {
        let source = source(number)?;
        let found = archive.record_by_source(IntegrationId(1), Kind::Configuration, &source)?;
        if found.is_none_or(|record| record.id != AssetId(number)) {
            return Err(format!("record {number} is not there").into());
        }
    }
    report("found by PSA id", records, start, archive.store())?;

    let start = Instant::now();
    let mut changed = 0;
    while changed < records / 10 {
        let mut step = Step::new(sample.updated, ChangeCause::Run(RunId(2)));
        for number in changed + 1..=changed + PAGE {
            // Spread over all pages of the store, as edits are.
            let id = AssetId(number * 10 % records + 1);
            let before = archive
                .record(Kind::Configuration, id)?
                .ok_or("a record is gone")?;
            let mut after = before.clone();
            after.set(Field::Status, Value::text("Retired"));
            step.update(&before, after)?;
        }
        archive.commit(step)?;
        changed += PAGE;
    }
    report("changed", changed, start, archive.store())?;
    Ok(())
}

fn source(number: u64) -> Result<SourceId, Box<dyn Error>> {
    Ok(SourceId::new((number + 1_000).to_string()).ok_or("a number is an id")?)
}

/// A configuration as they are: some twenty fields, and a source record that compresses to about 800 bytes.
fn record(id: u64, number: u64) -> Result<Record, Box<dyn Error>> {
    // Numbers that look like nothing, so that compression finds as little as in real serial numbers and notes.
    let mut state = id.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut noise = |length: usize| {
        let mut text = String::new();
        while text.len() < length {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            text.push_str(&format!("{state:016x}"));
        }
        text.truncate(length);
        text
    };
    let updated = Timestamp::from_seconds(1_700_000_000 + i64::try_from(number)?).ok_or("a time")?;
    let json = format!("{{\"id\":{id},\"notes\":\"{}\"}}", noise(1_400));
    let mut record = Record {
        id: AssetId(id),
        kind: Kind::Configuration,
        organization: Some(AssetId(1 + id % 2_000)),
        fields: vec![],
        traits: vec![("rack".to_owned(), format!("\"{}\"", noise(8)))],
        link: Some(Link {
            integration: IntegrationId(1),
            source: source(id)?,
            version: Some(updated),
            state: SyncState::Enabled,
            by: MatchedBy::Created,
            shadow: [7; 16],
            source_json: compress(&json)?,
        }),
        base: Base::default(),
        held: vec![],
        own: vec![],
        updated,
    };
    for (field, text) in [
        (Field::Name, format!("WS-{}", noise(10))),
        (Field::Type, "Managed Workstation".to_owned()),
        (Field::Status, "Active".to_owned()),
        (Field::Manufacturer, "Framework".to_owned()),
        (Field::Model, format!("Laptop {}", noise(6))),
        (Field::SerialNumber, noise(20)),
        (Field::AssetTag, noise(8)),
        (Field::PrimaryIp, "10.20.30.40".to_owned()),
        (Field::MacAddress, noise(17)),
        (Field::DefaultGateway, "10.20.30.1".to_owned()),
        (
            Field::OperatingSystem,
            "Microsoft Windows 11 Enterprise x64".to_owned(),
        ),
        (Field::Notes, noise(100)),
    ] {
        record.set(field, Value::text(text));
    }
    record.set(Field::Active, Value::Flag(true));
    Ok(record)
}

fn report(what: &str, records: u64, start: Instant, store: &dyn Store) -> Result<(), Box<dyn Error>> {
    let seconds = start.elapsed().as_secs_f64();
    let disk = store.size_on_disk()? >> 20;
    let (rate, cpu, memory) = (records as f64 / seconds, cpu_seconds()?, memory()?);
    println!(
        "{what} {records}: {seconds:.2} s, {rate:.0}/s, {memory}, {disk} MiB on disk; {cpu:.1} s of CPU so far"
    );
    Ok(())
}

/// Processor time of this process so far, where the system tells in its usual hundredths.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let behind_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = behind_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Ok(ticks as f64 / 100.0)
}

/// Memory of this process now and at most, where the system tells.
fn memory() -> Result<String, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let of = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        number.unwrap_or(0) >> 10
    };
    Ok(format!(
        "{} MiB resident, at most {} MiB",
        of("VmRSS:"),
        of("VmHWM:")
    ))
}
