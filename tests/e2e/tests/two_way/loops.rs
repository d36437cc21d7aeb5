//! Two sides that write over each other again and again are stopped.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_both_sides_keep_writing_over_is_stopped() {
    let (simulator, home) = in_step().await;
    let control = simulator.control();
    let contact = home.records("contact").await.remove(0);
    home.run(&["policy", "set", "acme", "contact.title", "from-local"])
        .await
        .exits(0);
    let one = edited("contact", &contact);
    one.set(&home, "title=ours").await;
    home.run(&["sync", "acme"]).await.exits(0);
    // A workflow of the PSA's puts it back each time.
    let mut sent = 0;
    for _ in 0..6 {
        control
            .edit(Kind::Contact, number(&contact), json!({"title": "theirs"}))
            .unwrap();
        control.reset_log();
        home.json(&["sync", "acme"]).await;
        sent += control.writes().len();
    }
    assert_eq!(
        sent, 1,
        "the first was sent by hand, the second went out, the third was one too many"
    );
    let open = home.json(&["conflict", "list"]).await;
    let row = &open[0];
    assert_eq!(
        (&row["looped"], &row["psa"], &row["local"]),
        (&json!(true), &json!("theirs"), &json!("ours"))
    );
    let shown = one.shown(&home).await;
    assert_eq!(
        (&shown["conflict"], &shown["held"]),
        (&json!(true), &json!(["title"]))
    );
    let told = home.run(&["conflict", "list"]).await.exits(0);
    assert!(
        told.stdout.contains("write over each other again and again"),
        "{}",
        told.stdout
    );
    home.run(&[
        "conflict",
        "resolve",
        row["id"].as_str().unwrap(),
        "--take",
        "psa",
    ])
    .await
    .exits(0);
    let shown = one.shown(&home).await;
    assert_eq!(
        (&shown["fields"]["title"], &shown["conflict"], &shown["held"]),
        (&json!("theirs"), &json!(false), &json!([]))
    );
    quiet(&home, &control).await;
}
