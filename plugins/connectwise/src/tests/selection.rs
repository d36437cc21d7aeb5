//! Who comes in, as tables, and what the server is asked for.

use dovetail_sdk::connector::exports::Exclusion;

use super::*;
use crate::choices::{Chosen, Window};
use crate::eligibility::{self, Company, Configuration, Contact, Site, Ticket};

fn these(ids: &[u64]) -> Chosen {
    Chosen::These(ids.iter().copied().collect())
}

/// `reason` or `group:label+label`, joined by `;`.
fn told(reasons: &[Exclusion]) -> String {
    let one = |reason: &Exclusion| match &reason.group {
        None => reason.reason.clone(),
        Some(group) => {
            assert_eq!(reason.reason, "not-selected");
            format!("{group}:{}", reason.labels.join("+"))
        }
    };
    reasons.iter().map(one).collect::<Vec<_>>().join(";")
}

#[test]
fn seed_step_every_type_of_a_company_has_to_be_selected() {
    let client = r#"{"id":1,"name":"Client"}"#;
    let vendor = r#"{"id":2,"name":"Vendor"}"#;
    let both = format!("[{client},{vendor}]");
    let cases: [(&str, &str, Chosen, Chosen, &str); 9] = [
        ("false", &format!("[{client}]"), these(&[1]), these(&[5]), ""),
        ("false", &both, these(&[1, 2]), these(&[5]), ""),
        ("false", &both, these(&[1]), these(&[5]), "company-types:Vendor"),
        (
            "false",
            &both,
            these(&[3]),
            these(&[6]),
            "company-statuses:Active;company-types:Client+Vendor",
        ),
        ("false", &both, Chosen::Every, Chosen::Every, ""),
        ("false", "[]", these(&[1, 2]), these(&[5]), "company-types:"),
        ("false", "[]", Chosen::Every, these(&[5]), ""),
        (
            "true",
            &format!("[{client}]"),
            these(&[1]),
            these(&[5]),
            "deleted",
        ),
        (
            "null",
            r#"[{"name":"No id"}]"#,
            these(&[1]),
            these(&[5]),
            "company-types:No id",
        ),
    ];
    for (deleted, types, chosen_types, chosen_statuses, wanted) in cases {
        let json = format!(
            r#"{{"id":9,"status":{{"id":5,"name":"Active"}},"deletedFlag":{deleted},"types":{types}}}"#
        );
        let company: Company = serde_json::from_str(&json).unwrap();
        let own = company.types.0.clone().unwrap();
        assert_eq!(
            told(&eligibility::company(
                &company,
                &own,
                &chosen_types,
                &chosen_statuses
            )),
            wanted,
            "{json}"
        );
    }
}

#[test]
fn contacts_need_one_of_their_types() {
    let cases: [(&str, Chosen, &str); 7] = [
        (
            r#"{"types":[{"id":1,"name":"End user"},{"id":2,"name":"Billing"}]}"#,
            these(&[2]),
            "",
        ),
        (
            r#"{"types":[{"id":1,"name":"End user"}]}"#,
            these(&[2]),
            "contact-types:End user",
        ),
        (r#"{"types":[]}"#, these(&[2]), "contact-types:"),
        (r#"{}"#, these(&[2]), "contact-types:"),
        (r#"{"types":[]}"#, Chosen::Every, ""),
        (r#"{"inactiveFlag":true}"#, Chosen::Every, "inactive"),
        (
            r#"{"inactiveFlag":"True","types":[{"id":1,"name":"x"}]}"#,
            these(&[]),
            "inactive;contact-types:x",
        ),
    ];
    for (json, chosen, wanted) in cases {
        let contact: Contact = serde_json::from_str(json).unwrap();
        assert_eq!(told(&eligibility::contact(&contact, &chosen)), wanted, "{json}");
    }
}

#[test]
fn configurations_sites_and_tickets() {
    let cases = [
        (r#"{"activeFlag":true,"type":{"id":1},"status":{"id":2}}"#, ""),
        (r#"{"type":{"id":1},"status":{"id":2}}"#, ""),
        (
            r#"{"activeFlag":false,"type":{"id":1},"status":{"id":2}}"#,
            "inactive",
        ),
        (
            r#"{"activeFlag":true,"type":{"id":3,"name":"UPS"},"status":{"id":4,"name":"Old"}}"#,
            "configuration-types:UPS;configuration-statuses:Old",
        ),
        (
            r#"{"activeFlag":true,"type":{},"status":null}"#,
            "configuration-types:;configuration-statuses:",
        ),
    ];
    for (json, wanted) in cases {
        let found: Configuration = serde_json::from_str(json).unwrap();
        assert_eq!(
            told(&eligibility::configuration(&found, &these(&[1]), &these(&[2]))),
            wanted,
            "{json}"
        );
    }
    for (json, wanted) in [(r#"{"inactiveFlag":true}"#, "inactive"), ("{}", "")] {
        assert_eq!(
            told(&eligibility::site(&serde_json::from_str::<Site>(json).unwrap())),
            wanted
        );
    }
    let since = Window::Since("2026-01-01T00:00:00Z".into());
    let cases = [
        (r#"{"board":{"id":1},"closedFlag":false}"#, Window::Open, ""),
        (
            r#"{"board":{"id":1},"closedFlag":true}"#,
            Window::Open,
            "outside-window",
        ),
        (r#"{"board":{"id":1},"closedFlag":true}"#, Window::All, ""),
        (
            r#"{"board":{"id":2,"name":"Sales"}}"#,
            Window::All,
            "ticket-boards:Sales",
        ),
        (
            r#"{"board":{"id":1},"_info":{"lastUpdated":"2025-12-31T23:59:59Z"}}"#,
            since.clone(),
            "outside-window",
        ),
        (
            r#"{"board":{"id":1},"_info":{"lastUpdated":"2026-01-01T00:00:00Z"}}"#,
            since.clone(),
            "",
        ),
        (r#"{"board":{"id":1}}"#, since, ""),
    ];
    for (json, window, wanted) in cases {
        let ticket: Ticket = serde_json::from_str(json).unwrap();
        assert_eq!(
            told(&eligibility::ticket(&ticket, &these(&[1]), &window)),
            wanted,
            "{json}"
        );
    }
}

/// Conditions and childConditions of the first request to a path.
fn asked(context: &Context, wanted: &Listing, path: &str) -> (String, String) {
    let (mut connection, log) = connection(|seen| match seen.path.as_str() {
        "/company/contacts/types" => Some(linked(&records([1, 2, 3]), "")),
        path if path.starts_with("/login") => None,
        _ => Some(ok("[]")),
    });
    connection.pull(context, wanted, None).unwrap();
    let log = log.borrow();
    let seen = log
        .iter()
        .find(|seen| seen.path == path)
        .unwrap_or_else(|| panic!("{path} was not asked"));
    (
        seen.parameter("conditions").to_owned(),
        seen.parameter("childConditions").to_owned(),
    )
}

#[test]
fn quirk_multi_type_companies_are_asked_for_by_any_type() {
    let context = choosing(&[("company-types", &["1", "4"]), ("company-statuses", &["2"])]);
    let (conditions, children) = asked(&context, &all("organization"), "/company/companies");
    assert_eq!(conditions, "deletedFlag=False and status/id=2");
    assert_eq!(children, "types/id in (1,4)");
    let (conditions, children) = asked(&super::context(), &all("organization"), "/company/companies");
    assert_eq!(
        (conditions.as_str(), children.as_str()),
        ("deletedFlag=False", "")
    );
}

#[test]
fn what_is_not_selected_is_not_downloaded() {
    let context = choosing(&[
        ("configuration-types", &["3", "5"]),
        ("configuration-statuses", &["1"]),
        ("contact-types", &["1"]),
        ("ticket-boards", &["7", "8"]),
    ]);
    assert_eq!(
        asked(&context, &all("configuration"), "/company/configurations").0,
        "activeFlag=True and type/id in (3,5) and status/id=1"
    );
    assert_eq!(
        asked(&context, &all("contact"), "/company/contacts"),
        ("inactiveFlag=False".into(), "types/id=1".into())
    );
    assert_eq!(
        asked(&context, &all("ticket"), "/service/tickets").0,
        "closedFlag=False and board/id in (7,8)"
    );
    let since = with_option(context.clone(), "ticket-window", "2026-01-01T00:00:00Z");
    assert_eq!(
        asked(&since, &all("ticket"), "/service/tickets").0,
        "lastUpdated>=[2026-01-01T00:00:00Z] and board/id in (7,8)"
    );
    let everything = with_option(context, "ticket-window", "all");
    assert_eq!(
        asked(&everything, &all("ticket"), "/service/tickets").0,
        "board/id in (7,8)"
    );
}

#[test]
fn quirk_changes_are_asked_for_unfiltered_in_whole_seconds() {
    let context = choosing(&[
        ("company-types", &["1"]),
        ("configuration-types", &["3"]),
        ("contact-types", &["1"]),
        ("ticket-boards", &["7"]),
    ]);
    let paths = [
        ("organization", "/company/companies"),
        ("contact", "/company/contacts"),
        ("configuration", "/company/configurations"),
        ("ticket", "/service/tickets"),
    ];
    for (kind, path) in paths {
        let wanted = Listing {
            since: Some("2026-01-01T00:00:00.123Z".into()),
            ..all(kind)
        };
        let filter = asked(&context, &wanted, path);
        assert_eq!(
            filter,
            ("lastUpdated>=[2026-01-01T00:00:00Z]".into(), String::new()),
            "{kind}"
        );
    }
}

#[test]
fn nothing_selected_asks_nothing() {
    let context = choosing(&[
        ("company-statuses", &[]),
        ("contact-types", &[]),
        ("configuration-types", &[]),
        ("ticket-boards", &[]),
    ]);
    let (mut connection, log) = connection(|_| None);
    for kind in ["organization", "contact", "configuration", "ticket"] {
        let page = connection.pull(&context, &all(kind), None).unwrap();
        assert!(page.items.is_empty() && page.next.is_none());
        assert_eq!(connection.count(&context, &all(kind)).unwrap(), Some(0));
    }
    assert!(log.borrow().is_empty());
}

#[test]
fn all_contact_types_one_by_one_are_every_type() {
    let context = choosing(&[("contact-types", &["1", "2", "3"])]);
    assert_eq!(asked(&context, &all("contact"), "/company/contacts").1, "");
}

#[test]
fn quirk_company_types_come_from_associations_where_the_company_has_none() {
    let (mut connection, log) = connection(|seen| match seen.path.as_str() {
        "/company/companies" => Some(linked(
            r#"[{"id":1,"name":"A","status":{"id":1}},{"id":2,"name":"B","types":[{"id":8,"name":"Own"}]},{"id":3,"name":"C","types":null}]"#,
            "",
        )),
        "/company/companyTypeAssociations" => Some(linked(
            r#"[{"id":5,"company":{"id":1},"type":{"id":7,"name":"Client"}},{"id":6,"company":{"id":1},"type":{"id":8,"name":"Vendor"}}]"#,
            "",
        )),
        _ => None,
    });
    let context = choosing(&[("company-types", &["7"])]);
    let page = connection.pull(&context, &all("organization"), None).unwrap();
    connection.pull(&context, &all("organization"), None).unwrap();
    let reasons: Vec<String> = page.items.iter().map(|item| told(&item.excluded)).collect();
    assert_eq!(
        reasons,
        ["company-types:Vendor", "company-types:Own", "company-types:"]
    );
    let json: serde_json::Value = serde_json::from_str(&page.items[0].record_found.json).unwrap();
    assert_eq!(
        json["types"],
        serde_json::json!([{"id":7,"name":"Client"},{"id":8,"name":"Vendor"}])
    );
    assert_eq!(
        log.borrow()
            .iter()
            .filter(|seen| seen.path.ends_with("Associations"))
            .count(),
        1,
        "kept for the run"
    );
}

#[test]
fn records_are_handed_on_with_parent_version_and_name() {
    let (mut connection, _) = connection(|seen| match seen.path.as_str() {
        "/company/contacts" => Some(linked(
            r#"[{"id":4,"firstName":"Ada","lastName":"Poe","company":{"id":250},"communicationItems":[{"id":1,"value":"a@b.c"}],"_info":{"lastUpdated":"2026-01-02T03:04:05.6Z"}},{"firstName":"no id"}]"#,
            "",
        )),
        "/service/tickets" => Some(linked(
            r#"[{"id":5,"summary":"Printer","company":{},"actualHours":3,"closedFlag":false}]"#,
            "",
        )),
        _ => None,
    });
    let page = connection.pull(&context(), &all("contact"), None).unwrap();
    assert_eq!(page.items.len(), 1);
    let found = &page.items[0];
    assert_eq!(found.parent.as_deref(), Some("250"));
    assert_eq!(
        (
            found.record_found.name.as_str(),
            found.record_found.version.as_str()
        ),
        ("Ada Poe", "2026-01-02T03:04:05Z")
    );
    assert!(found.record_found.json.contains("a@b.c"));
    let ticket = connection
        .pull(&context(), &all("ticket"), None)
        .unwrap()
        .items
        .remove(0);
    assert_eq!(
        ticket.record_found.json,
        r#"{"id":5,"summary":"Printer","closedFlag":false}"#
    );
    assert_eq!(ticket.parent, None);
}
