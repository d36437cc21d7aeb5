//! Properties of what takes over from strangers, for any bytes at all. The fuzzer calls them (`cargo xtask fuzz`), and
//! the tests below do with what it has found and with bytes by chance.

use arbitrary::{Result, Unstructured};
use dovetail_domain::mapping::{Draft, Outcome};
use dovetail_domain::{Kind, Value};

use crate::PluginError;
use crate::acceptable::trait_value;
use crate::bindings::connector_words as connector;
use crate::bindings::{returned, types};
use crate::checked::{self, Checked};
use crate::imports::inspect;
use crate::limits::{Limits, MESSAGE, TEXT, TRAIT_NAME};

/// Looking at a component never panics; what is let through imports nothing that is not granted, and what is not is
/// refused in words that can be shown.
pub fn component(bytes: &[u8]) {
    const GRANTED: [&str; 3] = [
        "dovetail:plugin/http@0.1.0",
        "dovetail:plugin/log@0.1.0",
        "dovetail:plugin/types@0.1.0",
    ];
    match inspect(bytes, &Limits::TABLE) {
        Ok(found) => {
            let foreign = found
                .imports
                .iter()
                .find(|name| !GRANTED.contains(&name.as_str()));
            assert_eq!(foreign, None);
            let sends = found.imports.iter().any(|name| name == GRANTED[0]);
            assert!(!sends || found.world == crate::World::Connector);
            assert_eq!((found.size, found.digest.len()), (bytes.len(), 64));
        }
        Err(PluginError::Refused { why, hint, .. }) => {
            assert_can_be_shown(&why);
            assert_can_be_shown(&hint);
        }
        Err(other) => assert!(matches!(other, PluginError::Over { .. }), "{other}"),
    }
}

/// What a guest returned is taken over whole and in order, or refused in words that can be shown.
pub fn conversion(bytes: &[u8]) {
    // Bytes that end too early are an answer that is not there.
    _ = take_over(&mut Unstructured::new(bytes));
}

fn take_over(from: &mut Unstructured<'_>) -> Result<()> {
    let kind = *from.choose(&Kind::ALL)?;
    match from.int_in_range(0..=4)? {
        0 => {
            if let Some(Outcome::Mapped(made)) = looked_at(checked::mapping::outcome(outcome(from)?, kind)) {
                assert_is_a_draft(&made, kind);
            }
        }
        1 => {
            let (json, refused) = (text(from)?, several(from, text)?);
            let patch = checked::mapping::patch(returned::Patch { json, refused });
            if let Some(patch) = looked_at(patch) {
                assert!(serde_json::from_str::<serde_json::Map<_, _>>(&patch.json).is_ok());
            }
        }
        2 => {
            let items = several(from, pulled)?;
            let (count, next) = (items.len(), option(from, text)?);
            if let Some(page) = looked_at(checked::answers::page(connector::Page { items, next }, kind)) {
                assert_eq!(page.items.len() + page.refused.len(), count);
                assert!(page.items.iter().all(|item| item.record.kind == kind));
                for refused in page.refused {
                    assert_can_be_shown(&refused.reason);
                    assert_can_be_shown(&refused.name);
                }
            }
        }
        3 => {
            let page = connector::IdPage {
                ids: several(from, text)?,
                next: option(from, text)?,
            };
            let count = page.ids.len();
            if let Some(page) = looked_at(checked::answers::id_page(page)) {
                assert_eq!(page.ids.len(), count);
            }
        }
        _ => {
            let fault = types::Fault {
                cause: types::Cause::Permission(text(from)?),
                message: text(from)?,
            };
            assert_can_be_shown(&checked::fault(fault).message);
        }
    }
    Ok(())
}

/// The value, where it was acceptable.
fn looked_at<T>(checked: Checked<T>) -> Option<T> {
    checked.map_err(|why| assert_can_be_shown(&why.to_string())).ok()
}

fn assert_can_be_shown(words: &str) {
    assert!(
        words.len() <= 2 * MESSAGE && !words.contains('\u{1b}'),
        "{words:?}"
    );
    assert!(!words.chars().any(|c| c.is_control() && c != '\n'), "{words:?}");
}

fn assert_is_a_draft(made: &Draft, kind: Kind) {
    let Draft { fields, traits, .. } = made;
    assert!(fields.is_sorted_by(|one, two| one.0 < two.0), "{fields:?}");
    for (field, value) in fields {
        let shape = kind.shape(*field);
        assert!(shape.is_some_and(|shape| value.fits(shape)), "{field}: {value:?}");
        if let Value::Text(words) = value {
            assert!(words.len() <= TEXT && !words.contains('\0'), "{field}");
        }
    }
    assert!(traits.is_sorted_by(|one, two| one.0 < two.0), "{traits:?}");
    for (name, json) in traits {
        assert!((1..=TRAIT_NAME).contains(&name.len()), "{name:?}");
        assert!(!name.chars().any(char::is_control), "{name:?}");
        assert_eq!(
            trait_value(json).as_ref(),
            Ok(json),
            "what was taken over is taken over again"
        );
    }
}

// What a guest could return, out of bytes.

fn text(from: &mut Unstructured<'_>) -> Result<String> {
    from.arbitrary()
}

fn several<T>(
    from: &mut Unstructured<'_>,
    each: impl Fn(&mut Unstructured<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let count = from.int_in_range(0..=8)?;
    (0..count).map(|_| each(from)).collect()
}

fn option<T>(
    from: &mut Unstructured<'_>,
    some: impl Fn(&mut Unstructured<'_>) -> Result<T>,
) -> Result<Option<T>> {
    if from.arbitrary()? {
        some(from).map(Some)
    } else {
        Ok(None)
    }
}

fn reference(from: &mut Unstructured<'_>) -> Result<returned::Reference> {
    let kind = if from.arbitrary()? {
        from.choose(&Kind::ALL)?.as_str().to_owned()
    } else {
        text(from)?
    };
    Ok(returned::Reference {
        kind,
        id: text(from)?,
        name: text(from)?,
    })
}

fn value(from: &mut Unstructured<'_>) -> Result<returned::Value> {
    Ok(match from.int_in_range(0..=7)? {
        0 => returned::Value::Absent,
        1 => returned::Value::Text(text(from)?),
        2 => returned::Value::Number(text(from)?),
        3 => returned::Value::Flag(from.arbitrary()?),
        4 => returned::Value::Date(text(from)?),
        5 => returned::Value::Texts(several(from, text)?),
        6 => returned::Value::Entries(several(from, |from| {
            Ok(returned::Entry {
                value: text(from)?,
                label: text(from)?,
                primary: from.arbitrary()?,
                extension: option(from, text)?,
            })
        })?),
        _ => returned::Value::Reference(reference(from)?),
    })
}

/// A field, mostly one that exists.
fn field(from: &mut Unstructured<'_>) -> Result<returned::Field> {
    let name = if from.ratio(9, 10)? {
        let known = from.choose(&Kind::ALL)?.fields();
        from.choose(known)?.0.to_string()
    } else {
        text(from)?
    };
    let content = value(from)?;
    Ok(returned::Field { name, content })
}

fn outcome(from: &mut Unstructured<'_>) -> Result<returned::Outcome> {
    if from.ratio(1, 10)? {
        return Ok(returned::Outcome::Skipped(text(from)?));
    }
    Ok(returned::Outcome::Mapped(returned::Draft {
        organization: option(from, reference)?,
        fields: several(from, field)?,
        traits: several(from, |from| {
            Ok(returned::Supplement {
                name: text(from)?,
                json: text(from)?,
            })
        })?,
    }))
}

fn pulled(from: &mut Unstructured<'_>) -> Result<connector::Pulled> {
    Ok(connector::Pulled {
        record_found: types::SourceRecord {
            kind: reference(from)?.kind,
            id: text(from)?,
            version: text(from)?,
            name: text(from)?,
            json: text(from)?,
        },
        excluded: several(from, |from| {
            Ok(connector::Exclusion {
                reason: text(from)?,
                group: option(from, text)?,
                labels: several(from, text)?,
            })
        })?,
        parent: option(from, text)?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the fuzzer began with and what it has found.
    fn corpus(target: &str) -> Vec<Vec<u8>> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../fuzz/corpus")
            .join(target);
        let files = std::fs::read_dir(folder).unwrap();
        let found: Vec<Vec<u8>> = files
            .map(|file| std::fs::read(file.unwrap().path()).unwrap())
            .collect();
        assert!(!found.is_empty(), "{target}");
        found
    }

    #[test]
    fn the_corpus_of_answers_holds() {
        corpus("conversion").iter().for_each(|bytes| conversion(bytes));
    }

    #[test]
    fn the_corpus_of_components_holds() {
        for bytes in corpus("component") {
            component(&bytes);
            // One byte more, less or other is another component.
            for place in 0..bytes.len() {
                component(bytes.get(..place).unwrap_or_default());
                let mut other = bytes.clone();
                other
                    .iter_mut()
                    .skip(place)
                    .take(1)
                    .for_each(|byte| *byte ^= 1 << (place % 8));
                component(&other);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn any_answer_holds(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            conversion(&bytes);
        }

        #[test]
        fn any_component_holds(tail in proptest::collection::vec(any::<u8>(), 0..200)) {
            component(&tail);
            component(&[b"\0asm\x0d\0\x01\0".as_slice(), &tail].concat());
        }
    }
}
