//! What a record says already is no change: brought back over itself, all of it at once, nothing is written.

use dovetail_domain::Kind;

use super::psa::{Psa, Wish, psa_kind, two_way};

const KINDS: [Kind; 4] = [
    Kind::Organization,
    Kind::Location,
    Kind::Contact,
    Kind::Configuration,
];

#[tokio::test(flavor = "multi_thread")]
async fn all_that_a_record_says_brought_back_writes_nothing() {
    for mut psa in Psa::each().await {
        for kind in KINDS {
            let two_way = two_way(kind).await;
            for id in psa.control.ids(psa_kind(kind)).into_iter().take(8) {
                // People of no company have no place here.
                if kind != Kind::Organization && psa.parent(kind, id).is_none() {
                    continue;
                }
                let source = psa.fetch(kind, id).await;
                let draft = psa.map(&source).await;
                let mut wish = Wish {
                    fields: draft.fields,
                    traits: draft.traits,
                };
                wish.fields
                    .retain(|(field, _)| two_way.contains(&field.to_string()));
                let change = psa.change(&source, &wish).await;
                let outcome = psa.push_one(&change).await;
                assert_eq!(psa.applied(outcome), source);
                assert_eq!(psa.writes(), Vec::<String>::new(), "{kind} {id}");
            }
        }
    }
}
