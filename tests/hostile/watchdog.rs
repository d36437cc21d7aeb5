//! Catches a hang: a test that makes no progress for two minutes ends its whole process, by name. It is no assertion
//! about time: bounds are counted, and this only turns "for ever" into an error. Test binaries take this file in by its
//! path and call [`progress`] wherever a test gets a step further; a test that has ended is forgotten.

use std::collections::HashMap;
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

/// Far more than any step takes on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(120);

/// Tests under way, by their threads' names, which are the tests' own, and when each was heard of last.
static UNDER_WAY: Mutex<Option<HashMap<String, Instant>>> = Mutex::new(None);

/// Stands for a test in its thread; the thread ends with the test.
struct Here(String);

impl Drop for Here {
    fn drop(&mut self) {
        table(|tests| tests.remove(&self.0));
    }
}

thread_local! {
    static HERE: Here = Here(std::thread::current().name().unwrap_or("a test").to_owned());
}

fn table<T>(work: impl FnOnce(&mut HashMap<String, Instant>) -> T) -> T {
    let mut tests = UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner);
    work(tests.get_or_insert_default())
}

/// The running test has come a step further.
pub(crate) fn progress() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        std::thread::spawn(|| {
            loop {
                std::thread::sleep(PATIENCE / 60);
                if let Some(test) = table(|tests| overdue(tests, Instant::now())) {
                    eprintln!("watchdog: `{test}` has made no progress for {PATIENCE:?}");
                    std::process::abort();
                }
            }
        });
    });
    HERE.with(|here| table(|tests| tests.insert(here.0.clone(), Instant::now())));
}

fn overdue(tests: &HashMap<String, Instant>, now: Instant) -> Option<String> {
    let late = |since: &Instant| now.saturating_duration_since(*since) > PATIENCE;
    let found = tests.iter().find(|(_, since)| late(since));
    found.map(|(test, _)| test.clone())
}

#[test]
fn a_test_that_hangs_is_named_and_one_that_has_ended_is_forgotten() {
    let running = std::thread::Builder::new().name("one that ends".to_owned());
    let known = running
        .spawn(|| {
            progress();
            table(|tests| tests.contains_key("one that ends"))
        })
        .unwrap();
    assert!(known.join().unwrap());
    assert!(!table(|tests| tests.contains_key("one that ends")));

    let now = Instant::now();
    let tests = HashMap::from([("one that hangs".to_owned(), now)]);
    assert_eq!(overdue(&tests, now + PATIENCE), None);
    let later = now + PATIENCE + Duration::from_secs(1);
    assert_eq!(overdue(&tests, later).as_deref(), Some("one that hangs"));
}
