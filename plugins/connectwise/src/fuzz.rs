//! What the writer of conditions is held to: whatever it was asked for, the other side's parser reads a condition that
//! holds for the same records. The fuzzer calls it (`cargo xtask fuzz`), and the tests below do with what it has found
//! and with requests by chance.

use arbitrary::{Result, Unstructured};
use connectwise_simulator::condition_holds;
use serde_json::json;

use crate::conditions::{Conditions, cut, fits};

/// Writes conditions of a ticket and asks them of a ticket.
pub fn conditions(bytes: &[u8]) {
    // Bytes that end too early ask for nothing.
    _ = ask(&mut Unstructured::new(bytes));
}

struct Ticket {
    id: u64,
    board: u64,
    closed: bool,
    summary: String,
    updated: String,
}

fn ask(from: &mut Unstructured<'_>) -> Result<()> {
    let ticket = Ticket {
        id: number(from)?,
        board: number(from)?,
        closed: from.arbitrary()?,
        summary: text(from)?,
        updated: time(from)?,
    };
    let mut written = Conditions::new();
    let mut expected = true;
    for _ in 0..from.int_in_range(0..=6)? {
        let (next, holds) = comparison(written, &ticket, from)?;
        written = next;
        expected &= holds;
    }
    let record = json!({
        "id": ticket.id, "board": {"id": ticket.board}, "closedFlag": ticket.closed,
        "summary": ticket.summary,
        "_info": {"lastUpdated": ticket.updated},
    });
    let text = written.text().unwrap_or_default();
    assert_eq!(
        condition_holds(&text, "Ticket", &record),
        Ok(expected),
        "{text} of {record}"
    );
    Ok(())
}

/// Adds a comparison, and says whether it holds for the ticket.
fn comparison(to: Conditions, ticket: &Ticket, from: &mut Unstructured<'_>) -> Result<(Conditions, bool)> {
    Ok(match from.int_in_range(0..=5)? {
        0 => {
            let flag: bool = from.arbitrary()?;
            (to.is("closedFlag", flag), ticket.closed == flag)
        }
        1 => {
            let count = from.int_in_range(0..=300)?;
            let ids = (0..count).map(|_| number(from)).collect::<Result<Vec<u64>>>()?;
            let lists = cut(&ids);
            assert_eq!(lists.concat(), ids, "nothing is lost by cutting");
            assert!(lists.iter().all(|list| fits(list)));
            // An empty list cannot be asked for: whoever has none asks nothing.
            match lists.first().filter(|list| !list.is_empty()) {
                Some(list) => (to.one_of("board/id", Some(list)), list.contains(&ticket.board)),
                None => (to.one_of("board/id", None), true),
            }
        }
        2 => {
            let than = number(from)?;
            (to.above("id", than), ticket.id > than)
        }
        3 => {
            let most: Option<u64> = if from.arbitrary()? {
                Some(number(from)?)
            } else {
                None
            };
            (to.at_most("id", most), most.is_none_or(|most| ticket.id <= most))
        }
        // Whatever its signs, a text is found where it stands; another one is not.
        4 if from.arbitrary()? => (to.holds("summary", &ticket.summary), true),
        4 => {
            let other = format!("{}x", letters(&ticket.summary));
            (to.holds("summary", &other), false)
        }
        _ => {
            let since = time(from)?;
            (to.since("lastUpdated", Some(&since)), ticket.updated >= since)
        }
    })
}

/// A number, mostly a small one, so that equal ones meet; none past what JSON's readers keep exactly.
fn number(from: &mut Unstructured<'_>) -> Result<u64> {
    if from.ratio(3, 4)? {
        from.int_in_range(0..=9)
    } else {
        from.int_in_range(0..=(1 << 53) - 1)
    }
}

/// A text with everything in it that may mean something in a condition.
fn text(from: &mut Unstructured<'_>) -> Result<String> {
    let count = from.int_in_range(0..=12)?;
    let letter = |_| {
        from.choose(&[
            'a', 'B', '7', ' ', '"', '\'', '\\', '%', '*', '_', '[', ']', '(', ')', '=', ',', 'ä', '漢',
        ])
    };
    (0..count).map(letter).collect::<Result<String>>()
}

fn letters(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric()).collect()
}

fn time(from: &mut Unstructured<'_>) -> Result<String> {
    let mut part = |most: u32| from.int_in_range(0..=most);
    Ok(format!(
        "{}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        2000 + part(50)?,
        1 + part(11)?,
        1 + part(27)?,
        part(23)?,
        part(59)?,
        part(59)?
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_of_conditions_holds() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/conditions");
        let mut count = 0;
        for file in std::fs::read_dir(folder).expect("the corpus") {
            conditions(&std::fs::read(file.expect("an entry").path()).expect("a file"));
            count += 1;
        }
        assert!(count > 0);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2_000))]

        #[test]
        fn whatever_is_asked_for_reads_back_the_same(
            bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
        ) {
            conditions(&bytes);
        }
    }
}
