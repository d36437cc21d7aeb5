//! What plugin authors do: make a project, build it, look at the tools, run a component's cases. None of it needs a home.

use std::path::{Path, PathBuf};

use dovetail_domain::Code;
use dovetail_kit::{Built, Finding, KitError};
pub use dovetail_kit::{Language, PluginKind};

use crate::answer::{Answer, BuiltPlugin, NewProject, ToolShown, ToolchainShown};
use crate::host::Host;
use crate::plugins::{self, read};
use crate::shelf::{Plugin, Shelved, ready, start_runtime};
use crate::{Problem, cases, problem::Result};

/// A command of an author's.
#[derive(Clone, Debug)]
pub enum Authoring {
    /// `plugin new`
    New {
        /// The folder.
        dir: PathBuf,
        /// What it becomes.
        kind: PluginKind,
        /// In which language.
        language: Language,
        /// Its name, where it is not the folder's.
        name: Option<String>,
    },
    /// `plugin build`
    Build {
        /// The project's folder.
        dir: PathBuf,
        /// Where the component goes.
        out: Option<PathBuf>,
    },
    /// `plugin doctor`
    Doctor {
        /// Where builds would be called from.
        here: PathBuf,
    },
    /// `plugin test` of a file
    Test {
        /// The component.
        file: PathBuf,
        /// Its cases; none are those beside it.
        cases: Option<PathBuf>,
    },
}

/// Does it. `report` is given what tools say, line by line.
pub async fn perform(what: Authoring, report: impl FnMut(&str) + Send + 'static) -> Result<Answer> {
    match what {
        Authoring::New {
            dir,
            kind,
            language,
            name,
        } => {
            let name = dovetail_kit::new(&dir, kind, language, name.as_deref()).map_err(told)?;
            Ok(Answer::NewProject(NewProject {
                name,
                kind: kind.as_str().to_owned(),
                language: language.as_str().to_owned(),
                folder: dir,
            }))
        }
        Authoring::Build { dir, out } => build(dir, out, report).await.map(Answer::BuiltPlugin),
        Authoring::Doctor { here } => {
            let found = dovetail_kit::doctor(&here);
            Ok(Answer::Toolchains(found.into_iter().map(shown).collect()))
        }
        Authoring::Test { file, cases } => {
            let shelved = loaded(&file).await?;
            let cases = match (cases, &shelved.plugin) {
                (Some(cases), _) => cases,
                (None, Plugin::Mapping(_)) => cases::beside(&file)?,
                // Nobody has to write cases to be told that a connector has none: that is said before any is read.
                (None, Plugin::Connector(_)) => PathBuf::new(),
            };
            tested(&shelved, &cases).await
        }
    }
}

/// `plugin test` of an installed plugin.
pub(crate) async fn test_installed(host: &Host, name: &str, cases: &Path) -> Result<Answer> {
    tested(&plugins::named(host, name).await?, cases).await
}

async fn tested(shelved: &Shelved, cases: &Path) -> Result<Answer> {
    let report = cases::run(shelved, cases).await.map_err(for_authors)?;
    Ok(Answer::TestReport(Box::new(report)))
}

async fn build(
    dir: PathBuf,
    out: Option<PathBuf>,
    mut report: impl FnMut(&str) + Send + 'static,
) -> Result<BuiltPlugin> {
    let work = tokio::task::spawn_blocking(move || dovetail_kit::build(&dir, out.as_deref(), &mut report));
    let built = work
        .await
        .map_err(|error| Problem::internal(format!("The build broke off: {error}.")))?;
    let built = built.map_err(told)?;
    // What stood there before stays where this one is refused.
    let shelved = loaded(built.part())
        .await
        .map_err(|problem| of_its_place(problem, &built))?;
    let file = built.keep().map_err(told)?;
    Ok(BuiltPlugin {
        name: shelved.plugin.name().to_owned(),
        version: shelved.plugin.version().to_owned(),
        world: shelved.inspection.world.as_str().to_owned(),
        imports: shelved.inspection.imports.clone(),
        size: shelved.inspection.size as u64,
        digest: shelved.inspection.digest.clone(),
        file,
    })
}

/// A file that is gone is no name to tell: the component is called by where it would stand.
fn of_its_place(problem: Problem, built: &Built) -> Problem {
    let (part, place) = (built.part().display(), built.place().display());
    let message = problem.message.replace(&part.to_string(), &place.to_string());
    Problem { message, ..problem }
}

async fn loaded(file: &Path) -> Result<Shelved> {
    ready(&start_runtime()?, &read(file)?, false)
        .await
        .map_err(for_authors)
}

/// Who runs these commands is who made the plugin: what is said to an operator would send them to themselves.
fn for_authors(problem: Problem) -> Problem {
    let hint = match problem.code {
        Code::PluginTrapped => {
            "Mend it where it says; what it wrote to `log` on the way stands above with -v, and -vv shows all of it."
        }
        Code::PluginLimit => {
            "Do less in one call, or hold less at once; docs/plugins.md has the table of limits with their reasons."
        }
        Code::PluginAnswer => "Return what the contract asks for; `vendor/wit` has it with its limits.",
        _ => return problem,
    };
    Problem::new(problem.code, problem.message, hint)
}

fn told(error: KitError) -> Problem {
    let code = match &error {
        KitError::NotEmpty { .. } => Code::AlreadyExists,
        KitError::NoProject { .. } => Code::NotFound,
        _ => Code::ValueRefused,
    };
    Problem::new(code, crate::problem::sentence(&error.to_string()), error.hint())
}

fn shown(finding: Finding) -> ToolchainShown {
    let tools = finding
        .tools
        .into_iter()
        .map(|(program, path, version)| ToolShown {
            program,
            path,
            version,
        });
    ToolchainShown {
        language: finding.language.as_str().to_owned(),
        usable: finding.usable,
        tools: tools.collect(),
        way: finding.way,
        todo: finding.todo,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_is_told_where_the_limits_stand() {
        let told = for_authors(Problem::new(Code::PluginLimit, "Too much.", "Tell its makers."));
        assert!(told.hint.contains("docs/plugins.md"), "{told:?}");
        assert_eq!(told.message, "Too much.");
        let other = Problem::not_found("Nothing.", "Look elsewhere.");
        assert_eq!(for_authors(other.clone()), other);
    }
}
