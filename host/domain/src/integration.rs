//! An integration as it is kept: where it connects to and what a person chose to sync. Secrets are not in it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::connector::{Choice, ConnectorDescription, Selection};
use crate::{Code, Explained, IntegrationId, IntegrationName, Kind, Timestamp, Witness};

/// An integration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Integration {
    /// Its id in keys; it outlives the name.
    pub id: IntegrationId,
    /// The name a person gave it.
    pub name: IntegrationName,
    /// The connector's name.
    pub connector: String,
    /// Setup fields as the connector sees them, secrets excepted.
    pub settings: BTreeMap<String, String>,
    /// How its server is reached.
    pub network: Network,
    /// What is synced.
    pub sync: SyncSettings,
    /// No run begins while it is paused.
    pub paused: bool,
    /// What keeps it from running until a person acts: the code and words of the last failure.
    pub trouble: Option<Trouble>,
    /// Set while nobody has seen that the PSA's database is the one its links lead to: no run begins before. Records that
    /// stand in a file it came from are held against the PSA's, beside those that are here.
    #[serde(default)]
    pub unproven: Option<Vec<Witness>>,
    /// When it was added.
    pub created: Timestamp,
}

/// How an integration's server is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Certificates of a private authority, as PEM.
    pub ca_pem: Option<String>,
    /// Loopback and private addresses may be reached.
    pub allow_private_network: bool,
    /// An explicit proxy. The environment's are never used.
    pub proxy: Option<String>,
    /// Requests a minute; none is unlimited.
    pub requests_per_minute: Option<u32>,
}

impl Network {
    /// Requests a minute where nobody said otherwise.
    pub const DEFAULT_REQUESTS_PER_MINUTE: u32 = 900;
}

/// What a person chose to sync.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncSettings {
    /// The choice in each group; a group that is not mentioned has nothing selected.
    pub selections: BTreeMap<String, Choice>,
    /// Whether contacts are synced.
    pub contacts: bool,
    /// Which tickets are synced.
    pub tickets: TicketWindow,
    /// Kinds whose edits go back to the PSA.
    pub two_way: BTreeMap<Kind, bool>,
    /// How often a run is due.
    pub interval: Interval,
    /// How often a run reads everything.
    pub full_every: Interval,
    /// How many organizations have what is listed one organization at a time read again in each run that reads changes
    /// only, in their turn.
    #[serde(default = "SyncSettings::reread")]
    pub reread: u32,
    /// The label a new contact's e-mail address gets in the PSA.
    pub contact_email_type: Option<String>,
    /// The label a new contact's phone number gets in the PSA.
    pub contact_phone_type: Option<String>,
    /// Whether a person has saved settings; before that nothing is synced.
    pub saved: bool,
}

impl Default for SyncSettings {
    fn default() -> SyncSettings {
        SyncSettings {
            selections: BTreeMap::new(),
            contacts: true,
            tickets: TicketWindow::Open,
            two_way: BTreeMap::new(),
            interval: Interval::HOUR,
            full_every: Interval::DAY,
            reread: SyncSettings::reread(),
            contact_email_type: None,
            contact_phone_type: None,
            saved: false,
        }
    }
}

impl SyncSettings {
    /// Organizations a run where nobody said otherwise.
    fn reread() -> u32 {
        20
    }

    /// Whether edits of a kind go back to the PSA.
    pub fn is_two_way(&self, kind: Kind) -> bool {
        self.two_way.get(&kind).copied().unwrap_or_default()
    }

    /// The choice in a group.
    pub fn choice(&self, group: &str) -> Choice {
        self.selections
            .get(group)
            .cloned()
            .unwrap_or(Choice::These(Vec::new()))
    }

    /// The choices in a connector's groups, in its order.
    pub fn selections(&self, connector: &ConnectorDescription) -> Vec<Selection> {
        let chosen = |group: &str| Selection {
            group: group.to_owned(),
            chosen: self.choice(group),
        };
        connector.groups.iter().map(|group| chosen(&group.id)).collect()
    }

    /// Whether anything of a kind is to be synced: every group that filters it has something chosen, and what has a
    /// switch of its own is switched on.
    pub fn wants(&self, kind: Kind, connector: &ConnectorDescription) -> bool {
        let Some(ability) = connector.ability(kind) else {
            return false;
        };
        let chosen = |group: &str| match self.choice(group) {
            Choice::Every => true,
            Choice::These(ids) => !ids.is_empty(),
        };
        let groups = connector
            .groups
            .iter()
            .filter(|group| group.kind == kind)
            .all(|group| chosen(&group.id));
        let switch = kind != Kind::Contact || self.contacts;
        let parent = ability.parent.is_none_or(|parent| self.wants(parent, connector));
        self.saved && groups && switch && parent
    }
}

/// Which tickets are synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TicketWindow {
    /// Those that are not closed.
    Open,
    /// Those that are open or changed within so many days.
    SinceDays(u32),
    /// All.
    All,
}

impl fmt::Display for TicketWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TicketWindow::Open => f.write_str("open"),
            TicketWindow::SinceDays(days) => write!(f, "since={days}d"),
            TicketWindow::All => f.write_str("all"),
        }
    }
}

/// A text that is no setting of its kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct NotASetting {
    /// What was given.
    pub text: String,
    /// What would have been accepted.
    pub expected: &'static str,
}

impl FromStr for TicketWindow {
    type Err = NotASetting;

    fn from_str(text: &str) -> Result<Self, NotASetting> {
        let days = text
            .strip_prefix("since=")
            .and_then(|rest| rest.strip_suffix('d')?.parse::<u32>().ok());
        match (text, days) {
            ("open", _) => Ok(TicketWindow::Open),
            ("all", _) => Ok(TicketWindow::All),
            (_, Some(days)) if (1..=36_500).contains(&days) => Ok(TicketWindow::SinceDays(days)),
            _ => Err(NotASetting {
                text: text.to_owned(),
                expected: "a ticket window: open, all or since=90d",
            }),
        }
    }
}

/// A length of time between runs, in seconds: one minute to a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Interval(u32);

impl Interval {
    /// A quarter of an hour.
    pub const QUARTER_HOUR: Interval = Interval(900);
    /// One hour.
    pub const HOUR: Interval = Interval(3_600);
    /// One day.
    pub const DAY: Interval = Interval(86_400);

    /// Its seconds.
    pub fn seconds(self) -> u64 {
        u64::from(self.0)
    }

    /// A length of time that is no interval between runs: one second to a day.
    pub fn short(text: &str) -> Result<Interval, NotASetting> {
        let found = written(text).filter(|seconds| (1..=86_400).contains(seconds));
        found.map(Interval).ok_or_else(|| NotASetting {
            text: text.to_owned(),
            expected: "a length of time from 1s to 24h, such as 90s or 15m",
        })
    }
}

/// The seconds of a number with its unit.
fn written(text: &str) -> Option<u32> {
    let units = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];
    let (number, factor) = units
        .into_iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?.parse::<u32>().ok()?, factor)))?;
    number.checked_mul(factor)
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = match self.0 {
            seconds if seconds % 86_400 == 0 && seconds > 86_400 => (seconds / 86_400, "d"),
            seconds if seconds % 3_600 == 0 => (seconds / 3_600, "h"),
            seconds if seconds % 60 == 0 => (seconds / 60, "m"),
            seconds => (seconds, "s"),
        };
        write!(f, "{number}{unit}")
    }
}

impl FromStr for Interval {
    type Err = NotASetting;

    fn from_str(text: &str) -> Result<Self, NotASetting> {
        let found = written(text).filter(|seconds| (60..=31_536_000).contains(seconds));
        found.map(Interval).ok_or_else(|| NotASetting {
            text: text.to_owned(),
            expected: "a length of time from 1m to 365d, such as 30m, 1h or 24h",
        })
    }
}

/// A failure as it is kept and shown: it outlives the error it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Trouble {
    /// The error's code.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl Trouble {
    /// Keeps an error's code and words.
    pub fn of(error: &dyn Explained) -> Trouble {
        Trouble {
            code: error.code().as_str().to_owned(),
            message: error.to_string(),
            hint: error.hint().into_owned(),
        }
    }
}

impl Explained for Trouble {
    fn code(&self) -> Code {
        Code::parse(&self.code)
    }

    fn hint(&self) -> Cow<'static, str> {
        Cow::Owned(self.hint.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_lead_back() {
        for text in ["1m", "90m", "1h", "24h", "7d", "61s"] {
            assert_eq!(text.parse::<Interval>().unwrap().to_string(), text);
        }
        for bad in ["", "h", "0h", "59s", "366d", "1w", "-1h", "1.5h"] {
            assert!(bad.parse::<Interval>().is_err(), "{bad:?} was taken");
        }
        for text in ["1s", "90s", "15m", "1h", "24h"] {
            assert_eq!(Interval::short(text).unwrap().to_string(), text);
        }
        for bad in ["0s", "25h", "2d", "15", "forever"] {
            assert!(Interval::short(bad).is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn windows_lead_back() {
        for text in ["open", "all", "since=90d"] {
            assert_eq!(text.parse::<TicketWindow>().unwrap().to_string(), text);
        }
        for bad in ["", "since=", "since=0d", "since=90", "closed"] {
            assert!(bad.parse::<TicketWindow>().is_err(), "{bad:?} was taken");
        }
    }
}
