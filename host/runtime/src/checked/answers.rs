//! What a connector answers while it works: pages, ids, members, checks, options, pushes, events.

use dovetail_domain::connector::{
    CheckLine, CheckState, EventSubject, GroupOption, IdPage, Member, MemberPage, Page, PushOutcome,
    RefusedItem,
};
use dovetail_domain::{Exclusion, Kind, Pulled, SourceRecord};

use crate::bindings::connector_words as wit;
use crate::bindings::types;
use crate::checked::{
    Checked, Unacceptable, cause, cursor, fault, id, json, kind, line, list, no, optional, text, version,
    words,
};
use crate::limits::{ITEMS, LABEL, MESSAGE};

/// Reasons and labels of one exclusion.
const EXCLUSIONS: usize = 50;

/// A record of a kind that was asked for.
pub(crate) fn record(given: types::SourceRecord, wanted: Kind) -> Checked<SourceRecord> {
    let found = kind(&given.kind)?;
    if found != wanted {
        return no(format!("a {found} where a {wanted} was asked for"));
    }
    Ok(SourceRecord {
        kind: found,
        id: id(given.id)?,
        version: version(&given.version)?,
        name: words(&given.name, LABEL),
        json: json::source_object(given.json)?,
    })
}

/// A record with what the connector says about its coming in.
pub(crate) fn pulled(given: wit::Pulled, wanted: Kind) -> Checked<Pulled> {
    Ok(Pulled {
        record: record(given.record_found, wanted)?,
        excluded: list(given.excluded, EXCLUSIONS, "exclusions", exclusion)?,
        parent: optional(given.parent, id).map_err(|why| why.at("the parent"))?,
    })
}

fn exclusion(given: wit::Exclusion) -> Checked<Exclusion> {
    Ok(Exclusion {
        reason: line(given.reason, LABEL)?,
        group: optional(given.group, |group| line(group, LABEL))?,
        labels: list(given.labels, EXCLUSIONS, "labels", |label| line(label, LABEL))?,
    })
}

/// A page. Records that do not pass are listed as refused; the others come in.
pub(crate) fn page(given: wit::Page, wanted: Kind) -> Checked<Page> {
    if given.items.len() > ITEMS {
        return no(format!(
            "a page of {} records; {ITEMS} are allowed",
            given.items.len()
        ));
    }
    let mut page = Page {
        items: Vec::with_capacity(given.items.len()),
        refused: Vec::new(),
        next: optional(given.next, cursor)?,
    };
    for item in given.items {
        let shown = (
            words(&item.record_found.id, 100),
            words(&item.record_found.name, 200),
        );
        match pulled(item, wanted) {
            Ok(item) => page.items.push(item),
            Err(Unacceptable(reason)) => page.refused.push(RefusedItem {
                id: shown.0,
                name: shown.1,
                reason,
            }),
        }
    }
    Ok(page)
}

/// A page of ids. A bad id spoils the page: a listing with holes must not look whole.
pub(crate) fn id_page(given: wit::IdPage) -> Checked<IdPage> {
    Ok(IdPage {
        ids: list(given.ids, 10 * ITEMS, "ids", id)?,
        next: optional(given.next, cursor)?,
    })
}

/// A page of users.
pub(crate) fn member_page(given: wit::MemberPage) -> Checked<MemberPage> {
    let members = list(given.members, ITEMS, "members", |member| {
        Ok(Member {
            id: id(member.id)?.as_str().to_owned(),
            name: line(member.name, LABEL)?,
            email: line(member.email, LABEL)?,
            identifier: line(member.identifier, LABEL)?,
        })
    })?;
    Ok(MemberPage {
        members,
        next: optional(given.next, cursor)?,
    })
}

/// The lines of a live check.
pub(crate) fn check_lines(given: Vec<wit::CheckLine>) -> Checked<Vec<CheckLine>> {
    list(given, ITEMS, "checks", |check| {
        Ok(CheckLine {
            id: line(check.id, LABEL)?,
            state: match check.state {
                wit::CheckState::Ok => CheckState::Ok,
                wit::CheckState::Missing => CheckState::Missing,
                wit::CheckState::Unknown => CheckState::Unknown,
                wit::CheckState::NotNeeded => CheckState::NotNeeded,
            },
            needed: check.needed,
            how: line(check.how, LABEL)?,
            detail: words(&check.detail, MESSAGE),
            hint: check.hint.map(|hint| words(&hint, MESSAGE)),
            trouble: check.trouble.map(cause),
        })
    })
}

/// The options of a group.
pub(crate) fn options(given: Vec<wit::GroupOption>) -> Checked<Vec<GroupOption>> {
    list(given, ITEMS, "options", |option| {
        Ok(GroupOption {
            id: id(option.id)?.as_str().to_owned(),
            label: line(option.label, LABEL)?,
            recommended: option.recommended,
            count: option.count,
        })
    })
}

/// How a change of a record of `wanted` ended.
pub(crate) fn push_outcome(given: wit::PushOutcome, wanted: Kind) -> Checked<PushOutcome> {
    Ok(match given {
        wit::PushOutcome::Applied(after) => PushOutcome::Applied(record(after, wanted)?),
        wit::PushOutcome::Moved(found) => PushOutcome::Moved(record(found, wanted)?),
        wit::PushOutcome::InDoubt(why) => PushOutcome::InDoubt(words(&why, MESSAGE)),
    })
}

/// What may have become of a create of a record of `wanted`.
pub(crate) fn sought(given: Vec<types::SourceRecord>, wanted: Kind) -> Checked<Vec<SourceRecord>> {
    list(given, ITEMS, "records", |found| record(found, wanted))
}

/// What an event is about.
pub(crate) fn event_subjects(given: Vec<wit::EventSubject>) -> Checked<Vec<EventSubject>> {
    list(given, ITEMS, "subjects of an event", |subject| {
        let action = text(subject.action, LABEL)?;
        if action != "changed" && action != "deleted" {
            return no(format!(
                "`{}` is neither `changed` nor `deleted`",
                words(&action, 40)
            ));
        }
        Ok(EventSubject {
            kind: kind(&subject.kind)?,
            id: id(subject.id)?,
            deleted: action == "deleted",
        })
    })
}

/// One answer of a list: taken over, or a fault. An answer that is not acceptable is a fault of the connector's.
pub(crate) fn each<T, U>(
    given: Result<T, types::Fault>,
    check: impl FnOnce(T) -> Checked<U>,
) -> Result<U, dovetail_domain::Fault> {
    let taken = given.map_err(fault)?;
    check(taken).map_err(|Unacceptable(message)| dovetail_domain::Fault {
        cause: dovetail_domain::Cause::Bug,
        message: words(&message, MESSAGE),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(kind: &str, id: &str, json: &str) -> wit::Pulled {
        wit::Pulled {
            record_found: types::SourceRecord {
                kind: kind.to_owned(),
                id: id.to_owned(),
                version: String::new(),
                name: "N".to_owned(),
                json: json.to_owned(),
            },
            excluded: vec![],
            parent: None,
        }
    }

    #[test]
    fn a_bad_record_is_refused_alone() {
        let items = vec![
            item("ticket", "1", "{}"),
            item("contact", "2", "{}"),
            item("ticket", "", "{}"),
            item("ticket", "4", "[]"),
        ];
        let page = page(wit::Page { items, next: None }, Kind::Ticket).unwrap();
        assert_eq!(page.items.len(), 1);
        let reasons: Vec<&str> = page
            .refused
            .iter()
            .map(|refused| refused.reason.as_str())
            .collect();
        assert_eq!(
            reasons,
            [
                "a contact where a ticket was asked for",
                "`` is no id: 1 to 100 bytes without control characters",
                "its JSON is no object",
            ]
        );
    }

    #[test]
    fn answers_have_so_many_items() {
        let pulled = |count| {
            let items = vec![item("ticket", "1", "{}"); count];
            page(wit::Page { items, next: None }, Kind::Ticket)
        };
        assert_eq!(pulled(ITEMS).unwrap().items.len(), ITEMS);
        assert_eq!(
            pulled(ITEMS + 1).unwrap_err().0,
            "a page of 10001 records; 10000 are allowed"
        );

        let ids = |count| {
            let ids = vec!["1".to_owned(); count];
            id_page(wit::IdPage { ids, next: None })
        };
        assert_eq!(ids(10 * ITEMS).unwrap().ids.len(), 10 * ITEMS);
        assert_eq!(
            ids(10 * ITEMS + 1).unwrap_err().0,
            "100001 ids; 100000 are allowed"
        );

        let option = wit::GroupOption {
            id: "1".to_owned(),
            label: String::new(),
            recommended: false,
            count: None,
        };
        assert_eq!(options(vec![option.clone(); ITEMS]).unwrap().len(), ITEMS);
        assert_eq!(
            options(vec![option; ITEMS + 1]).unwrap_err().0,
            "10001 options; 10000 are allowed"
        );
    }

    #[test]
    fn a_bad_page_is_refused_whole() {
        assert!(
            page(
                wit::Page {
                    items: vec![],
                    next: Some("a\nb".to_owned())
                },
                Kind::Ticket
            )
            .is_err()
        );
        assert!(
            id_page(wit::IdPage {
                ids: vec!["1".to_owned(), String::new()],
                next: None
            })
            .is_err()
        );
    }
}
