//! Lists in a short notation: `number+extension:label*`, the star for the primary one.

use proptest::prelude::*;

use super::*;
use crate::Value;
use crate::sample::{LISTS, near, triples};

fn list(text: &str) -> Vec<Entry> {
    let one = |text: &str| {
        let (text, primary) = text.strip_suffix('*').map_or((text, false), |text| (text, true));
        let (text, label) = text.split_once(':').unwrap_or((text, ""));
        let (value, extension) = text
            .split_once('+')
            .map_or((text, None), |(value, extension)| (value, Some(extension)));
        Entry {
            value: value.to_owned(),
            label: label.to_owned(),
            primary,
            extension: extension.map(str::to_owned),
        }
    };
    text.split_whitespace().map(one).collect()
}

fn written(list: &[Entry]) -> String {
    let one = |entry: &Entry| {
        let extension = entry.extension.as_ref().map(|extension| format!("+{extension}"));
        let label = (!entry.label.is_empty()).then(|| format!(":{}", entry.label));
        let star = if entry.primary { "*" } else { "" };
        let [extension, label] = [extension, label].map(Option::unwrap_or_default);
        format!("{}{extension}{label}{star}", entry.value)
    };
    list.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[test]
fn each_entry_goes_its_own_way() {
    for (why, base, theirs, ours, wanted) in [
        ("one added on each side", "1", "1 2", "1 3", "1 2 3"),
        (
            "the same added on both sides",
            "1",
            "1 2:Home",
            "1 2:Home",
            "1 2:Home",
        ),
        (
            "added on both sides, labelled on one",
            "1",
            "1 2",
            "1 2:Home",
            "1 2:Home",
        ),
        (
            "taken out on one side, another added on the other",
            "1 2",
            "1",
            "1 2 3",
            "1 3",
        ),
        ("taken out on both sides", "1 2 3", "1 2", "1 3", "1"),
        ("all taken out between them", "1 2", "1", "2", ""),
        ("all taken out on one side", "1 2", "", "1 2 3", "3"),
        (
            "taken out there and relabelled here",
            "1:a 2",
            "2 3",
            "1:b 2",
            "2 3 1:b",
        ),
        (
            "taken out here and relabelled there",
            "1:a 2",
            "1:b 2",
            "2 3",
            "1:b 2 3",
        ),
        (
            "taken out there and made primary here",
            "1 2",
            "2 3",
            "1* 2",
            "2 3 1*",
        ),
        (
            "taken out there, no longer primary here",
            "1* 2",
            "2",
            "1 2*",
            "2*",
        ),
        ("label there, extension here", "1:a", "1:b", "1+7:a", "1+7:b"),
        ("extension there, label here", "1+6:a", "1+7:a", "1+6:b", "1+7:b"),
        (
            "extension taken off there, label here",
            "1+6:a",
            "1:a",
            "1+6:b",
            "1:b",
        ),
        ("primary there, label here", "1:a 2", "1:a* 2", "1:b 2", "1:b* 2"),
        (
            "another primary there, one added here",
            "1* 2",
            "1 2*",
            "1* 2 3",
            "1 2* 3",
        ),
        (
            "another primary here, one added there",
            "1* 2",
            "1* 2 3",
            "1 2*",
            "1 2* 3",
        ),
        (
            "no primary there any more, another here",
            "1* 2",
            "1 2",
            "1 2*",
            "1 2*",
        ),
        (
            "primary taken out there, label here",
            "1* 2",
            "2",
            "1* 2:b",
            "2:b",
        ),
        (
            "primary taken out there, another primary here",
            "1* 2",
            "2",
            "1 2*",
            "2*",
        ),
        (
            "primary taken out here, relabelled there",
            "1:a* 2",
            "1:b* 2",
            "2",
            "1:b* 2",
        ),
        (
            "the same primary on both sides",
            "1 2",
            "1 2* 3",
            "1 2*",
            "1 2* 3",
        ),
        (
            "two extensions of one number added",
            "1",
            "1 5+1",
            "1 5+2",
            "1 5+1 5+2",
        ),
        (
            "two extensions of one number there before",
            "5+1:a 5+2:a",
            "5+1:b 5+2:a",
            "5+1:a 5+2:b",
            "5+1:b 5+2:b",
        ),
        (
            "one number with two labels",
            "5:a 5:b",
            "5:a",
            "5:a 5:b 6",
            "5:a 6",
        ),
        ("alike entries", "5 5", "5", "5 5 6", "5 6"),
        (
            "other letters",
            "a@x.example:a",
            "A@x.example:a 2",
            "a@X.example:b",
            "A@x.example:b 2",
        ),
        (
            "written otherwise here, labelled there",
            "5-5:a",
            "5-5:b",
            "55:a",
            "55:b",
        ),
        (
            "extension written behind the number",
            "55x1:a",
            "55x2:a",
            "55x1:b",
            "55x2:b",
        ),
    ] {
        let [base, theirs, ours] = [base, theirs, ours].map(list);
        let result = merged(&base, &theirs, &ours).map(|list| written(&list));
        assert_eq!(result.as_deref(), Some(wanted), "{why}");
        let other = merged(&base, &ours, &theirs).unwrap();
        assert!(
            same(&list(wanted), &other),
            "{why}, from the other side: {}",
            written(&other)
        );
    }
}

#[test]
fn contradictions_are_not_merged() {
    for (why, base, theirs, ours) in [
        ("two labels", "1:a", "1:b", "1:c"),
        ("two extensions", "1+1", "1+2", "1+3"),
        ("two primaries", "1* 2 3", "1 2* 3", "1 2 3*"),
        ("two primaries added", "", "1*", "2*"),
        ("added with two labels", "1", "1 2:a", "1 2:b"),
        ("label taken off and changed", "1:a", "1", "1:b"),
    ] {
        let [base, theirs, ours] = [base, theirs, ours].map(list);
        assert_eq!(merged(&base, &theirs, &ours), None, "{why}");
        assert_eq!(merged(&base, &ours, &theirs), None, "{why}, from the other side");
    }
}

#[test]
fn order_and_spelling_are_no_difference() {
    for (one, other, wanted) in [
        ("1:a 2*", "2* 1:a", true),
        ("a@x.example", "A@X.example", true),
        ("5-5+1", "55x1", true),
        ("1 1", "1 1", true),
        ("1* 2*", "1* 2", true),
        ("1:a", "1:A", false),
        ("1:a", "1", false),
        ("1*", "1", false),
        ("1+1", "1+2", false),
        ("1 1", "1 2", false),
        ("1", "1 1", false),
    ] {
        assert_eq!(same(&list(one), &list(other)), wanted, "{one} and {other}");
        assert_eq!(same(&list(other), &list(one)), wanted, "{other} and {one}");
    }
}

/// What an entry says but for being the primary one.
fn said_of(entry: &Entry) -> (Canonical, &str) {
    (Canonical::of(entry), entry.label.as_str())
}

fn entries(value: &Value) -> &[Entry] {
    match value {
        Value::Entries(list) => list,
        _ => &[],
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// The result is the same from both sides, has at most one primary entry, and takes nothing out that one side added or
    /// changed.
    #[test]
    fn merging_is_fair((_, [base, theirs, ours]) in triples(LISTS)) {
        let [base, theirs, ours] = [&base, &theirs, &ours].map(entries);
        let one = merged(base, theirs, ours);
        let other = merged(base, ours, theirs);
        prop_assert_eq!(one.is_some(), other.is_some());
        let (Some(one), Some(other)) = (one, other) else { return Ok(()) };
        prop_assert!(same(&one, &other), "{} and {}", written(&one), written(&other));
        prop_assert!(one.iter().filter(|entry| entry.primary).count() <= 1);
        for side in [theirs, ours] {
            for entry in side {
                let new = !base.iter().any(|before| said_of(before).0.key == said_of(entry).0.key);
                let there = one.iter().any(|after| said_of(after).0 == said_of(entry).0);
                prop_assert!(!new || there, "{} is gone from {}", entry.value, written(&one));
            }
        }
        for after in &one {
            let from = [theirs, ours].iter().any(|side| side.iter().any(|entry| said_of(entry).0 == said_of(after).0));
            prop_assert!(from, "nobody said {}", after.value);
        }
    }

    /// Where only one side changed, the result is that side's; and where both changed alike, it is what they say.
    #[test]
    fn merging_with_what_did_not_change((_, values) in near(LISTS), at in any::<prop::sample::Index>()) {
        let changed = entries(at.get(&values));
        let base = entries(&values[0]);
        for (theirs, ours) in [(changed, base), (base, changed), (changed, changed)] {
            let result = merged(base, theirs, ours).unwrap();
            prop_assert!(same(&result, changed), "{} of {}", written(&result), written(changed));
        }
    }

    /// Even of lists with several primary entries there is one at most afterwards.
    #[test]
    fn there_is_one_primary_entry_at_most(
        stars in proptest::collection::vec(any::<bool>(), 9),
        (_, values) in near(LISTS),
    ) {
        let mut stars = stars.into_iter().cycle();
        let mut starred = |value: &Value| {
            let mut list = entries(value).to_vec();
            list.iter_mut().for_each(|entry| entry.primary = stars.next().unwrap());
            list
        };
        let lists: Vec<Vec<Entry>> = values.iter().cycle().take(3).map(&mut starred).collect();
        if let Some(result) = merged(&lists[0], &lists[1], &lists[2]) {
            prop_assert!(result.iter().filter(|entry| entry.primary).count() <= 1);
        }
    }
}
