//! What goes both ways leads back: whatever one record says, brought back to ConnectWise over any other record, is what
//! that record says from then on.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};

use dovetail_sdk::Mapping;
use dovetail_sdk::mapping::exports::{Direction, Draft, Edit, Outcome, Patch};
use dovetail_sdk::mapping::types::{Cause, Entry, Fault, Field, SourceRecord, Supplement, Value};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value as Json, json};

use crate::{Source, StandardMapping, convert_record, edit_to_source};

// ---- The laws ------------------------------------------------------------------------------------------------------

fn convert(kind: &str, record: &Json) -> Draft {
    let json = record.to_string();
    match convert_record(Source {
        kind,
        version: "",
        json: &json,
    }) {
        Ok(Outcome::Mapped(draft)) => draft,
        other => panic!("{kind} {json}: {other:?}"),
    }
}

/// The names the kind's table lets out.
fn outward(kind: &str) -> Vec<String> {
    let rows = StandardMapping::describe().table.into_iter();
    rows.filter(|row| row.kind == kind && row.flow == Direction::Both && !row.name.starts_with("traits."))
        .map(|row| row.name)
        .collect()
}

fn sorted(mut draft: Draft, kind: &str) -> Draft {
    let outward = outward(kind);
    draft.fields.retain(|field| outward.contains(&field.name));
    draft.fields.sort_by(|a, b| a.name.cmp(&b.name));
    draft.traits.sort_by(|a, b| a.name.cmp(&b.name));
    draft
}

/// All fields of the kind that go both ways, as the draft has them; absent where it has nothing.
fn wanted(kind: &str, draft: &Draft) -> Vec<Field> {
    let content = |name: &str| draft.get(name).cloned().unwrap_or(Value::Absent);
    outward(kind)
        .into_iter()
        .map(|name| Field {
            content: content(&name),
            name,
        })
        .collect()
}

fn edit(kind: &str, source: Option<&Json>, wanted: Vec<Field>, traits: Vec<Supplement>) -> Edit {
    let source = source.map(|record| SourceRecord {
        kind: kind.to_owned(),
        id: record["id"].to_string(),
        version: String::new(),
        name: String::new(),
        json: record.to_string(),
    });
    Edit {
        kind: kind.to_owned(),
        source,
        wanted,
        traits,
    }
}

fn laid_over(record: &Json, patch: &Patch) -> Json {
    let mut laid = record.as_object().unwrap().clone();
    laid.extend(serde_json::from_str::<Map<String, Json>>(&patch.json).unwrap());
    Json::Object(laid)
}

/// The record itself, brought back over itself, stays.
fn stays(kind: &str, record: &Json) {
    let draft = convert(kind, record);
    let patch = edit_to_source(&edit(
        kind,
        Some(record),
        wanted(kind, &draft),
        draft.traits.clone(),
    ))
    .unwrap();
    assert_eq!(patch.refused, Vec::<String>::new());
    assert_eq!(
        convert(kind, &laid_over(record, &patch)),
        draft,
        "patch: {}",
        patch.json
    );
}

/// What one record says, brought back over another of the same custom fields, is what that one says from then on; and
/// what it says of an address's other traits goes with it.
fn carries_over(kind: &str, from: &Json, onto: &Json) {
    let (said, before) = (convert(kind, from), convert(kind, onto));
    let names: BTreeSet<&str> = said
        .traits
        .iter()
        .chain(&before.traits)
        .map(|supplement| supplement.name.as_str())
        .collect();
    let null = |name: &str| said.supplement(name).unwrap_or("null").to_owned();
    let traits = names
        .into_iter()
        .map(|name| Supplement {
            name: name.to_owned(),
            json: null(name),
        })
        .collect();
    let patch = edit_to_source(&edit(kind, Some(onto), wanted(kind, &said), traits)).unwrap();
    assert_eq!(patch.refused, Vec::<String>::new(), "patch: {}", patch.json);
    let after = convert(kind, &laid_over(onto, &patch));
    let (after, said) = (sorted(after, kind), sorted(said, kind));
    assert_eq!(after.fields, said.fields, "patch: {}", patch.json);
    assert_eq!(after.traits, said.traits, "patch: {}", patch.json);
}

/// A new record holds what was wanted of it.
fn is_made(kind: &str, from: &Json) {
    let said = convert(kind, from);
    let patch = edit_to_source(&edit(kind, None, wanted(kind, &said), vec![])).unwrap();
    // The PSA gives the id, and the connector the company.
    let base = json!({"id": 1, "company": from["company"]});
    let made = convert(kind, &laid_over(&base, &patch));
    assert_eq!(
        sorted(made, kind).fields,
        sorted(said, kind).fields,
        "patch: {}",
        patch.json
    );
}

/// A part of an edit leaves everything else alone.
fn touches_nothing_else(kind: &str, from: &Json, onto: &Json, which: usize) {
    let (said, before) = (convert(kind, from), convert(kind, onto));
    let mut fields = wanted(kind, &said);
    // A further address would come in for a first one that is emptied; that one edit is refused.
    fields.retain(|field| !(field.name == "mac_address" && field.content == Value::Absent));
    let field = fields.swap_remove(which % fields.len());
    let name = field.name.clone();
    let patch = edit_to_source(&edit(kind, Some(onto), vec![field], vec![])).unwrap();
    let after = convert(kind, &laid_over(onto, &patch));
    assert_eq!(after.get(&name), said.get(&name), "{name}: {}", patch.json);
    let others = |draft: &Draft| -> Vec<Field> {
        draft
            .fields
            .iter()
            .filter(|field| field.name != name)
            .cloned()
            .collect()
    };
    assert_eq!(others(&after), others(&before), "{name}: {}", patch.json);
}

// ---- Records -------------------------------------------------------------------------------------------------------

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[A-Za-z0-9ÄÖéß&\"'\\\\/.,-]{1,12}( [A-Za-z0-9ÄÖ漢]{1,8}){0,2}",
        1 => Just("\u{1f5a8} printer\r\nroom \u{0}2".to_owned()),
    ]
}

/// A text as the API sends it: missing, null, empty, with blanks around it.
fn loose(text: impl Strategy<Value = String>) -> impl Strategy<Value = Option<Json>> {
    (text, 0..10u8).prop_map(|(text, how)| match how {
        0 => None,
        1 => Some(Json::Null),
        2 => Some(json!("")),
        3 => Some(json!(format!("  {text} "))),
        _ => Some(json!(text)),
    })
}

fn nowhere() -> impl Strategy<Value = Option<Json>> {
    select(vec![
        None,
        Some(Json::Null),
        Some(json!({})),
        Some(json!({"_info": {"x_href": "https://x"}})),
    ])
}

/// A reference whose name follows from its id, as in a database.
fn reference(what: &'static str) -> impl Strategy<Value = Option<Json>> {
    let whole = (1..6u32).prop_map(move |id| {
        Some(json!({"id": id, "name": format!("{what} {id}"), "_info": {"href": "https://x"}}))
    });
    prop_oneof![3 => whole, 1 => nowhere()]
}

fn types() -> impl Strategy<Value = Option<Json>> {
    let all = vec![1, 2, 3, 4];
    let some = subsequence(all, 0..4).prop_map(|ids| {
        Some(
            ids.into_iter()
                .map(|id| json!({"id": id, "name": format!("Type {id}")}))
                .collect::<Json>(),
        )
    });
    prop_oneof![4 => some, 1 => Just(None), 1 => Just(Some(Json::Null))]
}

fn flag() -> impl Strategy<Value = Option<Json>> {
    select(vec![
        None,
        Some(Json::Null),
        Some(json!(true)),
        Some(json!(false)),
        Some(json!("true")),
    ])
}

fn date() -> impl Strategy<Value = Option<Json>> {
    of((
        1990..2040u32,
        1..13u32,
        1..29u32,
        prop_oneof![Just(0u32), 0..86_400u32],
    )
        .prop_map(|(year, month, day, s)| {
            json!(format!(
                "{year}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
                s / 3600,
                s / 60 % 60,
                s % 60
            ))
        }))
}

fn macs() -> impl Strategy<Value = Option<Json>> {
    let address = (0..6u8, 0..3u8).prop_map(|(last, how)| match how {
        0 => format!("00:1A:2B:3C:4D:0{last}"),
        1 => format!("00-1a-2b-3c-4d-0{last}"),
        _ => format!("001a.2b3c.4d0{last}"),
    });
    let several =
        (vec(address, 0..4), select(vec![",", "; ", " "])).prop_map(|(all, between)| all.join(between));
    prop_oneof![
        4 => several.clone().prop_map(|text| Some(json!(text))),
        1 => several.prop_map(|text| Some(json!(format!("{text} eth0")))),
        1 => select(vec![None, Some(Json::Null), Some(json!("n/a"))]),
    ]
}

fn scalar() -> impl Strategy<Value = Json> {
    prop_oneof![
        words().prop_map(Json::from),
        any::<i32>().prop_map(Json::from),
        any::<bool>().prop_map(Json::from),
        Just(json!(4.25)),
        Just(json!("")),
        Just(Json::Null),
    ]
}

/// The same fields in every record, as definitions are the PSA's, with one caption twice and a password.
fn custom_fields() -> impl Strategy<Value = Option<Json>> {
    vec(scalar(), 4).prop_map(|values| {
        let captions = [(5, "Rack position", "Text"), (9, "Units", "Number"), (7, "Units", "Number")];
        let fields = captions.into_iter().zip(values.clone());
        let mut list: Vec<Json> = fields
            .map(|((id, caption, format), value)| json!({"id": id, "caption": caption, "type": format, "value": value}))
            .collect();
        list.push(json!({"id": 11, "caption": "Secret", "type": "Password", "value": values[3]}));
        Some(Json::Array(list))
    })
}

fn questions() -> impl Strategy<Value = Option<Json>> {
    vec(scalar(), 2).prop_map(|answers| {
        Some(json!([
            {"answerId": 1, "questionId": 2, "question": "Where is it?", "fieldType": "Text", "answer": answers[0]},
            {"answerId": 2, "questionId": 3, "question": "Pin", "fieldType": "Password", "answer": "1234"},
            {"answerId": 3, "questionId": 4, "question": "Backed up?", "fieldType": "Checkbox", "answer": answers[1]},
        ]))
    })
}

fn communication_items() -> impl Strategy<Value = Option<Json>> {
    let kind = select(vec![
        (1, "Email", Some("Email")),
        (2, "Private", Some("Email")),
        (3, "Direct", Some("Phone")),
        (4, "Mobile", Some("Phone")),
        (5, "Fax", Some("Fax")),
        (6, "Telefax 2", None),
        (7, "", Some("Phone")),
    ]);
    let item = (kind, 0..5u32, flag(), of("[0-9]{1,3}"), 0..9u8).prop_map(|((id, label, way), value, default, extension, empty)| {
        let value = if way == Some("Email") { format!("m{value}@example.com") } else { format!("555 010{value}") };
        let label = if label.is_empty() { json!({}) } else { json!({"id": id, "name": label}) };
        json!({
            "id": 100 + id, "type": label, "value": if empty == 0 { String::new() } else { value },
            "defaultFlag": default, "extension": extension, "communicationType": way, "domain": "@example.com",
        })
    });
    prop_oneof![5 => vec(item, 0..6).prop_map(|items| Some(Json::Array(items))), 1 => Just(None)]
}

type Property = BoxedStrategy<Option<Json>>;

fn record(kind: &'static str) -> BoxedStrategy<Json> {
    let sure = |text: BoxedStrategy<String>| text.prop_map(|text| Some(json!(text))).boxed();
    let text = || loose(words()).boxed();
    let properties: Vec<(&'static str, Property)> = match kind {
        "organization" => vec![
            ("name", sure(words().boxed())),
            ("identifier", sure(words().boxed())),
            ("types", types().boxed()),
            ("status", reference("Status").boxed()),
            ("parentCompany", reference("Company").boxed()),
            ("site", reference("Site").boxed()),
            ("phoneNumber", text()),
            ("faxNumber", text()),
            ("website", text()),
        ],
        "location" => vec![
            ("name", sure(words().boxed())),
            ("addressLine1", text()),
            ("addressLine2", text()),
            ("city", text()),
            ("stateReference", reference("State").boxed()),
            ("zip", text()),
            ("country", reference("Country").boxed()),
            ("phoneNumber", text()),
            ("faxNumber", text()),
            ("primaryAddressFlag", flag().boxed()),
        ],
        "contact" => vec![
            ("firstName", sure(words().boxed())),
            ("lastName", text()),
            ("title", text()),
            ("types", types().boxed()),
            ("site", reference("Site").boxed()),
            ("communicationItems", communication_items().boxed()),
            ("inactiveFlag", flag().boxed()),
        ],
        "configuration" => vec![
            ("name", sure(words().boxed())),
            ("type", reference("Type").boxed()),
            ("status", reference("Status").boxed()),
            ("contact", reference("Contact").boxed()),
            ("site", reference("Site").boxed()),
            ("manufacturer", reference("Maker").boxed()),
            ("modelNumber", text()),
            ("serialNumber", text()),
            ("tagNumber", text()),
            ("ipAddress", text()),
            ("macAddress", macs().boxed()),
            ("defaultGateway", text()),
            ("osType", text()),
            ("notes", text()),
            ("installationDate", date().boxed()),
            ("installedBy", reference("Member").boxed()),
            ("purchaseDate", date().boxed()),
            ("warrantyExpirationDate", date().boxed()),
            ("activeFlag", flag().boxed()),
            ("questions", questions().boxed()),
        ],
        other => panic!("no records of {other}"),
    };
    let (names, values): (Vec<_>, Vec<_>) = properties.into_iter().unzip();
    (1..50u32, custom_fields(), values)
        .prop_map(move |(id, custom_fields, values)| {
            let mut record = Map::new();
            record.insert("id".to_owned(), json!(id));
            record.insert(
                "company".to_owned(),
                json!({"id": 250, "identifier": "NW", "name": "Northwind"}),
            );
            let named = names
                .iter()
                .copied()
                .chain(["customFields"])
                .zip(values.into_iter().chain([custom_fields]));
            record.extend(named.filter_map(|(name, value)| Some((name.to_owned(), value?))));
            Json::Object(record)
        })
        .boxed()
}

/// Runs a law over generated records. `PROPTEST_SEED` repeats a run; a failure prints it.
fn law<S: Strategy>(strategy: S, law: impl Fn(S::Value)) {
    let seed = std::env::var("PROPTEST_SEED")
        .ok()
        .and_then(|text| text.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| RandomState::new().hash_one("there and back"));
    println!("PROPTEST_SEED={seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config {
        cases: 300,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let outcome = runner.run(&strategy, |value| {
        law(value);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("PROPTEST_SEED={seed}: {error}");
    }
}

macro_rules! laws {
    ($($kind:ident)*) => {
        $(mod $kind {
            use super::*;

            const KIND: &str = stringify!($kind);

            #[test]
            fn a_record_brought_back_over_itself_stays() {
                law(record(KIND), |record| stays(KIND, &record));
            }

            #[test]
            fn what_one_record_says_carries_over_to_another() {
                law((record(KIND), record(KIND)), |(from, onto)| carries_over(KIND, &from, &onto));
            }

            #[test]
            fn a_new_record_holds_what_was_wanted() {
                law(record(KIND), |record| is_made(KIND, &record));
            }

            #[test]
            fn an_edit_of_one_field_leaves_the_others_alone() {
                law((record(KIND), record(KIND), 0..100usize), |(from, onto, which)| {
                    touches_nothing_else(KIND, &from, &onto, which);
                });
            }
        })*
    };
}

laws! { organization location contact configuration }

// ---- Single cases --------------------------------------------------------------------------------------------------

fn patched(
    kind: &str,
    source: Option<Json>,
    wanted: Vec<Field>,
    traits: Vec<Supplement>,
) -> (Json, Vec<String>) {
    let patch = edit_to_source(&edit(kind, source.as_ref(), wanted, traits)).unwrap();
    (serde_json::from_str(&patch.json).unwrap(), patch.refused)
}

#[test]
fn a_patch_holds_what_changes_and_no_more() {
    let source = json!({"id": 1, "name": "A", "company": {"id": 2}, "serialNumber": "S", "tagNumber": "T",
                        "status": {"id": 4, "name": "Active", "_info": {}}});
    let wanted = vec![
        Field::text("serial_number", "S2"),
        Field::absent("asset_tag"),
        Field::text("status", "Active"),
        Field::text("type", "Server"),
        Field::reference("location", "location", "77", "Head office"),
        Field::date("purchased_at", "2026-11-01"),
        Field::flag("active", false),
    ];
    let (patch, refused) = patched("configuration", Some(source), wanted, vec![]);
    assert_eq!(
        patch,
        json!({"serialNumber": "S2", "tagNumber": null, "status": {"id": 4, "name": "Active"},
               "type": {"name": "Server"}, "site": {"id": 77, "name": "Head office"},
               "purchaseDate": "2026-11-01T00:00:00Z", "activeFlag": false})
    );
    assert!(refused.is_empty());
}

#[test]
fn what_comes_in_only_is_refused() {
    let site = json!({"id": 1, "name": "A", "company": {"id": 2}});
    let fields = vec![
        Field::text("phone", "1"),
        Field::text("city", "Tampa"),
        Field::text("fax", "2"),
    ];
    let (patch, refused) = patched("location", Some(site), fields, vec![]);
    assert_eq!(
        (patch, refused),
        (
            json!({"city": "Tampa"}),
            vec!["phone".to_owned(), "fax".to_owned()]
        )
    );
    let fields = vec![Field::text("summary", "B"), Field::flag("closed", true)];
    let (patch, refused) = patched(
        "ticket",
        None,
        fields,
        vec![Supplement::new("custom_fields.A", "1")],
    );
    assert_eq!(patch, json!({}));
    assert_eq!(refused, ["summary", "closed", "traits.custom_fields.A"]);
    let (patch, refused) = patched("contact", None, vec![Field::text("shoe_size", "44")], vec![]);
    assert_eq!((patch, refused), (json!({}), vec!["shoe_size".to_owned()]));
}

#[test]
fn lists_of_custom_fields_go_whole_and_without_passwords() {
    let source = json!({"id": 1, "name": "A", "company": {"id": 2}, "customFields": [
        {"id": 1, "caption": "Rack", "type": "Text", "value": "A", "podId": "p"},
        {"id": 2, "caption": "Key", "type": "Password"},
        {"id": 3, "caption": "Unit", "type": "Number", "value": 4.0}]});
    let traits = vec![
        Supplement::new("custom_fields.Rack", "\"B\""),
        Supplement::new("custom_fields.Key", "\"x\""),
    ];
    let (patch, refused) = patched("configuration", Some(source), vec![], traits);
    assert_eq!(
        patch,
        json!({"customFields": [{"id": 1, "caption": "Rack", "type": "Text", "value": "B", "podId": "p"},
                                {"id": 3, "caption": "Unit", "type": "Number", "value": 4.0}]})
    );
    assert_eq!(refused, ["traits.custom_fields.Key"]);
}

#[test]
fn a_changed_number_keeps_its_item_and_a_new_one_is_told_by_its_label() {
    let source = json!({"id": 1, "firstName": "A", "company": {"id": 2}, "communicationItems": [
        {"id": 7, "type": {"id": 1, "name": "Email"}, "value": "a@x.example", "domain": "@x.example",
         "defaultFlag": true, "communicationType": "Email"},
        {"id": 8, "type": {"id": 2, "name": "Direct"}, "value": "1", "communicationType": "Phone"}]});
    let entry = |value: &str, label: &str, primary| Entry {
        value: value.into(),
        label: label.into(),
        primary,
        extension: None,
    };
    let emails = Field::entries("emails", vec![entry("b@y.example", "Email", true)]);
    let phones = Field::entries(
        "phones",
        vec![entry("1", "Direct", false), entry("2", "Fax", false)],
    );
    let (patch, _) = patched(
        "contact",
        Some(source.clone()),
        vec![emails.clone(), phones],
        vec![],
    );
    assert_eq!(
        patch,
        json!({"communicationItems": [
            {"id": 7, "type": {"id": 1, "name": "Email"}, "value": "b@y.example", "extension": null,
             "defaultFlag": true, "communicationType": "Email"},
            {"id": 8, "type": {"id": 2, "name": "Direct"}, "value": "1", "defaultFlag": false, "communicationType": "Phone"},
            {"type": {"name": "Fax"}, "value": "2", "extension": null, "defaultFlag": false, "communicationType": "Fax"}]})
    );
    let (patch, _) = patched("contact", Some(source.clone()), vec![emails], vec![]);
    assert_eq!(
        patch["communicationItems"][1], source["communicationItems"][1],
        "phones stay as they are"
    );
}

#[test]
fn addresses_share_one_text() {
    let source = |text: &str| Some(json!({"id": 1, "name": "A", "company": {"id": 2}, "macAddress": text}));
    let mac = |text: &str| vec![Field::text("mac_address", text)];
    let two = "00:1a:2b:3c:4d:5e 00:1a:2b:3c:4d:5f";
    let (patch, _) = patched("configuration", source(two), mac("00:1A:2B:3C:4D:5E"), vec![]);
    assert_eq!(
        patch,
        json!({"macAddress": two}),
        "the same address leaves the text as it is"
    );
    let (patch, _) = patched("configuration", source(two), mac("aabbccddeeff"), vec![]);
    assert_eq!(patch, json!({"macAddress": "AABBCCDDEEFF,001A2B3C4D5F"}));
    let (patch, refused) = patched(
        "configuration",
        source(two),
        vec![Field::absent("mac_address")],
        vec![],
    );
    assert_eq!((patch, refused), (json!({}), vec!["mac_address".to_owned()]));
    let none = vec![Supplement::new("additional_mac_addresses", "null")];
    let (patch, _) = patched(
        "configuration",
        source(two),
        vec![Field::absent("mac_address")],
        none,
    );
    assert_eq!(patch, json!({"macAddress": null}));
    let words = vec![Supplement::new("mac_address_text", "\"see notes\"")];
    let (patch, refused) = patched("configuration", source(two), vec![], words);
    assert_eq!(refused, ["traits.mac_address_text"]);
    assert_eq!(patch, json!({"macAddress": "001A2B3C4D5E,001A2B3C4D5F"}));
}

#[test]
fn what_cannot_stand_in_a_field_is_a_fault() {
    let fault = |kind: &str, field: Field| -> Fault {
        edit_to_source(&edit(kind, None, vec![field], vec![])).unwrap_err()
    };
    assert_eq!(
        fault("organization", Field::absent("name")).cause,
        Cause::Data("name".into())
    );
    assert_eq!(
        fault("configuration", Field::text("mac_address", "n/a")).cause,
        Cause::Data("mac_address".into())
    );
    assert_eq!(
        fault("configuration", Field::date("purchased_at", "soon")).cause,
        Cause::Data("purchased_at".into())
    );
    let lost = Field::reference("location", "location", "local-1", "Head office");
    assert_eq!(fault("contact", lost).cause, Cause::Data("location".into()));
    // A link to a record that ConnectWise does not have crosses as its name alone.
    let local = fault("contact", Field::text("location", "Head office"));
    assert_eq!(local.cause, Cause::Data("location".into()));
    assert!(local.message.contains("`Head office`"), "{}", local.message);
    assert_eq!(fault("contact", Field::flag("title", true)).cause, Cause::Bug);
    assert_eq!(fault("opportunity", Field::text("name", "A")).cause, Cause::Bug);
}
