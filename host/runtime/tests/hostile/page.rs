//! `docs/plugins.md`: what it says of the contract is made from `wit/draft`, and its table of limits from the limits in
//! force. `cargo xtask docs` writes both anew; without it the page is only held to be as it should.

use std::fmt::Write;
use std::fs;

use dovetail_runtime::limits::{
    CURSOR, DESCRIPTION_ITEMS, DESCRIPTION_TEXT, HEADERS, ITEMS, LABEL, LOG_LINE, LOG_LINES, MESSAGE,
    REQUEST_BODY, REQUESTS_AT_ONCE, RESPONSE_BODY, RESPONSES_AT_ONCE, SOURCE_JSON, TEXT, TRAIT_DEPTH,
    TRAIT_JSON, TRAIT_NAME, TRAITS, URL, VALUES,
};
use dovetail_runtime::{GuestLimits, Limits, TICK};
use wit_parser::{Docs, Function, Interface, Resolve, Type, TypeDef, TypeDefKind, TypeId};

use crate::support::workspace;

/// Set by `cargo xtask docs`: the page is written and not only looked at.
const WRITE: &str = "DOVETAIL_WRITE_DOCS";

#[test]
fn the_page_of_plugins_says_what_is_in_force() {
    let path = workspace().join("docs/plugins.md");
    let page = fs::read_to_string(&path).unwrap();
    let made = between(&between(&page, "contract", &contract()), "limits", &limits());
    if std::env::var_os(WRITE).is_some() {
        fs::write(&path, &made).unwrap();
        return;
    }
    assert!(
        page == made,
        "docs/plugins.md is not as it should be: run `cargo xtask docs`"
    );
}

/// The page with other text between two marks.
fn between(page: &str, name: &str, text: &str) -> String {
    let (begin, end) = (
        format!("<!-- {name}: made -->\n"),
        format!("<!-- {name}: end -->"),
    );
    let (before, rest) = page.split_once(&begin).expect("the page has the mark");
    let (_, after) = rest.split_once(&end).expect("the page has the mark's end");
    format!("{before}{begin}\n{text}\n\n{end}{after}")
}

fn contract() -> String {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(workspace().join("wit/draft")).unwrap();
    let mut text = String::new();
    for name in ["mapping", "types", "log", "http", "connector"] {
        let interface = &resolve.interfaces[resolve.packages[package].interfaces[name]];
        writeln!(text, "### `{name}`\n").unwrap();
        paragraph(&mut text, &interface.docs);
        functions(&mut text, &resolve, interface);
        for (name, id) in &interface.types {
            define(&mut text, &resolve, name, *id);
        }
    }
    text.trim_end().to_owned()
}

fn paragraph(text: &mut String, docs: &Docs) {
    if let Some(docs) = &docs.contents {
        // A line that divides the file is no word of what it stands above.
        let own: Vec<&str> = docs.lines().filter(|line| !line.starts_with("----")).collect();
        writeln!(text, "{}\n", own.join("\n").trim()).unwrap();
    }
}

/// A doc on one line.
fn line(docs: &Docs) -> String {
    let docs = docs.contents.as_deref().unwrap_or_default();
    docs.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|")
}

fn functions(text: &mut String, resolve: &Resolve, interface: &Interface) {
    for (name, function) in &interface.functions {
        writeln!(text, "`{}`\n", signature(resolve, name, function)).unwrap();
        paragraph(text, &function.docs);
    }
}

fn signature(resolve: &Resolve, name: &str, function: &Function) -> String {
    let parameters: Vec<String> = function
        .params
        .iter()
        .map(|parameter| format!("{}: {}", parameter.name, of(resolve, &parameter.ty)))
        .collect();
    let result = function
        .result
        .as_ref()
        .map(|result| format!(" -> {}", of(resolve, result)))
        .unwrap_or_default();
    format!("{name}: func({}){result}", parameters.join(", "))
}

/// The types an interface says itself, with their members; those it takes from another stand there.
fn define(text: &mut String, resolve: &Resolve, name: &str, id: TypeId) {
    let TypeDef { kind, docs, .. } = &resolve.types[id];
    let members: Vec<(String, String)> = match kind {
        TypeDefKind::Record(record) => record
            .fields
            .iter()
            .map(|field| {
                (
                    format!("{}: {}", field.name, of(resolve, &field.ty)),
                    line(&field.docs),
                )
            })
            .collect(),
        TypeDefKind::Variant(variant) => variant
            .cases
            .iter()
            .map(|case| match &case.ty {
                Some(holds) => (format!("{}({})", case.name, of(resolve, holds)), line(&case.docs)),
                None => (case.name.clone(), line(&case.docs)),
            })
            .collect(),
        TypeDefKind::Enum(choice) => choice
            .cases
            .iter()
            .map(|case| (case.name.clone(), line(&case.docs)))
            .collect(),
        TypeDefKind::Type(Type::Id(_)) => return,
        _ => Vec::new(),
    };
    let word = match kind {
        TypeDefKind::Record(_) => "record",
        TypeDefKind::Variant(_) => "one of",
        TypeDefKind::Enum(_) => "one of",
        _ => "type",
    };
    writeln!(text, "**`{name}`** ({word})\n").unwrap();
    paragraph(text, docs);
    for (member, docs) in &members {
        let says = if docs.is_empty() {
            String::new()
        } else {
            format!(": {docs}")
        };
        writeln!(text, "- `{member}`{says}").unwrap();
    }
    if !members.is_empty() {
        text.push('\n');
    }
}

fn of(resolve: &Resolve, one: &Type) -> String {
    let Type::Id(id) = one else {
        return match one {
            Type::Bool => "bool",
            Type::U8 => "u8",
            Type::U16 => "u16",
            Type::U32 => "u32",
            Type::U64 => "u64",
            Type::String => "string",
            other => panic!("{other:?} is not used by the contract yet"),
        }
        .to_owned();
    };
    let found = &resolve.types[*id];
    if let Some(name) = &found.name {
        return name.clone();
    }
    match &found.kind {
        TypeDefKind::List(item) => format!("list<{}>", of(resolve, item)),
        TypeDefKind::Option(item) => format!("option<{}>", of(resolve, item)),
        TypeDefKind::Result(result) => {
            let side = |side: &Option<Type>| side.as_ref().map_or("_".to_owned(), |side| of(resolve, side));
            format!("result<{}, {}>", side(&result.ok), side(&result.err))
        }
        other => panic!("{other:?} is not used by the contract yet"),
    }
}

fn size(bytes: usize) -> String {
    match bytes {
        whole if whole % (1024 * 1024) == 0 => format!("{} MiB", whole / (1024 * 1024)),
        whole if whole % 1024 == 0 => format!("{} KiB", whole / 1024),
        bytes => format!("{bytes} bytes"),
    }
}

fn limits() -> String {
    let Limits {
        component,
        compile_time,
        compile_cpu,
        compile_memory,
        stack,
        instances,
        table_elements,
        crossing,
        handles,
        mapping,
        connector,
        requests,
        isolated,
        halving,
    } = Limits::TABLE;
    let guest = |limits: &GuestLimits| {
        let computing = |ticks: u64| TICK.as_millis() * u128::from(ticks);
        [
            size(limits.memory),
            format!(
                "{} ms and {} ms a record",
                computing(limits.ticks),
                computing(limits.ticks_a_record)
            ),
            format!(
                "{} s and {} ms a record",
                limits.elapsed.as_secs(),
                limits.elapsed_a_record.as_millis()
            ),
            format!(
                "{} and {} a record",
                limits.host_calls, limits.host_calls_a_record
            ),
        ]
    };
    let (of_mapping, of_connector) = (guest(&mapping), guest(&connector));
    let names = [
        "memory of an instance",
        "computing in a call",
        "time of a call",
        "calls into the host in a call",
    ];
    let mut text = "| what | mapping | connector |\n| --- | --- | --- |\n".to_owned();
    for ((name, one), other) in names.iter().zip(&of_mapping).zip(&of_connector) {
        writeln!(text, "| {name} | {one} | {other} |").unwrap();
    }
    let both = [
        ("a component", size(component)),
        (
            "compiling it",
            format!(
                "{} s, {} s of processor, {} of memory",
                compile_time.as_secs(),
                compile_cpu.as_secs(),
                size(usize::try_from(compile_memory).unwrap())
            ),
        ),
        ("native stack", size(stack)),
        ("instances, tables, memories", format!("{instances} each")),
        ("elements of a table", table_elements.to_string()),
        ("what crosses in one answer", size(crossing)),
        ("live handles", handles.to_string()),
        (
            "records isolated in a run before the plugin is at fault",
            isolated.to_string(),
        ),
        ("time spent on that in a run", format!("{} s", halving.as_secs())),
        ("requests in a run", requests.to_string()),
        (
            "requests in one `send-each`",
            format!(
                "{REQUESTS_AT_ONCE}, answers of {} together",
                size(RESPONSES_AT_ONCE)
            ),
        ),
        ("a URL; headers", format!("{}; {HEADERS}", size(URL))),
        (
            "a request's body; an answer's",
            format!("{}; {}", size(REQUEST_BODY), size(RESPONSE_BODY)),
        ),
        (
            "log lines in a call; one line",
            format!("{LOG_LINES}; {}", size(LOG_LINE)),
        ),
        (
            "a field's text; one value of a list; values of a list",
            format!("{}; {LABEL} bytes; {VALUES}", size(TEXT)),
        ),
        (
            "traits of a record; a name; its JSON; how deep",
            format!(
                "{TRAITS}; {TRAIT_NAME} bytes; {}; {TRAIT_DEPTH}",
                size(TRAIT_JSON)
            ),
        ),
        (
            "a source record's JSON; a cursor; items of a page",
            format!("{}; {}; {ITEMS}", size(SOURCE_JSON), size(CURSOR)),
        ),
        (
            "a fault's message; a text, and items of a list, in a description",
            format!(
                "{}; {}, {DESCRIPTION_ITEMS}",
                size(MESSAGE),
                size(DESCRIPTION_TEXT)
            ),
        ),
    ];
    for (name, limit) in both {
        writeln!(text, "| {name} | {limit} | the same |").unwrap();
    }
    text.trim_end().to_owned()
}
