//! Both sides edited at random by people, with everything that may go wrong, drawn from a seed: faults of every request, lost
//! answers, refusals, servers that cut and rewrite what they are given, people who edit while a run is on, kills. Whatever
//! happened, once what is open was settled it comes to quiet within a few runs, and then:
//!
//! - both sides are equal under the mapping: what is kept in step and not held is what a new home makes of the PSA's records;
//! - nothing was written in the PSA more often than it was asked for: see `both_sides/written.rs`;
//! - another run, of everything or of changes, writes nothing on either side;
//! - no word that anybody entered is lost: see `both_sides/entered.rs`;
//! - of each record made here there is one in the PSA, and the store is sound.
//!
//! `DOVETAIL_SEED=7` runs one episode, `DOVETAIL_SEEDS=1..100` many; `cargo xtask soak MINUTES` goes on for long.

mod end;
mod entered;
mod here;
mod parts;
mod stage;
mod there;
mod written;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use self::stage::Stage;
use crate::model::{Deeds, each_seed};

/// What the suite runs each time. Between them are kills, a server that is killed, runs taken back and parts let go, records
/// made here, conflicts, lost answers, refusals, a permission that is missing and companies that are merged.
const USUAL: [u64; 4] = [10, 41, 74, 96];

/// How often what is tested happened, in all episodes.
#[derive(Default)]
struct Happened {
    writes: AtomicUsize,
    choices: AtomicUsize,
    made: AtomicUsize,
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_people_do_on_both_sides_nothing_is_lost() {
    let happened = Arc::new(Happened::default());
    each_seed(
        &USUAL,
        "whatever_people_do_on_both_sides_nothing_is_lost",
        |seed, deeds| Box::pin(episode(seed, deeds, Arc::clone(&happened))),
    )
    .await;
    let Happened {
        writes,
        choices,
        made,
    } = &*happened;
    let of = |count: &AtomicUsize| count.load(Relaxed);
    println!(
        "{} writes, {} conflicts settled, {} records made here",
        of(writes),
        of(choices),
        of(made)
    );
    let is_usual = ["DOVETAIL_SEED", "DOVETAIL_SEEDS"]
        .iter()
        .all(|name| std::env::var_os(name).is_none());
    let all_happened = [writes, choices, made].into_iter().all(|count| of(count) > 0);
    assert!(all_happened || !is_usual, "not all of it is tested");
}

/// From two sides in step through rounds of edits and disturbed runs to quiet.
async fn episode(seed: u64, deeds: Deeds, happened: Arc<Happened>) {
    let mut stage = Stage::of(seed, deeds).await;
    for _ in 0..3 + stage.dice.below(4) {
        stage.round().await;
    }
    stage.end().await;
    let applied = stage.control.writes().into_iter();
    let applied = applied.filter(|write| write.applied.is_some()).count();
    happened.writes.fetch_add(applied, Relaxed);
    happened.choices.fetch_add(stage.choices, Relaxed);
    happened.made.fetch_add(stage.made.len(), Relaxed);
}
