//! A tool of a language: looked for, called, its words passed on as they come.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::KitError;

/// Lines of a tool's kept for the error.
const LINES_KEPT: usize = 60;

/// Where a program stands on PATH.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let places = std::env::split_paths(&path).map(|folder| folder.join(program));
    places.into_iter().find(|place| place.is_file())
}

/// The first line a program says of its version.
pub(crate) fn version(program: &Path, words: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(words)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let said = if output.stdout.is_empty() {
        output.stderr
    } else {
        output.stdout
    };
    let said = String::from_utf8_lossy(&said).into_owned();
    output
        .status
        .success()
        .then(|| said.lines().next().unwrap_or_default().trim().to_owned())
}

/// Runs a tool to its end.
pub(crate) fn run(command: &mut Command, report: &mut dyn FnMut(&str)) -> Result<(), KitError> {
    let words: Vec<String> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let failed = |words: &str, said: String| KitError::Tool {
        command: words.to_owned(),
        words: said,
    };
    let shown = words.join(" ");
    report(&shown);
    // What it says on either is for people; one pipe keeps the order.
    let (reader, writer) = std::io::pipe().map_err(|why| failed(&shown, why.to_string()))?;
    let other = writer
        .try_clone()
        .map_err(|why| failed(&shown, why.to_string()))?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(other)
        .spawn()
        .map_err(|why| failed(&shown, why.to_string()))?;
    // The command keeps its ends of the pipe open, and with them the loop below.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut last = VecDeque::new();
    for line in BufReader::new(reader).lines().map_while(Result::ok) {
        report(&line);
        if last.len() == LINES_KEPT {
            last.pop_front();
        }
        last.push_back(line);
    }
    let status = child.wait().map_err(|why| failed(&shown, why.to_string()))?;
    if status.success() {
        return Ok(());
    }
    Err(failed(&shown, Vec::from(last).join("\n")))
}

/// Runs a tool that fetches what a project asks for.
pub(crate) fn fetch(command: &mut Command, report: &mut dyn FnMut(&str)) -> Result<(), KitError> {
    run(command, report).map_err(|failure| match failure {
        KitError::Tool { command, words } => KitError::Fetch { command, words },
        other => other,
    })
}

/// A folder that a language's tool fills with what a project asks for. It is filled again where the project asks for
/// something else than it did.
pub(crate) struct Fetched {
    note: PathBuf,
    wanted: String,
}

impl Fetched {
    pub(crate) fn of(folder: &Path, wanted: String) -> Fetched {
        let note = folder.join(".dovetail-fetched");
        Fetched { note, wanted }
    }

    pub(crate) fn is_there(&self) -> bool {
        std::fs::read_to_string(&self.note).is_ok_and(|known| known == self.wanted)
    }

    /// Called where fetching went well.
    pub(crate) fn note(&self) -> Result<(), KitError> {
        std::fs::write(&self.note, &self.wanted).map_err(|why| KitError::file("write", &self.note, why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tool_says_is_passed_on_and_kept_where_it_fails() {
        let mut lines = Vec::new();
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two >&2; exit 3"]);
        let failure = run(&mut command, &mut |line| lines.push(line.to_owned())).unwrap_err();
        assert_eq!(lines.get(1..).unwrap(), ["one", "two"]);
        assert!(failure.to_string().ends_with("one\ntwo"), "{failure}");
        assert!(matches!(failure, KitError::Tool { .. }));
        let failure = fetch(&mut command, &mut |_| {}).unwrap_err();
        assert!(failure.to_string().ends_with(" failed:\none\ntwo"), "{failure}");
        let hint = failure.hint();
        assert!(hint.contains("needs the network the first time"), "{hint}");
        assert!(find("sh").is_some() && find("no-such-program-here").is_none());
    }
}
