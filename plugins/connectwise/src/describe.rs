//! What the connector says of itself: the set-up form, where it may go and with what, its kinds, groups and permissions.

use dovetail_sdk::connector::exports::{
    BasicScheme, Credential, Description, KindAbility, OriginRule, Permission, RetiredKey, Scheme,
    SettingGroup, SetupField, SetupFormat,
};

use crate::api::CREDENTIAL;
use crate::choices::group;
use crate::push::{Written, identity};
use crate::{companies, configurations, contacts, guide, members, options, sites, tickets};

/// Ids of permissions that belong to no kind.
pub(crate) const DISPLAY_PASSWORDS: &str = "companies/configurations-display-passwords";
pub(crate) const API_REPORTS: &str = "system/api-reports";

/// The makers speak of throttling from 1,000 requests a minute on.
const REQUESTS_PER_MINUTE: u32 = 900;
const REQUESTS_AT_ONCE: u32 = 4;

/// The whole description.
pub(crate) fn description() -> Description {
    Description {
        name: "connectwise".into(),
        title: "ConnectWise PSA".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        setup: setup(),
        retired: retired(),
        credentials: vec![Credential {
            name: CREDENTIAL.into(),
            scheme: Scheme::Basic(BasicScheme {
                user: "{company}+{public-key}".into(),
                password: "{private-key}".into(),
            }),
        }],
        origins: origins(),
        kinds: kinds(),
        groups: groups(),
        permissions: permissions(),
        guide: guide::sections(),
        requests_per_minute: REQUESTS_PER_MINUTE,
        requests_at_once: REQUESTS_AT_ONCE,
    }
}

fn setup() -> Vec<SetupField> {
    let field =
        |key: &str, label: &str, format, operator_default, example: &str, explanation: &str| SetupField {
            key: key.into(),
            label: label.into(),
            explanation: explanation.into(),
            format,
            required: true,
            operator_default,
            example: example.into(),
        };
    vec![
        field(
            "site",
            "Site",
            SetupFormat::Host,
            false,
            "na.myconnectwise.net",
            "The host name you sign in to ConnectWise at. For the cloud with or without `api-` in front; for a server \
             of your own its full name, with a port where it has one.",
        ),
        field(
            "company",
            "Company id",
            SetupFormat::Plain,
            false,
            "acme",
            "The company id of the sign-in page. It is not the company's display name.",
        ),
        field(
            "public-key",
            "Public key",
            SetupFormat::Plain,
            false,
            "aB3dE5gH7jK9mN1p",
            "The public half of the API member's key pair: System > Members > API Members > the member > API Keys.",
        ),
        field(
            "client-id",
            "Client id",
            SetupFormat::Plain,
            true,
            "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
            "Names the program that calls; ConnectWise answers nothing without it. Register a private one at \
             developer.connectwise.com, or let the operator of this server set one for everybody.",
        ),
        field(
            "private-key",
            "Private key",
            SetupFormat::Secret,
            false,
            "",
            "The private half of the key pair. ConnectWise shows it once, when the pair is made.",
        ),
    ]
}

fn retired() -> Vec<RetiredKey> {
    let hint = "Make REST keys instead: System > Members > API Members > the member > API Keys > New; keep both keys; \
                then add the integration with public-key, the secret private-key and client-id. \
                `dovetail connector guide connectwise` has every step.";
    let key = |key: &str, what: &str| RetiredKey {
        key: key.into(),
        code: "soap-retired".into(),
        message: format!(
            "The {what} belongs to ConnectWise's SOAP interface, which was retired in 2020. It is not used."
        ),
        hint: hint.into(),
    };
    vec![
        key("integrator-login", "integrator login"),
        key("integrator-password", "integrator login's password"),
    ]
}

/// The cloud serves the API at the host with `api-` in front and takes keys nowhere else; which codebase it has is
/// asked at the plain host. A server of one's own is one host for both.
fn origins() -> Vec<OriginRule> {
    let rule = |ending: Option<&str>, prefix: Option<&str>, credential: bool| OriginRule {
        setting: "site".into(),
        when_ends_with: ending.map(Into::into),
        strip_prefix: ending.map(|_| "api-".into()),
        add_prefix: prefix.map(Into::into),
        credential: credential.then(|| CREDENTIAL.into()),
        last: credential,
    };
    let cloud = |ending| {
        [
            rule(Some(ending), None, false),
            rule(Some(ending), Some("api-"), true),
        ]
    };
    let mut rules = Vec::new();
    rules.extend(cloud(".myconnectwise.net"));
    rules.extend(cloud("staging.connectwisedev.com"));
    rules.push(rule(None, None, true));
    rules
}

fn kinds() -> Vec<KindAbility> {
    let kind = |kind: &str, label: &str, label_many: &str, permissions: &[&str]| KindAbility {
        kind: kind.into(),
        label: label.into(),
        label_many: label_many.into(),
        parent: (kind != companies::KIND).then(|| companies::KIND.into()),
        per_parent: kind == sites::KIND,
        lists_changes: true,
        lists_ids: true,
        counts: kind != sites::KIND,
        // A site is read only under its company, which its id does not name.
        reads_one: kind != sites::KIND,
        writes: false,
        creates: false,
        identity: Vec::new(),
        rules: Vec::new(),
        name_pointers: named_by(kind).iter().map(|pointer| (*pointer).into()).collect(),
        entered_pointer: Some("/_info/dateEntered".into()),
        read_permissions: permissions.iter().map(|id| (*id).into()).collect(),
        write_permissions: Vec::new(),
    };
    let both_ways = |ability: KindAbility, written: Written| KindAbility {
        writes: true,
        creates: true,
        identity: identity(written),
        rules: written.rules(),
        write_permissions: vec![written.permission().into()],
        ..ability
    };
    vec![
        both_ways(
            kind(
                companies::KIND,
                "company",
                "companies",
                &[companies::PERMISSION, options::PERMISSION],
            ),
            Written::Company,
        ),
        both_ways(
            kind(sites::KIND, "site", "sites", &[companies::PERMISSION]),
            Written::Site,
        ),
        both_ways(
            kind(contacts::KIND, "contact", "contacts", &[contacts::PERMISSION]),
            Written::Contact,
        ),
        both_ways(
            kind(
                configurations::KIND,
                "configuration",
                "configurations",
                &[configurations::PERMISSION],
            ),
            Written::Configuration,
        ),
        kind(tickets::KIND, "ticket", "tickets", &[tickets::PERMISSION]),
    ]
}

/// Where the name of a record stands in its JSON.
fn named_by(kind: &str) -> &'static [&'static str] {
    match kind {
        contacts::KIND => &["/firstName", "/lastName"],
        tickets::KIND => &["/summary"],
        _ => &["/name"],
    }
}

fn groups() -> Vec<SettingGroup> {
    let group = |id: &str, label: &str, kind: &str, recommendation: &str| SettingGroup {
        id: id.into(),
        label: label.into(),
        kind: kind.into(),
        recommendation: recommendation.into(),
    };
    vec![
        group(
            group::COMPANY_TYPES,
            "Company types",
            companies::KIND,
            "Types without the vendor flag. A company with several types comes in only if all of them are selected.",
        ),
        group(
            group::COMPANY_STATUSES,
            "Company statuses",
            companies::KIND,
            "Statuses that are not marked inactive.",
        ),
        group(
            group::CONFIGURATION_TYPES,
            "Configuration types",
            configurations::KIND,
            "Types that are not marked inactive.",
        ),
        group(
            group::CONFIGURATION_STATUSES,
            "Configuration statuses",
            configurations::KIND,
            "Statuses that are not marked closed.",
        ),
        group(
            group::CONTACT_TYPES,
            "Contact types",
            contacts::KIND,
            "All types. A contact with several types comes in if any of them is selected.",
        ),
        group(
            group::TICKET_BOARDS,
            "Ticket boards",
            tickets::KIND,
            "Service boards that are neither inactive nor project boards.",
        ),
    ]
}

/// The rows of the security role, in the order of the guide's table.
pub(crate) fn permissions() -> Vec<Permission> {
    let row = |id: &str, label: &str, levels: [&str; 4], purpose: &str| {
        let [add, edit, delete, inquire] = levels.map(Into::into);
        Permission {
            id: id.into(),
            label: label.into(),
            purpose: purpose.into(),
            add_level: add,
            edit_level: edit,
            delete_level: delete,
            inquire_level: inquire,
        }
    };
    let both = ["All", "All", "None", "All"];
    let read = ["None", "None", "None", "All"];
    vec![
        row(
            companies::PERMISSION,
            "Companies > Company Maintenance",
            both,
            "Companies, their types and their sites. Add and Edit matter for two-way only.",
        ),
        row(
            configurations::PERMISSION,
            "Companies > Configurations",
            both,
            "Configurations with questions and custom fields. Add and Edit matter for two-way only.",
        ),
        row(
            DISPLAY_PASSWORDS,
            "Companies > Configurations \u{2013} Display Passwords",
            read,
            "Listed in the vendor's guide. Answers of type Password are never read, so it may stay at None.",
        ),
        row(
            contacts::PERMISSION,
            "Companies > Contacts",
            both,
            "Contacts with their e-mail addresses and phone numbers. Add and Edit matter for two-way only.",
        ),
        row(
            tickets::PERMISSION,
            "Service Desk > Service Tickets",
            read,
            "Tickets of the selected boards.",
        ),
        row(
            API_REPORTS,
            "System > API Reports",
            read,
            "Listed in the vendor's guide. Nothing is read through reports, so no run depends on it.",
        ),
        row(
            members::PERMISSION,
            "System > Member Maintenance",
            read,
            "The people who can be invited.",
        ),
        row(
            options::PERMISSION,
            "System > Table Setup",
            read,
            "Types, statuses and boards, to choose from. Newer servers refuse these lists without it.",
        ),
    ]
}
