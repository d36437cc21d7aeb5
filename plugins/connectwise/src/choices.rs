//! What the host told: the selection of each group, the ticket window, the page size. Read once a call.

use std::collections::BTreeSet;

use dovetail_sdk::connector::exports::{Choice, Context};

use crate::record::whole_seconds;

/// The largest page ConnectWise gives.
const LARGEST_PAGE: u32 = 1_000;

/// Ids of the groups of settings.
pub(crate) mod group {
    pub(crate) const COMPANY_TYPES: &str = "company-types";
    pub(crate) const COMPANY_STATUSES: &str = "company-statuses";
    pub(crate) const CONFIGURATION_TYPES: &str = "configuration-types";
    pub(crate) const CONFIGURATION_STATUSES: &str = "configuration-statuses";
    pub(crate) const CONTACT_TYPES: &str = "contact-types";
    pub(crate) const TICKET_BOARDS: &str = "ticket-boards";
}

/// What is chosen in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// Every option and records that have none.
    Every,
    /// The options with these ids.
    These(BTreeSet<u64>),
}

impl Chosen {
    /// What a context says of a group. A group it does not mention restricts nothing.
    pub(crate) fn of(context: &Context, group: &str) -> Self {
        match context
            .selections
            .iter()
            .find(|selection| selection.group == group)
            .map(|selection| &selection.chosen)
        {
            None | Some(Choice::Every) => Chosen::Every,
            Some(Choice::These(ids)) => Chosen::These(ids.iter().filter_map(|id| id.parse().ok()).collect()),
        }
    }

    /// Whether a record with this option comes in.
    pub(crate) fn admits(&self, id: Option<u64>) -> bool {
        match self {
            Chosen::Every => true,
            Chosen::These(ids) => id.is_some_and(|id| ids.contains(&id)),
        }
    }

    /// Whether nothing at all is chosen.
    pub(crate) fn is_none(&self) -> bool {
        matches!(self, Chosen::These(ids) if ids.is_empty())
    }

    /// The chosen ids in order; none where every option is.
    pub(crate) fn list(&self) -> Option<Vec<u64>> {
        match self {
            Chosen::Every => None,
            Chosen::These(ids) => Some(ids.iter().copied().collect()),
        }
    }
}

/// Which tickets are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Window {
    /// Those not closed.
    Open,
    /// All.
    All,
    /// Those that changed at this time or later, open or closed. RFC 3339 in UTC with whole seconds.
    Since(String),
}

impl Window {
    /// The option `ticket-window`; open tickets where it is missing or cannot be read.
    pub(crate) fn of(context: &Context) -> Self {
        match option(context, "ticket-window") {
            Some("all") => Window::All,
            Some(time) if !whole_seconds(time).is_empty() => Window::Since(whole_seconds(time)),
            _ => Window::Open,
        }
    }
}

/// How many records a page holds at most: 1 to 1,000.
pub(crate) fn page_size(context: &Context) -> u32 {
    let wanted = option(context, "page-size")
        .and_then(|text| text.parse().ok())
        .unwrap_or(LARGEST_PAGE);
    wanted.clamp(1, LARGEST_PAGE)
}

/// The text of a setup field; none where it is missing or empty.
pub(crate) fn setting<'a>(context: &'a Context, key: &str) -> Option<&'a str> {
    context
        .settings
        .iter()
        .find(|setting| setting.key == key)
        .map(|setting| setting.text.trim())
        .filter(|text| !text.is_empty())
}

/// The text of an option; none where it is missing.
pub(crate) fn option<'a>(context: &'a Context, key: &str) -> Option<&'a str> {
    context
        .options
        .iter()
        .find(|setting| setting.key == key)
        .map(|setting| setting.text.as_str())
}
