//! Tables of conditions, good and bad, and what they take.

use super::*;
use crate::catalog::FieldType;
use proptest::prelude::*;
use serde_json::json;

fn ticket() -> Value {
    json!({
        "id": 5001, "summary": "Can't print [urgent] 50% of \"pages\"", "closedFlag": false,
        "board": {"id": 1, "name": "Help Desk"}, "status": {"id": 101, "name": "New"},
        "contact": {"id": 9, "name": "Fred Smith"}, "company": {"id": 250, "identifier": "Harbour", "name": "Harbour Dental"},
        "owner": {}, "requiredDate": null,
        "closedDate": "2026-10-30T10:00:00Z", "actualHours": 1.5,
        "_info": {"lastUpdated": "2026-10-31T12:00:00Z", "dateEntered": "2016-08-20T18:04:26Z"},
    })
}

fn takes(condition: &str) -> Result<bool, ConditionError> {
    let parsed = parse(condition, Scope::Record("Ticket"))?;
    Ok(parsed.is_none_or(|parsed| parsed.holds(&JsonRow(&ticket()))))
}

#[test]
fn conditions_that_hold() {
    for condition in [
        "",
        "  ",
        "id=5001",
        "id = 5001",
        "ID=5001",
        "id != 4",
        "id > 5000 and id >= 5001 and id < 5002 and id <= 5001",
        "(id=5001)",
        "((id=5001) and (closedFlag=False))",
        "closedFlag = false",
        "ClosedFlag=FALSE",
        "id in (3, 2, 5001)",
        "id not in (1,2)",
        "status/id not in (102)",
        "status/name in (\"New\", 'Old')",
        "board/name = 'help desk'",
        "board/name=\"Help Desk\" AND company/identifier='harbour'",
        "contact/name like \"Fred%\"",
        "contact/name like \"*smith\"",
        "contact/name like 'f*s*h'",
        "contact/name not like \"Bob*\"",
        "summary contains \"print\"",
        "summary not contains 'scan'",
        "summary contains \"[[]urgent]\"",
        "summary contains \"50[%] of\"",
        "summary contains \"[aeiou]rint\" or summary contains \"[^a]rint\"",
        "summary contains 'Can\\'t'",
        "summary contains \"\\\"pages\\\"\"",
        "requiredDate = null",
        "owner/id = null",
        "owner = null and company != null",
        "contact/id != null",
        "lastUpdated > [2026-10-31T11:59:59Z]",
        "LastUpdated >= [2026-10-31T12:00:00Z] AND LastUpdated <= [2026-10-31T12:00:00Z]",
        "(closedFlag=False and lastUpdated>[2026-10-23T14:59:31.938600])",
        "dateEntered = [2016-08-20T18:04:26Z]",
        "closedDate < [2026-11-01] and closedDate > [2026-10-30]",
        "actualHours > 1.25 and actualHours < 2",
        "id = 1 or id = 5001",
        "(contact/name like \"Fred%\" and closedFlag = false) and dateEntered > [2015-12-23T05:53:27Z] or summary contains \"test\"",
        // `and` binds before `or`.
        "id = 5001 or id = 1 and id = 2",
    ] {
        assert_eq!(takes(condition), Ok(true), "{condition}");
    }
}

#[test]
fn conditions_that_do_not_hold() {
    for condition in [
        "id=1",
        "closedFlag=true",
        "(id = 5001 or id = 1) and id = 2",
        "contact/name = \"Fred\"",
        "contact/name like \"Fred\"",
        "contact/name like \"F_ed*\"",
        "summary contains \"[urgent]\" and summary contains \"zzz\"",
        "id not in (5001)",
        // A missing value is neither equal nor unequal to anything.
        "owner/id = 5",
        "owner/id != 5",
        "owner/name not like \"x*\"",
        "requiredDate < [2030-01-01]",
        "company = null",
        "lastUpdated > [2026-10-31T12:00:00Z]",
    ] {
        assert_eq!(takes(condition), Ok(false), "{condition}");
    }
}

#[test]
fn unknown_names_are_refused_by_name() {
    for name in [
        "nope",
        "member/identifier",
        "resources/identifier",
        "_info/lastUpdated",
        "company/status/id/x",
        "board/",
        "/id",
        "lastUpdated/x",
        "customFields/value",
        "id/name",
    ] {
        let condition = format!("{name} = 1");
        match takes(&condition) {
            Err(error) if name.starts_with('/') => assert!(error.0.starts_with("Syntax error"), "{error}"),
            Err(error) => assert_eq!(error.0, format!("{name} is not a recognized name.")),
            Ok(_) => panic!("{condition} was taken"),
        }
    }
}

#[test]
fn literals_of_the_wrong_type_are_refused() {
    for (condition, begins) in [
        (
            "closedFlag = 1",
            "Expected a boolean value, not a numeric. String values should be enclosed",
        ),
        ("closedFlag = 'false'", "Expected a boolean value, not a string."),
        ("id = '5'", "Expected a numeric value, not a string."),
        ("id = true", "Expected a numeric value, not a boolean."),
        ("summary = 5", "Expected a string value, not a numeric."),
        (
            "lastUpdated > '2026-10-31'",
            "Expected a datetime value, not a string.",
        ),
        (
            "lastUpdated > [yesterday]",
            "String '[yesterday]' was not recognized as a valid DateTime.",
        ),
        (
            "lastUpdated > [2026-10-31T00:00:00+00:00]",
            "String '[2026-10-31T00:00:00+00:00]' was not recognized",
        ),
        ("company = 250", "Expected a null value, not a numeric."),
        ("id in (1, 'two')", "Expected a numeric value, not a string."),
        ("id like '5*'", "Expected a numeric value, not a string."),
        (
            "closedFlag contains true",
            "The contains and like operators need a string field",
        ),
    ] {
        match takes(condition) {
            Err(error) => assert!(error.0.starts_with(begins), "{condition}: {error}"),
            Ok(_) => panic!("{condition} was taken"),
        }
    }
}

#[test]
fn broken_syntax_is_refused() {
    for condition in [
        "id",
        "id =",
        "= 5",
        "id = 5 and",
        "id = 5 id = 6",
        "(id = 5",
        "id = 5)",
        "id in 5",
        "id in ()",
        "id in (1,)",
        "id == 5",
        "id <> 5",
        "id ! 5",
        "id not = 5",
        "not id = 5",
        "summary = \"open",
        "summary = 'it's'",
        "lastUpdated > [2026-10-31",
        "id = 5 && id = 6",
        "id = 5x",
        "id = 1.2.3",
        "closedFlag < true",
        "id > null",
        "summary like null",
        "id = 5;",
        "and",
        "()",
    ] {
        assert!(takes(condition).is_err(), "{condition} was taken");
    }
    let deep = format!("{}id=1{}", "(".repeat(5_000), ")".repeat(5_000));
    assert!(takes(&deep).is_err(), "nesting has a bound");
}

#[test]
fn children_are_asked_one_at_a_time() {
    let contact = json!({
        "types": [{"id": 4, "name": "Client"}],
        "communicationItems": [
            {"value": "john@outlook.com", "communicationType": "Email"},
            {"value": "555", "communicationType": "Phone"},
        ],
    });
    let takes = |text: &str| -> Result<bool, ConditionError> {
        let condition = parse(text, Scope::Children("Contact"))?.expect("a condition stands there");
        let items = contact[condition.children().expect("it has an array")]
            .as_array()
            .cloned()
            .unwrap_or_default();
        Ok(items.iter().any(|item| condition.holds(&ChildRow(item))))
    };
    assert_eq!(takes("types/id=4"), Ok(true));
    assert_eq!(takes("types/id!=null"), Ok(true));
    assert_eq!(takes("types/name=\"client\""), Ok(true));
    assert_eq!(
        takes(
            "communicationItems/value like \"john@Outlook.com\" AND communicationItems/communicationType=\"Email\""
        ),
        Ok(true)
    );
    // No single item is both.
    assert_eq!(
        takes("communicationItems/value = \"555\" AND communicationItems/communicationType=\"Email\""),
        Ok(false)
    );
    assert!(takes("types/id=4 and communicationItems/value='555'").is_err());
    assert!(takes("firstName='x'").is_err());
    assert!(takes("types=4").is_err());
    assert!(takes("types/nope=4").is_err());
}

#[test]
fn custom_fields_have_names_of_their_own() {
    let field = json!({"id": 11, "caption": "Region", "value": "West"});
    let takes = |text: &str| {
        parse(text, Scope::CustomFields).map(|condition| condition.is_some_and(|c| c.holds(&JsonRow(&field))))
    };
    assert_eq!(takes("caption=\"Region\" AND value=\"West\""), Ok(true));
    assert_eq!(takes("caption=\"Region\" AND value != null"), Ok(true));
    assert_eq!(takes("caption=\"Region\" AND value = 5"), Ok(false));
    assert!(takes("name = 'x'").is_err());
}

#[test]
fn names_know_their_types() {
    let kind = |name| resolve(name, Scope::Record("Ticket")).map(|(_, kind)| kind);
    assert_eq!(kind("closedDate"), Ok(FieldType::Moment));
    assert_eq!(kind("company/id"), Ok(FieldType::Number));
    assert_eq!(kind("lastupdated"), Ok(FieldType::Moment));
    assert!(matches!(kind("company"), Ok(FieldType::Reference(_))));
}

proptest! {
    #[test]
    fn no_text_upsets_the_parser(text in "[a-z/ ()\\[\\]\"'=!<>,0-9*%\\\\-]{0,60}") {
        let _ = parse(&text, Scope::Record("Ticket"));
    }

    #[test]
    fn a_quoted_name_finds_exactly_itself(name in "[ -~é]{1,30}") {
        let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
        let condition = parse(&format!("summary = \"{quoted}\""), Scope::Record("Ticket")).expect("it is well formed");
        let condition = condition.expect("it is there");
        let same = json!({"summary": name});
        let other = json!({"summary": format!("{name}x")});
        prop_assert!(condition.holds(&JsonRow(&same)));
        prop_assert!(!condition.holds(&JsonRow(&other)));
    }

    #[test]
    fn patterns_agree_with_a_plain_search(text in "[ab]{0,8}", part in "[ab]{0,3}") {
        prop_assert_eq!(Pattern::contains(&part).matches(&text), text.contains(&part));
        let begins = Pattern::like(&format!("{part}*")).matches(&text);
        prop_assert_eq!(begins, text.starts_with(&part));
    }
}
