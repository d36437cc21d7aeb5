//! Faults as a client meets them.

use crate::http::{Api, Headers};
use connectwise_simulator::{Config, Fault, FaultPlan, Kind, Size};
use serde_json::json;

#[tokio::test]
async fn every_fault_looks_as_it_should() {
    let api = Api::sized(300).await;
    let control = api.simulator.control();
    let path = "/company/contacts?pageSize=1000";
    let right = api.get(path).await.text;
    let aim = |fault| control.fail_next("/company/contacts", fault, 1);

    aim(Fault::TooManyRequests { retry_after: 7 });
    let answer = api.get(path).await;
    assert_eq!(
        (answer.status, answer.headers["retry-after"].to_str().ok()),
        (429, Some("7"))
    );
    assert_eq!(
        answer.json(),
        json!({"error": "ConnectWiseAPI", "message": "Too many requests. Please try again in 7 seconds."})
    );
    aim(Fault::Timeout);
    let answer = api.get(path).await;
    assert_eq!(
        (answer.status, answer.json()["message"].as_str()),
        (500, Some("A timeout has occured. Please try again."))
    );
    aim(Fault::BadGateway);
    let answer = api.get(path).await;
    assert_eq!(
        (answer.status, &answer.headers["content-type"]),
        (502, &"text/html".parse().unwrap())
    );
    assert!(answer.text.starts_with("<html>"));
    aim(Fault::Reset);
    assert!(
        api.try_send(path, Headers::default()).await.is_err(),
        "a reset is an error"
    );
    aim(Fault::Truncated);
    assert!(
        api.try_send(path, Headers::default()).await.is_err(),
        "half a body is an error"
    );
    aim(Fault::Slow { pause: 1 });
    assert_eq!(api.get(path).await.text, right, "a slow body is whole");
    assert_eq!(api.get(path).await.text, right, "and then all is well");
    let faults: Vec<Option<Fault>> = control.log().into_iter().map(|entry| entry.fault).collect();
    assert_eq!(
        faults.iter().filter(|fault| fault.is_some()).count(),
        6,
        "the log names them: {faults:?}"
    );
}

/// The same requests in another order meet the same faults, and each gets through in the end.
#[tokio::test]
async fn a_plan_depends_on_the_request_and_not_on_its_turn() {
    let plan = FaultPlan {
        per_thousand: 400,
        most: 3,
        kinds: vec![Fault::Timeout, Fault::BadGateway],
        ..FaultPlan::seeded(3)
    };
    let config = || Config {
        faults: Some(plan.clone()),
        size: Size::records(100),
        ..Config::default()
    };
    let paths: Vec<String> = (1..=40)
        .map(|page| format!("/company/contacts?pageSize=1&page={page}"))
        .collect();
    let mut seen = Vec::new();
    for backwards in [false, true] {
        let api = Api::start(config()).await;
        let mut order = paths.clone();
        if backwards {
            order.reverse();
        }
        let mut statuses = Vec::new();
        for path in &order {
            let mut attempts = Vec::new();
            loop {
                let status = api.get(path).await.status;
                attempts.push(status);
                if status == 200 {
                    break;
                }
            }
            assert!(attempts.len() <= 4, "{path}: {attempts:?}");
            statuses.push((path.clone(), attempts));
        }
        statuses.sort();
        seen.push(statuses);
    }
    assert_eq!(seen[0], seen[1]);
    let hit = seen[0].iter().filter(|(_, attempts)| attempts.len() > 1).count();
    assert!((5..35).contains(&hit), "{hit} of 40 were hit");
}

#[tokio::test]
async fn broad_conditions_time_out_and_narrow_ones_do_not() {
    let api = Api::sized(1_000).await;
    let control = api.simulator.control();
    let open = api.count("/service/tickets", "closedFlag = false").await;
    assert!(open > 10);
    control.time_out_above("/service/tickets", open - 1);
    for list in ["/service/tickets?conditions=closedFlag=false", "/service/tickets"] {
        let answer = api.get(list).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (500, "ConnectWiseApi"),
            "{list}"
        );
    }
    let mut found = 0;
    for status in control.ids(Kind::BoardStatus) {
        let condition = format!("closedFlag = false and status/id in ({status})");
        found += api
            .query(
                "/service/tickets",
                &[("conditions", &condition), ("pageSize", "1000")],
            )
            .await
            .ids()
            .len();
    }
    assert_eq!(found as u64, open, "split by status, all are found");
    assert_eq!(api.get("/company/companies").await.status, 200);
}

#[tokio::test]
async fn stopping_closes_the_port() {
    let api = Api::sized(30).await;
    let address = api.simulator.address();
    api.simulator.stop().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
