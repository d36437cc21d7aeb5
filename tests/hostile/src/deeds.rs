//! What both guests can be told to do in whichever export was called. A word alone goes on until the host ends it; with
//! a number behind it, as in `log 300`, it ends by itself: the same deed under wider limits shows what the limit did.

use std::hint::black_box;

/// A text no answer may hold.
pub(crate) const HUGE: usize = 40 * 1024 * 1024;

/// Does what the word says, if it is one that every export knows; `log` writes a line.
pub(crate) fn perform(deed: &str, log: impl Fn(&str)) {
    let (word, number) = deed.split_once(' ').unwrap_or((deed, ""));
    let times = number.parse().unwrap_or(u64::MAX);
    match word {
        "loop" => spin(times),
        "log" => (0..times).for_each(|_| log("again")),
        "memory" => hoard(times),
        "recursion" => {
            black_box(deeper(1, times));
        }
        "abort" => std::process::abort(),
        "slurred" => log("one\u{1b}[2Jtwo\rthree\u{202e}four\0five"),
        _ => {}
    }
}

/// Counts to so many millions.
fn spin(millions: u64) {
    let mut turns = 0_u64;
    let end = millions.saturating_mul(1_000_000);
    while turns < end {
        turns = black_box(turns.wrapping_add(1));
    }
}

/// Takes so many MiB and keeps them.
fn hoard(mebibytes: u64) {
    let mut hoard = Vec::new();
    for _ in 0..mebibytes {
        hoard.push(vec![1_u8; 1024 * 1024]);
        black_box(&hoard);
    }
}

/// Calls itself down to `end`, with so little of its own that the native stack ends before the guest's.
#[inline(never)]
pub(crate) fn deeper(depth: u64, end: u64) -> u64 {
    if depth == end {
        return depth;
    }
    let below: fn(u64, u64) -> u64 = black_box(deeper);
    below(depth.wrapping_add(1), end)
        .wrapping_mul(3)
        .wrapping_add(depth)
}
