//! What a refusal means for a change, whatever the write, and that the server's own words reach the person.

use super::*;

/// What a refused write comes to.
#[derive(Debug, PartialEq)]
enum Meaning {
    Doubt,
    Auth,
    Permission,
    Data(&'static str),
    Gone,
    Rate(u32),
    Later,
    Bug,
}

fn meaning(outcome: &Outcome, field: &'static str) -> Meaning {
    match outcome {
        Ok(PushOutcome::InDoubt(_)) => Meaning::Doubt,
        Ok(other) => panic!("{other:?}"),
        Err(fault) => match &fault.cause {
            Cause::Auth => Meaning::Auth,
            Cause::Permission(id) if id == "companies/contacts" => Meaning::Permission,
            Cause::Data(found) if found == field => Meaning::Data(field),
            Cause::Gone => Meaning::Gone,
            Cause::RateLimited(seconds) => Meaning::Rate(*seconds),
            Cause::Transient => Meaning::Later,
            Cause::Bug => Meaning::Bug,
            other => panic!("{other:?}: {}", fault.message),
        },
    }
}

const INVALID: &str = r#"{"code":"InvalidObject","message":"contact object is invalid","errors":[{"code":"InvalidField","message":"The title is too long.","resource":"contact","field":"title"},{"code":"OutOfRange","message":"Out of range.","field":"site"}]}"#;
const BARE: &str = r#"{"code":"ObjectExists","message":"A matching contact already exists.","errors":null}"#;
const REFUSED: &str =
    r#"{"code":"Unauthorized","message":"You do not have security permission to perform this action."}"#;

/// An answer to a write, what it means for an update, and words that have to be told.
fn table() -> Vec<(Answer, Meaning, &'static [&'static str])> {
    let mut all: Vec<(Answer, Meaning, &'static [&'static str])> = psa::lost_answers()
        .into_iter()
        .map(|answer| (answer, Meaning::Doubt, &["is not known"][..]))
        .collect();
    let told = &[
        "InvalidObject: contact object is invalid",
        "InvalidField: The title is too long.",
        "OutOfRange: Out of range.",
    ];
    for code in [400, 409, 422] {
        all.push((status(code, INVALID), Meaning::Data("title"), told));
    }
    all.extend([
        (status(409, BARE), Meaning::Data(""), &["ObjectExists: A matching contact already exists."][..]),
        (status(400, ""), Meaning::Data(""), &["no words (status 400)"]),
        (status(400, "<html>"), Meaning::Data(""), &["a web page instead of data"]),
        (status(401, "Cannot GET /"), Meaning::Auth, &["Cannot GET /"]),
        (status(403, REFUSED), Meaning::Permission, &["companies/contacts", "You do not have security permission"]),
        (psa::not_found("Contact 9"), Meaning::Gone, &["Contact 9 not found"]),
        (status(405, ""), Meaning::Bug, &["status 405"]),
        (status(415, ""), Meaning::Bug, &["status 415"]),
        (
            status(429, r#"{"error":"ConnectWiseAPI","message":"Too many requests. Please try again in 30 seconds."}"#),
            Meaning::Rate(30),
            &["patience"],
        ),
        (Err(Failure::RateLimited(7)), Meaning::Rate(7), &["patience"]),
        (Err(Failure::Denied("not an origin".into())), Meaning::Later, &["not an origin"]),
        (Err(Failure::Untrusted("expired".into())), Meaning::Later, &["expired"]),
    ]);
    all
}

fn words(outcome: &Outcome) -> &str {
    match outcome {
        Ok(PushOutcome::InDoubt(words)) => words,
        Ok(other) => panic!("{other:?}"),
        Err(fault) => &fault.message,
    }
}

/// Sends a change whose write of that number is answered so.
fn sent(answer: &Answer, number: usize, change: &Change) -> (Room, Outcome) {
    let mut room = Room::with_ada();
    room.psa.borrow_mut().refused.insert(number, answer.clone());
    let outcome = room.push_one(change);
    (room, outcome)
}

#[test]
fn of_an_update() {
    let title = update("contact", 9, json!({"title": "Head"}), json!({"title": "Chief"}));
    for (answer, wanted, told) in table() {
        let (room, outcome) = sent(&answer, 0, &title);
        let field = if let Meaning::Data(field) = wanted {
            field
        } else {
            ""
        };
        assert_eq!(meaning(&outcome, field), wanted, "{answer:?}");
        for part in told {
            assert!(words(&outcome).contains(part), "{part}: {}", words(&outcome));
        }
        assert!(
            words(&outcome).contains("the change of contact 9"),
            "{}",
            words(&outcome)
        );
        assert_eq!(room.writes().len(), 1, "{answer:?}");
        assert_eq!(room.kept("/company/contacts/9", "title"), "Head");
    }
}

#[test]
fn of_a_create() {
    let new = create("contact", json!({"firstName": "Eve"}));
    for (answer, wanted, told) in table() {
        let (room, outcome) = sent(&answer, 0, &new);
        // What is not there is what the record was to belong to.
        let wanted = if wanted == Meaning::Gone {
            Meaning::Data("organization")
        } else {
            wanted
        };
        let field = if let Meaning::Data(field) = wanted {
            field
        } else {
            ""
        };
        assert_eq!(meaning(&outcome, field), wanted, "{answer:?}");
        for part in told {
            assert!(words(&outcome).contains(part), "{part}: {}", words(&outcome));
        }
        assert_eq!(room.writes().len(), 1, "never a second post: {answer:?}");
    }
}

#[test]
fn of_an_association() {
    let types = update(
        "contact",
        9,
        json!({"types": [{"id": 1}], "title": "Head"}),
        json!({"types": [{"id": 1}, {"id": 2}], "title": "Chief"}),
    );
    for (answer, wanted, _) in table() {
        let (room, outcome) = sent(&answer, 1, &types);
        // The contact was read just before, so it is the type that is not there.
        let wanted = if wanted == Meaning::Gone {
            Meaning::Data("type")
        } else {
            wanted
        };
        let field = if let Meaning::Data(field) = wanted {
            field
        } else {
            ""
        };
        assert_eq!(meaning(&outcome, field), wanted, "{answer:?}");
        assert_eq!(room.writes().len(), 2);
        assert_eq!(room.kept("/company/contacts/9", "title"), "Chief");
    }
}

#[test]
fn of_reading() {
    let cases = [
        (status(401, "no"), Meaning::Auth),
        (status(403, REFUSED), Meaning::Permission),
        (psa::not_found("Contact 9"), Meaning::Gone),
        (
            status(
                404,
                r#"{"code":"ConnectWiseApi","message":"The endpoint does not exist."}"#,
            ),
            Meaning::Bug,
        ),
        (status(500, ""), Meaning::Later),
        (status(503, ""), Meaning::Later),
        (Err(Failure::Timeout), Meaning::Later),
        (Err(Failure::RateLimited(3)), Meaning::Rate(3)),
        (status(400, INVALID), Meaning::Bug),
        (ok("<html>"), Meaning::Later),
        (ok("[]"), Meaning::Data("id")),
        (ok(r#"{"firstName":"A"}"#), Meaning::Data("id")),
    ];
    for (answer, wanted) in cases {
        let given = answer.clone();
        let (mut connection, log) = connection(move |seen| match seen.path.as_str() {
            "/company/contacts/9" => Some(given.clone()),
            // Keys that are good elsewhere tell a missing endpoint from refused keys.
            "/system/info" => Some(ok("{}")),
            _ => None,
        });
        let change = update("contact", 9, json!({}), json!({"title": "Chief"}));
        let outcome = connection.push(&context(), &[change]).remove(0);
        let field = if let Meaning::Data(field) = wanted {
            field
        } else {
            ""
        };
        assert_eq!(meaning(&outcome, field), wanted, "{answer:?}");
        assert!(log.borrow().iter().all(|seen| seen.method == "GET"), "{answer:?}");
    }
}

#[test]
fn fields_are_named_as_the_documentation_names_them() {
    let table = [
        ("contact", "firstName", "first_name"),
        ("contact", "FirstName", "first_name"),
        ("contact", "company/id", "organization"),
        (
            "contact",
            "communicationItems[0].value",
            "communicationItems[0].value",
        ),
        ("organization", "identifier", "short_name"),
        ("configuration", "warrantyExpirationDate", "warranty_expires_at"),
        ("configuration", "nobodyKnows", "nobodyKnows"),
        ("location", "stateReference.identifier", "region"),
        ("location", "", ""),
    ];
    for (kind, property, field) in table {
        let mut room = Room::with_ada();
        room.psa
            .borrow_mut()
            .refused
            .insert(0, psa::invalid(property, "No."));
        let desired = json!({"firstName": "A", "name": "A", "identifier": "A", "type": {"id": 1}});
        let desired = match kind {
            "location" => json!({"name": "A"}),
            _ => desired,
        };
        assert_eq!(field_at_fault(&room.push_one(&create(kind, desired))), field);
    }
}

#[test]
fn refused_keys_end_the_list_and_a_change_in_doubt_holds_back_those_of_its_record() {
    let title =
        |id: u64, from: &str, to: &str| update("contact", id, json!({"title": from}), json!({"title": to}));
    let mut room = Room::with_ada();
    room.psa.borrow_mut().refused.insert(0, status(401, "no"));
    let outcomes = room.push(&[title(9, "Head", "A"), title(9, "A", "B"), title(9, "B", "C")]);
    assert!(
        outcomes
            .iter()
            .all(|outcome| meaning(outcome, "") == Meaning::Auth)
    );
    assert_eq!(room.sent().len(), 2, "nothing after it");

    for answer in psa::lost_answers() {
        let mut other = ada();
        other["id"] = json!(10);
        let mut room = Room::new(psa::contacts(ada()).with("/company/contacts", other));
        room.psa.borrow_mut().refused.insert(0, answer);
        let outcomes = room.push(&[
            title(9, "Head", "A"),
            title(10, "Head", "X"),
            title(9, "A", "B"),
            title(9, "B", "C"),
            title(10, "X", "Y"),
        ]);
        in_doubt(&outcomes[0]);
        for held in [&outcomes[2], &outcomes[3]] {
            assert_eq!(meaning(held, ""), Meaning::Later);
            assert!(fault_of(held).message.contains("contact 9 is not through"));
        }
        assert_eq!(json_of(applied(&outcomes[4]))["title"], "Y");
        assert_eq!(room.kept("/company/contacts/9", "title"), "Head");
    }

    // A record that cannot be read now may be read for the next one, which would then overtake the first.
    let mut reads = 0;
    let (mut connection, log) = connection(move |seen| {
        (!seen.path.starts_with("/login")).then(|| {
            reads += 1;
            if reads == 1 {
                status(503, "")
            } else {
                ok(&ada().to_string())
            }
        })
    });
    let outcomes = connection.push(&context(), &[title(9, "Head", "A"), title(9, "A", "Head")]);
    assert!(
        outcomes
            .iter()
            .all(|outcome| meaning(outcome, "") == Meaning::Later)
    );
    assert!(log.borrow().iter().all(|seen| seen.method == "GET"));

    // What was refused for its own sake lets the next one go.
    let mut room = Room::with_ada();
    room.psa
        .borrow_mut()
        .refused
        .insert(0, psa::invalid("title", "No."));
    let outcomes = room.push(&[title(9, "Head", "A"), title(9, "Head", "B")]);
    assert_eq!(field_at_fault(&outcomes[0]), "title");
    assert_eq!(json_of(applied(&outcomes[1]))["title"], "B");
}
