//! What goes on, on stderr: bars where it is a terminal, plain lines elsewhere, nothing where nobody wants it.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};

use dovetail_domain::Kind;
use dovetail_server::Event;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::render::plain::plain;

/// Shows events.
pub(crate) enum Shown {
    /// As bars.
    Bars(Mutex<Bars>),
    /// As lines.
    Lines,
    /// Not at all.
    Silent,
}

/// A bar a kind.
pub(crate) struct Bars {
    all: MultiProgress,
    kinds: BTreeMap<Kind, ProgressBar>,
}

impl Shown {
    /// As fits this process.
    pub(crate) fn fitting(quiet: bool) -> Shown {
        if quiet {
            Shown::Silent
        } else if std::io::stderr().is_terminal() {
            Shown::Bars(Mutex::new(Bars {
                all: MultiProgress::new(),
                kinds: BTreeMap::new(),
            }))
        } else {
            Shown::Lines
        }
    }

    /// Shows an event.
    pub(crate) fn event(&self, event: &Event) {
        match self {
            Shown::Silent => {}
            Shown::Lines => {
                if let Some(line) = line(event) {
                    anstream::eprintln!("{line}");
                }
            }
            Shown::Bars(bars) => bars.lock().unwrap_or_else(PoisonError::into_inner).event(event),
        }
    }

    /// Leaves the bars as they are and goes on below them.
    pub(crate) fn end(&self) {
        if let Shown::Bars(bars) = self {
            let bars = bars.lock().unwrap_or_else(PoisonError::into_inner);
            for bar in bars.kinds.values().filter(|bar| !bar.is_finished()) {
                bar.abandon();
            }
        }
    }

    /// Does something while the bars are out of the way.
    pub(crate) fn aside<T>(&self, work: impl FnOnce() -> T) -> T {
        match self {
            Shown::Bars(bars) => {
                let all = bars.lock().unwrap_or_else(PoisonError::into_inner).all.clone();
                all.suspend(work)
            }
            Shown::Lines | Shown::Silent => work(),
        }
    }
}

impl Bars {
    fn event(&mut self, event: &Event) {
        match event {
            Event::Started { kind, total } => {
                for bar in self.kinds.values().filter(|bar| !bar.is_finished()) {
                    bar.abandon();
                }
                let bar = match total {
                    Some(total) => {
                        ProgressBar::new(*total).with_style(style("{prefix:16} {bar:30} {pos}/{len} {msg}"))
                    }
                    None => ProgressBar::new_spinner().with_style(style("{prefix:16} {spinner} {pos} {msg}")),
                };
                let bar = self.all.add(bar.with_prefix(kind.plural()));
                bar.tick();
                self.kinds.insert(*kind, bar);
            }
            Event::Stored { kind, tally } => {
                if let Some(bar) = self.kinds.get(kind) {
                    bar.set_position(tally.read);
                    bar.set_message(counts(event).unwrap_or_default());
                }
            }
            Event::Pushed { .. } | Event::Waiting { .. } | Event::Note { .. } => {
                if let Some(line) = line(event) {
                    // A bar that cannot be written to is no reason to end.
                    let _ = self.all.println(line);
                }
            }
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

/// An event as a line; none where it is not worth one.
pub(crate) fn line(event: &Event) -> Option<String> {
    let line = match event {
        Event::Started {
            kind,
            total: Some(total),
        } => Some(format!("{}: reading up to {total}", kind.plural())),
        Event::Started { kind, total: None } => Some(format!("{}: reading", kind.plural())),
        Event::Stored { kind, tally } => Some(format!(
            "{}: {} read{}",
            kind.plural(),
            tally.read,
            prefixed(counts(event))
        )),
        Event::Pushed { kind, edits } => Some(format!(
            "{}: {} sent{}",
            kind.plural(),
            edits.sent,
            prefixed(counts(event))
        )),
        Event::Waiting { seconds, why } => Some(format!("waiting for {seconds} s: {why}")),
        Event::Note { text } => Some(text.clone()),
    };
    line.map(|line| plain(&line))
}

fn prefixed(counts: Option<String>) -> String {
    counts
        .filter(|counts| !counts.is_empty())
        .map(|counts| format!(", {counts}"))
        .unwrap_or_default()
}

fn counts(event: &Event) -> Option<String> {
    let named: &[(u64, &str)] = match event {
        Event::Stored { tally, .. } => &[
            (tally.created, "created"),
            (tally.updated, "updated"),
            (tally.unchanged, "unchanged"),
            (tally.skipped, "left out"),
            (tally.waiting, "waiting"),
            (tally.quarantined, "quarantined"),
            (tally.orphaned, "orphaned"),
        ],
        Event::Pushed { edits, .. } => &[
            (edits.confirmed, "confirmed"),
            (edits.failed, "refused"),
            (edits.conflicts, "in conflict"),
        ],
        _ => return None,
    };
    let parts = named
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} {name}"));
    Some(parts.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dovetail_server::Tally;

    #[test]
    fn events_as_lines() {
        let kind = Kind::Configuration;
        let tally = Tally {
            read: 1_000,
            created: 900,
            skipped: 98,
            quarantined: 2,
            ..Tally::default()
        };
        let events = [
            Event::Started {
                kind,
                total: Some(2_000),
            },
            Event::Started { kind, total: None },
            Event::Stored { kind, tally },
            Event::Stored {
                kind,
                tally: Tally::default(),
            },
            Event::Waiting {
                seconds: 30,
                why: "the PSA asks for patience".to_owned(),
            },
            Event::Note {
                text: "a note".to_owned(),
            },
        ];
        let lines: Vec<String> = events.iter().filter_map(line).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }
}
