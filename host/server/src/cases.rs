//! `plugin test`: a mapping's cases from a file, each asked of the same runtime under the same limits as in production.
//! A case says what a record is before and what it has to be after; what differs is told field by field. Nothing is
//! written, and no home, store or network is needed.

mod compare;
mod file;
mod values;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use dovetail_domain::mapping::{MappingContext, Outcome};
use dovetail_domain::{Code, SourceId, SourceRecord};
use dovetail_runtime::{LoadedMapping, MappingInput};
use serde_json::{Value as Json, json};

use crate::answer::{CaseVerdict, TestReport};
use crate::mappings::config::{self, place_of};
use crate::shelf::{Plugin, Shelved};
use crate::{Problem, problem::Result};
use file::{Case, CaseFile, Expected};

/// Where a component's cases are looked for, beside its file.
const BESIDE: [&str; 2] = ["tests/cases.toml", "cases.toml"];

/// The cases that stand beside a component.
pub(crate) fn beside(component: &Path) -> Result<PathBuf> {
    let folder = component.parent().unwrap_or(Path::new("."));
    let found = BESIDE
        .iter()
        .map(|name| folder.join(name))
        .find(|path| path.is_file());
    found.ok_or_else(|| {
        Problem::not_found(
            format!("There are no cases beside {}.", component.display()),
            format!(
                "Write them to {}, or name their file.",
                folder.join(BESIDE[0]).display()
            ),
        )
    })
}

/// Runs every case of a file.
pub(crate) async fn run(shelved: &Shelved, cases: &Path) -> Result<TestReport> {
    let Plugin::Mapping(mapping) = &shelved.plugin else {
        return Err(Problem::value(
            format!(
                "`{}` is a connector, and cases are of mappings",
                shelved.plugin.name()
            ),
            "Test a connector with its own language's tests against a stand-in of its PSA.",
        ));
    };
    let file = file::read(cases)?;
    let own = own_config(mapping, &file)?;
    let mut refused: HashMap<(String, Option<String>), Option<Refusal>> = HashMap::new();
    let mut verdicts = Vec::with_capacity(file.cases.len());
    for case in &file.cases {
        let config = case
            .config
            .clone()
            .or_else(|| own.clone())
            .unwrap_or_else(|| json!({}));
        let context = MappingContext {
            config: config.to_string(),
            organization: case.organization.clone(),
        };
        let key = (context.config.clone(), context.organization.clone());
        let why = match refused.get(&key) {
            Some(known) => known.clone(),
            None => {
                let why = refusal(mapping, &config, case.organization.as_deref()).await?;
                refused.insert(key, why.clone());
                why
            }
        };
        verdicts.push(match why {
            Some((what, why)) => compare::against_error(case, &why, what),
            None => judge(mapping, case, &context).await?,
        });
    }
    let description = mapping.description();
    Ok(TestReport {
        plugin: description.name.clone(),
        version: description.version.clone(),
        passed: verdicts.iter().filter(|verdict| verdict.passed).count(),
        failed: verdicts.iter().filter(|verdict| !verdict.passed).count(),
        cases: verdicts,
    })
}

/// The configuration that a file of cases is itself: rules with their own tests at the end.
fn own_config(mapping: &LoadedMapping, file: &CaseFile) -> Result<Option<Json>> {
    if file.other_keys.is_empty() {
        return Ok(None);
    }
    let place = place_of(&mapping.description().config_schema, "application/toml");
    match place {
        Some(property) => Ok(Some(json!({ property: file.text }))),
        None => Err(Problem::value(
            format!(
                "{} has `{}` beside its tests, and `{}` takes no TOML as its configuration",
                file.path.display(),
                file.other_keys.join("`, `"),
                mapping.description().name
            ),
            "A file of cases holds [[test]] and nothing else; a case's configuration is its `config`.",
        )),
    }
}

/// Why the cases of a configuration are not run: what happened, and the words for it.
type Refusal = (&'static str, String);

/// Has the mapping look at a configuration. Where it traps or runs over a limit at that, this is the outcome of the cases
/// that have this configuration, and the others are run. What is not the mapping's doing is an error.
async fn refusal(
    mapping: &LoadedMapping,
    config: &Json,
    organization: Option<&str>,
) -> Result<Option<Refusal>> {
    match config::look(mapping, config, organization).await {
        Ok(read) => Ok(read
            .err()
            .map(|why| ("the configuration is refused", why.words()))),
        Err(problem) => match problem.code {
            Code::PluginTrapped | Code::PluginLimit | Code::PluginAnswer => {
                Ok(Some(("its configuration makes it fail", problem.message)))
            }
            _ => Err(problem),
        },
    }
}

/// One case, in an instance of its own.
async fn judge(mapping: &LoadedMapping, case: &Case, context: &MappingContext) -> Result<CaseVerdict> {
    let source = SourceRecord {
        kind: case.kind,
        id: source_id(&case.source),
        version: None,
        name: case.name.clone(),
        json: case.source.to_string(),
    };
    let input = MappingInput {
        source: &source,
        so_far: &case.so_far,
    };
    let mut answers = mapping.runner().convert(context, &[input]).await?;
    let Some(answer) = answers.pop() else {
        return Err(Problem::internal("A mapping gave no answer to a record."));
    };
    Ok(match answer {
        Err(error) => compare::against_error(case, &error.to_string(), "it gives an error"),
        Ok(Outcome::Skipped(reason)) => compare::against_skipped(case, &reason),
        Ok(Outcome::Mapped(layer)) => match &case.expected {
            Expected::Record(expected) => {
                let mut after = case.so_far.clone();
                after.overlay(layer);
                compare::records(case, expected, &after)
            }
            Expected::Skipped(part) => compare::unlike(
                case,
                &format!("left out, with a reason that holds `{part}`"),
                "it is mapped",
            ),
            Expected::Error(part) => {
                compare::unlike(case, &format!("an error that holds `{part}`"), "it is mapped")
            }
        },
    })
}

/// The record's own id where it has one.
fn source_id(source: &Json) -> SourceId {
    let text = match source.get("id") {
        Some(Json::String(text)) => text.clone(),
        Some(Json::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    SourceId::new(text)
        .or_else(|| SourceId::new("1"))
        .expect("one digit is an id")
}

/// What a report with failures ends the command with.
pub(crate) fn failed(report: &TestReport) -> Option<Problem> {
    let all = report.passed + report.failed;
    (report.failed > 0).then(|| {
        Problem::new(
            Code::PluginAnswer,
            format!("{} of {all} cases of {} failed.", report.failed, report.plugin),
            "Mend the plugin, build it again, or correct what the case expects.",
        )
    })
}
