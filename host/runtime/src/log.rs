//! Where a plugin's own words go: to the host's log under the plugin's name. Lines are cut, control characters are
//! replaced so that no terminal is led astray, and past a number of lines a call the rest is only counted.

use crate::bindings::log::Level;
use crate::checked::words;
use crate::limits::{LOG_LINE, LOG_LINES};

/// The words of one instance's current call.
#[derive(Debug)]
pub(crate) struct LogBook {
    plugin: String,
    lines: u32,
    dropped: u64,
    last_error: Option<String>,
}

impl LogBook {
    pub(crate) fn new(plugin: &str) -> LogBook {
        LogBook {
            plugin: plugin.to_owned(),
            lines: 0,
            dropped: 0,
            last_error: None,
        }
    }

    /// A call begins.
    pub(crate) fn begin(&mut self) {
        self.lines = 0;
        self.dropped = 0;
        self.last_error = None;
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

    /// The last error the plugin spoke of in the current call.
    pub(crate) fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    /// Lines written and lines dropped in the current call.
    pub(crate) fn lines(&self) -> (u32, u64) {
        (self.lines, self.dropped)
    }
}

#[cfg(test)]
mod tests {
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
        let last = book.last_error().unwrap();
        assert_eq!(last.len(), LOG_LINE);
        assert!(last.starts_with(" [31mred x"), "{last}");
        book.begin();
        assert_eq!((book.lines(), book.last_error()), ((0, 0), None));
    }
}
