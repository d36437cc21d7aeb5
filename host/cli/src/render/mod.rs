//! Printing: answers on stdout, everything else on stderr.

pub(crate) mod error;
pub(crate) mod plain;
pub(crate) mod progress;
pub(crate) mod table;
mod tables;

use std::io::{self, Write};

use dovetail_server::Answer;
use serde_json::Value as Json;

use crate::args::Format;

/// Prints an answer.
pub(crate) fn answer(out: &mut dyn Write, answer: &Answer, format: Format) -> io::Result<()> {
    match format {
        Format::Table => out.write_all(plain::plain(&tables::render(answer)).as_bytes()),
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, &answer.document())?;
            out.write_all(b"\n")
        }
        Format::Jsonl => lines(out, answer.document()),
    }
}

/// A list as one object a line; anything else as one line.
fn lines(out: &mut dyn Write, document: Json) -> io::Result<()> {
    let items = match document {
        Json::Array(items) => items,
        other => vec![other],
    };
    for item in items {
        serde_json::to_writer(&mut *out, &item)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// Prints a list that comes in pages as it comes: one JSON array, or a line an object. Nothing is kept.
pub(crate) struct Pages {
    format: Format,
    begun: bool,
}

impl Pages {
    pub(crate) fn new(format: Format) -> Pages {
        Pages { format, begun: false }
    }

    /// Prints a page.
    pub(crate) fn page(&mut self, out: &mut dyn Write, document: Json) -> io::Result<()> {
        if self.format != Format::Json {
            return lines(out, document);
        }
        for item in document.as_array().into_iter().flatten() {
            out.write_all(if self.begun { b",\n" } else { b"[\n" })?;
            self.begun = true;
            serde_json::to_writer(&mut *out, item)?;
        }
        Ok(())
    }

    /// Ends the list.
    pub(crate) fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        match (self.format, self.begun) {
            (Format::Json, true) => out.write_all(b"\n]\n"),
            (Format::Json, false) => out.write_all(b"[]\n"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pages(format: Format, pages: &[Json]) -> String {
        let mut out = Vec::new();
        let mut printer = Pages::new(format);
        for page in pages {
            printer.page(&mut out, page.clone()).unwrap();
        }
        printer.end(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn pages_make_one_document() {
        for given in [
            vec![],
            vec![json!([])],
            vec![json!([{"a": 1}]), json!([]), json!([{"a": 2}, {"a": 3}])],
        ] {
            let document: Json = serde_json::from_str(&pages(Format::Json, &given)).unwrap();
            let wanted: Vec<Json> = given
                .iter()
                .flat_map(|page| page.as_array().unwrap().clone())
                .collect();
            assert_eq!(document, Json::Array(wanted));
        }
        assert_eq!(
            pages(Format::Jsonl, &[json!([{"a": 1}]), json!([{"a": 2}])]),
            "{\"a\":1}\n{\"a\":2}\n"
        );
    }
}
