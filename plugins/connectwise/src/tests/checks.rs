//! The live check, options and members.

use dovetail_sdk::connector::exports::{CheckLine, CheckState, KindUse};
use dovetail_sdk::connector::types::Cause;

use super::*;

const REFUSED: &str =
    r#"{"code":"Unauthorized","message":"You do not have security permission to perform this action."}"#;

/// A row of mySecurity.
fn row(module: &str, function: &str, inquire: &str) -> String {
    format!(
        r#"{{"moduleName":"{module}","moduleFunctionName":"{function}","addLevel":"None","editLevel":"None","deleteLevel":"None","inquireLevel":"{inquire}"}}"#
    )
}

fn rows(levels: [&str; 8]) -> String {
    let names = [
        ("Companies", "Company Maintenance"),
        ("Companies", "Configurations"),
        ("Companies", "Configurations - Display Passwords"),
        ("Companies", "Contacts"),
        ("Service Desk", "Service Tickets"),
        ("System", "API Reports"),
        ("System", "Member Maintenance"),
        ("System", "Table Setup"),
    ];
    let rows: Vec<String> = names
        .iter()
        .zip(levels)
        .map(|((module, function), level)| row(module, function, level))
        .collect();
    format!("[{}]", rows.join(","))
}

const ALL: [&str; 8] = ["All"; 8];

/// A server whose lists are refused where their path begins with one of these.
fn server(my_security: Answer, refused: &'static [&'static str]) -> Connection<Fake> {
    let answer = move |seen: &Seen| match seen.path.as_str() {
        path if path.starts_with("/login") => None,
        "/system/info" => Some(ok(r#"{"version":"v2026.4.1","isCloud":true}"#)),
        "/system/mySecurity" => Some(my_security.clone()),
        path if refused.iter().any(|begin| path.starts_with(begin)) => Some(status(403, REFUSED)),
        "/system/reports" => None,
        _ => Some(ok("[]")),
    };
    connection(answer).0
}

fn lines(connection: &mut Connection<Fake>, context: &Context) -> Vec<CheckLine> {
    connection.check(context)
}

fn find<'l>(lines: &'l [CheckLine], id: &str) -> &'l CheckLine {
    lines
        .iter()
        .find(|line| line.id == id)
        .unwrap_or_else(|| panic!("{id}"))
}

#[test]
fn seed_step_each_permission_is_checked_by_my_security() {
    let mut connection = server(ok(&rows(ALL)), &[]);
    let lines = lines(&mut connection, &context());
    let ids: Vec<&str> = lines.iter().map(|line| line.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "company",
            "credentials",
            "permission/companies/company-maintenance",
            "permission/companies/configurations",
            "permission/companies/configurations-display-passwords",
            "permission/companies/contacts",
            "permission/service-desk/service-tickets",
            "permission/system/api-reports",
            "permission/system/member-maintenance",
            "permission/system/table-setup",
        ]
    );
    for line in &lines[2..] {
        assert_eq!(line.how, "my-security", "{}", line.id);
        let passwords = line.id.ends_with("display-passwords");
        assert_eq!(
            line.state,
            if passwords {
                CheckState::NotNeeded
            } else {
                CheckState::Ok
            },
            "{}",
            line.id
        );
    }
    assert!(
        find(&lines, "permission/companies/contacts")
            .detail
            .contains("not needed while two-way is off")
    );
}

#[test]
fn missing_levels_are_missing_with_a_hint() {
    let mut connection = server(
        ok(&rows([
            "All", "My", "None", "None", "None", "None", "None", "All",
        ])),
        &[],
    );
    let lines = lines(&mut connection, &context());
    for id in [
        "companies/configurations",
        "companies/contacts",
        "service-desk/service-tickets",
        "system/member-maintenance",
    ] {
        let line = find(&lines, &format!("permission/{id}"));
        assert_eq!(line.state, CheckState::Missing, "{id}");
        assert!(matches!(&line.trouble, Some(Cause::Permission(found)) if found == id));
        assert!(line.hint.as_ref().is_some_and(|hint| hint.contains("Inquire")));
    }
    assert!(
        find(&lines, "permission/companies/configurations")
            .detail
            .contains("without a word")
    );
    assert_eq!(
        find(&lines, "permission/companies/configurations-display-passwords").state,
        CheckState::NotNeeded
    );
}

/// A context in which changes of some kinds are pushed.
fn pushing(kinds: &[&str]) -> Context {
    let wanted = |kind: &&str| KindUse {
        kind: (*kind).into(),
        pull: true,
        push: true,
    };
    Context {
        kinds: kinds.iter().map(wanted).collect(),
        ..context()
    }
}

#[test]
fn two_way_needs_add_and_edit_where_it_is_on() {
    let levels = |add: &str, edit: &str| {
        rows(ALL)
            .replace(r#""addLevel":"None""#, &format!(r#""addLevel":"{add}""#))
            .replace(r#""editLevel":"None""#, &format!(r#""editLevel":"{edit}""#))
    };
    let state = |add: &str, edit: &str, kinds: &[&str], id: &str| {
        let mut connection = server(ok(&levels(add, edit)), &[]);
        let lines = lines(&mut connection, &pushing(kinds));
        let line = find(&lines, &format!("permission/companies/{id}"));
        (line.state, line.needed, line.detail.clone(), line.hint.clone())
    };
    for (add, edit, wanted) in [
        ("All", "All", CheckState::Ok),
        ("all", "ALL", CheckState::Ok),
        ("None", "All", CheckState::Missing),
        ("All", "My", CheckState::Missing),
        ("", "", CheckState::Missing),
    ] {
        let (found, needed, detail, hint) = state(add, edit, &["contact"], "contacts");
        assert_eq!((found, needed), (wanted, true), "{add} {edit}");
        assert!(detail.contains("two-way needs All of both"), "{detail}");
        let told = hint.is_some_and(|hint| hint.contains("set Add to All, Edit to All and Inquire to All"));
        assert_eq!(told, wanted == CheckState::Missing);
        let (other, _, detail, _) = state(add, edit, &["contact"], "configurations");
        assert_eq!(other, CheckState::Ok, "another kind's permission");
        assert!(detail.contains("not needed while two-way is off"));
    }
    // Sites are written with the companies' permission.
    let (found, needed, ..) = state("None", "All", &["location"], "company-maintenance");
    assert_eq!((found, needed), (CheckState::Missing, true));
}

#[test]
fn what_would_change_something_is_not_tried() {
    let absent = status(
        404,
        r#"{"code":"ConnectWiseApi","message":"The endpoint does not exist."}"#,
    );
    let mut connection = server(absent, &[]);
    let lines = lines(&mut connection, &pushing(&["contact"]));
    let line = find(&lines, "permission/companies/contacts");
    assert_eq!((line.state, line.how.as_str()), (CheckState::Ok, "probe"));
    assert!(
        line.detail.contains("the first change will tell"),
        "{}",
        line.detail
    );
}

#[test]
fn quirk_my_security_absent_or_refused_leads_to_probes() {
    let absent = status(
        404,
        r#"{"code":"ConnectWiseApi","message":"The endpoint does not exist."}"#,
    );
    for my_security in [absent, status(403, REFUSED), ok("[]")] {
        let mut connection = server(
            my_security,
            &["/company/contacts", "/system/members", "/service/boards"],
        );
        let lines = lines(&mut connection, &context());
        let state = |id: &str| {
            let line = find(&lines, &format!("permission/{id}"));
            (line.state, line.how.as_str())
        };
        assert_eq!(state("companies/company-maintenance"), (CheckState::Ok, "probe"));
        assert_eq!(state("companies/configurations"), (CheckState::Ok, "probe"));
        assert_eq!(state("companies/contacts"), (CheckState::Missing, "probe"));
        assert_eq!(state("system/member-maintenance"), (CheckState::Missing, "probe"));
        assert_eq!(state("system/table-setup"), (CheckState::Missing, "probe"));
        assert_eq!(
            state("system/api-reports"),
            (CheckState::Unknown, "not-checkable")
        );
        assert_eq!(
            state("companies/configurations-display-passwords"),
            (CheckState::NotNeeded, "not-checkable")
        );
    }
}

#[test]
fn quirk_setup_tables_may_be_readable_without_table_setup() {
    let levels = ["All", "All", "None", "All", "All", "All", "All", "None"];
    let mut readable = server(ok(&rows(levels)), &[]);
    let line = find(&lines(&mut readable, &context()), "permission/system/table-setup").clone();
    assert_eq!((line.state, line.how.as_str()), (CheckState::Ok, "probe"));
    let mut closed = server(ok(&rows(levels)), &["/company/configurations/types"]);
    assert_eq!(
        find(&lines(&mut closed, &context()), "permission/system/table-setup").state,
        CheckState::Missing
    );
}

#[test]
fn needed_is_what_the_settings_need() {
    let needed = |context: &Context, id: &str| {
        let mut connection = server(ok(&rows(ALL)), &[]);
        find(&lines(&mut connection, context), &format!("permission/{id}")).needed
    };
    let tickets = "service-desk/service-tickets";
    assert!(!needed(&context(), tickets), "no board is chosen");
    assert!(!needed(&choosing(&[("ticket-boards", &[])]), tickets));
    assert!(needed(&choosing(&[("ticket-boards", &["1"])]), tickets));
    assert!(!needed(&context(), "system/member-maintenance") && !needed(&context(), "system/api-reports"));
    assert!(needed(&context(), "companies/contacts"));
    let use_of = |kind: &str, pull| KindUse {
        kind: kind.into(),
        pull,
        push: false,
    };
    let without_contacts = Context {
        kinds: vec![use_of("organization", true), use_of("contact", false)],
        ..context()
    };
    assert!(
        !needed(&without_contacts, "companies/contacts")
            && needed(&without_contacts, "companies/company-maintenance")
    );
}

#[test]
fn wrong_keys_end_the_check_with_auth() {
    for answer in [
        status(401, r#"{"code":"Unauthorized","message":"x"}"#),
        status(404, "<html>"),
    ] {
        let (mut connection, _) =
            connection(move |seen| (!seen.path.starts_with("/login")).then(|| answer.clone()));
        let lines = connection.check(&context());
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].state, CheckState::Ok);
        assert_eq!(lines[1].state, CheckState::Missing);
        assert!(matches!(lines[1].trouble, Some(Cause::Auth)) && lines[1].hint.is_some());
    }
}

#[test]
fn quirk_system_info_may_be_refused_to_good_keys() {
    let (mut connection, _) = connection(|seen| match seen.path.as_str() {
        path if path.starts_with("/login") => None,
        "/system/info" => Some(status(
            401,
            r#"{"code":"ConnectWiseApi","message":"UserNotAuthenticated"}"#,
        )),
        _ => Some(ok("[]")),
    });
    assert_eq!(connection.check(&context())[1].state, CheckState::Ok);
}

#[test]
fn a_site_that_cannot_be_reached_is_missing_not_auth() {
    let (mut connection, _) = connection(|_| Some(Err(Failure::Unreachable("connection refused".into()))));
    let lines = connection.check(&context());
    assert!(lines.len() == 1 && matches!(lines[0].trouble, Some(Cause::Transient)));
}

fn options(group: &str, path: &'static str, body: &'static str) -> Vec<(String, String, bool, Option<u64>)> {
    let (mut connection, _) = connection(move |seen| match seen.path.as_str() {
        found if found == path => Some(linked(body, "")),
        found if found.ends_with("/count") => Some(ok(r#"{"count":3}"#)),
        found if found.starts_with("/login") => None,
        _ => Some(status(403, REFUSED)),
    });
    let options = connection.options(&context(), group).unwrap();
    options
        .into_iter()
        .map(|option| (option.id, option.label, option.recommended, option.count))
        .collect()
}

#[test]
fn seed_step_options_are_recommended_by_flags_alone() {
    let cases = [
        (
            "company-types",
            "/company/companies/types",
            r#"[{"id":1,"name":"Vendor"},{"id":2,"name":"Client","vendorFlag":true}]"#,
        ),
        (
            "company-statuses",
            "/company/companies/statuses",
            r#"[{"id":1,"name":"Inactive"},{"id":2,"name":"Active","inactiveFlag":true}]"#,
        ),
        (
            "configuration-types",
            "/company/configurations/types",
            r#"[{"id":1,"name":"Old","inactiveFlag":false},{"id":2,"name":"x","inactiveFlag":true}]"#,
        ),
        (
            "configuration-statuses",
            "/company/configurations/statuses",
            r#"[{"id":1,"description":"Closed"},{"id":2,"description":"y","closedFlag":true}]"#,
        ),
        (
            "ticket-boards",
            "/service/boards",
            r#"[{"id":1,"name":"Help"},{"id":2,"name":"P","projectFlag":true}]"#,
        ),
        (
            "ticket-boards",
            "/service/boards",
            r#"[{"id":1,"name":"Help"},{"id":2,"name":"P","inactiveFlag":true}]"#,
        ),
    ];
    for (group, path, body) in cases {
        let options = options(group, path, body);
        assert_eq!(
            options.iter().map(|option| option.2).collect::<Vec<_>>(),
            [true, false],
            "{group}"
        );
        assert!(
            options
                .iter()
                .all(|option| !option.1.is_empty() && option.3 == Some(3)),
            "{group}"
        );
    }
    let contacts = options(
        "contact-types",
        "/company/contacts/types",
        r#"[{"id":1,"description":"End user"}]"#,
    );
    assert_eq!(contacts, [("1".to_owned(), "End user".to_owned(), true, Some(3))]);
}

#[test]
fn quirk_info_twins_answer_where_setup_tables_are_refused() {
    let found = options(
        "company-types",
        "/company/companies/info/types",
        r#"[{"id":1,"name":"A"},{"id":2,"name":"B","isVendor":true}]"#,
    );
    assert_eq!(
        found.iter().map(|option| option.2).collect::<Vec<_>>(),
        [true, false]
    );
    assert_eq!(
        options(
            "ticket-boards",
            "/service/info/boards",
            r#"[{"id":1,"name":"A"}]"#
        )
        .len(),
        1
    );
}

#[test]
fn many_options_are_not_counted() {
    let (mut connection, log) = connection(|seen| {
        (seen.path == "/company/configurations/types")
            .then(|| shelf(seen, &(1..=61).collect::<Vec<_>>(), 1_000))
    });
    let options = connection.options(&context(), "configuration-types").unwrap();
    assert!(options.len() == 61 && options.iter().all(|option| option.count.is_none()));
    assert!(log.borrow().iter().all(|seen| !seen.path.ends_with("/count")));
}

#[test]
fn seed_step_licensed_members_are_classes_f_c_and_x() {
    let (mut connection, _) = connection(|seen| {
        (seen.path == "/system/members").then(|| {
            linked(
                r#"[{"id":1,"identifier":"ada","licenseClass":"F","firstName":"Ada","lastName":"Poe","primaryEmail":"ada@x.example"},
                    {"id":2,"identifier":"bob","licenseClass":"C","firstName":"Bob","lastName":"","officeEmail":"bob@x.example"},
                    {"id":3,"identifier":"cy","licenseClass":"x","defaultEmail":"Mobile","mobileEmail":"cy@x.example","officeEmail":"o@x.example"},
                    {"id":4,"identifier":"api","licenseClass":"A"},
                    {"id":5,"identifier":"gone","licenseClass":"F","inactiveFlag":true},
                    {"id":6,"identifier":"odd"}]"#,
                "",
            )
        })
    });
    let page = connection.members(&context(), None).unwrap();
    let found: Vec<(&str, &str, &str)> = page
        .members
        .iter()
        .map(|one| (one.identifier.as_str(), one.name.as_str(), one.email.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("ada", "Ada Poe", "ada@x.example"),
            ("bob", "Bob", "bob@x.example"),
            ("cy", "", "cy@x.example")
        ]
    );
}
