//! `cargo xtask faults [PROMISE…]`: shows that the tests of the promises can fail.
//!
//! A planted fault (`docs/faults/*.toml`) takes away or breaks what a promise of `docs/promises.toml` is about. Each is
//! planted by itself in a copy of the sources under `target/faults`, never in the sources themselves, and the promise's
//! test has to pass without the fault and fail with it. A fault that does not compile shows nothing and counts as an
//! error. Words after `faults` are ids of promises, or their beginnings; none means all.

mod plan;
mod scratch;

use plan::{Fault, Place};
use scratch::{Scratch, Verdict};

use crate::command::Outcome;

/// Plants each fault that is asked for and says whether its test noticed.
pub(crate) fn faults(wanted: &[String]) -> Outcome {
    let faults: Vec<Fault> = plan::read()?
        .into_iter()
        .filter(|fault| {
            wanted.is_empty()
                || wanted
                    .iter()
                    .any(|begin| fault.promise.starts_with(begin.as_str()))
        })
        .collect();
    if faults.is_empty() {
        return Err(format!("no planted fault is about {}", wanted.join(", ")));
    }
    let scratch = Scratch::make()?;
    let places = scratch.places()?;
    let mut unnoticed = Vec::new();
    let mut sound: Vec<&str> = Vec::new();
    for (number, fault) in faults.iter().enumerate() {
        let place = Place::of(&fault.test, &places)?;
        if !sound.contains(&fault.test.as_str()) {
            match scratch.test(&place)? {
                Verdict::Passed => sound.push(&fault.test),
                other => return Err(format!("{} without any fault: {}", fault.test, other.words())),
            }
        }
        let verdict = scratch.with(fault, || scratch.test(&place))?;
        println!(
            "{}/{} {}: {} ({})",
            number + 1,
            faults.len(),
            fault.promise,
            verdict.words(),
            fault.test
        );
        if !matches!(verdict, Verdict::Failed) {
            unnoticed.push(fault.promise.clone());
        }
    }
    if unnoticed.is_empty() {
        println!(
            "{} faults were planted, and each was noticed by its test",
            faults.len()
        );
        Ok(())
    } else {
        Err(format!("not noticed: {}", unnoticed.join(", ")))
    }
}
