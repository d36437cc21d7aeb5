//! How an integration stands: one word, worked out from what is known. Pure.

use dovetail_domain::Integration;
use dovetail_store::{Run, RunStatus};
use serde::{Deserialize, Serialize};

/// How an integration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IntegrationStatus {
    /// It never ran.
    New,
    /// A run waits for its turn.
    Queued,
    /// A run is on.
    Syncing,
    /// The last run succeeded.
    Ok,
    /// The last run ended, but some records are quarantined.
    Partial,
    /// The last run ended without finishing: a person or some time is needed.
    Waiting,
    /// The last run stopped moving, or its process ended.
    Stalled,
    /// No run begins until it is resumed.
    Paused,
    /// The last run failed, or a person has to act before the next.
    Error,
}

impl IntegrationStatus {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        use IntegrationStatus as S;
        match self {
            S::New => "new",
            S::Queued => "queued",
            S::Syncing => "syncing",
            S::Ok => "ok",
            S::Partial => "partial",
            S::Waiting => "waiting",
            S::Stalled => "stalled",
            S::Paused => "paused",
            S::Error => "error",
        }
    }

    /// What an integration's status is after its last run ended so, where nothing else is known.
    pub fn after(status: RunStatus) -> IntegrationStatus {
        match status {
            RunStatus::Running => IntegrationStatus::Syncing,
            RunStatus::Succeeded => IntegrationStatus::Ok,
            RunStatus::Partial => IntegrationStatus::Partial,
            // Whoever cancels a run wants to look first; the next run takes it up.
            RunStatus::Waiting | RunStatus::Cancelled => IntegrationStatus::Waiting,
            RunStatus::Stalled => IntegrationStatus::Stalled,
            RunStatus::Failed => IntegrationStatus::Error,
        }
    }
}

/// The status of an integration and a line more. What it does now goes before what a person chose, that before trouble,
/// that before the queue, and that before its last run.
pub fn status(
    integration: &Integration,
    running: bool,
    queued: bool,
    last: Option<&Run>,
) -> (IntegrationStatus, String) {
    use IntegrationStatus as S;
    if running {
        return (S::Syncing, "a run is on".to_owned());
    }
    if integration.paused {
        return (S::Paused, "no run begins until it is resumed".to_owned());
    }
    if queued {
        return (S::Queued, "a run waits for its turn".to_owned());
    }
    if let Some(trouble) = &integration.trouble {
        return (S::Error, trouble.message.clone());
    }
    let Some(last) = last else {
        let detail = if integration.sync.saved {
            "no run yet"
        } else {
            "nothing is chosen to sync yet"
        };
        return (S::New, detail.to_owned());
    };
    let quarantined: u64 = last.entities.values().map(|tally| tally.quarantined).sum();
    let words = match &last.trouble {
        Some(trouble) => Some(trouble.message.clone()),
        None if last.status == RunStatus::Partial => Some(format!("{quarantined} records are quarantined")),
        None => None,
    };
    let detail = words.or_else(|| last.reason.clone()).unwrap_or_default();
    (S::after(last.status), detail)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use dovetail_domain::integration::{Network, SyncSettings, Trouble};
    use dovetail_domain::{IntegrationId, RunId, Timestamp};
    use dovetail_store::{RunMode, RunTrigger};

    use super::*;

    pub(crate) fn integration() -> Integration {
        Integration {
            id: IntegrationId(1),
            name: "acme".parse().unwrap(),
            connector: "other".to_owned(),
            settings: BTreeMap::new(),
            network: Network {
                ca_pem: None,
                allow_private_network: false,
                proxy: None,
                requests_per_minute: Some(Network::DEFAULT_REQUESTS_PER_MINUTE),
            },
            sync: SyncSettings::default(),
            paused: false,
            trouble: None,
            unproven: None,
            created: Timestamp::from_seconds(0).unwrap(),
        }
    }

    pub(crate) fn run(status: RunStatus) -> Run {
        let started = Timestamp::from_seconds(1_000).unwrap();
        let name = "acme".parse().unwrap();
        let mut run = Run::begin(
            RunId(7),
            IntegrationId(1),
            name,
            RunMode::Full,
            RunTrigger::Manual,
            started,
        );
        run.status = status;
        run
    }

    #[test]
    fn what_goes_before_what() {
        use IntegrationStatus as S;
        let of = |change: &dyn Fn(&mut Integration), running, queued, last: Option<RunStatus>| {
            let mut integration = integration();
            change(&mut integration);
            let last = last.map(run);
            status(&integration, running, queued, last.as_ref()).0
        };
        let as_is: &dyn Fn(&mut Integration) = &|_| {};
        let paused: &dyn Fn(&mut Integration) = &|integration| integration.paused = true;
        let troubled: &dyn Fn(&mut Integration) = &|integration| {
            integration.trouble = Some(Trouble {
                code: "auth-failed".to_owned(),
                message: "no".to_owned(),
                hint: String::new(),
            });
        };
        assert_eq!(of(as_is, false, false, None), S::New);
        assert_eq!(of(as_is, false, true, None), S::Queued);
        assert_eq!(of(as_is, true, true, None), S::Syncing);
        assert_eq!(of(paused, true, true, None), S::Syncing);
        assert_eq!(of(paused, false, true, Some(RunStatus::Succeeded)), S::Paused);
        assert_eq!(of(troubled, false, false, Some(RunStatus::Succeeded)), S::Error);
        assert_eq!(of(troubled, false, true, None), S::Queued);
        for (last, expected) in [
            (RunStatus::Succeeded, S::Ok),
            (RunStatus::Partial, S::Partial),
            (RunStatus::Waiting, S::Waiting),
            (RunStatus::Stalled, S::Stalled),
            (RunStatus::Failed, S::Error),
            (RunStatus::Cancelled, S::Waiting),
        ] {
            assert_eq!(of(as_is, false, false, Some(last)), expected);
        }
    }
}
