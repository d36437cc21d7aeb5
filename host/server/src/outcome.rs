//! How a run's end becomes an error and an exit code: the one table for it.

use dovetail_domain::integration::Trouble;
use dovetail_domain::{Code, Explained};
use dovetail_store::{Run, RunStatus};

use crate::Problem;
use crate::problem::sentence;
use crate::status::IntegrationStatus;

/// A row of the table: how a run ended, why, how its integration stands then, and the exit code of a command that
/// followed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The run's status.
    pub status: RunStatus,
    /// Its reason; none is any.
    pub reason: Option<&'static str>,
    /// The integration's status then.
    pub integration: IntegrationStatus,
    /// The exit code; none is that of the error that ended it.
    pub exit: Option<u8>,
}

/// Every way a run can end.
pub const TABLE: &[Row] = &[
    row(RunStatus::Succeeded, IntegrationStatus::Ok, Some(0)),
    row(RunStatus::Partial, IntegrationStatus::Partial, Some(6)),
    row(RunStatus::Waiting, IntegrationStatus::Waiting, Some(8)),
    Row {
        reason: Some("orphan-brake"),
        ..row(RunStatus::Waiting, IntegrationStatus::Waiting, Some(8))
    },
    Row {
        reason: Some("push-in-doubt"),
        ..row(RunStatus::Waiting, IntegrationStatus::Waiting, Some(8))
    },
    Row {
        reason: Some("match-review"),
        ..row(RunStatus::Waiting, IntegrationStatus::Waiting, Some(8))
    },
    row(RunStatus::Stalled, IntegrationStatus::Stalled, Some(8)),
    Row {
        reason: Some("process-ended"),
        ..row(RunStatus::Stalled, IntegrationStatus::Stalled, Some(8))
    },
    row(RunStatus::Cancelled, IntegrationStatus::Waiting, Some(8)),
    row(RunStatus::Failed, IntegrationStatus::Error, None),
];

const fn row(status: RunStatus, integration: IntegrationStatus, exit: Option<u8>) -> Row {
    Row {
        status,
        reason: None,
        integration,
        exit,
    }
}

/// The exit code of a command that followed a run to this end.
pub fn exit(run: &Run) -> u8 {
    let reason = run.reason.as_deref();
    let fits = |row: &&Row| row.status == run.status && (row.reason.is_none() || row.reason == reason);
    match TABLE.iter().find(fits).and_then(|row| row.exit) {
        Some(exit) => exit,
        None => problem(run).map_or(0, |problem| problem.exit()),
    }
}

/// What a person is told of a run that did not simply succeed.
pub(crate) fn problem(run: &Run) -> Option<Problem> {
    let code = match run.status {
        RunStatus::Succeeded | RunStatus::Running => return None,
        RunStatus::Partial if run.reason.as_deref() == Some(Code::PushRefused.as_str()) => Code::PushRefused,
        RunStatus::Partial => Code::RecordsQuarantined,
        RunStatus::Cancelled => Code::Cancelled,
        RunStatus::Failed => Code::Internal,
        RunStatus::Waiting | RunStatus::Stalled => match (&run.trouble, &run.reason) {
            (Some(trouble), _) => trouble.code(),
            (None, Some(reason)) => Code::Named(reason.clone()),
            (None, None) => Code::Stalled,
        },
    };
    let name = run.subject();
    let reason = run
        .reason
        .as_deref()
        .map(|reason| format!(" ({reason})"))
        .unwrap_or_default();
    let quarantined: u64 = run.entities.values().map(|tally| tally.quarantined).sum();
    let refused: u64 = run.pushed.values().map(|edits| edits.failed).sum();
    let (message, hint) = match run.status {
        RunStatus::Partial => (
            match (quarantined, refused) {
                (_, 0) => format!("The run ended, but {quarantined} records are quarantined."),
                (0, _) => format!("The run ended, but {refused} edits were refused; they are kept here."),
                _ => format!(
                    "The run ended, but {quarantined} records are quarantined and {refused} edits were refused."
                ),
            },
            format!("`dovetail quarantine list {name}` says why each of them is."),
        ),
        RunStatus::Cancelled => (
            "The run was cancelled; what it stored stays.".to_owned(),
            run.again(),
        ),
        RunStatus::Failed => (
            "The run failed without saying why.".to_owned(),
            format!("Run `dovetail -vv sync {name}` and report what it says."),
        ),
        _ => (format!("The run ended without finishing{reason}."), run.again()),
    };
    let told = match &run.trouble {
        // A failed run ends with its cause's code; the others with their own, in the cause's words.
        Some(trouble) if run.status == RunStatus::Failed => from_trouble(trouble),
        Some(trouble) if run.status != RunStatus::Partial => {
            Problem::new(code, sentence(&trouble.message), sentence(&trouble.hint))
        }
        _ => Problem::new(code, message, hint),
    };
    Some(told)
}

fn from_trouble(trouble: &Trouble) -> Problem {
    Problem::new(
        trouble.code(),
        sentence(&trouble.message),
        sentence(&trouble.hint),
    )
}

/// Whether a failure keeps an integration from running by itself until a person acts: trying again would change
/// nothing, or would lock an account.
pub(crate) fn needs_a_person(code: &Code) -> bool {
    let later = [
        Code::Unreachable,
        Code::Timeout,
        Code::ServerError,
        Code::RateLimited,
        Code::TooLarge,
    ];
    let ours = [
        Code::Internal,
        Code::StorageFailed,
        Code::Cancelled,
        Code::Stalled,
        Code::RecordsQuarantined,
        Code::BundleMissing,
    ];
    !later.contains(code) && !ours.contains(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{Answer, exit};
    use crate::status::tests::run;

    fn exit_of(status: RunStatus, code: Option<Code>) -> u8 {
        let mut run = run(status);
        run.trouble = code.map(|code| Trouble {
            code: code.to_string(),
            message: "m".to_owned(),
            hint: "h".to_owned(),
        });
        exit(&Ok(Answer::Run(Box::new(run))), true)
    }

    #[test]
    fn the_table_holds() {
        for row in TABLE {
            assert_eq!(
                IntegrationStatus::after(row.status),
                row.integration,
                "{:?}",
                row.status
            );
            if let Some(expected) = row.exit {
                assert_eq!(exit_of(row.status, None), expected, "{:?}", row.status);
            }
        }
        for (code, exit, _) in Code::TABLE {
            assert_eq!(
                exit_of(RunStatus::Failed, Some(Code::parse(code))),
                *exit,
                "{code}"
            );
        }
        assert_eq!(exit_of(RunStatus::Waiting, Some(Code::Unreachable)), 8);
        assert_eq!(exit_of(RunStatus::Stalled, Some(Code::RateLimited)), 8);
    }

    #[test]
    fn looking_at_a_failed_run_is_no_failure() {
        assert_eq!(exit(&Ok(Answer::Run(Box::new(run(RunStatus::Failed)))), false), 0);
    }

    #[test]
    fn who_has_to_act() {
        for code in [
            Code::AuthFailed,
            Code::PermissionDenied,
            Code::TlsExpired,
            Code::PluginTrapped,
            Code::KeyMissing,
        ] {
            assert!(needs_a_person(&code), "{code}");
        }
        for code in [
            Code::Unreachable,
            Code::Timeout,
            Code::ServerError,
            Code::RateLimited,
            Code::Cancelled,
        ] {
            assert!(!needs_a_person(&code), "{code}");
        }
    }
}
