//! What a mapping can do to a page, and what the page comes to.

use dovetail_domain::mapping::{Edit, MappingContext, Outcome};
use dovetail_domain::{Cause, Field, Kind, Value};
use dovetail_runtime::limits::LOG_LINES;
use dovetail_runtime::{Limits, MappingRunner, RecordError};
use insta::assert_snapshot;

use crate::support::{assert_works, convert, mapping, page, refusal, short, shown};

#[tokio::test]
async fn an_endless_loop_ends_after_its_ticks() {
    let loaded = mapping(short()).await;
    let mut runner = loaded.runner();
    let error = refusal(&mut runner, "loop").await;
    assert_snapshot!(shown(&error), @r#"
    record-trapped: plugin hostile 1.0.0 ran over a limit in `convert`; it may use 60 ms of computing in one call
    Tell the mapping's makers; the record stays as it is until they mend it
    "#);
    // 5 ticks, 1 for the record; each look stands for a tick at least, and the look after the last ends it.
    assert!(runner.usage().turns <= 5 + 1 + 1, "{:?}", runner.usage());
    assert_works(&loaded).await;
}

#[tokio::test]
async fn a_loop_over_the_log_ends_after_its_calls() {
    let loaded = mapping(Limits::TABLE).await;
    let mut runner = loaded.runner();
    let error = refusal(&mut runner, "log").await;
    assert_snapshot!(shown(&error), @r#"
    record-trapped: plugin hostile 1.0.0 ran over a limit in `convert`; it may use 1020 calls into the host in one call
    Tell the mapping's makers; the record stays as it is until they mend it
    "#);
    let usage = runner.usage();
    let allowed = Limits::TABLE.mapping.host_calls + Limits::TABLE.mapping.host_calls_a_record;
    assert_eq!(usage.host_calls, allowed + 1);
    assert_eq!(
        (usage.log_lines, usage.log_lines_dropped),
        (LOG_LINES, u64::from(allowed - LOG_LINES))
    );
    assert_works(&loaded).await;
}

#[tokio::test]
async fn a_memory_bomb_gets_no_more_than_its_memory() {
    let loaded = mapping(Limits::TABLE).await;
    let mut runner = loaded.runner();
    let error = refusal(&mut runner, "memory").await;
    assert_snapshot!(shown(&error), @r#"
    record-trapped: plugin hostile 1.0.0 ran over a limit in `convert`; it may use 128 MiB of memory
    Tell the mapping's makers; the record stays as it is until they mend it
    "#);
    assert!(
        runner.usage().memory <= Limits::TABLE.mapping.memory,
        "{:?}",
        runner.usage()
    );
    assert!(
        runner.usage().memory > Limits::TABLE.mapping.memory / 2,
        "{:?}",
        runner.usage()
    );
    assert_works(&loaded).await;
}

#[tokio::test]
async fn deep_recursion_ends_at_the_stack() {
    let loaded = mapping(Limits::TABLE).await;
    let error = refusal(&mut loaded.runner(), "recursion").await;
    assert_snapshot!(shown(&error), @r#"
    record-trapped: plugin hostile 1.0.0 ran over a limit in `convert`; it may use 512 KiB of stack
    Tell the mapping's makers; the record stays as it is until they mend it
    "#);
    assert_works(&loaded).await;

    // What goes through on that stack does not on a smaller one.
    let answers = convert(&mut loaded.runner(), &page(&["bounded-recursion"])).await;
    assert!(answers.unwrap()[0].is_ok());
    let limits = Limits {
        stack: 64 * 1024,
        ..Limits::TABLE
    };
    let error = refusal(&mut mapping(limits).await.runner(), "bounded-recursion").await;
    assert_snapshot!(shown(&error), @r#"
    record-trapped: plugin hostile 1.0.0 ran over a limit in `convert`; it may use 64 KiB of stack
    Tell the mapping's makers; the record stays as it is until they mend it
    "#);
}

#[tokio::test]
async fn an_oversized_answer_does_not_cross() {
    let mut limits = Limits::TABLE;
    // Room for the guest to make it, so that the crossing is what stops it.
    limits.mapping.memory = 512 * 1024 * 1024;
    let loaded = mapping(limits).await;
    let error = refusal(&mut loaded.runner(), "oversized").await;
    assert_snapshot!(shown(&error), @r#"
    record-trapped: plugin hostile 1.0.0 ran over a limit in `convert`; it may use 32 MiB in one answer
    Tell the mapping's makers; the record stays as it is until they mend it
    "#);
    assert_works(&loaded).await;
}

#[tokio::test]
async fn a_wrong_count_is_an_answer_to_nothing() {
    let loaded = mapping(Limits::TABLE).await;
    for deed in ["one-too-few", "one-too-many"] {
        let mut runner = loaded.runner();
        let answers = convert(&mut runner, &page(&["", deed, "", ""])).await.unwrap();
        let bad: Vec<usize> = (0..4).filter(|place| answers[*place].is_err()).collect();
        assert_eq!(bad, [1], "{deed}");
    }
    assert_snapshot!(shown(&refusal(&mut loaded.runner(), "one-too-few").await), @r#"
    record-trapped: plugin hostile 1.0.0 gave an answer in `convert` that is not acceptable: 0 answers where 1 were asked for
    Tell the mapping's makers; the record stays as it is until they mend it
    "#);
    assert_snapshot!(shown(&refusal(&mut loaded.runner(), "one-too-many").await), @r#"
    record-trapped: plugin hostile 1.0.0 gave an answer in `convert` that is not acceptable: 2 answers where 1 were asked for
    Tell the mapping's makers; the record stays as it is until they mend it
    "#);
    assert_works(&loaded).await;
}

/// Pages of 16 with panics at given places: those records stand alone, the others are mapped, and the number of calls
/// is what halving takes.
#[tokio::test]
async fn panics_are_isolated_by_halving() {
    let loaded = mapping(Limits::TABLE).await;
    for (places, calls) in [
        (vec![], 1),
        (vec![0], 9),
        (vec![15], 9),
        (vec![0, 15], 15),
        (vec![7, 8], 15),
    ] {
        let mut deeds = [""; 16];
        for place in &places {
            deeds[*place] = "panic";
        }
        let mut runner = loaded.runner();
        let records = page(&deeds);
        let answers = convert(&mut runner, &records).await.unwrap();
        assert_eq!(answers.len(), 16);
        for (place, answer) in answers.iter().enumerate() {
            match answer {
                Err(RecordError::Isolated(_)) => {
                    assert!(places.contains(&place), "{places:?}: {place} stands alone")
                }
                Ok(Outcome::Mapped(draft)) => {
                    assert!(!places.contains(&place), "{places:?}: {place} was mapped");
                    assert_eq!(draft.get(Field::Name), &Value::text(records[place].name.clone()));
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(runner.calls(), calls, "{places:?}");
        assert_eq!(usize::try_from(runner.isolated()).unwrap(), places.len());
    }
}

/// What an author has to go by: the plugin's own functions, its message and place, and what it wrote before.
#[tokio::test]
async fn a_trap_names_functions_and_the_last_lines_of_the_log() {
    let loaded = mapping(Limits::TABLE).await;
    let error = refusal(&mut loaded.runner(), "log-and-panic").await;
    assert_snapshot!(shown(&error), @r#"
    record-trapped: plugin hostile 1.0.0 trapped in `convert`: wasm `unreachable` instruction executed, at `…`. It said: panicked at …: no rack in device 1. Its log before: looking at the rack | the rack has no unit
    Tell the mapping's makers; the record stays as it is until they mend it
    "#);
    let told = error.to_string();
    assert!(told.contains("at `hostile::rack_of"), "{told}");
    assert!(told.contains("hostile/src/lib.rs:"), "{told}");
}

#[tokio::test]
async fn a_panics_words_and_place_are_kept() {
    let loaded = mapping(Limits::TABLE).await;
    let error = refusal(&mut loaded.runner(), "panic").await;
    assert_snapshot!(shown(&error), @r#"
    record-trapped: plugin hostile 1.0.0 trapped in `convert`: wasm `unreachable` instruction executed, at `…`. It said: panicked at …: cannot read  [31m1
    Tell the mapping's makers; the record stays as it is until they mend it
    "#);
    let RecordError::Isolated(failure) = &error else {
        panic!("{error:?}")
    };
    assert!(
        failure.to_string().contains("hostile"),
        "the function is named: {failure}"
    );
}

#[tokio::test]
async fn past_twenty_isolated_records_the_plugin_is_at_fault() {
    let loaded = mapping(Limits::TABLE).await;
    let mut runner = loaded.runner();
    let answers = convert(&mut runner, &page(&["panic"; 20])).await.unwrap();
    assert!(answers.iter().all(Result::is_err));
    let error = convert(&mut runner, &page(&["panic"])).await.unwrap_err();
    assert_snapshot!(shown(&error), @r#"
    plugin-trapped: plugin hostile 1.0.0 is at fault and not its records: it failed at more than 20 single records of this run. The last failure: plugin hostile 1.0.0 trapped in `convert`: wasm `unreachable` instruction executed, at `…`. It said: panicked at …: cannot read  [31m1
    The run ended where it was and can be taken up again with a mended or another version
    "#);
    assert_eq!(runner.isolated(), 21);
    assert_works(&loaded).await;
}

#[tokio::test]
async fn past_the_time_of_halving_the_plugin_is_at_fault() {
    let mut limits = Limits::TABLE;
    limits.halving = std::time::Duration::ZERO;
    let loaded = mapping(limits).await;
    let mut runner = loaded.runner();
    let error = convert(&mut runner, &page(&["panic", "", "", ""]))
        .await
        .unwrap_err();
    assert_snapshot!(shown(&error), @r#"
    plugin-trapped: plugin hostile 1.0.0 is at fault and not its records: finding the records it fails at took more than 0 s of this run. The last failure: plugin hostile 1.0.0 trapped in `convert`: wasm `unreachable` instruction executed, at `…`. It said: panicked at …: cannot read  [31m1
    The run ended where it was and can be taken up again with a mended or another version
    "#);
    assert_eq!(runner.calls(), 1, "nothing is tried once the time is over");
}

#[tokio::test]
async fn what_breaks_a_limit_is_refused_alone() {
    let loaded = mapping(Limits::TABLE).await;
    let deeds = [
        "unknown-field",
        "duplicate-field",
        "invalid-date",
        "wrong-shape",
        "long-text",
        "nul",
        "broken-trait",
        "deep-trait",
        "fault",
        "skip",
        "",
    ];
    let mut runner = loaded.runner();
    let answers = convert(&mut runner, &page(&deeds)).await.unwrap();
    assert_eq!((runner.calls(), runner.isolated()), (1, 0));
    let lines: Vec<String> = deeds
        .iter()
        .zip(&answers)
        .map(|(deed, answer)| match answer {
            Ok(Outcome::Mapped(_)) => format!("{deed}: mapped"),
            Ok(Outcome::Skipped(why)) => format!("{deed}: skipped, {why}"),
            Err(why) => format!(
                "{deed}: {}",
                why.to_string().chars().take(100).collect::<String>()
            ),
        })
        .collect();
    assert_snapshot!(lines.join("\n"), @r#"
    unknown-field: `serial` is no field of a configuration
    duplicate-field: field `name` stands twice
    invalid-date: field `installed_at`: `2026-02-30` is no date: YYYY-MM-DD or RFC 3339
    wrong-shape: field `active` holds a flag and nothing else
    long-text: field `notes`: a text of 65537 bytes; 65536 are allowed
    nul: field `notes`: a text with a NUL character
    broken-trait: trait `rack`: it is no JSON: EOF while parsing a value at line 1 column 8
    deep-trait: trait `rack`: JSON nested deeper than 8
    fault:  the name is missing!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!
    skip: skipped, a spare part
    : mapped
    "#);
    let Err(RecordError::Fault(fault)) = &answers[8] else {
        panic!("{:?}", answers[8])
    };
    assert_eq!(fault.message.len(), 2 * 1024, "a message is cut");
    assert!(matches!(answers[10], Ok(Outcome::Mapped(_))));
}

#[tokio::test]
async fn an_instance_is_reused_and_replaced_in_time() {
    let mut limits = Limits::TABLE;
    limits.mapping.calls_an_instance = 3;
    let loaded = mapping(limits).await;
    let mut runner = loaded.runner();
    let mut counts = Vec::new();
    for _ in 0..7 {
        // Which of its instance's calls it is, as the guest counts them.
        let answers = convert(&mut runner, &page(&["count"])).await.unwrap();
        let Ok(Outcome::Mapped(draft)) = &answers[0] else {
            panic!("{answers:?}")
        };
        counts.push(draft.get(Field::Name).clone());
    }
    assert_eq!(counts, ["1", "2", "3", "1", "2", "3", "1"].map(Value::text));
    assert_eq!(runner.calls(), 7);
}

#[tokio::test]
async fn an_instance_that_is_nearly_full_is_replaced() {
    let counted = async |memory: usize| {
        let mut limits = Limits::TABLE;
        limits.mapping.memory = memory;
        let mut runner = mapping(limits).await.runner();
        for _ in 0..2 {
            convert(&mut runner, &page(&[""])).await.unwrap();
        }
        let answers = convert(&mut runner, &page(&["count"])).await.unwrap();
        let Ok(Outcome::Mapped(draft)) = &answers[0] else {
            panic!("{answers:?}")
        };
        (draft.get(Field::Name).clone(), runner.usage().memory)
    };
    let (third, used) = counted(Limits::TABLE.mapping.memory).await;
    assert_eq!(third, Value::text("3"));
    assert_eq!(counted(used * 5 / 4).await.0, Value::text("1"));
    assert_eq!(counted(used * 2).await.0, Value::text("3"));
}

#[tokio::test]
async fn a_call_that_is_dropped_leaves_nothing_behind() {
    let loaded = mapping(Limits::TABLE).await;
    let mut runner = loaded.runner();
    let looping = page(&["loop"]);
    // One turn: the guest is in the middle of its loop when the call is given up.
    let dropped = tokio::select! {
        biased;
        _ = convert(&mut runner, &looping) => false,
        () = tokio::task::yield_now() => true,
    };
    assert!(dropped, "the guest gave way");
    assert!(convert(&mut runner, &page(&[""])).await.unwrap()[0].is_ok());
}

#[tokio::test]
async fn edits_are_brought_back_and_halved_too() {
    let loaded = mapping(Limits::TABLE).await;
    let mut runner = loaded.runner();
    let context = MappingContext {
        config: "{}".to_owned(),
        organization: None,
    };
    let edits: Vec<Edit> = page(&["", "panic", ""])
        .into_iter()
        .map(|source| Edit {
            kind: Kind::Configuration,
            source: Some(source),
            wanted: vec![(Field::Name, Value::text("new"))],
            traits: vec![],
        })
        .collect();
    let answers = runner.to_source(&context, &edits).await.unwrap();
    assert_eq!(answers[0].as_ref().unwrap().json, "{\"name\":\"back\"}");
    assert!(answers[1].is_err() && answers[2].is_ok());
    assert_snapshot!(shown(answers[1].as_ref().unwrap_err()), @r#"
    record-trapped: plugin hostile 1.0.0 trapped in `to-source`: wasm `unreachable` instruction executed, at `…`. It said: panicked at …: no way back
    Tell the mapping's makers; the record stays as it is until they mend it
    "#);
}

#[tokio::test]
async fn what_a_configuration_comes_to_is_looked_at() {
    let loaded = mapping(short()).await;
    let configure = async |deed: &str| {
        let context = MappingContext {
            config: format!("{{\"do\":\"{deed}\"}}"),
            organization: None,
        };
        loaded.configure(&context).await
    };
    let rows = configure("").await.unwrap().unwrap();
    assert_eq!((rows.len(), rows[0].name.as_str()), (1, "name"));
    let fault = configure("fault").await.unwrap().unwrap_err();
    assert_eq!(fault.cause, Cause::InvalidConfig("do".to_owned()));
    assert!(fault.message.contains("line 1!") && !fault.message.contains('\u{7}'));
    assert!(fault.message.len() < 5_000, "{}", fault.message.len());
    let mut told = Vec::new();
    for deed in [
        "loop",
        "panic",
        "unknown-field",
        "duplicate-field",
        "inward-that-sends",
    ] {
        told.push(shown(&configure(deed).await.unwrap_err()));
    }
    assert_snapshot!(told.join("\n"), @r#"
    plugin-limit: plugin hostile 1.0.0 ran over a limit in `configure`; it may use 50 ms of computing in one call
    Tell the plugin's makers: it computes, allocates or calls more than its task needs
    plugin-trapped: plugin hostile 1.0.0 trapped in `configure`: wasm `unreachable` instruction executed, at `…`. It said: panicked at …: no sense in  [31mit
    Tell the plugin's makers; another version may do
    plugin-answer: plugin hostile 1.0.0 gave an answer in `configure` that is not acceptable: rows of the table, number 1: `serial` is no field of a configuration
    Tell the plugin's makers; another version may do
    plugin-answer: plugin hostile 1.0.0 gave an answer in `configure` that is not acceptable: the table names `name` of a configuration twice
    Tell the plugin's makers; another version may do
    plugin-answer: plugin hostile 1.0.0 gave an answer in `configure` that is not acceptable: rows of the table, number 1: `name` of a configuration: `from-local` is for what goes both ways, and this comes from the PSA only: choose from-psa, fill-empty or manual
    Tell the plugin's makers; another version may do
    "#);
    // Each call has an instance of its own: what went before does not matter.
    assert!(configure("").await.unwrap().is_ok());
}

/// What an instance remembers is its run's: another run of the same plugin begins with nothing.
#[tokio::test]
async fn runs_of_one_plugin_share_no_memory() {
    async fn count(runner: &mut MappingRunner) -> Value {
        let answers = convert(runner, &page(&["count"])).await.unwrap();
        let Ok(Outcome::Mapped(draft)) = &answers[0] else {
            panic!("{answers:?}")
        };
        draft.get(Field::Name).clone()
    }
    let loaded = mapping(Limits::TABLE).await;
    let (mut one, mut other) = (loaded.runner(), loaded.runner());
    assert_eq!(count(&mut one).await, Value::text("1"));
    assert_eq!(count(&mut one).await, Value::text("2"));
    assert_eq!(count(&mut other).await, Value::text("1"));
    assert_eq!(count(&mut one).await, Value::text("3"));
}
