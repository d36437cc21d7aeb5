//! DELETE: companies are marked, everything else is gone; what others refer to stays (409).

use super::{Change, references};
use crate::fields::Fields;
use crate::kind::{Kind, Source};
use crate::moment;
use crate::reply::Reply;
use crate::view::{View, owner};
use serde_json::{Value, json};

/// What uses a record of a kind: other kinds, and the reference by which they do.
const fn users(kind: Kind) -> &'static [(Kind, &'static str)] {
    match kind {
        Kind::Company => &[
            (Kind::Contact, "company"),
            (Kind::Configuration, "company"),
            (Kind::Ticket, "company"),
        ],
        Kind::Site => &[
            (Kind::Company, "site"),
            (Kind::Contact, "site"),
            (Kind::Configuration, "site"),
        ],
        Kind::Contact => &[
            (Kind::Company, "defaultContact"),
            (Kind::Configuration, "contact"),
            (Kind::Ticket, "contact"),
        ],
        _ => &[],
    }
}

/// The changes a deletion makes. `transfer` is the contact that takes over what uses a contact.
pub(crate) fn changes(
    view: &View<'_>,
    kind: Kind,
    id: u64,
    transfer: Option<u64>,
    member: &str,
    now: i64,
) -> Result<Vec<Change>, Reply> {
    let mut changes = Vec::new();
    let heir = match transfer.filter(|_| kind == Kind::Contact) {
        Some(heir) => match references::of_record(view, kind, heir).filter(|_| heir != id) {
            Some(reference) => Some(reference),
            None => return Err(Reply::no_record("Contact", heir)),
        },
        None => None,
    };
    for (user, reference) in users(kind) {
        let mut needed = Fields::default();
        needed.add(reference);
        let mut using = view.ids(Source::All(*user), 0).filter(|other| {
            owner(view.row(Source::All(*user), *other, &needed).value(), reference) == Some(id)
        });
        match &heir {
            None => {
                if let Some(other) = using.next() {
                    let by = format!("{} {other}", user.schema());
                    return Err(Reply::in_use(super::label(kind.schema()), id, &by));
                }
            }
            Some(heir) => {
                for other in using {
                    if let Some(mut record) = view.value(Source::All(*user), other) {
                        if let Some(record) = record.as_object_mut() {
                            record.insert((*reference).to_owned(), heir.clone());
                        }
                        changes.push(Change::of(*user, other, record));
                    }
                }
            }
        }
    }
    if kind == Kind::Configuration
        && let Some(child) = child_of(view, id)
    {
        return Err(Reply::in_use(
            "Configuration",
            id,
            &format!("Configuration {child}"),
        ));
    }
    match kind {
        Kind::Company => {
            let mut record = view.value(Source::All(kind), id).unwrap_or_default();
            if record.get("deletedFlag") == Some(&Value::Bool(true)) {
                return Ok(Vec::new());
            }
            if let Some(fields) = record.as_object_mut() {
                fields.insert("deletedFlag".into(), json!(true));
                fields.insert("dateDeleted".into(), moment::text(now).into());
                fields.insert("deletedBy".into(), member.into());
            }
            changes.push(Change::of(kind, id, record));
        }
        _ => changes.push(Change::gone(kind, id)),
    }
    Ok(changes)
}

/// A configuration whose parent this one is.
fn child_of(view: &View<'_>, id: u64) -> Option<u64> {
    let mut needed = Fields::default();
    needed.add("parentConfigurationId");
    view.ids(Source::All(Kind::Configuration), 0).find(|other| {
        let row = view.row(Source::All(Kind::Configuration), *other, &needed);
        row.value().get("parentConfigurationId").and_then(Value::as_u64) == Some(id)
    })
}
