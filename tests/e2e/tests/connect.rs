//! The live check, and what it says where something is wrong.

use connectwise_simulator::{Config, Level, Module, MySecurity, Simulator};
use e2e::{Home, simulator};
use serde_json::Value;

async fn connect(simulator: &Simulator) -> (Home, Value) {
    let home = Home::new();
    home.add("acme", simulator).await.exits(0);
    let report = home.json(&["integration", "connect", "acme"]).await;
    (home, report)
}

#[track_caller]
fn check<'a>(report: &'a Value, id: &str) -> &'a Value {
    let checks = report["checks"].as_array().expect("checks");
    checks
        .iter()
        .find(|check| check["id"] == id)
        .unwrap_or_else(|| panic!("{id} is not among them: {report:#}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn all_is_well() {
    let simulator = simulator().await;
    let (_home, report) = connect(&simulator).await;
    assert_eq!(report["ok"], true, "{report:#}");
    let ids: Vec<&str> = report["checks"]
        .as_array()
        .expect("checks")
        .iter()
        .filter_map(|c| c["id"].as_str())
        .collect();
    assert_eq!(ids.get(..3), Some(["tls", "company", "credentials"].as_slice()));
    for id in [
        "companies/company-maintenance",
        "companies/configurations",
        "companies/contacts",
        "service-desk/service-tickets",
        "system/api-reports",
        "system/member-maintenance",
        "system/table-setup",
    ] {
        let check = check(&report, &format!("permission/{id}"));
        assert_eq!(
            (&check["state"], &check["how"]),
            (&"ok".into(), &"my-security".into()),
            "{check}"
        );
    }
    let passwords = check(&report, "permission/companies/configurations-display-passwords");
    assert_eq!(passwords["state"], "not-needed");
    // Where the company is is asked before anybody says who they are.
    let log = simulator.control().log();
    let first = log
        .iter()
        .find(|entry| entry.path.contains("companyinfo"))
        .expect("it was asked");
    assert!(!first.credentials, "{first:?}");
    assert!(
        log.iter()
            .filter(|entry| entry.path.contains("/apis/"))
            .all(|entry| entry.credentials && entry.client_id)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_company_is_told() {
    let simulator = simulator().await;
    let home = Home::new();
    home.add_with("acme", &simulator, &[("company=", "company=nobody")])
        .await
        .exits(0);
    let ran = home
        .run(&["integration", "connect", "acme", "--format", "json"])
        .await
        .exits(4);
    let report = ran.json();
    assert_eq!(report["ok"], false);
    assert_eq!(check(&report, "tls")["ok"], true);
    assert_eq!(check(&report, "company")["ok"], false);
    assert_eq!(ran.error()["code"], "auth-failed");
    assert!(
        ran.error()["message"]
            .as_str()
            .is_some_and(|text| text.contains("nobody")),
        "{ran:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_keys_are_told_also_where_the_server_hides_it() {
    for hide_bad_credentials in [false, true] {
        let config = Config {
            hide_bad_credentials,
            ..Config::default()
        };
        let simulator = Simulator::start(config).await.expect("the simulator starts");
        let home = Home::new();
        let wrong = home.file("key", "Wr0ngKey00000000\n");
        let source = format!("private-key=file:{wrong}");
        home.add_with("acme", &simulator, &[("private-key=", &source)])
            .await
            .exits(0);
        let ran = home
            .run(&["integration", "connect", "acme", "--format", "json"])
            .await
            .exits(4);
        let report = ran.json();
        assert_eq!(
            check(&report, "company")["ok"],
            true,
            "hidden: {hide_bad_credentials}"
        );
        assert_eq!(
            check(&report, "credentials")["ok"],
            false,
            "hidden: {hide_bad_credentials}"
        );
        assert_eq!(
            ran.error()["code"],
            "auth-failed",
            "hidden: {hide_bad_credentials}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_changed_in_the_psa_end_a_run() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    let wrong = format!("private-key=file:{}", home.file("key", "Wr0ngKey00000000\n"));
    home.run(&["integration", "update", "acme", "--secret", &wrong])
        .await
        .exits(0);
    let ran = home.run(&["sync", "acme", "--format", "json"]).await.exits(4);
    assert_eq!(
        (&ran.json()["status"], &ran.error()["code"]),
        (&"failed".into(), &"auth-failed".into())
    );
    let integration = home.integration("acme").await;
    assert_eq!(integration["status"], "error");
    assert!(
        integration["detail"]
            .as_str()
            .is_some_and(|detail| !detail.is_empty()),
        "{integration}"
    );
    home.run(&[
        "integration",
        "update",
        "acme",
        "--secret",
        "private-key=env:PRIVATE_KEY",
    ])
    .await
    .exits(0);
    home.run(&["sync", "acme"]).await.exits(0);
    assert_eq!(home.integration("acme").await["status"], "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_that_is_needed_and_missing_is_told() {
    for (answers, how) in [
        (MySecurity::Present, "my-security"),
        (MySecurity::Absent, "probe"),
        (MySecurity::Refused, "probe"),
    ] {
        let simulator = simulator().await;
        simulator.control().set_my_security(answers);
        simulator
            .control()
            .set_inquire(Module::CompanyMaintenance, Level::None);
        let home = Home::new();
        home.add("acme", &simulator).await.exits(0);
        let ran = home
            .run(&["integration", "connect", "acme", "--format", "json"])
            .await
            .exits(4);
        let report = ran.json();
        assert_eq!(report["ok"], false);
        let found = check(&report, "permission/companies/company-maintenance");
        assert_eq!(
            (&found["state"], &found["ok"], &found["needed"]),
            (&"missing".into(), &false.into(), &true.into())
        );
        assert_eq!(found["how"], how, "{answers:?}: {found}");
        assert!(
            found["hint"]
                .as_str()
                .is_some_and(|hint| hint.contains("Inquire")),
            "{found}"
        );
        assert_eq!(ran.error()["code"], "permission-denied", "{answers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_that_nothing_needs_is_shown_and_no_failure() {
    for answers in [MySecurity::Present, MySecurity::Absent, MySecurity::Refused] {
        let simulator = simulator().await;
        simulator.control().set_my_security(answers);
        simulator
            .control()
            .set_inquire(Module::ServiceTickets, Level::None);
        simulator
            .control()
            .set_inquire(Module::MemberMaintenance, Level::None);
        let (home, report) = connect(&simulator).await;
        assert_eq!(report["ok"], true, "{answers:?}");
        for id in ["service-desk/service-tickets", "system/member-maintenance"] {
            let found = check(&report, &format!("permission/{id}"));
            assert_eq!(
                (&found["state"], &found["ok"], &found["needed"]),
                (&"missing".into(), &true.into(), &false.into())
            );
        }
        // With a board chosen, tickets are wanted and the same role is not enough.
        home.choose("acme").await;
        let ran = home
            .run(&["integration", "connect", "acme", "--format", "json"])
            .await
            .exits(4);
        let found = ran.json();
        assert_eq!(
            check(&found, "permission/service-desk/service-tickets")["needed"],
            true,
            "{answers:?}"
        );
        assert_eq!(
            check(&found, "permission/service-desk/service-tickets")["ok"],
            false,
            "{answers:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_only_be_tried_says_so() {
    let simulator = simulator().await;
    simulator.control().set_my_security(MySecurity::Absent);
    let (_home, report) = connect(&simulator).await;
    assert_eq!(report["ok"], true);
    assert_eq!(check(&report, "permission/companies/contacts")["how"], "probe");
    let passwords = check(&report, "permission/companies/configurations-display-passwords");
    assert_eq!(
        (&passwords["state"], &passwords["how"]),
        (&"not-needed".into(), &"not-checkable".into())
    );
}
