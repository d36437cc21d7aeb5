//! What no compiler would let cross: addresses outside memory, texts that are none, variants that do not exist, room
//! that is not there. The canonical ABI holds these, and the host says whose fault it was.

use dovetail_domain::mapping::{Edit, MappingContext};
use dovetail_domain::{Field, Kind, Value};
use dovetail_runtime::{Limits, PluginError, World};
use insta::assert_snapshot;

use crate::by_hand::{FREE, TABLE, by_hand};
use crate::support::{assert_serves, convert, page, runtime_with};

fn words(error: &PluginError) -> String {
    match error {
        PluginError::Trapped { words, .. } => words.split(", at").next().unwrap().to_owned(),
        other => panic!("{other}"),
    }
}

/// What is wrong with a description, and the words for it.
#[tokio::test]
async fn what_does_not_stand_in_memory_as_it_should_is_no_description() {
    let store = |at: usize, value: i64| format!("(i32.store (i32.const {at}) (i32.const {value}))");
    let name = |bytes: &str| format!("(data (i32.const 2048) \"{bytes}\")");
    // A table of one row: kind, name and path are empty, then the direction.
    let row = format!("{}{}", store(TABLE, FREE as i64), store(TABLE + 4, 1));
    let direction = |value: u8| format!("{row}(i32.store8 (i32.const {}) (i32.const {value}))", FREE + 24);
    let cases = [
        (
            "a name of bytes that are no UTF-8",
            name("\\ff\\fe"),
            String::new(),
        ),
        ("a name with half a character", name("abcdef\\c3"), String::new()),
        ("a name with a surrogate", name("\\ed\\a0\\80"), String::new()),
        ("a name outside memory", String::new(), store(1024, -16)),
        (
            "a name that ends outside memory",
            String::new(),
            store(1028, 0xffff_fff0),
        ),
        (
            "a list outside memory",
            String::new(),
            format!("{}{}", store(TABLE, -4), store(TABLE + 4, 1)),
        ),
        (
            "a list whose size is more than there are addresses",
            String::new(),
            format!("{}{}", store(TABLE, FREE as i64), store(TABLE + 4, 0x7fff_ffff)),
        ),
        (
            "a list at an odd address",
            String::new(),
            format!("{}{}", store(TABLE, FREE as i64 + 1), store(TABLE + 4, 1)),
        ),
        ("a direction that does not exist", String::new(), direction(9)),
    ];
    let runtime = runtime_with(Limits::TABLE);
    let mut told = Vec::new();
    for (what, module, before) in cases {
        let component = by_hand(World::Mapping)
            .module(&module)
            .describe(&format!("{before} i32.const 1024"));
        let error = runtime.load_mapping(&component.component()).await.err().unwrap();
        told.push(format!("{what}: {}", words(&error)));
    }
    for (what, address) in [
        ("an answer outside memory", -4),
        ("an answer at an odd address", 1025),
    ] {
        let component = by_hand(World::Mapping).describe(&format!("i32.const {address}"));
        let error = runtime.load_mapping(&component.component()).await.err().unwrap();
        told.push(format!("{what}: {}", words(&error)));
    }
    assert_snapshot!(told.join("\n"), @r#"
    a name of bytes that are no UTF-8: invalid utf-8 sequence of 1 bytes from index 0
    a name with half a character: incomplete utf-8 byte sequence from index 6
    a name with a surrogate: invalid utf-8 sequence of 1 bytes from index 0
    a name outside memory: string pointer/length out of bounds of memory
    a name that ends outside memory: string pointer/length out of bounds of memory
    a list outside memory: list pointer/length out of bounds of memory
    a list whose size is more than there are addresses: list pointer/length out of bounds of memory
    a list at an odd address: list pointer is not aligned
    a direction that does not exist: unexpected discriminant: 9
    an answer outside memory: pointer out of bounds of memory
    an answer at an odd address: return pointer not aligned
    "#);
    assert_serves(&runtime).await;
}

/// What the host hands in is written where the guest says, and nowhere else.
#[tokio::test]
async fn room_that_is_not_there_is_no_room() {
    let runtime = runtime_with(Limits::TABLE);
    let mut told = Vec::new();
    for (what, realloc) in [
        ("room outside memory", "i32.const -16"),
        ("room that ends outside memory", "i32.const 262140"),
        ("room at an odd address", "i32.const 65537"),
    ] {
        let component = by_hand(World::Mapping).realloc(realloc);
        let loaded = runtime.load_mapping(&component.component()).await.unwrap();
        let answers = convert(&mut loaded.runner(), &page(&["", ""])).await.unwrap();
        let Err(dovetail_runtime::RecordError::Isolated(error)) = &answers[0] else {
            panic!("{answers:?}")
        };
        told.push(format!("{what}: {}", words(error)));
    }
    assert_snapshot!(told.join("\n"), @r#"
    room outside memory: realloc return: beyond end of memory
    room that ends outside memory: realloc return: beyond end of memory
    room at an odd address: realloc return: result not aligned
    "#);
    assert_serves(&runtime).await;
}

/// Answers to work: a result that is neither, a list that is not there.
#[tokio::test]
async fn an_answer_that_is_none_is_isolated_like_any_other_failure() {
    let runtime = runtime_with(Limits::TABLE);
    let answer = |address: i64, count: i64| {
        format!(
            "(i32.store (i32.const 4096) (i32.const {address})) (i32.store (i32.const 4100) (i32.const {count}))
             i32.const 4096"
        )
    };
    let neither = format!("(i32.store8 (i32.const 8192) (i32.const 7)) {}", answer(8192, 1));
    let mut told = Vec::new();
    for (what, body) in [
        ("neither an answer nor a fault", neither),
        ("a list outside memory", answer(-4, 1)),
        ("more answers than there is memory", answer(8192, 0x00ff_ffff)),
    ] {
        let component = by_hand(World::Mapping).working(&body);
        let loaded = runtime.load_mapping(&component.component()).await.unwrap();
        let context = MappingContext {
            config: "{}".to_owned(),
            organization: None,
        };
        let edit = Edit {
            kind: Kind::Configuration,
            source: None,
            wanted: vec![(Field::Name, Value::text("new"))],
            traits: vec![],
        };
        let mut runner = loaded.runner();
        let back = runner.to_source(&context, &[edit]).await.unwrap();
        let answers = convert(&mut runner, &page(&[""])).await.unwrap();
        told.push(format!(
            "{what}: {}",
            back[0]
                .as_ref()
                .unwrap_err()
                .to_string()
                .split(", at")
                .next()
                .unwrap()
        ));
        told.push(format!(
            "{what}: {}",
            answers[0]
                .as_ref()
                .unwrap_err()
                .to_string()
                .split(", at")
                .next()
                .unwrap()
        ));
        assert_eq!(runner.isolated(), 2);
    }
    assert_snapshot!(told.join("\n"), @r#"
    neither an answer nor a fault: plugin by-hand 1.0.0 trapped in `to-source`: invalid expected discriminant
    neither an answer nor a fault: plugin by-hand 1.0.0 trapped in `convert`: invalid expected discriminant
    a list outside memory: plugin by-hand 1.0.0 trapped in `to-source`: list pointer/length out of bounds of memory
    a list outside memory: plugin by-hand 1.0.0 trapped in `convert`: list pointer/length out of bounds of memory
    more answers than there is memory: plugin by-hand 1.0.0 trapped in `to-source`: list pointer/length out of bounds of memory
    more answers than there is memory: plugin by-hand 1.0.0 trapped in `convert`: list pointer/length out of bounds of memory
    "#);
    assert_serves(&runtime).await;
}
