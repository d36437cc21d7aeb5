//! Edits that the PSA does not take, answers that are lost, and what the PSA makes of a value.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_is_refused_is_kept_with_the_servers_words() {
    let (simulator, home) = in_step().await;
    let control = simulator.control();
    let contacts = home.records("contact").await;
    control.refuse_field(Writes::of(Kind::Contact).next(1), "title");
    edited("contact", &contacts[0]).set(&home, "title=one").await;
    edited("contact", &contacts[1]).set(&home, "first_name=Two").await;
    let ran = home.run(&["sync", "acme", "--format", "json"]).await.exits(6);
    let run = ran.json();
    assert_eq!(
        (&run["status"], &run["reason"]),
        (&json!("partial"), &json!("push-refused"))
    );
    let counts = pushed(&run, "contact");
    assert_eq!((counts[0], counts[3]), (2, 1), "{run:#}");
    let listed = home.json(&["quarantine", "list"]).await;
    let row = &listed[0];
    let refused = row["id"].as_str().unwrap();
    assert_eq!(
        (&row["code"], &row["attempts"]),
        (&json!("push-refused"), &json!(1))
    );
    assert!(!row["message"].as_str().unwrap().is_empty(), "{row:#}");
    assert_eq!(listed.as_array().unwrap().len(), 1);

    // It is kept, and not tried again by itself.
    control.reset_log();
    home.run(&["sync", "acme"]).await.exits(0);
    assert_eq!(writes(&control), 0);
    let (kind, asset) = refused.split_once('.').unwrap();
    let shown = home.json(&["asset", "show", kind, asset]).await;
    assert_eq!(shown["pending"], true);

    home.run(&["quarantine", "retry", refused]).await.exits(0);
    assert_eq!(home.json(&["quarantine", "list"]).await, json!([]));
    let shown = home.json(&["asset", "show", kind, asset]).await;
    assert_eq!(shown["pending"], false);
    quiet(&home, &control).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_edited_while_it_is_refused_is_sent_by_itself() {
    let (simulator, home) = in_step().await;
    let control = simulator.control();
    let contact = home.records("contact").await.remove(0);
    let one = edited("contact", &contact);
    control.refuse_field(Writes::of(Kind::Contact).next(1), "title");
    let hold = control.hold(&format!("/company/contacts/{}*", number(&contact)));
    let mut server = home.serve().await;
    one.set(&home, "title=refused").await;
    assert!(
        server.process.until(hold.wait_until_held(1)).await,
        "it is being sent"
    );
    one.set(&home, "title=taken").await;
    drop(hold);
    home.settled("acme").await;
    assert_eq!(home.json(&["quarantine", "list"]).await, json!([]));
    assert_eq!(
        control.record(Kind::Contact, number(&contact)).unwrap()["title"],
        "taken"
    );
    assert_eq!(writes(&control), 2, "the first was refused");
    server.stop().await;
    quiet(&home, &control).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_psa_would_not_take_is_refused_to_the_one_who_writes_it() {
    let (simulator, home) = in_step().await;
    let before = home.everything().await;
    let long = format!("name={}", "x".repeat(300));
    let cases = [
        ("organization", long.as_str(), "300 characters"),
        ("contact", "first_name=", "has to have one"),
    ];
    for (kind, set, words) in cases {
        let record = home.records(kind).await.remove(0);
        let error = home
            .fails(&["asset", "edit", kind, id(&record), "--set", set], 3)
            .await;
        assert_eq!(error["code"], "value-refused");
        assert!(error["message"].as_str().unwrap().contains(words), "{error}");
    }
    assert_eq!(home.everything().await, before);
    assert_eq!(simulator.control().writes(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_that_is_missing_stops_the_integration_until_it_is_resumed() {
    let (simulator, home) = in_step().await;
    let control = simulator.control();
    let contact = home.records("contact").await.remove(0);
    edited("contact", &contact).set(&home, "title=later").await;
    control.fail_writes(Writes::of(Kind::Contact), Fault::Forbidden);
    let error = home.fails(&["sync", "acme"], 4).await;
    assert_eq!(error["code"], "permission-denied", "{error}");
    assert_eq!(home.integration("acme").await["status"], "error");
    assert_eq!(edited("contact", &contact).shown(&home).await["pending"], true);
    assert_eq!(
        home.json(&["quarantine", "list"]).await,
        json!([]),
        "it is not the edit's fault"
    );
    control.clear_plans();
    home.run(&["integration", "connect", "acme"]).await.exits(0);
    home.run(&["integration", "resume", "acme"]).await.exits(0);
    home.run(&["sync", "acme"]).await.exits(0);
    assert_eq!(
        control.record(Kind::Contact, number(&contact)).unwrap()["title"],
        "later"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_whose_answer_is_lost_is_sent_once() {
    let (simulator, home) = in_step().await;
    let control = simulator.control();
    let contact = home.records("contact").await.remove(0);
    edited("contact", &contact).set(&home, "title=lost").await;
    control.fail_writes(
        Writes::of(Kind::Contact).next(1),
        Fault::Lost { how: Loss::Reset },
    );
    let run = home.json(&["sync", "acme"]).await;
    assert_eq!(run["status"], "succeeded", "{run:#}");
    assert_eq!(
        control.record(Kind::Contact, number(&contact)).unwrap()["title"],
        "lost"
    );
    assert_eq!(writes(&control), 1, "it was found to be there");
    quiet(&home, &control).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_psa_makes_of_a_value_is_taken_over_and_told() {
    let (simulator, home) = in_step().await;
    let control = simulator.control();
    habits(Habits::meddling(), &control);
    let configuration = home.records("configuration").await.remove(0);
    let one = edited("configuration", &configuration);
    one.set(&home, "serial_number= ab-12 ").await;
    let run = home.json(&["sync", "acme"]).await;
    let kept = control
        .record(Kind::Configuration, number(&configuration))
        .unwrap()["serialNumber"]
        .clone();
    assert_eq!(kept, "AB-12");
    assert_eq!(one.shown(&home).await["fields"]["serial_number"], kept);
    assert!(
        run["altered"][0]["why"].as_str().unwrap().contains("AB-12"),
        "{run:#}"
    );
    quiet(&home, &control).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_again_and_again_is_left_to_the_next_run() {
    let (simulator, home) = in_step().await;
    let control = simulator.control();
    let like = home.records("configuration").await.remove(0);
    let record = making::made(&home, &like, "LOST-AGAIN").await;
    let before = control.ids(Kind::Configuration).len();
    // The first answer is lost before anything was made, so that nothing is found and it is sent once more.
    control.fail_writes(Writes::of(Kind::Configuration).next(1), Fault::Reset);
    control.fail_writes(
        Writes::of(Kind::Configuration).method("POST").next(1),
        Fault::Lost { how: Loss::Reset },
    );
    let ran = home.run(&["sync", "acme", "--format", "json"]).await.exits(8);
    let run = ran.json();
    assert_eq!(
        (&run["status"], &run["reason"]),
        (&json!("waiting"), &json!("push-in-doubt")),
        "{run:#}"
    );
    assert_eq!(
        edited("configuration", &record).shown(&home).await["pending"],
        true
    );
    assert_eq!(control.ids(Kind::Configuration).len(), before + 1);
    home.run(&["sync", "acme"]).await.exits(0);
    assert_eq!(
        control.ids(Kind::Configuration).len(),
        before + 1,
        "it was found, not made again"
    );
    assert_eq!(
        edited("configuration", &record).shown(&home).await["sync"],
        "enabled"
    );
    quiet(&home, &control).await;
}
