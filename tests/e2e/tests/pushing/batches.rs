//! Several changes at once: each ends for itself, in the order they were handed in.

use connectwise_simulator::Writes;
use dovetail_domain::connector::PushOutcome;
use dovetail_domain::{Cause, Field, Kind};

use super::creates::organization;
use super::psa::{Psa, Wish, text};

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_change_leaves_the_others_alone() {
    let mut psa = Psa::new().await;
    let (company, ..) = organization(&psa);
    let mut changes = Vec::new();
    for kind in [
        Kind::Organization,
        Kind::Location,
        Kind::Contact,
        Kind::Configuration,
    ] {
        let id = psa.find(kind, |record| {
            kind == Kind::Organization || record["company"]["id"].is_u64()
        });
        let source = psa.fetch(kind, id).await;
        let field = match kind {
            Kind::Organization => Field::Phone,
            Kind::Location => Field::City,
            Kind::Contact => Field::Title,
            _ => Field::AssetTag,
        };
        changes.push(psa.change(&source, &Wish::of(field, text("new"))).await);
    }
    let ben = Wish::of(Field::FirstName, text("Ben"));
    changes.push(psa.create(Kind::Contact, Some(company), &ben).await);
    psa.control.refuse_field(Writes::all(), "title");
    let ends = psa.push(&changes).await;
    for (end, change) in ends.iter().zip(&changes) {
        match end {
            Ok(PushOutcome::Applied(record)) => {
                assert_eq!(record.kind, change.kind);
                assert!(change.id.as_ref().is_none_or(|id| *id == record.id));
            }
            Err(fault) => {
                assert_eq!(fault.cause, Cause::Data("title".to_owned()), "{fault}");
                assert_eq!(change.kind, Kind::Contact);
            }
            other => panic!("{other:#?}"),
        }
    }
    let applied = ends.iter().filter(|end| end.is_ok()).count();
    assert_eq!(applied, changes.len() - 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_one_record_follow_each_other() {
    let mut psa = Psa::new().await;
    let id = psa.find(Kind::Contact, |contact| contact["company"]["id"].is_u64());
    let source = psa.fetch(Kind::Contact, id).await;
    let before = psa.map(&source).await;
    let title = Wish::of(Field::Title, text("Owner"));
    let name = Wish::of(Field::LastName, text("Ng"));
    let changes = [
        psa.change(&source, &title).await,
        psa.change(&source, &name).await,
    ];
    let mut ends = psa.push(&changes).await;
    let last = psa.applied(ends.remove(1));
    assert_eq!(psa.map(&last).await, name.over(&title.over(&before)));
    assert_eq!(psa.writes().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_changes_go_through_under_the_limits_in_force() {
    let mut psa = Psa::new().await;
    let (company, ..) = organization(&psa);
    let mut changes = Vec::new();
    for number in 0..100 {
        let wish = Wish::of(Field::FirstName, text(&format!("Person {number}")));
        changes.push(psa.create(Kind::Contact, Some(company), &wish).await);
    }
    let ends = psa.push(&changes).await;
    for (number, end) in ends.into_iter().enumerate() {
        let record = psa.applied(end);
        assert!(
            record.json.contains(&format!("\"Person {number}\"")),
            "{}",
            record.json
        );
    }
    assert_eq!(psa.writes().len(), 100);
}
