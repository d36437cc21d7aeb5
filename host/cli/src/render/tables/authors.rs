//! What plugin authors are told: a project, a component, the tools, and how cases went.

use dovetail_server::answer::{BuiltPlugin, CaseVerdict, NewProject, TestReport, ToolchainShown};
use serde_json::Value as Json;

use super::line;

pub(super) fn project(out: &mut String, made: &NewProject) {
    let NewProject {
        name,
        kind,
        language,
        folder,
    } = made;
    let folder = folder.display();
    line(
        out,
        format_args!("{folder} holds the {kind} `{name}` in {language}. What to do next:"),
    );
    line(out, format_args!("  dovetail plugin build {folder}"));
    if kind == "mapping" {
        line(out, format_args!("  dovetail plugin test {folder}/{name}.wasm"));
    } else {
        line(
            out,
            format_args!("  dovetail plugin inspect {folder}/{name}.wasm"),
        );
    }
}

pub(super) fn built(out: &mut String, built: &BuiltPlugin) {
    let BuiltPlugin {
        name,
        version,
        world,
        size,
        digest,
        file,
        ..
    } = built;
    line(
        out,
        format_args!("{}: {name} {version} for the world `{world}`", file.display()),
    );
    line(out, format_args!("  size     {size} bytes"));
    line(out, format_args!("  digest   sha256:{digest}"));
    let imports = match built.imports.is_empty() {
        true => "nothing".to_owned(),
        false => built.imports.join(", "),
    };
    line(out, format_args!("  imports  {imports}"));
}

pub(super) fn toolchains(out: &mut String, found: &[ToolchainShown]) {
    for one in found {
        let usable = if one.usable {
            "can be built"
        } else {
            "cannot be built"
        };
        line(out, format_args!("{}: {usable}", one.language));
        for tool in &one.tools {
            line(
                out,
                format_args!("  {:8} {}, {}", tool.program, tool.version, tool.path),
            );
        }
        line(out, format_args!("  way      {}", one.way));
        if let Some(todo) = &one.todo {
            line(out, format_args!("  to do    {todo}"));
        }
    }
}

pub(super) fn report(out: &mut String, report: &TestReport) {
    for case in &report.cases {
        verdict(out, case);
    }
    let TestReport {
        plugin,
        version,
        passed,
        failed,
        ..
    } = report;
    line(
        out,
        format_args!("{plugin} {version}: {passed} passed, {failed} failed"),
    );
}

/// A passed case is one line; a failed one says what was expected and what came, field under field.
fn verdict(out: &mut String, case: &CaseVerdict) {
    let word = if case.passed { "ok    " } else { "FAILED" };
    line(out, format_args!("{word}  {}", case.name));
    if let Some(message) = &case.message {
        line(out, format_args!("          {message}"));
    }
    let widest = case
        .differences
        .iter()
        .map(|one| one.what.chars().count())
        .max()
        .unwrap_or(0);
    for one in &case.differences {
        line(
            out,
            format_args!(
                "          {:widest$}  expected  {}",
                one.what,
                shown(&one.expected)
            ),
        );
        line(
            out,
            format_args!("          {:widest$}  got       {}", "", shown(&one.got)),
        );
    }
}

/// A text stands in quotes, so that a space at its end can be seen.
fn shown(value: &Json) -> String {
    match value {
        Json::Null => "nothing".to_owned(),
        other => other.to_string(),
    }
}
