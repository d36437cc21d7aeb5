//! Answers that get lost: of an update nobody has to know, it is handed in again; of a create the connector looks
//! whether it is there.

use connectwise_simulator::{Fault as Trouble, Loss, Writes};
use dovetail_domain::connector::{Change, PushOutcome};
use dovetail_domain::{Field, Kind, Value};
use serde_json::json;

use super::contacts::{contact, entry};
use super::creates::organization;
use super::psa::{Psa, Wish, psa_kind, text};

/// What goes wrong before a write is done, and after it.
const TROUBLES: [Trouble; 7] = [
    Trouble::Timeout,
    Trouble::BadGateway,
    Trouble::Reset,
    Trouble::Truncated,
    Trouble::Lost { how: Loss::Reset },
    Trouble::Lost { how: Loss::Timeout },
    Trouble::Lost {
        how: Loss::BadGateway,
    },
];

fn was_done(trouble: Trouble) -> bool {
    matches!(trouble, Trouble::Truncated | Trouble::Lost { .. })
}

fn in_doubt(outcome: &Result<PushOutcome, dovetail_domain::Fault>) -> bool {
    matches!(outcome, Ok(PushOutcome::InDoubt(_)))
}

/// How many of the writes of the last push changed something.
fn done(psa: &Psa) -> usize {
    psa.control
        .writes()
        .iter()
        .filter(|write| write.applied.is_some())
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_is_finished_by_handing_it_in_again() {
    for kind in [
        Kind::Organization,
        Kind::Location,
        Kind::Contact,
        Kind::Configuration,
    ] {
        let mut psa = Psa::new().await;
        let id = psa.find(kind, |record| {
            kind == Kind::Organization || record["company"]["id"].is_u64()
        });
        let field = match kind {
            Kind::Organization => Field::Phone,
            Kind::Location => Field::City,
            Kind::Contact => Field::Title,
            _ => Field::AssetTag,
        };
        for (turn, trouble) in TROUBLES.into_iter().enumerate() {
            let wish = Wish::of(field, text(&format!("turn {turn}")));
            let source = psa.fetch(kind, id).await;
            let before = psa.map(&source).await;
            let change = psa.change(&source, &wish).await;
            psa.control
                .fail_writes(Writes::of(psa_kind(kind)).next(1), trouble);
            let outcome = psa.push_one(&change).await;
            assert!(in_doubt(&outcome), "{kind} {trouble:?}: {outcome:?}");
            assert_eq!(done(&psa), usize::from(was_done(trouble)), "{trouble:?}");
            let outcome = psa.push_one(&change).await;
            let answer = psa.applied(outcome);
            assert_eq!(
                psa.writes().len(),
                usize::from(!was_done(trouble)),
                "{kind} {trouble:?}"
            );
            assert_eq!(psa.map(&answer).await, wish.over(&before), "{kind} {trouble:?}");
        }
    }
}

/// An address more and a custom field: what came through is neither added nor set a second time.
#[tokio::test(flavor = "multi_thread")]
async fn lists_are_finished_without_twins() {
    let mut psa = Psa::new().await;
    let id = contact(&psa);
    for (turn, trouble) in TROUBLES.into_iter().enumerate() {
        let source = psa.fetch(Kind::Contact, id).await;
        let before = psa.map(&source).await;
        let Value::Entries(mut emails) = before.get(Field::Emails).clone() else {
            panic!("{before:?}");
        };
        emails.push(entry(&format!("turn{turn}@example.com"), "Email 2", false));
        let mut wish = Wish::of(Field::Emails, Value::Entries(emails));
        let vip = if turn % 2 == 0 { "true" } else { "false" };
        wish.traits.push(("custom_fields.VIP".to_owned(), vip.to_owned()));
        let change = psa.change(&source, &wish).await;
        psa.control
            .fail_writes(Writes::of(psa_kind(Kind::Contact)).next(1), trouble);
        let outcome = psa.push_one(&change).await;
        assert!(in_doubt(&outcome), "{trouble:?}: {outcome:?}");
        let outcome = psa.push_one(&change).await;
        let answer = psa.applied(outcome);
        assert_eq!(psa.writes().len(), usize::from(!was_done(trouble)), "{trouble:?}");
        assert_eq!(psa.map(&answer).await, wish.over(&before), "{trouble:?}");
    }
}

/// Types are brought one after the other: each of their writes may be lost, and the rest follows the next time.
#[tokio::test(flavor = "multi_thread")]
async fn types_that_came_half_way_are_finished() {
    let types = |names: &[&str]| Value::texts(names.iter().map(|name| (*name).to_owned()));
    for (kind, one, other) in [
        (
            Kind::Organization,
            ["Hosting", "Partner"],
            ["Prospect", "Managed Services"],
        ),
        (
            Kind::Contact,
            ["Billing", "Approver"],
            ["End User", "Decision Maker"],
        ),
    ] {
        for lost in 1..=4 {
            for trouble in [Trouble::Timeout, Trouble::Lost { how: Loss::Reset }] {
                let mut psa = Psa::new().await;
                let id = psa.find(kind, |record| {
                    kind == Kind::Organization || record["company"]["id"].is_u64()
                });
                let source = psa.fetch(kind, id).await;
                let change = psa.change(&source, &Wish::of(Field::Type, types(&one))).await;
                let outcome = psa.push_one(&change).await;
                let source = psa.applied(outcome);
                let wish = Wish::of(Field::Type, types(&other));
                let before = psa.map(&source).await;
                let change = psa.change(&source, &wish).await;
                psa.control
                    .fail_writes(Writes::of(psa_kind(kind)).nth(lost), trouble);
                let outcome = psa.push_one(&change).await;
                assert!(in_doubt(&outcome), "{kind} {lost} {trouble:?}: {outcome:?}");
                let first = done(&psa);
                let outcome = psa.push_one(&change).await;
                let answer = psa.applied(outcome);
                assert_eq!(first + done(&psa), 4, "two come and two go, each once");
                assert_eq!(
                    psa.map(&answer).await,
                    wish.over(&before),
                    "{kind} {lost} {trouble:?}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_change_in_doubt_the_next_of_the_same_record_waits() {
    let mut psa = Psa::new().await;
    let id = psa.find(Kind::Contact, |contact| contact["company"]["id"].is_u64());
    let source = psa.fetch(Kind::Contact, id).await;
    let first = psa.change(&source, &Wish::of(Field::Title, text("First"))).await;
    let second = psa
        .change(&source, &Wish::of(Field::LastName, text("Second")))
        .await;
    psa.control
        .fail_writes(Writes::all().next(1), Trouble::Lost { how: Loss::Reset });
    let ends = psa.push(&[first.clone(), second.clone()]).await;
    assert!(in_doubt(&ends[0]), "{ends:?}");
    let fault = ends[1].clone().unwrap_err();
    assert_eq!(fault.cause, dovetail_domain::Cause::Transient, "{fault}");
    assert_eq!(psa.writes().len(), 1);
    let ends = psa.push(&[first, second]).await;
    assert!(
        ends.iter().all(|end| matches!(end, Ok(PushOutcome::Applied(_)))),
        "{ends:?}"
    );
    let stored = psa.stored(Kind::Contact, id);
    assert_eq!(
        (&stored["title"], &stored["lastName"]),
        (&json!("First"), &json!("Second"))
    );
}

/// A create of each kind under an organization.
async fn creates(psa: &mut Psa) -> Vec<Change> {
    let (company, ..) = organization(psa);
    let device = Wish::of(Field::Name, text("SRV (new) \"1\" [a]"))
        .and(Field::Type, text("Managed Server"))
        .and(Field::SerialNumber, text("J300 & XYZ"));
    let person = Wish::of(Field::FirstName, text("Zoë")).and(Field::LastName, text("O'Neill & Sons"));
    let mut changes = vec![
        psa.create(
            Kind::Location,
            Some(company),
            &Wish::of(Field::Name, text("Bäckerei \"Süd\"")),
        )
        .await,
        psa.create(Kind::Contact, Some(company), &person).await,
        psa.create(Kind::Configuration, Some(company), &device).await,
    ];
    let bakery = Wish::of(Field::Name, text("Brand \"New\" Bakery")).and(Field::ShortName, text("BrandNew"));
    let mut bakery = psa.create(Kind::Organization, None, &bakery).await;
    bakery.desired = bakery.desired.replacen('{', "{\"city\":\"Tampa\",", 1);
    changes.push(bakery);
    changes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_create_is_found_again_once_it_is_there() {
    let mut psa = Psa::new().await;
    for change in creates(&mut psa).await {
        for trouble in TROUBLES {
            // Between two attempts the clock goes on, as it does with a server.
            psa.control.advance(120);
            let since = psa.now();
            psa.control
                .fail_writes(Writes::of(psa_kind(change.kind)).method("POST").next(1), trouble);
            let outcome = psa.push_one(&change).await;
            assert!(in_doubt(&outcome), "{} {trouble:?}: {outcome:?}", change.kind);
            let written = psa.control.writes();
            assert_eq!(written.len(), 1, "a create is sent once: {written:#?}");
            let found = psa.seek(&change, since).await.unwrap();
            assert_eq!(
                found.len(),
                usize::from(was_done(trouble)),
                "{} {trouble:?}",
                change.kind
            );
            for record in found {
                let id: u64 = record.id.as_str().parse().unwrap();
                assert_eq!(psa.fetch(change.kind, id).await, record);
                // So that the next attempt is no twin of it.
                psa.control.delete(psa_kind(change.kind), id).unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_alike_all_are_shown_and_older_ones_are_not() {
    let mut psa = Psa::new().await;
    let changes = creates(&mut psa).await;
    for change in changes.iter().filter(|change| change.kind != Kind::Organization) {
        let outcome = psa.push_one(change).await;
        psa.applied(outcome);
        psa.control.advance(120);
        let since = psa.now();
        assert_eq!(
            psa.seek(change, since).await.unwrap(),
            vec![],
            "it was there before"
        );
        for _ in 0..2 {
            let outcome = psa.push_one(change).await;
            psa.applied(outcome);
        }
        assert_eq!(psa.seek(change, since).await.unwrap().len(), 2, "{}", change.kind);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_another_organization_is_not_taken_for_it() {
    let mut psa = Psa::new().await;
    let since = psa.now();
    let changes = creates(&mut psa).await;
    let (company, ..) = organization(&psa);
    let other = psa.find(Kind::Organization, |one| {
        one["id"] != company && one["deletedFlag"] == false
    });
    for change in changes.iter().filter(|change| change.kind != Kind::Organization) {
        let elsewhere = Change {
            parent: Some(super::psa::source_id(other)),
            ..change.clone()
        };
        let outcome = psa.push_one(&elsewhere).await;
        psa.applied(outcome);
        assert_eq!(psa.seek(change, since).await.unwrap(), vec![], "{}", change.kind);
        assert_eq!(
            psa.seek(&elsewhere, since).await.unwrap().len(),
            1,
            "{}",
            change.kind
        );
    }
}
