//! The live check behind `integration connect`: the certificate by the gate itself, then company, credentials and
//! permissions by the connector.

use dovetail_domain::connector::{CheckLine, CheckState};
use dovetail_domain::{Cause, Code, Trouble};
use serde::{Deserialize, Serialize};

use crate::error::SyncError;
use crate::psa::Psa;
use crate::setup::Setup;

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReportLine {
    /// `tls`, `company`, `credentials`, `permission/…`.
    pub id: String,
    /// False only where it is missing and needed.
    pub ok: bool,
    /// How it came out.
    pub state: CheckState,
    /// Whether what is chosen needs it.
    pub needed: bool,
    /// How it was found out.
    pub how: String,
    /// What was found.
    pub detail: String,
    /// What to do.
    pub hint: Option<String>,
}

/// What the check came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReport {
    /// Whether everything needed is there.
    pub ok: bool,
    /// The lines in the order they were checked.
    pub lines: Vec<CheckReportLine>,
    /// The failure of the first line that is not ok.
    pub failure: Option<Trouble>,
}

/// Checks an integration against its PSA. A check that fails is in the report; an error is only what keeps the check
/// itself from being made.
pub async fn check(setup: &Setup) -> Result<CheckReport, SyncError> {
    let mut psa = Psa::of(setup);
    let mut report = CheckReport {
        ok: true,
        lines: Vec::new(),
        failure: None,
    };
    match setup.gate.probe_tls().await {
        Ok(detail) => report.lines.push(CheckReportLine {
            id: "tls".to_owned(),
            ok: true,
            state: CheckState::Ok,
            needed: true,
            how: "probe".to_owned(),
            detail: detail.to_string(),
            hint: None,
        }),
        Err(verdict) => {
            let failure = Trouble::of(&verdict);
            report.lines.push(CheckReportLine {
                id: "tls".to_owned(),
                ok: false,
                state: CheckState::Missing,
                needed: true,
                how: "probe".to_owned(),
                detail: failure.message.clone(),
                hint: Some(failure.hint.clone()),
            });
            report.ok = false;
            report.failure = Some(failure);
            return Ok(report);
        }
    }
    for line in psa.check().await? {
        let ok = !(line.state == CheckState::Missing && line.needed);
        if !ok && report.failure.is_none() {
            report.failure = Some(failure_of(&line, psa.last_failure().as_ref()));
        }
        report.ok &= ok;
        report.lines.push(CheckReportLine {
            id: line.id,
            ok,
            state: line.state,
            needed: line.needed,
            how: line.how,
            detail: line.detail,
            hint: line.hint,
        });
    }
    Ok(report)
}

/// What a line that is not ok means for the exit.
fn failure_of(line: &CheckLine, verdict: Option<&dovetail_gate::GateError>) -> Trouble {
    let hint = line.hint.clone();
    let named = |code: Code, otherwise: &str| Trouble {
        code: code.as_str().to_owned(),
        message: line.detail.clone(),
        hint: hint.clone().unwrap_or_else(|| otherwise.to_owned()),
    };
    match (&line.trouble, verdict) {
        (Some(Cause::Permission(_)), _) => named(Code::PermissionDenied, "Grant the permission in the PSA."),
        (Some(Cause::InvalidConfig(_)), _) => named(Code::InvalidConfig, "Change the setting."),
        (Some(Cause::RateLimited(_)), _) => named(Code::RateLimited, "Try again later."),
        (Some(Cause::Transient | Cause::TooLarge), Some(verdict)) => Trouble::of(verdict),
        (Some(Cause::Transient | Cause::TooLarge), None) => named(Code::ServerError, "Try again later."),
        (Some(Cause::Bug | Cause::Gone | Cause::Data(_)), _) => {
            named(Code::PluginAnswer, "Report it to the makers of the connector.")
        }
        (Some(Cause::Auth) | None, _) => named(Code::AuthFailed, "Check the keys."),
    }
}
