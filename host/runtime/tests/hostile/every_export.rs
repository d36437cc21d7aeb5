//! One deed, asked of each export of a mapping: what `convert` is held to, `configure` and `to-source` are held to. For
//! `describe`, which is given nothing, see `describing`.

use dovetail_domain::mapping::{Edit, MappingContext};
use dovetail_domain::{Explained, Field, Kind, Value};
use dovetail_runtime::limits::LOG_LINES;
use dovetail_runtime::{Limits, LoadedMapping, Usage, World};
use insta::{allow_duplicates, assert_snapshot};

use crate::by_hand::{ENDLESS, FILLING, FREE, GROWING, TABLE_TO_GROW, by_hand};
use crate::support::{
    assert_serves, convert, few_ticks, hostile_mapping, next_to_nothing, page, runtime_with,
};

const EXPORTS: [&str; 3] = ["configure", "convert", "to-source"];

/// Does the deed in an export. Gives the error's text, its code before it, and what the call cost.
async fn ended(loaded: &LoadedMapping, export: &str, deed: &str) -> (String, Usage) {
    let context = |config: &str| MappingContext {
        config: config.to_owned(),
        organization: None,
    };
    let told = |error: &dyn Explained, text: String| format!("{export}: {}: {text}", error.code());
    let mut runner = loaded.runner();
    let line = match export {
        "configure" => {
            let config = context(&format!("{{\"do\":\"{deed}\"}}"));
            let error = runner.configure(&config).await.unwrap_err();
            told(&error, error.to_string())
        }
        "convert" => {
            let error = convert(&mut runner, &page(&[deed]))
                .await
                .unwrap()
                .remove(0)
                .unwrap_err();
            told(&error, error.to_string())
        }
        "to-source" => {
            let edit = Edit {
                kind: Kind::Configuration,
                source: page(&[deed]).pop(),
                wanted: vec![(Field::Name, Value::text("new"))],
                traits: vec![],
            };
            let answers = runner.to_source(&context("{}"), &[edit]).await.unwrap();
            let error = answers[0].as_ref().unwrap_err();
            told(error, error.to_string())
        }
        other => panic!("{other}"),
    };
    (line, runner.usage())
}

/// No more memory than a mapping may have.
fn taken(usage: Usage) -> bool {
    usage.memory <= Limits::TABLE.mapping.memory && usage.host_calls == 0
}

/// Looked at no more often than a call with one record has ticks, and once to end it.
fn few_turns(usage: Usage) -> bool {
    let limits = few_ticks().mapping;
    usage.turns <= limits.ticks + limits.ticks_a_record + 1
}

/// Does the deed in every export; the others go on being served.
async fn ended_everywhere(limits: Limits, deed: &str, bound: impl Fn(Usage) -> bool) -> String {
    ended_everywhere_in(hostile_mapping(), limits, deed, bound).await
}

async fn ended_everywhere_in(
    plugin: &[u8],
    limits: Limits,
    deed: &str,
    bound: impl Fn(Usage) -> bool,
) -> String {
    let runtime = runtime_with(limits);
    let loaded = runtime.load_mapping(plugin).await.unwrap();
    let mut lines = Vec::new();
    for export in EXPORTS {
        let (line, usage) = ended(&loaded, export, deed).await;
        assert!(bound(usage), "{line}: {usage:?}");
        lines.push(line.split(", at `").next().unwrap().to_owned());
        assert_serves(&runtime).await;
    }
    lines.join("\n")
}

#[tokio::test]
async fn a_loop_ends_after_its_ticks_in_every_export() {
    let told = ended_everywhere(few_ticks(), "loop", few_turns).await;
    assert_snapshot!(told, @r#"
    configure: plugin-limit: plugin hostile 1.0.0 ran over a limit in `configure`; it may use 200 ms of computing in one call
    convert: record-trapped: plugin hostile 1.0.0 ran over a limit in `convert`; it may use 210 ms of computing in one call
    to-source: record-trapped: plugin hostile 1.0.0 ran over a limit in `to-source`; it may use 210 ms of computing in one call
    "#);
}

/// The work is done and its answer was read: the plugin is still there to give its memory back.
#[tokio::test]
async fn a_loop_after_the_answer_ends_after_its_ticks_in_every_export() {
    let plugin = by_hand(World::Mapping).working(&format!("i32.const {FREE}"));
    let plugin = plugin.after_working(ENDLESS).component();
    let told = ended_everywhere_in(&plugin, few_ticks(), "", few_turns).await;
    assert_snapshot!(told, @r#"
    configure: plugin-limit: plugin by-hand 1.0.0 ran over a limit in `configure`; it may use 200 ms of computing in one call
    convert: record-trapped: plugin by-hand 1.0.0 ran over a limit in `convert`; it may use 210 ms of computing in one call
    to-source: record-trapped: plugin by-hand 1.0.0 ran over a limit in `to-source`; it may use 210 ms of computing in one call
    "#);
}

/// What gives room to the host's arguments is the guest's own code, and one instruction may fill all its memory.
#[tokio::test]
async fn a_loop_in_what_gives_room_or_over_a_bulk_instruction_ends_in_every_export() {
    let room = by_hand(World::Mapping).realloc(&format!("{ENDLESS} unreachable"));
    let fill = by_hand(World::Mapping).pages(2_000).working(FILLING);
    for plugin in [room, fill] {
        let told = ended_everywhere_in(&plugin.component(), few_ticks(), "", few_turns).await;
        allow_duplicates! {
            assert_snapshot!(told, @r#"
            configure: plugin-limit: plugin by-hand 1.0.0 ran over a limit in `configure`; it may use 200 ms of computing in one call
            convert: record-trapped: plugin by-hand 1.0.0 ran over a limit in `convert`; it may use 210 ms of computing in one call
            to-source: record-trapped: plugin by-hand 1.0.0 ran over a limit in `to-source`; it may use 210 ms of computing in one call
            "#);
        }
    }
}

#[tokio::test]
async fn a_loop_over_the_log_ends_after_its_calls_in_every_export() {
    let limits = Limits::TABLE.mapping;
    let allowed = limits.host_calls..=limits.host_calls + limits.host_calls_a_record;
    let told = ended_everywhere(Limits::TABLE, "log", |usage| {
        allowed.contains(&(usage.host_calls - 1)) && usage.log_lines == LOG_LINES
    })
    .await;
    assert_snapshot!(told, @r#"
    configure: plugin-limit: plugin hostile 1.0.0 ran over a limit in `configure`; it may use 1000 calls into the host in one call
    convert: record-trapped: plugin hostile 1.0.0 ran over a limit in `convert`; it may use 1020 calls into the host in one call
    to-source: record-trapped: plugin hostile 1.0.0 ran over a limit in `to-source`; it may use 1020 calls into the host in one call
    "#);
}

#[tokio::test]
async fn a_memory_bomb_gets_no_more_than_its_memory_in_every_export() {
    let allowed = Limits::TABLE.mapping.memory;
    let told = ended_everywhere(Limits::TABLE, "memory", |usage| {
        (allowed / 2..=allowed).contains(&usage.memory)
    })
    .await;
    assert_snapshot!(told, @r#"
    configure: plugin-limit: plugin hostile 1.0.0 ran over a limit in `configure`; it may use 128 MiB of memory
    convert: record-trapped: plugin hostile 1.0.0 ran over a limit in `convert`; it may use 128 MiB of memory
    to-source: record-trapped: plugin hostile 1.0.0 ran over a limit in `to-source`; it may use 128 MiB of memory
    "#);
}

#[tokio::test]
async fn a_table_grows_no_further_than_its_limit_in_every_export() {
    let plugin = by_hand(World::Mapping).module(TABLE_TO_GROW).working(GROWING);
    let told = ended_everywhere_in(&plugin.component(), Limits::TABLE, "", next_to_nothing).await;
    assert_snapshot!(told, @r#"
    configure: plugin-limit: plugin by-hand 1.0.0 ran over a limit in `configure`; it may use 100000 elements of a table
    convert: record-trapped: plugin by-hand 1.0.0 ran over a limit in `convert`; it may use 100000 elements of a table
    to-source: record-trapped: plugin by-hand 1.0.0 ran over a limit in `to-source`; it may use 100000 elements of a table
    "#);
}

#[tokio::test]
async fn deep_recursion_ends_at_the_stack_in_every_export() {
    assert_snapshot!(ended_everywhere(Limits::TABLE, "recursion", next_to_nothing).await, @r#"
    configure: plugin-limit: plugin hostile 1.0.0 ran over a limit in `configure`; it may use 512 KiB of stack
    convert: record-trapped: plugin hostile 1.0.0 ran over a limit in `convert`; it may use 512 KiB of stack
    to-source: record-trapped: plugin hostile 1.0.0 ran over a limit in `to-source`; it may use 512 KiB of stack
    "#);
}

#[tokio::test]
async fn an_abort_is_an_error_in_every_export() {
    assert_snapshot!(ended_everywhere(Limits::TABLE, "abort", next_to_nothing).await, @r#"
    configure: plugin-trapped: plugin hostile 1.0.0 trapped in `configure`: wasm `unreachable` instruction executed
    convert: record-trapped: plugin hostile 1.0.0 trapped in `convert`: wasm `unreachable` instruction executed
    to-source: record-trapped: plugin hostile 1.0.0 trapped in `to-source`: wasm `unreachable` instruction executed
    "#);
}

#[tokio::test]
async fn an_answer_of_40_mib_does_not_cross_from_any_export() {
    assert_snapshot!(ended_everywhere(Limits::TABLE, "huge", taken).await, @r#"
    configure: plugin-limit: plugin hostile 1.0.0 ran over a limit in `configure`; it may use 32 MiB in one answer
    convert: record-trapped: plugin hostile 1.0.0 ran over a limit in `convert`; it may use 32 MiB in one answer
    to-source: record-trapped: plugin hostile 1.0.0 ran over a limit in `to-source`; it may use 32 MiB in one answer
    "#);
}

#[tokio::test]
async fn an_answer_of_too_many_parts_is_refused_from_every_export() {
    assert_snapshot!(ended_everywhere(Limits::TABLE, "too-many", taken).await, @r#"
    configure: plugin-answer: plugin hostile 1.0.0 gave an answer in `configure` that is not acceptable: 2001 rows of the table; 2000 are allowed
    convert: record-invalid: 200 fields; a configuration has 19
    to-source: record-invalid: 1001 refused fields; 1000 are allowed
    "#);
}

#[tokio::test]
async fn edits_brought_back_are_counted_and_looked_at() {
    let runtime = runtime_with(Limits::TABLE);
    let loaded = runtime.load_mapping(hostile_mapping()).await.unwrap();
    let mut lines = Vec::new();
    for deed in ["one-too-few", "no-object"] {
        let (line, usage) = ended(&loaded, "to-source", deed).await;
        assert!(next_to_nothing(usage), "{line}: {usage:?}");
        lines.push(line);
    }
    assert_snapshot!(lines.join("\n"), @r#"
    to-source: record-trapped: plugin hostile 1.0.0 gave an answer in `to-source` that is not acceptable: 0 answers where 1 were asked for
    to-source: record-invalid: its JSON is no object
    "#);
    assert_serves(&runtime).await;
}

/// After each way of ending a call the same runner takes the next record in a fresh instance.
#[tokio::test]
async fn the_call_after_a_failed_one_has_an_instance_of_its_own() {
    let runtime = runtime_with(few_ticks());
    let loaded = runtime.load_mapping(hostile_mapping()).await.unwrap();
    let mut runner = loaded.runner();
    let mut told = Vec::new();
    for deed in ["loop", "log", "memory", "recursion", "abort", "panic", "huge"] {
        let ended = convert(&mut runner, &page(&[deed])).await.unwrap().remove(0);
        let error = ended.unwrap_err().to_string();
        told.push(error.split(", at `").next().unwrap().to_owned());
        let (cost, allowed) = (runner.usage(), few_ticks().mapping);
        assert!(
            few_turns(cost) && cost.memory <= allowed.memory,
            "{deed}: {cost:?}"
        );
        // Which of its instance's calls it is, as the guest counts them.
        let answers = convert(&mut runner, &page(&["count"])).await.unwrap();
        let Ok(dovetail_domain::mapping::Outcome::Mapped(draft)) = &answers[0] else {
            panic!("{deed}: {answers:?}")
        };
        assert_eq!(draft.get(Field::Name), &Value::text("1"), "{deed}");
    }
    assert_snapshot!(told.join("\n"), @r#"
    plugin hostile 1.0.0 ran over a limit in `convert`; it may use 210 ms of computing in one call
    plugin hostile 1.0.0 ran over a limit in `convert`; it may use 1020 calls into the host in one call
    plugin hostile 1.0.0 ran over a limit in `convert`; it may use 128 MiB of memory
    plugin hostile 1.0.0 ran over a limit in `convert`; it may use 512 KiB of stack
    plugin hostile 1.0.0 trapped in `convert`: wasm `unreachable` instruction executed
    plugin hostile 1.0.0 trapped in `convert`: wasm `unreachable` instruction executed
    plugin hostile 1.0.0 ran over a limit in `convert`; it may use 32 MiB in one answer
    "#);
    assert_serves(&runtime).await;
}
