//! What became of a create whose answer was lost.

use super::*;

const SINCE: &str = "2026-02-01T10:00:00Z";

/// Asks a server that answers with these records; gives the ids found and the question.
fn sought(change: &Change, answer: &Json) -> (Result<Vec<String>, Fault>, Vec<Seen>) {
    let body = answer.to_string();
    let (mut connection, log) = connection(move |seen| (!seen.path.starts_with("/login")).then(|| ok(&body)));
    let found = connection.seek(&context(), change, SINCE);
    let asked = log
        .borrow()
        .iter()
        .filter(|seen| !seen.path.starts_with("/login"))
        .cloned()
        .collect();
    let ids = found.map(|records| records.into_iter().map(|record| record.id).collect());
    (ids, asked)
}

#[test]
fn each_kind_is_asked_for_by_what_identifies_it() {
    let table = [
        (
            create("organization", json!({"name": "Acme & Co", "identifier": "ACME"})),
            "/company/companies",
            r#"dateEntered>=[2026-02-01T10:00:00Z] and identifier="ACME" and name="Acme & Co""#,
        ),
        (
            create("location", json!({"name": "Main", "city": "Tampa"})),
            "/company/companies/250/sites",
            r#"dateEntered>=[2026-02-01T10:00:00Z] and name="Main""#,
        ),
        (
            create("contact", json!({"firstName": "Pat", "lastName": "O'Brien"})),
            "/company/contacts",
            r#"dateEntered>=[2026-02-01T10:00:00Z] and company/id=250 and firstName="Pat" and lastName contains "Brien""#,
        ),
        (
            Change {
                parent: None,
                ..create("contact", json!({"firstName": "Pat"}))
            },
            "/company/contacts",
            r#"dateEntered>=[2026-02-01T10:00:00Z] and firstName="Pat""#,
        ),
        (
            create(
                "configuration",
                json!({"name": "SRV-1", "type": {"id": 3, "name": "Server"}, "serialNumber": "S\"1"}),
            ),
            "/company/configurations",
            r#"dateEntered>=[2026-02-01T10:00:00Z] and company/id=250 and type/id=3 and name="SRV-1" and serialNumber contains "S""#,
        ),
        (
            create(
                "configuration",
                json!({"name": "SRV-1", "type": {"name": "Managed Server"}}),
            ),
            "/company/configurations",
            r#"dateEntered>=[2026-02-01T10:00:00Z] and company/id=250 and type/name="Managed Server" and name="SRV-1""#,
        ),
    ];
    for (change, path, conditions) in table {
        let (found, asked) = sought(&change, &json!([]));
        assert_eq!(found.unwrap(), [""; 0]);
        assert_eq!(asked.len(), 1);
        assert_eq!((asked[0].method.as_str(), asked[0].path.as_str()), ("GET", path));
        assert_eq!(asked[0].parameter("conditions"), conditions);
    }
}

#[test]
fn only_what_holds_all_of_it_is_given() {
    let since = |time: &str| json!({"lastUpdated": time, "dateEntered": time});
    let one = |id: u64, first: &str, last: &str, company: u64, time: &str| json!({"id": id, "firstName": first, "lastName": last, "company": {"id": company}, "_info": since(time)});
    let answer = json!([
        one(1, "Pat", "O'Brien", 250, "2026-02-01T10:00:00Z"),
        one(2, "Pat", "McBrien", 250, "2026-02-01T10:00:05Z"),
        one(3, "PAT", "o'brien ", 250, "2026-02-01T10:00:05Z"),
        one(4, "Pat", "O'Brien", 251, "2026-02-01T10:00:05Z"),
        one(5, "Pat", "O'Brien", 250, "2026-02-01T09:59:59Z"),
        {"id": 6, "firstName": "Pat", "lastName": "O'Brien"},
    ]);
    let change = create(
        "contact",
        json!({"firstName": "Pat", "lastName": "O'Brien", "title": "x"}),
    );
    let (found, _) = sought(&change, &answer);
    assert_eq!(found.unwrap(), ["1", "3", "6"]);
}

#[test]
fn a_lost_create_is_found_again() {
    let mut room = Room::with_ada();
    let timeout = Err(Failure::Timeout);
    room.psa.borrow_mut().lost.insert(0, (psa::Lost::After, timeout));
    let change = create("contact", json!({"firstName": "Eve", "lastName": "Hall"}));
    in_doubt(&room.push_one(&change));
    let kept: Vec<Json> = room
        .psa
        .borrow()
        .records
        .iter()
        .filter(|(path, _)| path.starts_with("/company/contacts/"))
        .map(|(_, record)| record.clone())
        .collect();
    assert_eq!(kept.len(), 2);
    let (found, _) = sought(&change, &Json::from(kept));
    assert_eq!(found.unwrap(), ["901"]);
}

#[test]
fn what_cannot_be_sought_is_said() {
    let new = create("contact", json!({"firstName": "Eve"}));
    let table = [
        (update("contact", 9, json!({}), json!({})), SINCE),
        (create("ticket", json!({"summary": "x"})), SINCE),
        (new.clone(), "yesterday"),
        (new.clone(), "2026-02-01T10:00:00+02:00"),
    ];
    for (change, since) in table {
        let (mut connection, log) = connection(|_| None);
        let fault = connection.seek(&context(), &change, since).unwrap_err();
        assert!(matches!(fault.cause, Cause::Bug), "{}", fault.message);
        assert!(log.borrow().is_empty());
    }
    let words =
        r#"{"code":"Unauthorized","message":"You do not have security permission to perform this action."}"#;
    let (mut refused, _) =
        connection(move |seen| (!seen.path.starts_with("/login")).then(|| status(403, words)));
    let fault = refused.seek(&context(), &new, SINCE).unwrap_err();
    assert!(matches!(fault.cause, Cause::Permission(id) if id == "companies/contacts"));
}

#[test]
fn addresses_stay_short_whatever_is_looked_for() {
    let long = "\u{6f22}".repeat(300);
    let change = create(
        "configuration",
        json!({"name": long, "type": {"name": long}, "serialNumber": long}),
    );
    let (found, asked) = sought(&change, &json!([]));
    assert!(
        found.is_ok() && asked[0].url.len() < 2_000,
        "{}",
        asked[0].url.len()
    );
}
