//! Records that are made here and in the PSA.

use super::*;

/// A configuration in the organization of one that is there, of the same type and status.
pub(super) async fn made(home: &Home, like: &Value, name: &str) -> Value {
    let organization = format!("organization={}", like["organization"]["id"].as_str().unwrap());
    let of = |field: &str| format!("{field}={}", like["fields"][field].as_str().unwrap());
    let name = format!("name={name}");
    let words = [name, organization, of("type"), of("status")];
    let set = words.iter().flat_map(|word| ["--set", word.as_str()]);
    let words: Vec<&str> = ["asset", "create", "configuration"]
        .into_iter()
        .chain(set)
        .collect();
    home.json(&words).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_made_here_is_made_in_the_psa_once() {
    let (simulator, home) = in_step().await;
    let control = simulator.control();
    let like = home.records("configuration").await.remove(0);
    let before = control.ids(Kind::Configuration).len();
    let record = made(&home, &like, "NEW-SRV-01").await;
    assert_eq!(
        (&record["pending"], &record["source"]),
        (&json!(true), &Value::Null)
    );
    let run = home.json(&["sync", "acme"]).await;
    assert_eq!(pushed(&run, "configuration"), [1, 1, 0, 0], "{run:#}");
    let shown = home.json(&["asset", "show", "configuration", id(&record)]).await;
    assert_eq!(
        (&shown["pending"], &shown["sync"]),
        (&json!(false), &json!("enabled"))
    );
    let psa = control.record(Kind::Configuration, number(&shown)).unwrap();
    assert_eq!(
        (&psa["name"], &psa["type"]["name"]),
        (&json!("NEW-SRV-01"), &like["fields"]["type"])
    );
    assert_eq!(control.ids(Kind::Configuration).len(), before + 1);
    quiet(&home, &control).await;
    assert_eq!(
        home.records("configuration")
            .await
            .iter()
            .filter(|one| one["name"] == "NEW-SRV-01")
            .count(),
        1
    );
    home.run(&["verify"]).await.exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_whose_answer_is_lost_is_found_again() {
    let (simulator, home) = in_step().await;
    let control = simulator.control();
    let like = home.records("configuration").await.remove(0);
    let before = control.ids(Kind::Configuration).len();
    let record = made(&home, &like, "LOST-SRV-01").await;
    control.fail_writes(
        Writes::of(Kind::Configuration).method("POST").next(1),
        Fault::Lost { how: Loss::Reset },
    );
    home.run(&["sync", "acme"]).await.exits(0);
    assert_eq!(
        control.ids(Kind::Configuration).len(),
        before + 1,
        "it was not made twice"
    );
    let shown = home.json(&["asset", "show", "configuration", id(&record)]).await;
    assert_eq!(shown["sync"], "enabled");
    quiet(&home, &control).await;
    let alike = home.records("configuration").await;
    assert_eq!(alike.iter().filter(|one| one["name"] == "LOST-SRV-01").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_not_come_in_is_not_made() {
    let (simulator, home) = in_step().await;
    let control = simulator.control();
    let like = home.records("configuration").await.remove(0);
    let mut other = like.clone();
    other["fields"]["type"] = json!("Nothing of the kind");
    let record = made(&home, &other, "LOCAL-01").await;
    assert_eq!(record["pending"], false);
    home.run(&["sync", "acme"]).await.exits(0);
    assert_eq!(writes(&control), 0);
    // Without a status it would not come in either.
    let organization = format!("organization={}", like["organization"]["id"].as_str().unwrap());
    let words = [
        "asset",
        "create",
        "configuration",
        "--set",
        "name=LOCAL-02",
        "--set",
        &organization,
    ];
    assert_eq!(home.json(&words).await["pending"], false);
    // A record that was made while it was off is made in the PSA once it is edited.
    home.run(&["settings", "set", "acme", "--two-way", "configuration=off"])
        .await
        .exits(0);
    let early = made(&home, &like, "EARLY-01").await;
    assert_eq!(early["pending"], false);
    home.run(&["settings", "set", "acme", "--two-way", "configuration=on"])
        .await
        .exits(0);
    home.run(&["sync", "acme"]).await.exits(0);
    assert_eq!(writes(&control), 0);
    let shown = edited("configuration", &early).set(&home, "notes=now").await;
    assert_eq!(shown["pending"], true);
    home.run(&["sync", "acme"]).await.exits(0);
    assert_eq!(
        edited("configuration", &early).shown(&home).await["sync"],
        "enabled"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn parents_are_made_before_what_stands_under_them() {
    let (simulator, home) = in_step().await;
    let control = simulator.control();
    let like = home.records("organization").await.remove(0);
    let kind = like["fields"]["type"][0].as_str().unwrap();
    let (kind, status) = (
        format!("type={kind}"),
        format!("status={}", like["fields"]["status"].as_str().unwrap()),
    );
    let mut words = vec!["asset", "create", "organization"];
    for word in [
        "name=Brandnew Ltd",
        "short_name=Brandnew",
        kind.as_str(),
        status.as_str(),
    ] {
        words.extend(["--set", word]);
    }
    let company = home.json(&words).await;
    assert_eq!(company["pending"], true, "{company:#}");
    let of = format!("organization={}", id(&company));
    let site = [
        "asset",
        "create",
        "location",
        "--set",
        "name=Works",
        "--set",
        &of,
        "--set",
        "city=Ely",
    ];
    let site = home.json(&site).await;
    let words = [
        "asset",
        "create",
        "contact",
        "--set",
        "first_name=Ada",
        "--set",
        "last_name=King",
    ];
    let set = ["--set", of.as_str(), "--set", "location=Works"];
    let contact = home.json(&[&words[..], &set].concat()).await;
    assert_eq!(
        (&site["pending"], &contact["pending"]),
        (&json!(true), &json!(true))
    );

    // The PSA makes no company without an address; what stands under it waits with it.
    home.run(&["sync", "acme"]).await.exits(6);
    let refused = home.json(&["quarantine", "list"]).await;
    assert_eq!(refused.as_array().unwrap().len(), 1, "{refused:#}");
    assert!(
        refused[0]["message"].as_str().unwrap().contains("address"),
        "{refused:#}"
    );
    assert!(
        control.writes().iter().all(|write| write.applied.is_none()),
        "nothing was made"
    );
    edited("organization", &company)
        .set(&home, "traits.city=Ely")
        .await;
    let run = home.json(&["sync", "acme"]).await;
    for kind in ["organization", "location", "contact"] {
        assert_eq!(pushed(&run, kind), [1, 1, 0, 0], "{kind}: {run:#}");
    }
    let company = edited("organization", &company).shown(&home).await;
    assert_eq!(
        control.record(Kind::Company, number(&company)).unwrap()["city"],
        "Ely"
    );
    assert_eq!(
        company["traits"]["city"], "Ely",
        "it stays the documentation's own"
    );
    let contact = edited("contact", &contact).shown(&home).await;
    let psa = control.record(Kind::Contact, number(&contact)).unwrap();
    assert_eq!(
        (&psa["site"]["name"], &psa["company"]["name"]),
        (&json!("Works"), &json!("Brandnew Ltd"))
    );
    quiet(&home, &control).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_made_a_record_in_the_psa_does_not_part_them_when_it_is_taken_back() {
    let (simulator, home) = in_step().await;
    let control = simulator.control();
    let like = home.records("configuration").await.remove(0);
    let record = made(&home, &like, "STAYS-01").await;
    let run = home.json(&["sync", "acme"]).await;
    let there = control.ids(Kind::Configuration).len();
    let told = home.json(&["run", "revert", run["run"].as_str().unwrap()]).await;
    assert_eq!(told["changes"], json!([]), "{told:#}");
    let why = told["left"][0]["why"].as_str().unwrap();
    assert!(why.contains("it stays as it is there"), "{told:#}");
    let one = edited("configuration", &record);
    assert_eq!(one.shown(&home).await["sync"], "enabled");
    // Otherwise its next edit would make it once more.
    one.set(&home, "notes=later").await;
    home.run(&["sync", "acme"]).await.exits(0);
    assert_eq!(control.ids(Kind::Configuration).len(), there);
    quiet(&home, &control).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_may_be_one_of_two_is_not_made_anew_when_it_is_tried_again() {
    let (simulator, home) = in_step().await;
    let control = simulator.control();
    let like = home.records("configuration").await.remove(0);
    let record = made(&home, &like, "WHICH-01").await;
    // Lost before the process dies of it, so that the search is the next run's; meanwhile somebody makes one alike.
    control.fail_writes(
        Writes::of(Kind::Configuration).method("POST").next(1),
        Fault::Lost { how: Loss::Reset },
    );
    let hold = control.hold("/company/configurations?*dateEntered*");
    let mut sync = home.start(&["sync", "acme"]);
    assert!(sync.until(hold.wait_until_held(1)).await, "it is looked for");
    sync.signal(e2e::Signal::KILL);
    sync.ended().await;
    drop(hold);
    let first = *control.ids(Kind::Configuration).last().unwrap();
    let alike = control.record(Kind::Configuration, first).unwrap();
    let second = control.add(Kind::Configuration, alike).unwrap();
    let there = control.ids(Kind::Configuration).len();
    home.run(&["sync", "acme"]).await.exits(6);
    let row = home.json(&["quarantine", "list"]).await[0].clone();
    assert_eq!(row["code"], "ambiguous", "{row:#}");
    home.run(&["quarantine", "retry", row["id"].as_str().unwrap()])
        .await;
    home.run(&["sync", "acme"]).await;
    assert_eq!(
        control.ids(Kind::Configuration).len(),
        there,
        "nobody said which of the two it is"
    );
    control.delete(Kind::Configuration, second).unwrap();
    home.run(&["quarantine", "retry", "--all"]).await;
    home.run(&["sync", "acme", "--full"]).await.exits(0);
    let shown = edited("configuration", &record).shown(&home).await;
    assert_eq!(number(&shown), first);
    quiet(&home, &control).await;
}
