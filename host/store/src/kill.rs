//! What kills leave behind. A child process, which is this test binary run again, writes batches and says of each that
//! it is done; the parent kills it in the middle and looks at what is on disk. Nothing sleeps: the parent acts on what
//! the child says.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{Batch, Sled, Store};

const FOLDER: &str = "DOVETAIL_TEST_KILL_FOLDER";
const KEYS: u8 = 65;

/// Each batch writes its number to all keys; the last one gets a value that is cut.
fn batch(number: u64) -> Batch {
    let mut batch = Batch::new();
    for key in 0..KEYS {
        let length = if key + 1 == KEYS { 20_000 } else { 900 };
        let mut value = number.to_be_bytes().to_vec();
        value.resize(length, number as u8);
        batch.put([key], value);
    }
    batch
}

/// The number of the batch that is on disk; 0 for none. Panics on half of one.
fn number_on_disk(store: &dyn Store) -> u64 {
    let pairs = store.scan_page(&[], None, 1_000).unwrap();
    let Some((_, first)) = pairs.first() else {
        return 0;
    };
    let number = u64::from_be_bytes(*first.first_chunk().unwrap());
    let mut expected = batch(number).into_writes().unwrap().into_iter();
    for (key, value) in pairs {
        assert_eq!(
            expected.next(),
            Some((key, Some(value))),
            "the batch {number} is torn"
        );
    }
    assert_eq!(expected.next(), None, "the batch {number} is torn");
    number
}

/// Not a test of its own: what the parent runs and kills.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let mut out = std::io::stdout();
    let mut say = |words: String| {
        // Before them the test harness has begun a line of its own.
        writeln!(out, "\n{words}").unwrap();
        out.flush().unwrap();
    };
    say("opening".to_owned());
    let store = Sled::open(Path::new(&folder)).unwrap();
    let mut number = number_on_disk(&store);
    say(format!("found {number}"));
    loop {
        number += 1;
        store.apply(batch(number)).unwrap();
        say(format!("wrote {number}"));
    }
}

#[test]
fn kills_lose_and_tear_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut written = 0;
    // How many lines of the child are waited for; 1 is a kill while opening, 2 one in the first batch.
    for patience in [9, 1, 2, 5, 1, 14, 3, 1, 2, 30, 4, 1, 3, 6, 2, 1] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::child", "--nocapture", "--test-threads=1"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut acknowledged = written;
        let mut seen = 0;
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // What was said before the kill counts too, so the pipe is read to its end.
        for line in lines.map_while(Result::ok) {
            match line.split_once(' ') {
                Some(("found", number)) => {
                    assert_eq!(number.parse::<u64>().unwrap(), written, "found by the child")
                }
                Some(("wrote", number)) => acknowledged = number.parse().unwrap(),
                _ if line == "opening" => {}
                _ => continue,
            }
            seen += 1;
            if seen == patience {
                child.kill().unwrap();
            }
        }
        assert!(seen >= patience, "the child ended by itself after {seen} lines");
        child.wait().unwrap();
        let store = Sled::open(folder.path()).unwrap();
        let number = number_on_disk(&store);
        assert!(
            number >= acknowledged,
            "batch {acknowledged} was acknowledged, {number} is on disk"
        );
        assert!(
            number <= acknowledged + 1,
            "batch {number} cannot have been begun"
        );
        written = number;
    }
    assert!(written >= 40, "only {written} batches were written");
}
