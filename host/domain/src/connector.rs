//! What a connector says of itself and is told, after the host took it over. The command line, the checks and the guide
//! are drawn from these; they mirror `wit/draft/connector.wit`, where shapes and limits are described.

use serde::{Deserialize, Serialize};

use crate::{Cause, Field, Kind, SourceId};

/// How a setup field is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SetupFormat {
    /// Any text of one line.
    Plain,
    /// A host name or https URL, port allowed.
    Host,
    /// Never given to the connector.
    Secret,
}

/// One field of the set-up form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "described in the contract")]
pub struct SetupField {
    pub key: String,
    pub label: String,
    pub explanation: String,
    pub format: SetupFormat,
    pub required: bool,
    pub operator_default: bool,
    pub example: String,
}

/// A key of older versions of the PSA, refused with words of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "described in the contract")]
pub struct RetiredKey {
    pub key: String,
    pub code: String,
    pub message: String,
    pub hint: String,
}

/// How a credential is performed. Templates name setup fields and secrets as `{key}`; `{{` is a brace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "described in the contract")]
pub enum Scheme {
    Basic {
        user: String,
        password: String,
    },
    Bearer(String),
    Header {
        name: String,
        content: String,
    },
    ClientCredentials {
        token_url: String,
        client_id: String,
        client_secret: String,
        scope: Option<String>,
        extra: Vec<(String, String)>,
    },
    Login {
        login_url: String,
        body: String,
        token_pointer: String,
        refresh_pointer: Option<String>,
        refresh_url: Option<String>,
        lifetime_seconds: u32,
    },
    Signature {
        header: String,
        algorithm: String,
        key_secret: Option<String>,
        key_url_pointer: Option<String>,
    },
}

/// A credential by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "described in the contract")]
pub struct Credential {
    pub name: String,
    pub scheme: Scheme,
}

/// One rule of the list that gives the places a connector may reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "described in the contract")]
pub struct OriginRule {
    pub setting: String,
    pub when_ends_with: Option<String>,
    pub strip_prefix: Option<String>,
    pub add_prefix: Option<String>,
    pub credential: Option<String>,
    pub last: bool,
}

/// A place a connector may reach: `https://host` or `https://host:port`, and the credential that may be used there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "described in the contract")]
pub struct Origin {
    pub url: String,
    pub credential: Option<String>,
}

/// What a field has to keep to when it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldRule {
    /// Which.
    pub field: Field,
    /// The longest text the PSA takes, in characters; of a list, the longest value.
    pub longest: Option<u32>,
    /// No record is made without it, and it is not emptied.
    pub required: bool,
}

/// What the connector can do with one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "described in the contract")]
pub struct KindAbility {
    pub kind: Kind,
    pub label: String,
    pub label_many: String,
    pub parent: Option<Kind>,
    pub per_parent: bool,
    pub lists_changes: bool,
    pub lists_ids: bool,
    pub counts: bool,
    pub reads_one: bool,
    pub writes: bool,
    pub creates: bool,
    pub identity: Vec<String>,
    pub rules: Vec<FieldRule>,
    pub name_pointers: Vec<String>,
    pub entered_pointer: Option<String>,
    pub read_permissions: Vec<String>,
    pub write_permissions: Vec<String>,
}

/// A group of options a person ticks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "described in the contract")]
pub struct SettingGroup {
    pub id: String,
    pub label: String,
    pub kind: Kind,
    pub recommendation: String,
}

/// A permission of the PSA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "described in the contract")]
pub struct Permission {
    pub id: String,
    pub label: String,
    pub purpose: String,
    pub add_level: String,
    pub edit_level: String,
    pub delete_level: String,
    pub inquire_level: String,
}

/// A step of the vendor-side guide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "described in the contract")]
pub struct GuideStep {
    pub text: String,
    pub path: String,
}

/// A section of the vendor-side guide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "described in the contract")]
pub struct GuideSection {
    pub title: String,
    pub introduction: String,
    pub steps: Vec<GuideStep>,
    pub table: Vec<Vec<String>>,
}

/// Everything a connector says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "described in the contract")]
pub struct ConnectorDescription {
    pub name: String,
    pub title: String,
    pub version: String,
    pub setup: Vec<SetupField>,
    pub retired: Vec<RetiredKey>,
    pub credentials: Vec<Credential>,
    pub origins: Vec<OriginRule>,
    pub kinds: Vec<KindAbility>,
    pub groups: Vec<SettingGroup>,
    pub permissions: Vec<Permission>,
    pub guide: Vec<GuideSection>,
    pub requests_per_minute: u32,
    pub requests_at_once: u32,
}

impl ConnectorDescription {
    /// What it can do with a kind; `None` where it does not know the kind.
    pub fn ability(&self, kind: Kind) -> Option<&KindAbility> {
        self.kinds.iter().find(|ability| ability.kind == kind)
    }

    /// The settings group of that id.
    pub fn group(&self, id: &str) -> Option<&SettingGroup> {
        self.groups.iter().find(|group| group.id == id)
    }
}

/// What a person chose in one group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Choice {
    /// Every option, those to come too, and records that have none.
    Every,
    /// These, by id; an empty list is none.
    These(Vec<String>),
}

/// A choice with its group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "described in the contract")]
pub struct Selection {
    pub group: String,
    pub chosen: Choice,
}

/// What is wanted of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "described in the contract")]
pub struct KindUse {
    pub kind: Kind,
    pub pull: bool,
    pub push: bool,
}

/// What a connector is told with each call. It carries no secret.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "described in the contract")]
pub struct ConnectorContext {
    pub settings: Vec<(String, String)>,
    pub origins: Vec<Origin>,
    pub selections: Vec<Selection>,
    pub kinds: Vec<KindUse>,
    pub options: Vec<(String, String)>,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "described in the contract")]
pub enum CheckState {
    Ok,
    Missing,
    Unknown,
    NotNeeded,
}

/// One line of the live check.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "described in the contract")]
pub struct CheckLine {
    pub id: String,
    pub state: CheckState,
    pub needed: bool,
    pub how: String,
    pub detail: String,
    pub hint: Option<String>,
    pub trouble: Option<Cause>,
}

/// An option of a settings group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "described in the contract")]
pub struct GroupOption {
    pub id: String,
    pub label: String,
    pub recommended: bool,
    pub count: Option<u64>,
}

/// What to list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "described in the contract")]
pub struct Listing {
    pub kind: Kind,
    pub since: Option<crate::Timestamp>,
    pub parents: Vec<SourceId>,
}

/// A page of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its records.
    pub items: Vec<crate::Pulled>,
    /// Records the host could not take over, with the reason.
    pub refused: Vec<RefusedItem>,
    /// The cursor of the next page; none where this was the last.
    pub next: Option<String>,
}

/// A record of a page that did not pass the host's checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedItem {
    /// Its id as far as it can be shown.
    pub id: String,
    /// Its name as far as it can be shown.
    pub name: String,
    /// What is wrong with it.
    pub reason: String,
}

/// A page of ids.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "described in the contract")]
pub struct IdPage {
    pub ids: Vec<SourceId>,
    pub next: Option<String>,
}

/// A licensed, active user of the PSA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "described in the contract")]
pub struct Member {
    pub id: String,
    pub name: String,
    pub email: String,
    pub identifier: String,
}

/// A page of users.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "described in the contract")]
pub struct MemberPage {
    pub members: Vec<Member>,
    pub next: Option<String>,
}

/// A change to send to the PSA.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "described in the contract")]
pub struct Change {
    pub kind: Kind,
    pub id: Option<SourceId>,
    pub parent: Option<SourceId>,
    pub expected: String,
    pub desired: String,
}

/// How a change ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushOutcome {
    /// It was applied; the PSA's record after it.
    Applied(crate::SourceRecord),
    /// Somebody changed the record meanwhile; the record as it is.
    Moved(crate::SourceRecord),
    /// It may or may not have been applied; why nobody knows.
    InDoubt(String),
}

/// An event the PSA sent, after its signature was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "described in the contract")]
pub struct IncomingEvent {
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// What an event is about. It is a hint only: the record is read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventSubject {
    /// The record's kind.
    pub kind: Kind,
    /// The record's id.
    pub id: SourceId,
    /// Whether the event speaks of a deletion.
    pub deleted: bool,
}

/// The standard field a group's labels stand in, by the last word of the group's id: `company-types` of organizations is
/// `type`.
pub fn group_field(kind: Kind, group: &str) -> Option<Field> {
    let last = group.rsplit('-').next().unwrap_or(group);
    let is = |field: &Field| {
        let name = field.as_str();
        last == name || last.strip_suffix("es") == Some(name) || last.strip_suffix('s') == Some(name)
    };
    kind.fields().iter().map(|(field, _)| *field).find(is)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stand_in_fields() {
        assert_eq!(
            group_field(Kind::Organization, "company-types"),
            Some(Field::Type)
        );
        assert_eq!(
            group_field(Kind::Organization, "company-statuses"),
            Some(Field::Status)
        );
        assert_eq!(
            group_field(Kind::Configuration, "configuration-statuses"),
            Some(Field::Status)
        );
        assert_eq!(group_field(Kind::Ticket, "ticket-boards"), Some(Field::Board));
        assert_eq!(group_field(Kind::Ticket, "queues"), None);
    }
}
