//! The copy of the sources that faults are planted in. It stays between runs, so that little is compiled again.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use dovetail_guest_build::build_all;

use crate::command::{Outcome, root, target};
use crate::faults::plan::{Fault, Place};

/// How long a test may run: a fault can make it wait for ever.
const PATIENCE: Duration = Duration::from_secs(300);

/// A copy of the sources.
pub(crate) struct Scratch {
    tree: PathBuf,
}

/// What a test came to.
pub(crate) enum Verdict {
    /// It ran and passed.
    Passed,
    /// It ran and failed, which is what a planted fault is for.
    Failed,
    /// It did not end in time.
    Endless,
    /// It did not compile, or was not found; with the end of what was said.
    NotRun(String),
}

impl Verdict {
    /// For people.
    pub(crate) fn words(&self) -> String {
        match self {
            Verdict::Passed => "passes, NOT NOTICED".to_owned(),
            Verdict::Failed => "noticed".to_owned(),
            Verdict::Endless => format!("did not end within {} s", PATIENCE.as_secs()),
            Verdict::NotRun(why) => format!("did not run: {why}"),
        }
    }
}

impl Scratch {
    /// Brings the copy up to the sources as they stand: what git knows or would know.
    pub(crate) fn make() -> Outcome<Scratch> {
        let tree = target().join("faults");
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root())
            .output()
            .map_err(|error| format!("git could not be started: {error}"))?;
        let names = String::from_utf8_lossy(&listed.stdout).into_owned();
        let names: Vec<&str> = names.split('\0').filter(|name| !name.is_empty()).collect();
        if !listed.status.success() || names.is_empty() {
            return Err("git does not list the sources".to_owned());
        }
        for name in names {
            let (from, to) = (root().join(name), tree.join(name));
            let Ok(wanted) = std::fs::read(&from) else {
                continue; // Deleted and still in the index.
            };
            // A file that is the same keeps its time, so that cargo leaves it alone.
            if std::fs::read(&to).is_ok_and(|found| found == wanted) {
                continue;
            }
            let folder = to.parent().unwrap_or(&tree);
            std::fs::create_dir_all(folder)
                .and_then(|()| std::fs::write(&to, wanted))
                .map_err(|error| format!("{}: {error}", to.display()))?;
        }
        let scratch = Scratch { tree };
        scratch.guests()?;
        Ok(scratch)
    }

    /// What cargo says about the packages of the copy.
    pub(crate) fn places(&self) -> Outcome<serde_json::Value> {
        let mut command = self.cargo(&["metadata", "--no-deps", "--format-version", "1"]);
        let output = command.output().map_err(|error| error.to_string())?;
        serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo metadata: {error}"))
    }

    /// Does `work` while the fault stands in the copy.
    pub(crate) fn with<T>(&self, fault: &Fault, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        let path = self.tree.join(&fault.file);
        let told = |error: std::io::Error| format!("{}: {error}", path.display());
        let sound = std::fs::read_to_string(&path).map_err(told)?;
        if sound.matches(&fault.find).count() != 1 {
            return Err(format!(
                "{}: `{}` does not stand there once",
                fault.file, fault.find
            ));
        }
        std::fs::write(&path, sound.replacen(&fault.find, &fault.plant, 1)).map_err(told)?;
        let done = work();
        std::fs::write(&path, sound).map_err(told)?;
        done
    }

    /// Builds what the test needs and runs it by itself.
    pub(crate) fn test(&self, place: &Place) -> Outcome<Verdict> {
        if place.end_to_end {
            self.guests()?;
            if let Err(why) = self.quiet(self.cargo(&["build", "--workspace", "--bins"]))? {
                return Ok(Verdict::NotRun(why));
            }
        }
        let selection: Vec<&str> = place.selection.iter().map(String::as_str).collect();
        let compile = self.cargo(&[&["test"], &selection[..], &["--no-run"]].concat());
        if let Err(why) = self.quiet(compile)? {
            return Ok(Verdict::NotRun(why));
        }
        let said = self.tree.join("target").join("said");
        let file = std::fs::File::create(&said).map_err(|error| error.to_string())?;
        let mut child = self
            .cargo(&[&["test"], &selection[..], &["--", &place.name]].concat())
            .env("RUST_BACKTRACE", "0")
            .env("INSTA_UPDATE", "no")
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| error.to_string())?;
        let end = Instant::now() + PATIENCE;
        while child.try_wait().map_err(|error| error.to_string())?.is_none() {
            if Instant::now() > end {
                // The test is cargo's child: the whole group has to go.
                let group = format!("-{}", child.id());
                let ended = Command::new("kill").args(["-KILL", "--", &group]).status();
                ended
                    .and_then(|_| child.wait())
                    .map_err(|error| error.to_string())?;
                return Ok(Verdict::Endless);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let said = std::fs::read_to_string(&said).map_err(|error| error.to_string())?;
        Ok(verdict(&said, &place.name))
    }

    fn guests(&self) -> Outcome {
        let said = build_all(&self.tree, &mut |line| eprintln!("xtask: {line}"));
        said.map(drop).map_err(|error| error.to_string())
    }

    fn cargo(&self, words: &[&str]) -> Command {
        let mut command = crate::command::cargo(words);
        command.current_dir(&self.tree).env_remove("CARGO_TARGET_DIR");
        command
    }

    /// Runs a command; an error within is the end of what it said.
    fn quiet(&self, mut command: Command) -> Outcome<Result<(), String>> {
        let output = command.output().map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(Ok(()));
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let wrong: Vec<&str> = said.lines().filter(|line| line.starts_with("error")).collect();
        Ok(Err(wrong.join("; ")))
    }
}

/// What cargo's output says of the test: its line begins `test`, names it and ends with what it came to.
fn verdict(said: &str, name: &str) -> Verdict {
    let whole = format!("::{name}");
    let of_it = |line: &&str| {
        let called = line
            .strip_prefix("test ")
            .and_then(|rest| rest.split_once(" ... "));
        called.is_some_and(|(called, _)| {
            let called = called.split(" - ").next().unwrap_or(called);
            called == name || called.ends_with(&whole)
        })
    };
    let ends: Vec<&str> = said.lines().filter(of_it).collect();
    match ends.as_slice() {
        [] => Verdict::NotRun("no such test ran".to_owned()),
        lines if lines.iter().any(|line| line.ends_with("FAILED")) => Verdict::Failed,
        lines if lines.iter().all(|line| line.ends_with("ok")) => Verdict::Passed,
        lines => Verdict::NotRun(lines.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_did_not_run_is_neither_passed_nor_failed() {
        let said = "running 2 tests\ntest a::works ... ok\ntest a::never_works ... FAILED\ntest b::later ... ignored\n";
        assert!(matches!(verdict(said, "works"), Verdict::Passed));
        assert!(matches!(verdict(said, "never_works"), Verdict::Failed));
        assert!(matches!(verdict(said, "later"), Verdict::NotRun(_)));
        assert!(matches!(verdict(said, "gone"), Verdict::NotRun(_)));
    }
}
