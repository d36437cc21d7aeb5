//! Where a plugin's own words go: to the host's log under the plugin's name. Lines are cut, control characters are
//! replaced so that no terminal is led astray, and past a number of lines a call the rest is only counted.

use std::collections::VecDeque;

use crate::bindings::log::Level;
use crate::checked::words;
use crate::limits::{LOG_LINE, LOG_LINES};

/// Lines that come along with a failure: enough to see what the plugin was at.
const LAST_LINES: usize = 5;
/// The most bytes of each of them.
const LAST_LINE: usize = 200;

/// The words of one instance's current call.
#[derive(Debug)]
pub(crate) struct LogBook {
    plugin: String,
    lines: u32,
    dropped: u64,
    last_error: Option<String>,
    last_lines: VecDeque<String>,
}

impl LogBook {
    pub(crate) fn new(plugin: &str) -> LogBook {
        LogBook {
            plugin: plugin.to_owned(),
            lines: 0,
            dropped: 0,
            last_error: None,
            last_lines: VecDeque::new(),
        }
    }

    /// A call begins.
    pub(crate) fn begin(&mut self) {
        self.lines = 0;
        self.dropped = 0;
        self.last_error = None;
        self.last_lines.clear();
    }

    /// A call has ended: how many lines were dropped is said.
    pub(crate) fn end(&self) {
        if self.dropped > 0 {
            tracing::warn!(target: "plugin", plugin = %self.plugin, "{} further lines were dropped", self.dropped);
        }
    }

    /// The plugin says a line.
    pub(crate) fn write(&mut self, level: Level, text: &str) {
        let line = words(text, LOG_LINE);
        // A panic's words come as the last error of a call and are kept even where the lines are used up.
        if level == Level::Error {
            self.last_error = Some(line.clone());
        }
        if self.last_lines.len() > LAST_LINES {
            self.last_lines.pop_front();
        }
        self.last_lines.push_back(line.clone());
        if self.lines >= LOG_LINES {
            self.dropped += 1;
            return;
        }
        self.lines += 1;
        let plugin = &self.plugin;
        match level {
            Level::Debug => tracing::debug!(target: "plugin", %plugin, "{line}"),
            Level::Info => tracing::info!(target: "plugin", %plugin, "{line}"),
            Level::Warn => tracing::warn!(target: "plugin", %plugin, "{line}"),
            Level::Error => tracing::error!(target: "plugin", %plugin, "{line}"),
        }
    }

    /// What the plugin said in the current call that helps to understand its failure: the last error it spoke of, and
    /// the lines before.
    pub(crate) fn said(&self) -> Option<String> {
        let error = self.last_error.as_deref();
        let before: Vec<String> = self
            .last_lines
            .iter()
            .filter(|line| Some(line.as_str()) != error)
            .map(|line| words(line, LAST_LINE))
            .collect();
        let before = before
            .get(before.len().saturating_sub(LAST_LINES)..)
            .unwrap_or_default()
            .join(" | ");
        match (error, before.is_empty()) {
            (Some(error), true) => Some(error.to_owned()),
            (Some(error), false) => Some(format!("{error}. Its log before: {before}")),
            (None, false) => Some(before),
            (None, true) => None,
        }
    }

    /// Lines written and lines dropped in the current call.
    pub(crate) fn lines(&self) -> (u32, u64) {
        (self.lines, self.dropped)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn lines_are_cut_cleaned_and_counted() {
        let mut book = LogBook::new("p");
        book.begin();
        for _ in 0..LOG_LINES + 7 {
            book.write(Level::Info, "x");
        }
        assert_eq!(book.lines(), (LOG_LINES, 7));
        book.write(Level::Error, &format!("\u{1b}[31mred\n{}", "x".repeat(5_000)));
        let last = book.said().unwrap();
        assert!(last.starts_with(" [31mred x"), "{last}");
        assert_eq!(last.split(". ").next().unwrap().len(), LOG_LINE);
        book.begin();
        assert_eq!((book.lines(), book.said()), ((0, 0), None));
    }

    /// What reaches the host's log, line by line.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<String>>>);

    impl tracing::field::Visit for Written {
        fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
            if field.name() == "message" {
                self.0.lock().unwrap().push(format!("{value:?}"));
            }
        }
    }

    impl tracing::Subscriber for Written {
        fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
            tracing::span::Id::from_u64(1)
        }

        fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

        fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

        fn event(&self, event: &tracing::Event<'_>) {
            event.record(&mut self.clone());
        }

        fn enter(&self, _: &tracing::span::Id) {}

        fn exit(&self, _: &tracing::span::Id) {}
    }

    #[test]
    fn the_log_gets_clean_lines_and_no_more_than_are_counted() {
        let written = Written::default();
        tracing::subscriber::with_default(written.clone(), || {
            let mut book = LogBook::new("p");
            book.begin();
            for level in [Level::Debug, Level::Info, Level::Warn, Level::Error] {
                for _ in 0..LOG_LINES / 2 {
                    book.write(level, "\u{1b}[31mred\n\u{202e}der");
                }
            }
            book.end();
        });
        let lines = written.0.lock().unwrap();
        let (last, lines) = lines.split_last().unwrap();
        assert_eq!(lines.len(), LOG_LINES as usize);
        assert!(lines.iter().all(|line| line == " [31mred  der"), "{lines:?}");
        assert_eq!(last, &format!("{LOG_LINES} further lines were dropped"));
    }

    #[test]
    fn a_failure_comes_with_the_lines_before_it() {
        let mut book = LogBook::new("p");
        for number in 0..9 {
            book.write(Level::Info, &format!("line {number}"));
        }
        assert_eq!(book.said().unwrap(), "line 4 | line 5 | line 6 | line 7 | line 8");
        book.write(Level::Error, "panicked");
        assert_eq!(
            book.said().unwrap(),
            "panicked. Its log before: line 4 | line 5 | line 6 | line 7 | line 8"
        );
    }
}
