//! What the connector says of itself, and its guide.

use dovetail_sdk::Connector;
use dovetail_sdk::connector::exports::{Event, FieldRule, GuideSection, SetupFormat};

use super::*;
use crate::ConnectWise;

fn guide() -> Vec<GuideSection> {
    ConnectWise::describe().guide
}

/// The whole text of the section whose title holds a word.
fn section(word: &str) -> String {
    let guide = guide();
    let section = guide
        .iter()
        .find(|section| section.title.contains(word))
        .unwrap_or_else(|| panic!("{word}"));
    let steps: Vec<String> = section
        .steps
        .iter()
        .map(|step| format!("{} {}", step.path, step.text))
        .collect();
    format!("{} {}", section.introduction, steps.join("\n"))
}

fn holds(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word} in: {text}");
    }
}

#[test]
fn seed_step_prerequisites() {
    holds(
        &section("Before"),
        &[
            "administrator access",
            "fully qualified domain name",
            "company id",
            "role",
            "level",
            "name",
            "location",
            "business unit",
            "default territory",
            "time zone",
            "System >",
        ],
    );
}

#[test]
fn seed_step_security_role_table() {
    let guide = guide();
    let role = guide.iter().find(|section| !section.table.is_empty()).unwrap();
    assert_eq!(role.table[0], ["Module", "Add", "Edit", "Delete", "Inquire"]);
    let rows: Vec<&str> = role.table[1..].iter().map(|row| row[0].as_str()).collect();
    holds(
        &rows.join("\n"),
        &[
            "Company Maintenance",
            "Configurations",
            "Display Passwords",
            "Contacts",
            "Service Tickets",
            "API Reports",
            "Member Maintenance",
            "Table Setup",
        ],
    );
    for row in &role.table[1..] {
        assert_eq!(row.len(), 5);
        assert_eq!((row[3].as_str(), row[4].as_str()), ("None", "All"), "{}", row[0]);
    }
    assert_eq!(&role.table[1][1..3], ["All", "All"]);
    holds(&section("role"), &["Inquire alone", "System > Security Roles"]);
}

#[test]
fn seed_step_api_member() {
    holds(
        &section("API member"),
        &[
            "System > Members > API Members",
            "at most 15 characters",
            "Time Zone",
            "Role ID",
            "Location",
            "Level",
            "Business Unit",
            "Name",
            "Default Territory",
        ],
    );
}

#[test]
fn seed_step_private_key_is_shown_once() {
    holds(
        &section("keys"),
        &["API Keys", "public key", "private key is shown once"],
    );
}

#[test]
fn seed_step_client_id_has_two_ways() {
    holds(
        &section("client id"),
        &["developer.connectwise.com", "config set connectwise.client-id"],
    );
    let description = ConnectWise::describe();
    let field = description
        .setup
        .iter()
        .find(|field| field.key == "client-id")
        .unwrap();
    assert!(field.required && field.operator_default);
}

#[test]
fn seed_step_integrator_login_is_retired() {
    holds(
        &section("integrator login"),
        &["SOAP", "retired", "not used", "REST key pair"],
    );
    let description = ConnectWise::describe();
    for key in ["integrator-login", "integrator-password"] {
        let retired = description
            .retired
            .iter()
            .find(|retired| retired.key == key)
            .unwrap();
        assert_eq!(retired.code, "soap-retired");
        holds(&retired.hint, &["API Keys", "private-key", "client-id"]);
    }
}

#[test]
fn a_secret_is_named_only_in_the_credential() {
    let description = ConnectWise::describe();
    let secrets: Vec<&str> = description
        .setup
        .iter()
        .filter(|field| field.format == SetupFormat::Secret)
        .map(|field| field.key.as_str())
        .collect();
    assert_eq!(secrets, ["private-key"]);
    let keys: Vec<&str> = description.setup.iter().map(|field| field.key.as_str()).collect();
    assert_eq!(
        keys,
        ["site", "company", "public-key", "client-id", "private-key"]
    );
    assert_eq!(description.requests_per_minute, 900);
}

#[test]
fn cloud_hosts_have_two_origins_and_others_one() {
    let description = ConnectWise::describe();
    let places = |host: &str| -> Vec<(String, bool)> {
        let mut found = Vec::new();
        for rule in &description.origins {
            if rule
                .when_ends_with
                .as_ref()
                .is_none_or(|ending| host.ends_with(ending.as_str()))
            {
                let bare = rule
                    .strip_prefix
                    .as_ref()
                    .and_then(|prefix| host.strip_prefix(prefix.as_str()))
                    .unwrap_or(host);
                found.push((
                    format!("{}{bare}", rule.add_prefix.as_deref().unwrap_or("")),
                    rule.credential.is_some(),
                ));
                if rule.last {
                    break;
                }
            }
        }
        found
    };
    for cloud in ["na.myconnectwise.net", "api-na.myconnectwise.net"] {
        assert_eq!(
            places(cloud),
            [
                ("na.myconnectwise.net".into(), false),
                ("api-na.myconnectwise.net".into(), true)
            ]
        );
    }
    assert_eq!(
        places("staging.connectwisedev.com"),
        [
            ("staging.connectwisedev.com".into(), false),
            ("api-staging.connectwisedev.com".into(), true)
        ]
    );
    assert_eq!(places("cw.acme.example"), [("cw.acme.example".into(), true)]);
}

#[test]
fn kinds_groups_and_permissions_fit_together() {
    let description = ConnectWise::describe();
    let kinds: Vec<&str> = description.kinds.iter().map(|kind| kind.kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["organization", "location", "contact", "configuration", "ticket"]
    );
    for kind in &description.kinds {
        let both_ways = kind.kind != "ticket";
        assert_eq!(
            (kind.writes, kind.creates),
            (both_ways, both_ways),
            "{}",
            kind.kind
        );
        // A create whose answer was lost has to be findable, and writing has to need something.
        assert_eq!(kind.identity.is_empty(), !both_ways, "{}", kind.kind);
        assert_eq!(kind.rules.is_empty(), !both_ways, "{}", kind.kind);
        assert_eq!(kind.write_permissions.is_empty(), !both_ways, "{}", kind.kind);
        for id in kind.read_permissions.iter().chain(&kind.write_permissions) {
            assert!(
                description
                    .permissions
                    .iter()
                    .any(|permission| permission.id == *id),
                "{id}"
            );
        }
    }
    for group in &description.groups {
        assert!(kinds.contains(&group.kind.as_str()) && !group.recommendation.is_empty());
    }
}

#[test]
fn what_fields_have_to_keep_to() {
    let description = ConnectWise::describe();
    let rules = |name: &str| {
        let kind = description.kinds.iter().find(|kind| kind.kind == name).unwrap();
        let rule = |rule: &FieldRule| (rule.name.clone(), rule.longest, rule.required);
        kind.rules.iter().map(rule).collect::<Vec<_>>()
    };
    let table = [
        (
            "organization",
            vec![
                ("name", Some(156), true),
                ("short_name", Some(156), true),
                ("phone", Some(30), false),
                ("fax", Some(30), false),
                ("website", Some(255), false),
            ],
        ),
        (
            "location",
            vec![
                ("name", Some(156), true),
                ("address_1", Some(50), false),
                ("address_2", Some(50), false),
                ("city", Some(50), false),
                ("postal_code", Some(12), false),
            ],
        ),
        (
            "contact",
            vec![
                ("first_name", None, true),
                ("emails", Some(250), false),
                ("phones", Some(250), false),
            ],
        ),
        (
            "configuration",
            vec![
                ("name", Some(100), true),
                ("type", None, true),
                ("model", Some(50), false),
                ("serial_number", Some(250), false),
                ("asset_tag", Some(50), false),
                ("primary_ip", Some(50), false),
                ("mac_address", Some(25), false),
                ("default_gateway", Some(50), false),
                ("operating_system", Some(250), false),
            ],
        ),
        ("ticket", vec![]),
    ];
    for (kind, wanted) in table {
        let wanted: Vec<_> = wanted
            .into_iter()
            .map(|(name, longest, required)| (name.to_owned(), longest, required))
            .collect();
        assert_eq!(rules(kind), wanted, "{kind}");
    }
}

#[test]
fn a_lost_create_is_found_by() {
    let description = ConnectWise::describe();
    let identity = |name: &str| {
        let kind = description.kinds.iter().find(|kind| kind.kind == name).unwrap();
        kind.identity.join(" ")
    };
    for (kind, wanted) in [
        ("organization", "short_name name"),
        ("location", "name"),
        ("contact", "first_name last_name"),
        ("configuration", "type name serial_number"),
    ] {
        assert_eq!(identity(kind), wanted);
    }
}

#[test]
fn events_are_not_taken_and_that_is_said() {
    assert!(
        ConnectWise::parse_event(
            context(),
            Event {
                headers: Vec::new(),
                body: String::new()
            }
        )
        .is_err()
    );
}
