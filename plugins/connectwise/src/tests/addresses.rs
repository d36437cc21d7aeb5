//! Where requests go, what they carry, and what failures mean.

use dovetail_sdk::connector::http::Failure;
use dovetail_sdk::connector::types::Cause;

use super::*;
use crate::refusal::{Refusal, judge};

const NO_ENDPOINT: &str = r#"{"code":"ConnectWiseApi","message":"The endpoint does not exist."}"#;

#[test]
fn quirk_companyinfo_is_asked_at_the_plain_host_without_credential() {
    let (mut connection, log) = connection(|seen| (seen.path == "/company/companies").then(|| ok("[]")));
    connection.pull(&context(), &all("organization"), None).unwrap();
    let log = log.borrow();
    assert_eq!(log[0].url, "https://na.myconnectwise.net/login/companyinfo/acme");
    assert_eq!(log[0].credential, None);
    assert!(
        log[1]
            .url
            .starts_with("https://api-na.myconnectwise.net/v1/apis/3.0/company/companies?")
    );
    assert_eq!(log[1].credential.as_deref(), Some("key"));
}

#[test]
fn quirk_one_host_serves_both_on_premises() {
    let (mut connection, log) = connection(|seen| match seen.path.as_str() {
        "/login/companyinfo/acme" => Some(ok(r#"{"Codebase":"v4_6_release/","IsCloud":false}"#)),
        _ => Some(ok("[]")),
    });
    let context = Context {
        origins: vec![Origin {
            url: "https://cw.acme.example:8443".into(),
            credential: Some("key".into()),
        }],
        ..context()
    };
    connection.pull(&context, &all("organization"), None).unwrap();
    let log = log.borrow();
    assert_eq!(
        (log[0].url.as_str(), &log[0].credential),
        ("https://cw.acme.example:8443/login/companyinfo/acme", &None)
    );
    assert!(
        log[1]
            .url
            .starts_with("https://cw.acme.example:8443/v4_6_release/apis/3.0/company/companies?")
    );
}

#[test]
fn quirk_client_id_and_version_go_with_every_request() {
    let (mut connection, log) = connection(|seen| (!seen.path.starts_with("/login")).then(|| ok("[]")));
    connection.pull(&context(), &all("organization"), None).unwrap();
    connection.fetch(&context(), "contact", &by_id(["1"]));
    for seen in log
        .borrow()
        .iter()
        .filter(|seen| !seen.path.starts_with("/login"))
    {
        assert_eq!(
            seen.headers.get("clientid").map(String::as_str),
            Some("cid"),
            "{}",
            seen.url
        );
        assert_eq!(
            seen.headers.get("accept").map(String::as_str),
            Some("application/vnd.connectwise.com+json; version=2025.1")
        );
    }
    let mut without = context();
    without.settings.retain(|setting| setting.key != "client-id");
    let sent = log.borrow().len();
    let fault = connection.pull(&without, &all("organization"), None).unwrap_err();
    assert!(matches!(fault.cause, Cause::InvalidConfig(key) if key == "client-id"));
    assert_eq!(log.borrow().len(), sent, "nothing is sent without one");
}

#[test]
fn quirk_codebase_moves() {
    let mut infos = 0;
    let (mut connection, log) = connection(move |seen| {
        if seen.path.starts_with("/login") {
            infos += 1;
            return Some(ok(&format!(r#"{{"Codebase":"v{infos}/"}}"#)));
        }
        Some(if seen.url.contains("/v1/") {
            status(404, NO_ENDPOINT)
        } else {
            ok("[]")
        })
    });
    connection.pull(&context(), &all("organization"), None).unwrap();
    connection.pull(&context(), &all("organization"), None).unwrap();
    let places: Vec<String> = log
        .borrow()
        .iter()
        .map(|seen| seen.url.split('/').nth(3).unwrap_or_default().to_owned())
        .collect();
    assert_eq!(
        places,
        ["login", "v1", "login", "v2", "v2"],
        "the new codebase is kept"
    );
}

#[test]
fn quirk_codebase_moves_between_many_requests() {
    let mut infos = 0;
    let (mut connection, log) = connection(move |seen| {
        if seen.path.starts_with("/login") {
            infos += 1;
            return Some(ok(&format!(r#"{{"Codebase":"v{infos}/"}}"#)));
        }
        let old = seen.url.contains("/v1/") && !seen.path.contains("/2/");
        Some(if old {
            status(404, NO_ENDPOINT)
        } else {
            shelf(seen, &[5], 1_000)
        })
    });
    let wanted = Listing {
        parents: ["1", "2", "3"].map(String::from).to_vec(),
        ..all("location")
    };
    let page = connection.pull(&context(), &wanted, None).unwrap();
    let parents: Vec<_> = page
        .items
        .iter()
        .map(|item| item.parent.clone().unwrap())
        .collect();
    assert_eq!(parents, ["1", "2", "3"]);
    assert_eq!(
        log.borrow()
            .iter()
            .filter(|seen| seen.path.contains("/2/"))
            .count(),
        1,
        "what worked is not repeated"
    );
}

#[test]
fn quirk_unknown_company_is_null() {
    let (mut connection, log) = connection(|seen| seen.path.starts_with("/login").then(|| ok("null")));
    let fault = connection
        .pull(&context(), &all("organization"), None)
        .unwrap_err();
    assert!(
        matches!(fault.cause, Cause::Auth) && fault.message.contains("acme"),
        "{}",
        fault.message
    );
    let lines = connection.check(&context());
    assert_eq!(lines.len(), 1);
    assert!(lines[0].id == "company" && matches!(lines[0].trouble, Some(Cause::Auth)));
    assert!(
        log.borrow().iter().all(|seen| seen.credential.is_none()),
        "keys are not sent after an unknown company"
    );
}

#[test]
fn quirk_wrong_keys_may_look_like_404() {
    for body in ["<html>not here</html>", ""] {
        let (mut connection, _) =
            connection(move |seen| (!seen.path.starts_with("/login")).then(|| status(404, body)));
        let fault = connection
            .pull(&context(), &all("organization"), None)
            .unwrap_err();
        assert!(matches!(fault.cause, Cause::Auth), "{}", fault.message);
        assert!(!fault.message.contains('<'));
    }
}

#[test]
fn quirk_only_a_404_that_names_the_record_is_gone() {
    for (body, gone) in [
        (r#"{"code":"NotFound","message":"Contact 7 not found"}"#, true),
        (NO_ENDPOINT, false),
        ("", false),
    ] {
        let (mut connection, _) =
            connection(move |seen| (!seen.path.starts_with("/login")).then(|| status(404, body)));
        let fault = connection
            .fetch(&context(), "contact", &by_id(["7"]))
            .remove(0)
            .unwrap_err();
        assert_eq!(matches!(fault.cause, Cause::Gone), gone, "{}", fault.message);
        let list = connection.pull(&context(), &all("contact"), None).unwrap_err();
        assert!(
            !matches!(list.cause, Cause::Gone),
            "a list that is not there says nothing of records"
        );
    }
}

#[test]
fn quirk_page_instead_of_data() {
    let (mut connection, _) =
        connection(|seen| (!seen.path.starts_with("/login")).then(|| ok("<!DOCTYPE html><p>Sorry")));
    let fault = connection
        .pull(&context(), &all("organization"), None)
        .unwrap_err();
    assert!(matches!(fault.cause, Cause::Transient) && !fault.message.contains("Sorry"));
    let (mut wrong_site, _) = super::connection(|_| Some(ok("<html>a shop</html>")));
    let fault = wrong_site
        .pull(&context(), &all("organization"), None)
        .unwrap_err();
    assert!(matches!(fault.cause, Cause::InvalidConfig(key) if key == "site"));
}

#[test]
fn quirk_429_body_has_another_shape() {
    let body = r#"{"error":"ConnectWiseAPI","message":"Too many requests. Please try again in 30 seconds."}"#;
    let refusal = judge(status(429, body)).unwrap_err();
    assert_eq!(refusal, Refusal::RateLimited(30));
    let mut answer = status(429, body).unwrap();
    answer.headers.push(Header {
        name: "Retry-After".into(),
        value: "7".into(),
    });
    assert_eq!(judge(Ok(answer)).unwrap_err(), Refusal::RateLimited(7));
    assert_eq!(
        judge(status(429, "<html>cloud edge</html>")).unwrap_err(),
        Refusal::RateLimited(0)
    );
    let fault = Refusal::RateLimited(30).fault("companies", "");
    assert!(matches!(fault.cause, Cause::RateLimited(30)));
}

#[test]
fn quirk_error_bodies_are_told_apart() {
    let cause = |status_code, body: &str| {
        judge(status(status_code, body))
            .unwrap_err()
            .fault("x", "a/b")
            .cause
    };
    let timeout = r#"{"code":"ConnectWiseApi","message":"A timeout has occured. Please try again."}"#;
    let security =
        r#"{"code":"Unauthorized","message":"You do not have security permission to perform this action."}"#;
    assert!(matches!(
        cause(
            401,
            r#"{"code":"ConnectWiseApi","message":"UserNotAuthenticated"}"#
        ),
        Cause::Auth
    ));
    assert!(matches!(cause(401, "Cannot GET /"), Cause::Auth));
    assert!(matches!(cause(403, security), Cause::Permission(id) if id == "a/b"));
    assert!(matches!(cause(500, timeout), Cause::Transient));
    assert!(matches!(cause(502, "<html>bad gateway</html>"), Cause::Transient));
    assert!(matches!(
        cause(
            400,
            r#"{"code":"ApiFindCondition","message":"x is not a recognized name."}"#
        ),
        Cause::Bug
    ));
    assert!(matches!(judge(status(500, timeout)), Err(Refusal::TimedOut(_))));
    assert!(matches!(judge(status(504, "")), Err(Refusal::TimedOut(_))));
    assert!(matches!(judge(Err(Failure::Timeout)), Err(Refusal::TimedOut(_))));
    let invalid = r#"{"code":"InvalidObject","message":"contact object is invalid","errors":[{"code":"MissingRequiredField","message":"The firstName field is required."}]}"#;
    let fault = judge(status(400, invalid)).unwrap_err().fault("x", "");
    assert!(
        fault
            .message
            .contains("contact object is invalid The firstName field is required."),
        "{}",
        fault.message
    );
}

#[test]
fn messages_stay_short_and_clean() {
    let long = "x\u{1b}[31m ".repeat(5_000);
    let fault = judge(status(500, &long)).unwrap_err().fault("companies", "");
    assert!(fault.message.len() <= 2_048 && !fault.message.contains('\u{1b}'));
}

#[test]
fn a_codebase_cannot_lead_elsewhere() {
    for evil in [
        "//evil.example/",
        "../../",
        "v1/../x",
        "v1?x=",
        "@evil.example",
        "",
        "v1 2",
        "https://evil.example/",
    ] {
        let body = format!(r#"{{"Codebase":"{evil}"}}"#);
        let (mut connection, log) = connection(move |seen| {
            Some(if seen.path.starts_with("/login") {
                ok(&body)
            } else {
                ok("[]")
            })
        });
        let answer = connection.pull(&context(), &all("organization"), None);
        let within = log.borrow().iter().all(|seen| {
            let rest = seen.url.strip_prefix("https://api-na.myconnectwise.net/");
            seen.path.starts_with("/login")
                || rest.is_some_and(|rest| rest.starts_with("evil.example/apis/3.0/"))
        });
        assert!(answer.is_err() || within, "{evil}");
    }
}

#[test]
fn quirk_addresses_stay_under_2000() {
    let many: Vec<String> = (90_000..90_400).map(|id: u32| id.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let groups = [
        "company-types",
        "company-statuses",
        "configuration-types",
        "configuration-statuses",
        "contact-types",
        "ticket-boards",
    ];
    let context = choosing(&groups.map(|group| (group, many.as_slice())));
    let (mut connection, log) = connection(|seen| (!seen.path.starts_with("/login")).then(|| ok("[]")));
    for kind in ["organization", "contact", "configuration", "ticket"] {
        every_page(&mut connection, &context, &all(kind)).unwrap();
        connection.count(&context, &all(kind)).unwrap();
        connection.fetch(&context, kind, &by_id(many.iter().copied()));
    }
    let log = log.borrow();
    assert!(log.iter().all(|seen| seen.url.len() < 2_000));
    // Every pair of type and status is asked for exactly once.
    let lists: Vec<usize> = log
        .iter()
        .filter(|seen| {
            seen.path == "/company/configurations" && seen.parameter("conditions").contains("type/id")
        })
        .map(|seen| {
            let text = seen.parameter("conditions");
            let ids = |field: &str| {
                text.split_once(field)
                    .unwrap()
                    .1
                    .split(')')
                    .next()
                    .unwrap()
                    .split(',')
                    .count()
            };
            ids("type/id in (") * ids("status/id in (")
        })
        .collect();
    assert!(lists.len() > 1);
    assert_eq!(lists.iter().sum::<usize>(), 400 * 400);
}
