//! Errors on stderr: for people one sentence what is wrong and one what to do, red where there are colours; for
//! programs a document.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use dovetail_server::Problem;
use serde_json::json;

use crate::args::Format;
use crate::render::plain::plain;

/// Prints a problem. Colours are taken out on the way where the terminal has none or nobody wants them.
pub(crate) fn print(out: &mut dyn Write, problem: &Problem, format: Format) -> io::Result<()> {
    if format != Format::Table {
        return writeln!(out, "{}", json!({"error": problem}));
    }
    let red = AnsiColor::Red.on_default().bold();
    let bold = Style::new().bold();
    let Problem { code, message, hint } = problem;
    let (message, hint) = (plain(message), plain(hint));
    writeln!(out, "{red}error[{code}]{red:#}{bold}: {message}{bold:#}")?;
    if !hint.is_empty() {
        writeln!(out, "  {hint}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use dovetail_domain::Code;

    fn printed(format: Format) -> String {
        let problem = Problem::new(
            Code::TlsUntrusted,
            "The certificate of psa.example.com comes from an authority that is not trusted.",
            "Name the authority's certificates with --ca-file.",
        );
        let mut out = Vec::new();
        print(&mut out, &problem, format).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn for_people_with_colour_and_without() {
        insta::assert_snapshot!(printed(Format::Table).escape_debug().to_string());
        insta::assert_snapshot!(anstream::adapter::strip_str(&printed(Format::Table)).to_string());
    }

    #[test]
    fn for_programs() {
        insta::assert_snapshot!(printed(Format::Json));
        assert_eq!(printed(Format::Json), printed(Format::Jsonl));
    }
}
