//! Every cell of the decision, and the laws of it on values that come from one base.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::mapping::Direction;
use crate::sample::{SAMPLED, near, triples};
use crate::{Kind, Value};

/// Every pattern of base, theirs and ours, with what each policy makes of it for a part that goes both ways. `a` is what
/// was agreed upon, `b` and `c` are other values, `-` is nothing, `?` is that nothing ever was agreed upon; `!` says that
/// somebody's change is overruled.
const BOTH_WAYS: &str = "
base theirs ours | both     from-psa from-local fill-empty manual   chosen   held
a    a      a    | still    still    still      still      still    still    still
a    a      -    | send     take!    send       take!      conflict send     still
a    a      b    | send     take!    send       still      conflict send     still
a    -      a    | take     take     send!      send!      conflict conflict conflict
a    -      -    | agreed   agreed   agreed     agreed     agreed   agreed   agreed
a    -      b    | conflict take!    send!      send!      conflict conflict conflict
a    b      a    | take     take     send!      still      conflict conflict conflict
a    b      -    | conflict take!    send!      take!      conflict conflict conflict
a    b      b    | agreed   agreed   agreed     agreed     agreed   agreed   agreed
a    b      c    | conflict take!    send!      still      conflict conflict conflict
-    -      -    | still    still    still      still      still    still    still
-    -      b    | send     take!    send       send       conflict send     still
-    b      -    | take     take     send!      take       conflict conflict conflict
-    b      b    | agreed   agreed   agreed     agreed     agreed   agreed   agreed
-    b      c    | conflict take!    send!      still      conflict conflict conflict
?    -      -    | agreed   agreed   agreed     agreed     agreed   agreed   agreed
?    -      b    | offer    take!    send       send       conflict conflict conflict
?    b      -    | take     take     take       take       conflict conflict conflict
?    b      b    | agreed   agreed   agreed     agreed     agreed   agreed   agreed
?    b      c    | conflict take!    send!      apart      conflict conflict conflict
";

/// The same for a part that comes in only.
const INWARD: &str = "
base theirs ours | from-psa fill-empty manual   chosen   held
a    a      a    | still    still      still    still    still
a    a      -    | take!    take!      conflict still    still
a    a      b    | take!    still      conflict still    still
a    -      a    | take     still      conflict conflict conflict
a    -      -    | agreed   agreed     agreed   agreed   agreed
a    -      b    | take!    still      conflict conflict conflict
a    b      a    | take     still      conflict conflict conflict
a    b      -    | take!    take!      conflict conflict conflict
a    b      b    | agreed   agreed     agreed   agreed   agreed
a    b      c    | take!    still      conflict conflict conflict
-    -      -    | still    still      still    still    still
-    -      b    | take!    still      conflict still    still
-    b      -    | take     take       conflict conflict conflict
-    b      b    | agreed   agreed     agreed   agreed   agreed
-    b      c    | take!    still      conflict conflict conflict
?    -      -    | agreed   agreed     agreed   agreed   agreed
?    -      b    | take!    apart      conflict conflict conflict
?    b      -    | take     take       conflict conflict conflict
?    b      b    | agreed   agreed     agreed   agreed   agreed
?    b      c    | take!    apart      conflict conflict conflict
";

fn word<T>(verdict: &Verdict<T>) -> &'static str {
    match verdict {
        Verdict::Still => "still",
        Verdict::Agreed => "agreed",
        Verdict::Take { overruled: false } => "take",
        Verdict::Take { overruled: true } => "take!",
        Verdict::Send { overruled: false } => "send",
        Verdict::Send { overruled: true } => "send!",
        Verdict::Offer => "offer",
        Verdict::Apart => "apart",
        Verdict::Merged(_) => "merged",
        Verdict::Conflict => "conflict",
    }
}

fn value(word: &str) -> Option<Value> {
    match word {
        "?" => None,
        "-" => Some(Value::Absent),
        text => Some(Value::text(text)),
    }
}

/// The rule and the hold that a column is about.
fn column(direction: Direction, name: &str) -> Vec<(Rule, bool)> {
    let rule = |policy| Rule::new(direction, policy).unwrap();
    match name {
        "chosen" => vec![(rule(Policy::Manual).chosen(), false)],
        // Whatever the policy.
        "held" => Policy::ALL
            .into_iter()
            .filter_map(|policy| Rule::new(direction, policy).ok())
            .map(|rule| (rule, true))
            .collect(),
        policy => vec![(rule(policy.parse().unwrap()), false)],
    }
}

fn hold_true(direction: Direction, table: &str) {
    let mut lines = table.trim().lines();
    let columns: Vec<&str> = lines.next().unwrap().split_whitespace().skip(4).collect();
    let mut patterns = BTreeSet::new();
    for line in lines {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [base, theirs, ours, _, wanted @ ..] = words.as_slice() else {
            panic!("{line}")
        };
        assert_eq!(wanted.len(), columns.len(), "{line}");
        assert!(patterns.insert((*base, *theirs, *ours)), "{line} stands twice");
        let [base, theirs, ours] = [base, theirs, ours].map(|word| value(word));
        let (theirs, ours) = (theirs.unwrap(), ours.unwrap());
        for (name, wanted) in columns.iter().zip(wanted) {
            for (rule, held) in column(direction, name) {
                let verdict = decide(rule, held, base.as_ref(), &theirs, &ours);
                assert_eq!(word(&verdict), *wanted, "{name} ({rule:?}): {line}");
            }
        }
    }
    assert_eq!(patterns.len(), all_patterns().len());
    assert_eq!(patterns, all_patterns());
}

/// Every pattern of three, with values named in the order in which they come up.
fn all_patterns() -> BTreeSet<(&'static str, &'static str, &'static str)> {
    let mut all = BTreeSet::new();
    for base in ["a", "-", "?"] {
        for theirs in ["a", "-", "b"] {
            for ours in ["a", "-", "b", "c"] {
                let known = |word| word == "-" || word == base;
                let in_order = ours != "c" || theirs == "b";
                if (theirs == "b" || known(theirs)) && (ours == "b" || ours == "c" || known(ours)) && in_order
                {
                    all.insert((base, theirs, ours));
                }
            }
        }
    }
    all
}

#[test]
fn every_cell_for_what_goes_both_ways() {
    assert_eq!(all_patterns().len(), 20);
    hold_true(Direction::Both, BOTH_WAYS);
}

#[test]
fn every_cell_for_what_comes_in_only() {
    hold_true(Direction::Inward, INWARD);
}

/// The table in the module's documentation is a part of the tested one, but for lists.
#[test]
fn the_documented_table_is_the_tested_one() {
    let source = include_str!("../decide.rs");
    let rows = source.lines().filter_map(|line| line.strip_prefix("//! | "));
    let rows: Vec<Vec<String>> = rows
        .map(|row| row.split('|').map(|cell| cell.trim().to_owned()).collect())
        .filter(|row: &Vec<String>| !["---", "base"].contains(&row[0].as_str()))
        .collect();
    assert_eq!(rows.len(), 10);
    for row in rows {
        let stands = BOTH_WAYS.lines().any(|line| {
            let words: Vec<&str> = line.split_whitespace().filter(|word| *word != "|").collect();
            words.len() == 10
                && words
                    .iter()
                    .zip(row.iter().filter(|cell| !cell.is_empty()))
                    .all(|(word, cell)| word == cell || cell.ends_with(&format!("or {word}")))
        });
        assert!(stands, "{row:?}");
    }
}

#[test]
fn lists_are_merged_under_both_only() {
    let texts = |text: &str| Value::texts(text.chars().map(String::from));
    for (base, theirs, ours, wanted) in [
        ("ab", "a", "abc", Verdict::Merged(texts("ac"))),
        ("a", "b", "", Verdict::Take { overruled: false }),
        ("a", "ab", "abc", Verdict::Send { overruled: false }),
        ("a", "ab", "a", Verdict::Take { overruled: false }),
        ("ab", "", "abc", Verdict::Merged(texts("c"))),
        ("ab", "b", "a", Verdict::Merged(Value::Absent)),
        ("", "b", "a", Verdict::Merged(texts("ab"))),
    ] {
        let [base, theirs, ours] = [base, theirs, ours].map(texts);
        assert_eq!(decide(Rule::TWO_WAY, false, Some(&base), &theirs, &ours), wanted);
        for policy in [
            Policy::FromPsa,
            Policy::FromLocal,
            Policy::FillEmpty,
            Policy::Manual,
        ] {
            let rule = Rule::new(Direction::Both, policy).unwrap();
            let verdict = decide(rule, false, Some(&base), &theirs, &ours);
            assert_ne!(word(&verdict), "merged");
        }
    }
    let (theirs, ours) = (texts("ab"), texts("bc"));
    assert_eq!(
        decide(Rule::TWO_WAY, false, None, &theirs, &ours),
        Verdict::Conflict,
        "of what nothing was ever agreed upon nothing is known to be taken out or added"
    );
}

fn any_rule() -> impl Strategy<Value = Rule> {
    proptest::sample::select(crate::sample::rules())
}

/// The rule that the other side would have.
fn mirrored(rule: Rule) -> Rule {
    let policy = match rule.policy() {
        Policy::FromPsa => Policy::FromLocal,
        Policy::FromLocal => Policy::FromPsa,
        policy => policy,
    };
    Rule::new(rule.direction(), policy).unwrap()
}

/// A verdict as the other side would see it.
fn mirror(verdict: Verdict<Value>, never: bool) -> Verdict<Value> {
    match verdict {
        Verdict::Take { overruled: false } if never => Verdict::Offer,
        Verdict::Offer => Verdict::Take { overruled: false },
        Verdict::Take { overruled } => Verdict::Send { overruled },
        Verdict::Send { overruled } => Verdict::Take { overruled },
        verdict => verdict,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Both sides are treated alike: seen from the other side, with from-psa and from-local exchanged, what was taken is
    /// sent and what was sent is taken. Only the first time, where one side has nothing, the two differ: nothing is sent
    /// unasked, and what the PSA says stands under from-psa even where it says nothing.
    #[test]
    fn sides_are_treated_alike(
        triple in triples(SAMPLED),
        never in any::<bool>(),
        policy in proptest::sample::select(&Policy::ALL),
    ) {
        let (_, [base, theirs, ours]) = triple;
        let base = (!never).then_some(&base);
        let one_empty = never && (theirs.is_empty() || ours.is_empty());
        let alike = !one_empty || policy == Policy::Manual;
        let rule = Rule::new(Direction::Both, if alike { policy } else { Policy::Both }).unwrap();
        let here = decide(rule, false, base, &theirs, &ours);
        let there = decide(mirrored(rule), false, base, &ours, &theirs);
        match (here, mirror(there, never && rule.policy() == Policy::Both)) {
            (Verdict::Merged(here), Verdict::Merged(there)) => {
                prop_assert!(here.same(&there), "{here:?} and {there:?}");
            }
            (here, there) => prop_assert_eq!(here, there),
        }
    }

    /// What means the same is no difference: no spelling of any of the three changes what happens.
    #[test]
    fn spelling_is_no_difference(triple in triples(SAMPLED), rule in any_rule(), held in any::<bool>(), seed in any::<u64>()) {
        let (_, [base, theirs, ours]) = triple;
        let [spelled_base, spelled_theirs, spelled_ours] =
            [(&base, 0), (&theirs, 1), (&ours, 2)].map(|(value, by)| crate::sample::respelled(value, seed >> by));
        let one = decide(rule, held, Some(&base), &theirs, &ours);
        let other = decide(rule, held, Some(&spelled_base), &spelled_theirs, &spelled_ours);
        match (one, other) {
            (Verdict::Merged(one), Verdict::Merged(other)) => {
                prop_assert!(one.same(&other), "{one:?} and {other:?}");
            }
            (one, other) => prop_assert_eq!(one, other),
        }
    }

    /// Meaning the same goes both ways, and a value means the same as itself.
    #[test]
    fn meaning_is_mutual(field in near(SAMPLED), at in any::<prop::sample::Index>()) {
        let (_, values) = field;
        let one = at.get(&values);
        prop_assert!(one.same(one));
        for other in &values {
            prop_assert_eq!(one.same(other), other.same(one));
        }
    }

    /// What comes in only is never sent, offered or merged, and what is held never moves.
    #[test]
    fn nothing_goes_where_it_may_not(triple in triples(SAMPLED), never in any::<bool>(), rule in any_rule(), held in any::<bool>()) {
        let (_, [base, theirs, ours]) = triple;
        let verdict = decide(rule, held, (!never).then_some(&base), &theirs, &ours);
        let sends = matches!(verdict, Verdict::Send { .. } | Verdict::Offer | Verdict::Merged(_));
        let moves = matches!(verdict, Verdict::Take { .. } | Verdict::Apart) || sends;
        prop_assert!(!sends || rule.can_send(), "{:?}", verdict);
        prop_assert!(!moves || !held, "{:?}", verdict);
    }

    /// Under fill-empty nothing that is there ever goes, on either side.
    #[test]
    fn filling_empties_nothing(triple in triples(SAMPLED), never in any::<bool>()) {
        let (_, [base, theirs, ours]) = triple;
        let rule = Rule::new(Direction::Both, Policy::FillEmpty).unwrap();
        match decide(rule, false, (!never).then_some(&base), &theirs, &ours) {
            Verdict::Take { .. } => prop_assert!(ours.is_empty() && !theirs.is_empty()),
            Verdict::Send { .. } => prop_assert!(theirs.is_empty() && !ours.is_empty()),
            Verdict::Still | Verdict::Agreed | Verdict::Apart => {}
            other => prop_assert!(false, "{:?}", other),
        }
    }
}

#[test]
fn the_samples_reach_every_verdict() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    let strategy = (triples(SAMPLED), any::<bool>(), any_rule(), any::<bool>());
    for _ in 0..4_000 {
        let ((field, [base, theirs, ours]), never, rule, held) =
            strategy.new_tree(&mut runner).unwrap().current();
        let shape = Kind::Contact.shape(field).unwrap();
        assert!([&base, &theirs, &ours].iter().all(|value| value.fits(shape)));
        seen.insert(word(&decide(
            rule,
            held,
            (!never).then_some(&base),
            &theirs,
            &ours,
        )));
    }
    assert_eq!(seen.len(), 10, "{seen:?}");
}
