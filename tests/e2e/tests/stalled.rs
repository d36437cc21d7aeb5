//! A run in which nothing moves ends by itself, says what it waited for, and can be taken up.

use e2e::{Home, simulator};

#[tokio::test(flavor = "multi_thread")]
async fn a_run_in_which_nothing_moves_ends_as_stalled() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    // Far longer than a page ever takes here, and shorter than a request's own limit of 60 s.
    home.run(&["config", "set", "run.stalled-after", "6s"])
        .await
        .exits(0);
    let hold = simulator.control().hold("/company/contacts*");
    let ran = home.run(&["sync", "acme", "--format", "json"]).await.exits(8);
    assert!(hold.held() > 0, "nothing was held: {ran:?}");
    let run = ran.json();
    assert_eq!(
        (&run["status"], &run["reason"]),
        (&"stalled".into(), &"stalled".into()),
        "{run:#}"
    );
    let error = ran.error();
    assert_eq!(error["code"], "stalled");
    let message = error["message"].as_str().expect("words");
    let asked = format!("GET {}", simulator.address());
    assert!(
        message.contains("for 6s") && message.contains(&asked) && message.contains("/company/contacts"),
        "{message}"
    );
    // Neither the query nor a credential stands in it.
    assert!(!message.contains('?'), "{message}");
    assert_eq!(home.integration("acme").await["status"], "stalled");
    assert_eq!(home.json(&["run", "list"]).await[0]["status"], "stalled");
    // What came before stays, and the next run comes to the end.
    assert!(!home.records("organization").await.is_empty());
    hold.release();
    assert_eq!(home.json(&["sync", "acme"]).await["status"], "succeeded");
    assert_eq!(home.integration("acme").await["status"], "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_that_the_psa_asks_for_is_no_stall() {
    let simulator = simulator().await;
    let control = simulator.control();
    let home = Home::connected("acme", &simulator).await;
    home.run(&["config", "set", "run.stalled-after", "3s"])
        .await
        .exits(0);
    // Each wait is twice the limit.
    let patience = vec![("Retry-After".to_owned(), "6".to_owned())];
    control.plan_response(
        "/company/contacts*",
        2,
        connectwise_simulator::Response {
            status: 429,
            headers: patience,
            body: Vec::new(),
        },
    );
    assert_eq!(home.json(&["sync", "acme"]).await["status"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn how_long_a_run_may_stand_still_is_a_setting_of_the_house() {
    let home = Home::new();
    let set = home.json(&["config", "set", "run.stalled-after", "90s"]).await;
    assert_eq!(set["run.stalled-after"], "90s");
    for bad in ["0s", "2d", "soon"] {
        let error = home.fails(&["config", "set", "run.stalled-after", bad], 3).await;
        assert_eq!(error["code"], "value-refused", "{bad}");
    }
    assert_eq!(
        home.json(&["config", "get"]).await["run.stalled-after"],
        "90s",
        "what is refused changes nothing"
    );
}
