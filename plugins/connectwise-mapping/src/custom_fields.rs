//! Custom fields and configuration questions as traits, and back. Their values are read as they come: the API declares
//! them objects and sends scalars. Those of type Password are neither read nor sent.

use dovetail_sdk::mapping::types::Fault;
use serde::Deserialize;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use crate::drafting::Drafting;
use crate::patching::Patching;
use crate::reading::{Id, Text, list};

const MOST_NAME: usize = 200;
const MOST_DEPTH: usize = 8;

/// A custom field of any kind of record.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct CustomField<'a> {
    id: Id,
    #[serde(borrow)]
    caption: Text<'a>,
    #[serde(rename = "type")]
    format: Text<'a>,
    value: Option<&'a RawValue>,
}

/// A question of a configuration's type with its answer.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Question<'a> {
    question_id: Id,
    #[serde(borrow)]
    question: Text<'a>,
    field_type: Text<'a>,
    answer: Option<&'a RawValue>,
}

/// Where such a list stands on both sides.
#[derive(PartialEq, Eq)]
pub(crate) struct List {
    prefix: &'static str,
    property: &'static str,
    value: &'static str,
}

/// Custom fields.
pub(crate) const CUSTOM_FIELDS: List = List {
    prefix: "custom_fields.",
    property: "customFields",
    value: "value",
};

/// Configuration questions.
pub(crate) const QUESTIONS: List = List {
    prefix: "questions.",
    property: "questions",
    value: "answer",
};

/// Either of them, and its place in its list.
struct Item<'x> {
    place: usize,
    id: Id,
    caption: &'x str,
    format: &'x str,
    value: Option<&'x RawValue>,
}

fn of_custom_fields<'x>(fields: &'x [CustomField<'_>]) -> Vec<Item<'x>> {
    let item = |(place, field): (usize, &'x CustomField<'_>)| Item {
        place,
        id: field.id,
        caption: field.caption.as_str(),
        format: field.format.as_str(),
        value: field.value,
    };
    fields.iter().enumerate().map(item).collect()
}

fn of_questions<'x>(questions: &'x [Question<'_>]) -> Vec<Item<'x>> {
    let item = |(place, question): (usize, &'x Question<'_>)| Item {
        place,
        id: question.question_id,
        caption: question.question.as_str(),
        format: question.field_type.as_str(),
        value: question.answer,
    };
    questions.iter().enumerate().map(item).collect()
}

/// Puts custom fields under traits.
pub(crate) fn custom_fields(draft: &mut Drafting, fields: &[CustomField<'_>]) {
    add(draft, &CUSTOM_FIELDS, of_custom_fields(fields));
}

/// Puts questions under traits.
pub(crate) fn questions(draft: &mut Drafting, questions: &[Question<'_>]) {
    add(draft, &QUESTIONS, of_questions(questions));
}

fn add(draft: &mut Drafting, list: &List, items: Vec<Item<'_>>) {
    for (name, item) in named(list.prefix, items) {
        match item.value.map(|raw| plain(raw.get())) {
            None | Some(Ok(None)) => {}
            Some(Ok(Some(json))) => draft.supplement(name, json),
            Some(Err(words)) => draft.fail(&format!("traits.{name}"), format!("`{name}` {words}")),
        }
    }
}

/// Gives each item its trait name. Of several with one caption the one with the smallest id keeps the plain name, so
/// that a name does not move when the list's order does.
fn named<'x>(prefix: &str, mut items: Vec<Item<'x>>) -> Vec<(String, Item<'x>)> {
    items.retain(|item| !item.format.eq_ignore_ascii_case("password"));
    items.sort_by_key(|item| item.id);
    let mut named: Vec<(String, Item<'x>)> = Vec::with_capacity(items.len());
    for item in items {
        let mut name = fitted(prefix, item.caption, "");
        let mut tries = 0;
        while (tries == 0 && item.caption.is_empty()) || named.iter().any(|(taken, _)| *taken == name) {
            tries += 1;
            let mark = if tries == 1 {
                format!(" #{}", item.id)
            } else {
                format!(" #{} ({tries})", item.id)
            };
            name = fitted(prefix, item.caption, &mark);
        }
        named.push((name, item));
    }
    named
}

/// A trait name of at most 200 bytes without control characters.
fn fitted(prefix: &str, caption: &str, mark: &str) -> String {
    let mut name = String::with_capacity(prefix.len() + caption.len() + mark.len());
    name.push_str(prefix);
    let plain = caption.bytes().all(|byte| (b' '..0x7f).contains(&byte));
    if plain && !caption.is_empty() && prefix.len() + caption.len() + mark.len() <= MOST_NAME {
        name.push_str(caption);
        name.push_str(mark);
        return name;
    }
    for c in caption.chars() {
        let c = if c.is_control() { ' ' } else { c };
        if name.len() + c.len_utf8() + mark.len() > MOST_NAME {
            break;
        }
        name.push(c);
    }
    name.push_str(if caption.is_empty() {
        mark.trim_start()
    } else {
        mark
    });
    name
}

/// A value as the trait's JSON; nothing where it is empty.
fn plain(raw: &str) -> Result<Option<String>, &'static str> {
    let trouble = |_| "holds a value that cannot be read";
    match raw.bytes().next() {
        Some(b'"') => {
            let text: Text<'_> = serde_json::from_str(raw).map_err(trouble)?;
            if text.is_empty() {
                return Ok(None);
            }
            serde_json::to_string(text.as_str()).map(Some).map_err(trouble)
        }
        Some(b'{' | b'[') => {
            let tree: Json = serde_json::from_str(raw).map_err(trouble)?;
            if is_empty(&tree) {
                return Ok(None);
            }
            if depth(&tree) > MOST_DEPTH {
                return Err("is nested more than 8 deep");
            }
            Ok(Some(tree.to_string()))
        }
        _ => Ok((raw != "null").then(|| raw.to_owned())),
    }
}

fn is_empty(tree: &Json) -> bool {
    match tree {
        Json::Object(map) => map.is_empty(),
        Json::Array(list) => list.is_empty(),
        _ => false,
    }
}

fn depth(tree: &Json) -> usize {
    match tree {
        Json::Object(map) => 1 + map.values().map(depth).max().unwrap_or_default(),
        Json::Array(list) => 1 + list.iter().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

/// Both lists of a record as it was.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Lists<'a> {
    #[serde(borrow, deserialize_with = "list")]
    custom_fields: Vec<CustomField<'a>>,
    #[serde(deserialize_with = "list")]
    questions: Vec<Question<'a>>,
}

/// A list on its way back: its items under their trait names, and what is to stand at which place.
struct Returning<'x> {
    list: &'x List,
    items: Vec<(String, Item<'x>)>,
    changes: Vec<(usize, Json)>,
}

/// Brings wanted traits back, but for those that are dealt with `elsewhere`. The API takes such a list whole, so each
/// list with a change is given whole; a value can only be set where the record has its field.
pub(crate) fn to_source(
    patching: &mut Patching<'_>,
    lists: &[List],
    elsewhere: &[&str],
) -> Result<(), Fault> {
    let was: Lists<'_> = patching.was()?;
    let mut returning: Vec<Returning<'_>> = Vec::with_capacity(lists.len());
    for list in lists {
        let items = match *list {
            QUESTIONS => of_questions(&was.questions),
            _ => of_custom_fields(&was.custom_fields),
        };
        returning.push(Returning {
            list,
            items: named(list.prefix, items),
            changes: Vec::new(),
        });
    }
    for wanted in patching
        .traits()
        .iter()
        .filter(|wanted| !elsewhere.contains(&wanted.name.as_str()))
    {
        let found = returning.iter_mut().find_map(|Returning { items, changes, .. }| {
            items
                .iter()
                .find(|(name, _)| *name == wanted.name)
                .map(|(_, item)| (item, changes))
        });
        let Some((item, changes)) = found else {
            patching.refuse(format!("traits.{}", wanted.name));
            continue;
        };
        let value: Json = serde_json::from_str(&wanted.json).map_err(|error| {
            Fault::data(
                format!("traits.{}", wanted.name),
                format!("`{}` is not JSON: {error}", wanted.name),
            )
        })?;
        // A value that means what stands there stays as it is written there.
        let same = item
            .value
            .and_then(|raw| plain(raw.get()).ok()?)
            .is_some_and(|json| json == wanted.json);
        let there = || {
            item.value
                .and_then(|raw| serde_json::from_str(raw.get()).ok())
                .unwrap_or_default()
        };
        changes.push((item.place, if same { there() } else { value }));
    }
    for Returning { list, items, changes } in returning {
        if changes.is_empty() {
            continue;
        }
        let whole: Vec<Json> = patching
            .list(list.property)
            .iter()
            .enumerate()
            .filter(|(place, _)| items.iter().any(|(_, item)| item.place == *place))
            .map(|(place, entry)| {
                let mut entry = entry.clone();
                if let Some((_, value)) = changes.iter().find(|(changed, _)| *changed == place)
                    && let Some(properties) = entry.as_object_mut()
                {
                    properties.insert(list.value.to_owned(), value.clone());
                }
                entry
            })
            .collect();
        patching.set(list.property, whole);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traits_of(json: &str) -> Vec<(String, String)> {
        let lists: Lists<'_> = serde_json::from_str(json).unwrap();
        let mut draft = Drafting::with_room(0);
        custom_fields(&mut draft, &lists.custom_fields);
        questions(&mut draft, &lists.questions);
        draft
            .finish()
            .unwrap()
            .traits
            .into_iter()
            .map(|t| (t.name, t.json))
            .collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected
            .iter()
            .map(|(name, json)| ((*name).to_owned(), (*json).to_owned()))
            .collect()
    }

    #[test]
    fn values_are_scalars_of_every_sort() {
        let found = traits_of(
            r#"{"customFields":[
                {"id":1,"caption":"Rack","type":"Text","value":" A \"3\" "},
                {"id":2,"caption":"Units","type":"Number","value":4.50},
                {"id":3,"caption":"Leased","type":"Checkbox","value":false},
                {"id":4,"caption":"Nothing","type":"Text","value":null},
                {"id":5,"caption":"Empty","type":"Text","value":"  "},
                {"id":6,"caption":"Missing","type":"Text"},
                {"id":7,"caption":"Odd","type":"Text","value":{ "a": [1] }},
                {"id":8,"caption":"Hollow","type":"Text","value":{}}
            ]}"#,
        );
        let expected = pairs(&[
            ("custom_fields.Rack", r#""A \"3\"""#),
            ("custom_fields.Units", "4.50"),
            ("custom_fields.Leased", "false"),
            ("custom_fields.Odd", r#"{"a":[1]}"#),
        ]);
        assert_eq!(found, expected);
    }

    #[test]
    fn passwords_never_appear() {
        let found = traits_of(
            r#"{"customFields":[{"id":1,"caption":"Key","type":"Password","value":"s3cret"}],
                "questions":[{"questionId":1,"question":"Admin password","fieldType":"password","answer":"s3cret"},
                             {"questionId":2,"question":"Where?","fieldType":"Text","answer":"here"}]}"#,
        );
        assert_eq!(found, pairs(&[("questions.Where?", "\"here\"")]));
    }

    #[test]
    fn one_caption_twice_makes_two_names_whatever_the_order() {
        for json in [
            r#"{"customFields":[{"id":3,"caption":"Rack","value":"a"},{"id":17,"caption":"Rack","value":"b"}]}"#,
            r#"{"customFields":[{"id":17,"caption":"Rack","value":"b"},{"id":3,"caption":"Rack","value":"a"}]}"#,
        ] {
            let expected = pairs(&[
                ("custom_fields.Rack", "\"a\""),
                ("custom_fields.Rack #17", "\"b\""),
            ]);
            assert_eq!(traits_of(json), expected);
        }
    }

    #[test]
    fn names_are_told_apart_even_where_nothing_tells_them() {
        let found = traits_of(
            r#"{"customFields":[{"caption":"A","value":1},{"caption":"A","value":2},{"caption":"A","value":3},
                {"id":9,"value":4}]}"#,
        );
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        let expected = [
            "custom_fields.A",
            "custom_fields.A #0",
            "custom_fields.A #0 (2)",
            "custom_fields.#9",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn long_questions_are_cut_at_a_character_and_stay_apart() {
        let question = "Ä".repeat(300);
        let found = traits_of(&format!(
            r#"{{"questions":[{{"questionId":1,"question":"{question}","answer":1}},
                {{"questionId":2,"question":"{question}!","answer":2}}]}}"#
        ));
        assert!(found.iter().all(|(name, _)| name.len() <= MOST_NAME), "{found:?}");
        assert!(found[1].0.ends_with(" #2"));
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn what_a_trait_cannot_hold_is_the_records_fault() {
        let large = "x".repeat(20_000);
        let deep = format!("{}1{}", "[".repeat(9), "]".repeat(9));
        for value in [format!("\"{large}\""), deep] {
            let json = format!(r#"{{"customFields":[{{"id":1,"caption":"Big","value":{value}}}]}}"#);
            let lists: Lists<'_> = serde_json::from_str(&json).unwrap();
            let mut draft = Drafting::with_room(0);
            custom_fields(&mut draft, &lists.custom_fields);
            let fault = draft.finish().unwrap_err();
            assert_eq!(
                fault.cause,
                dovetail_sdk::mapping::types::Cause::Data("traits.custom_fields.Big".into())
            );
        }
    }
}
