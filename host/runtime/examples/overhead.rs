//! What a mapping costs a record: `cargo run -p dovetail-runtime --example overhead -- COMPONENT [RECORD.json [KIND]]`.
//! Without a record, one of 2.5 KB is made up that the mapping need not understand.

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use dovetail_domain::mapping::{Draft, MappingContext};
use dovetail_domain::{Kind, SourceId, SourceRecord};
use dovetail_runtime::{CHILD_ARGUMENT, Compiler, MappingInput, Runtime, RuntimeConfig, compile_child_main};

const PAGE: usize = 1_000;
const PAGES: usize = 20;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let first = arguments.next().ok_or("which component?")?;
    if first == CHILD_ARGUMENT {
        return Ok(compile_child_main(arguments));
    }
    let cache_dir = std::env::temp_dir().join(format!("dovetail-overhead-{}", std::process::id()));
    let runtime = Runtime::new(RuntimeConfig {
        cache_dir: cache_dir.clone(),
        compiler: Compiler::this_binary()?,
    })?;
    let component = std::fs::read(first)?;
    let began = Instant::now();
    let mapping = runtime.load_mapping(&component).await?;
    println!("compiled and loaded in {} ms", began.elapsed().as_millis());

    let json = match arguments.next() {
        Some(file) => std::fs::read_to_string(file)?,
        None => format!("{{\"id\":1,\"padding\":\"{}\"}}", "x".repeat(2_500)),
    };
    let kind = arguments.next().and_then(|kind| kind.to_str()?.parse().ok());
    let kind = kind.unwrap_or(Kind::Configuration);
    let page: Vec<SourceRecord> = (1..=PAGE)
        .filter_map(|id| SourceId::new(id.to_string()))
        .map(|id| SourceRecord {
            kind,
            id,
            version: None,
            name: "a device".to_owned(),
            json: json.clone(),
        })
        .collect();
    let so_far = Draft::default();
    let batch: Vec<_> = page
        .iter()
        .map(|source| MappingInput {
            source,
            so_far: &so_far,
        })
        .collect();
    let context = MappingContext {
        config: "{}".to_owned(),
        organization: None,
    };
    let mut runner = mapping.runner();
    let first = runner.convert(&context, &batch).await?;
    println!(
        "{} of {PAGE} records were mapped",
        first.iter().filter(|answer| answer.is_ok()).count()
    );
    if let Some(Err(why)) = first.first() {
        println!("the first was not: {why}");
    }
    let began = Instant::now();
    for _ in 0..PAGES {
        runner.convert(&context, &batch).await?;
    }
    let nanoseconds = began.elapsed().as_nanos() / (PAGE * PAGES) as u128;
    println!(
        "{nanoseconds} ns a record in pages of {PAGE}; {:?}",
        runner.usage()
    );
    std::fs::remove_dir_all(cache_dir)?;
    Ok(ExitCode::SUCCESS)
}
