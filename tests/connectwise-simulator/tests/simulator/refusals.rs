//! What is refused, and with which body.

use crate::http::{Api, CLIENT_ID, Headers, USER};
use connectwise_simulator::{Action, Config, Kind, Level, Module, MySecurity, Role};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn credentials_and_client_id_are_needed() {
    let api = Api::sized(30).await;
    let wrong_key = USER.replace("Pr1v", "Priv");
    for user in [
        None,
        Some(wrong_key.as_str()),
        Some("other+Pub1icKey0000000:Pr1vateKey000000"),
        Some("a:b"),
    ] {
        let answer = api
            .send(
                "/company/companies",
                Headers {
                    user,
                    ..Headers::default()
                },
            )
            .await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "Unauthorized"));
    }
    for client_id in [None, Some("00000000-0000-0000-0000-000000000000")] {
        let answer = api
            .send(
                "/company/companies",
                Headers {
                    client_id,
                    ..Headers::default()
                },
            )
            .await;
        assert_eq!(answer.status, 401);
        assert!(
            answer.text.starts_with("Cannot "),
            "a text, no JSON: {}",
            answer.text
        );
    }
    let upper = CLIENT_ID.to_uppercase();
    let answer = api
        .send(
            "/company/companies",
            Headers {
                client_id: Some(&upper),
                ..Headers::default()
            },
        )
        .await;
    assert_eq!(answer.status, 200);

    let hidden = Api::start(Config {
        hide_bad_credentials: true,
        ..Config::default()
    })
    .await;
    let answer = hidden
        .send(
            "/system/info",
            Headers {
                user: Some("a:b"),
                ..Headers::default()
            },
        )
        .await;
    assert_eq!((answer.status, answer.code().as_str()), (404, "ConnectWiseApi"));
}

#[tokio::test]
async fn companyinfo_needs_no_credentials_and_does_not_know_everybody() {
    let api = Api::sized(30).await;
    let anonymous = || Headers {
        user: None,
        client_id: None,
        ..Headers::default()
    };
    let answer = api.send("/login/companyinfo/HarbourMSP", anonymous()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["Codebase"], "v2026_4/");
    assert_eq!(answer.json()["IsCloud"], "True");
    let answer = api.send("/login/companyinfo/nobody", anonymous()).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "null"));
    let log = api.simulator.control().log();
    assert!(
        log.iter().all(|entry| !entry.credentials),
        "the log tells whether credentials were sent"
    );

    let loose = Api::start(Config {
        loose: true,
        ..Config::default()
    })
    .await;
    let mut forms = Vec::new();
    for _ in 0..2 {
        forms.push(
            loose
                .send("/login/companyinfo/harbourmsp", anonymous())
                .await
                .json()["IsCloud"]
                .clone(),
        );
    }
    assert_eq!(forms, [json!("True"), json!(true)]);
}

#[tokio::test]
async fn codebases_change_and_the_router_stays() {
    let api = Api::sized(30).await;
    assert_eq!(api.get("/v2026_4/apis/3.0/system/info").await.status, 200);
    api.simulator.control().set_codebase("v2026_5");
    let old = api.get("/v2026_4/apis/3.0/system/info").await;
    assert_eq!((old.status, old.code().as_str()), (404, "ConnectWiseApi"));
    assert_eq!(api.get("/v2026_5/apis/3.0/system/info").await.status, 200);
    assert_eq!(api.get("/v4_6_release/apis/3.0/system/info").await.status, 200);
    assert_eq!(
        api.get("/login/companyinfo/harbourmsp").await.json()["Codebase"],
        "v2026_5/"
    );
}

#[tokio::test]
async fn versions_are_checked() {
    let api = Api::sized(30).await;
    for (accept, status) in [
        ("application/vnd.connectwise.com+json; version=2020.4", 200),
        (
            "application/vnd.connectwise.com+json; version=2026.4, application/json",
            200,
        ),
        ("application/vnd.connectwise.com+json; version=2026.5", 400),
        ("application/vnd.connectwise.com+json; version=2027.1", 400),
        ("application/vnd.connectwise.com+json; version=1999.1", 400),
        ("application/vnd.connectwise.com+json; version=latest", 400),
        ("application/json", 200),
        ("*/*", 200),
    ] {
        let answer = api
            .send(
                "/system/info",
                Headers {
                    accept: Some(accept),
                    ..Headers::default()
                },
            )
            .await;
        assert_eq!(answer.status, status, "{accept}");
        assert_eq!(answer.headers["api-current-version"], "2026.4");
    }
}

#[tokio::test]
async fn two_sorts_of_not_found() {
    let api = Api::sized(30).await;
    for (path, code, message) in [
        (
            "/company/contacts/99999999",
            "NotFound",
            "Contact 99999999 not found",
        ),
        ("/company/companies/1", "NotFound", "Company 1 not found"),
        (
            "/company/companies/99999/sites",
            "NotFound",
            "Company 99999 not found",
        ),
        ("/company/companies/250/sites/1", "NotFound", "Site 1 not found"),
        ("/service/boards/77/statuses", "NotFound", "Board 77 not found"),
        ("/company/sites", "ConnectWiseApi", "The endpoint does not exist."),
        (
            "/company/companies/abc",
            "ConnectWiseApi",
            "The endpoint does not exist.",
        ),
        ("/", "ConnectWiseApi", "The endpoint does not exist."),
    ] {
        let answer = api.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(
            answer.json(),
            json!({"code": code, "message": message, "errors": null}),
            "{path}"
        );
    }
}

#[tokio::test]
async fn bad_requests_are_told_what_is_bad() {
    let api = Api::sized(30).await;
    let unknown = api
        .query("/company/contacts", &[("conditions", "member/identifier = 'x'")])
        .await;
    assert_eq!(unknown.status, 400);
    assert_eq!(
        unknown.json(),
        json!({"code": "ApiFindCondition", "message": "member/identifier is not a recognized name.", "errors": null})
    );
    for (name, value) in [
        ("conditions", "inactiveFlag = 0"),
        ("conditions", "types/id = 4"),
        ("conditions", "((("),
        ("childConditions", "firstName = 'x'"),
        ("ChildConditions", "types/nope = 4"),
        ("customFieldConditions", "title = 'x'"),
        ("orderBy", "nope"),
        ("orderBy", "id sideways"),
    ] {
        let answer = api.query("/company/contacts", &[(name, value)]).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "ApiFindCondition"),
            "{name}={value}"
        );
    }
    for (name, value) in [
        ("pageSize", "1001"),
        ("pageSize", "0"),
        ("pageSize", "x"),
        ("page", "0"),
        ("page", "-1"),
        ("PAGESIZE", "5000"),
    ] {
        let answer = api.query("/company/contacts", &[(name, value)]).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "InvalidObject"),
            "{name}={value}"
        );
        assert_eq!(answer.json()["errors"][0]["code"], "OutOfRange");
    }
    let ordered = api.forward("/company/contacts?orderBy=id").await;
    assert_eq!(ordered.status, 400);
    // Unknown names in `fields` and unknown parameters are ignored.
    let ignored = api
        .query(
            "/company/contacts",
            &[
                ("fields", "id,assignedTo"),
                ("recordId", "<x>"),
                ("pageSize", "1"),
            ],
        )
        .await;
    assert_eq!(ignored.json(), json!([{"id": 310}]));
}

#[tokio::test]
async fn long_urls_and_other_methods_are_refused() {
    let api = Api::sized(30).await;
    let list = |count: usize| format!("id in ({})", vec!["310"; count].join(","));
    let fits = api
        .query("/company/contacts", &[("conditions", &list(300))])
        .await;
    assert_eq!(fits.status, 200, "{}", fits.text);
    assert_eq!(
        api.query("/company/contacts", &[("conditions", &list(500))])
            .await
            .status,
        414
    );
    let control = api.simulator.control();
    control.set_role(Role::writing());
    for (path, allowed) in [
        ("/company/contacts", "GET, POST"),
        ("/company/contacts/310", "GET, PUT, PATCH, DELETE"),
        ("/company/contacts/310/communications", "GET, POST"),
        ("/company/contacts/count", "GET"),
        ("/company/companies/250/typeAssociations/2500001", "GET, DELETE"),
        ("/company/companyTypeAssociations", "GET, POST"),
        ("/company/configurations/bulk", "POST, PUT, DELETE"),
        ("/company/configurations/types/1", "GET"),
        ("/service/boards", "GET"),
        ("/system/info", "GET"),
    ] {
        for method in [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ] {
            let takes = allowed.split(", ").any(|name| name == method.as_str());
            let sent = Headers {
                method: method.clone(),
                ..Headers::default()
            };
            let answer = api.send(path, sent).await;
            assert_eq!(answer.status == 405, !takes, "{method} {path}: {}", answer.text);
            if !takes {
                assert_eq!(answer.code(), "ConnectWiseApi");
                assert_eq!(answer.headers["allow"], allowed, "{path}");
            }
        }
    }
    // A role that may not write tickets learns that first.
    let mut statuses = Vec::new();
    for level in [Level::None, Level::All] {
        control.set_level(Module::ServiceTickets, Action::Edit, level);
        let sent = Headers {
            method: Method::PATCH,
            ..Headers::default()
        };
        statuses.push(api.send("/service/tickets/5000", sent).await.status);
    }
    assert_eq!(statuses, [403, 405]);
}

#[tokio::test]
async fn plain_http_on_the_tls_port_is_told_to_use_tls() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let api = Api::sized(30).await;
    let mut stream = tokio::net::TcpStream::connect(api.simulator.address())
        .await
        .expect("it listens");
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await
        .expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it answers");
    let body = answer.split("\r\n\r\n").nth(1).expect("a body");
    let body: Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(
        body,
        json!({"code": "Security", "message": "SSL is required.", "errors": null})
    );
}

#[tokio::test]
async fn each_module_guards_its_lists() {
    let api = Api::sized(300).await;
    let control = api.simulator.control();
    let guarded = [
        (
            Module::CompanyMaintenance,
            vec![
                "/company/companies",
                "/company/companies/250/sites",
                "/company/companyTypeAssociations",
            ],
        ),
        (
            Module::Configurations,
            vec!["/company/configurations", "/company/configurations/501"],
        ),
        (
            Module::Contacts,
            vec![
                "/company/contacts",
                "/company/contacts/310/communications",
                "/company/contactTypeAssociations",
            ],
        ),
        (
            Module::ServiceTickets,
            vec!["/service/tickets", "/service/tickets/count"],
        ),
        (
            Module::MemberMaintenance,
            vec!["/system/members", "/system/apiMembers"],
        ),
        (
            Module::TableSetup,
            vec![
                "/company/companies/types",
                "/service/boards",
                "/service/boards/1/statuses",
            ],
        ),
    ];
    for (module, paths) in &guarded {
        control.set_inquire(*module, Level::None);
        for (other, paths_of_other) in &guarded {
            for path in paths_of_other {
                let answer = api.get(path).await;
                let expected = if module == other { 403 } else { 200 };
                assert_eq!(answer.status, expected, "{path} without {module:?}");
                if expected == 403 {
                    assert_eq!(
                        answer.json()["message"],
                        "You do not have security permission to perform this action."
                    );
                }
            }
        }
        // The read-only twins and the rows of the role stay open.
        for path in [
            "/service/info/boards",
            "/company/companies/info/types",
            "/company/contacts/types/info",
            "/system/mySecurity",
        ] {
            assert_eq!(api.get(path).await.status, 200, "{path}");
        }
        assert!(!paths.is_empty());
        control.set_inquire(*module, Level::All);
    }
}

#[tokio::test]
async fn narrow_roles_shorten_lists_without_a_word() {
    let api = Api::sized(1_000).await;
    let control = api.simulator.control();
    let all = api.count("/company/configurations", "").await;
    let servers = api.count("/company/configurations", "type/id = 1").await;
    assert!(servers > 10);
    let mut role = control.role();
    role.hidden_configuration_types.insert(1);
    control.set_role(role.clone());
    assert_eq!(api.count("/company/configurations", "").await, all - servers);
    assert_eq!(api.count("/company/configurations", "type/id = 1").await, 0);
    let hidden = control.ids(Kind::Configuration).into_iter().find(|id| {
        control
            .record(Kind::Configuration, *id)
            .is_some_and(|record| record["type"]["id"] == 1)
    });
    let path = format!("/company/configurations/{}", hidden.expect("there are servers"));
    assert_eq!(api.get(&path).await.status, 403, "hidden is not gone");

    role.hidden_configuration_types.clear();
    role.set_inquire(Module::Contacts, Level::My);
    control.set_role(role);
    let mine = api.count("/company/contacts", "").await;
    let contacts = control.ids(Kind::Contact).len() as u64;
    assert!(0 < mine && mine < contacts / 2, "{mine} of {contacts}");
}

#[tokio::test]
async fn passwords_show_only_to_who_may_see_them() {
    let api = Api::sized(300).await;
    let control = api.simulator.control();
    let answers = |text: &str| text.matches("\"answer\":\"pw-canary-").count();
    let path = "/company/configurations?pageSize=1000";
    assert!(answers(&api.get(path).await.text) > 0);
    control.set_inquire(Module::DisplayPasswords, Level::None);
    assert_eq!(answers(&api.get(path).await.text), 0);
}

#[tokio::test]
async fn my_security_is_present_absent_or_refused() {
    let api = Api::sized(30).await;
    let control = api.simulator.control();
    control.set_inquire(Module::ServiceTickets, Level::My);
    let rows = api.get("/system/mySecurity").await.json();
    let tickets = rows
        .as_array()
        .expect("rows")
        .iter()
        .find(|row| row["moduleFunctionName"] == "Service Tickets");
    assert_eq!(tickets.expect("a row")["inquireLevel"], "My");
    control.set_my_security(MySecurity::Absent);
    assert_eq!(api.get("/system/mySecurity").await.code(), "ConnectWiseApi");
    control.set_my_security(MySecurity::Refused);
    assert_eq!(api.get("/system/mySecurity").await.status, 403);
}
