//! Writes: POST, PUT, PATCH and DELETE by ConnectWise's rules, each under the lock of the database, so that what one
//! writer reads, checks and stores is never torn by another.
//!
//! - **PATCH** takes an array of operations ([`patch`]); a record with custom fields wants an operation on
//!   `customFields` among them, unless the server's [`Habits`](crate::Habits) say otherwise.
//! - **PUT** replaces the record: what is not sent gets its default or goes, but for what only the server sets, types
//!   and custom fields. A contact that has communication items does not take a PUT with items.
//! - **POST** answers 201 with the record, its path in `location`. The system supplies what was not sent; `types` (and
//!   `typeIds` of contacts) count here and nowhere else; a new company gets its main site.
//! - **DELETE** answers 204; companies are only marked deleted; what others refer to answers 409.
//! - `/company/configurations/bulk` takes arrays and answers 207 with a result for each entry ([`bulk`]).
//! - Types of companies and contacts change by their pairs, a contact's communications also as records ([`parts`]).
//!
//! A body of the wrong shape answers 400 `ConnectWiseApi`; values that do not fit answer 400 `InvalidObject` with one
//! error for each (`MissingRequiredField`, `InvalidField`, `NotFound`, `ObjectExists`). Nothing of a refused write is
//! stored. Each write that is taken moves the clock on and stands in `_info` with the API member's name.

mod answers;
pub(crate) mod body;
mod bulk;
mod intake;
mod items;
pub(crate) mod limits;
mod neighbours;
mod parts;
mod patch;
mod record;
mod references;
mod remove;

use crate::answer::{Request, label};
use crate::data::World;
use crate::fields::Fields;
use crate::kind::{Kind, Source};
use crate::reply::Reply;
use crate::role::{Action, Level, MEMBER, Role};
use crate::routes::{self, Endpoint, Shape};
use crate::shared::{Shared, State};
use crate::view::{View, pairs};
use body::Body;
use intake::Intake;
use serde_json::{Map, Value, json};

/// One record as a write leaves it.
pub(crate) struct Change {
    kind: Kind,
    id: u64,
    /// `None`: gone.
    record: Option<Value>,
    /// Whether it is new.
    created: bool,
    /// Whether it shows in the record's `_info`.
    stamps: bool,
}

impl Change {
    /// A record that was there.
    fn of(kind: Kind, id: u64, record: Value) -> Self {
        Self {
            kind,
            id,
            record: Some(record),
            created: false,
            stamps: true,
        }
    }

    /// A new record.
    fn new(kind: Kind, id: u64, record: Value) -> Self {
        Self {
            created: true,
            ..Self::of(kind, id, record)
        }
    }

    /// A record that goes.
    fn gone(kind: Kind, id: u64) -> Self {
        Self {
            record: None,
            ..Self::of(kind, id, Value::Null)
        }
    }
}

/// The answer to a write.
pub(crate) fn write(shared: &Shared, request: &Request, path: &str) -> Result<Reply, Reply> {
    let endpoint = routes::find(path).ok_or_else(Reply::no_endpoint)?;
    let mut state = shared.change();
    let mut desk = Desk {
        world: &shared.world,
        state: &mut state,
        request,
    };
    desk.admit(endpoint)?;
    match endpoint {
        Endpoint::ConfigurationsBulk => bulk::answer(&mut desk),
        Endpoint::Records {
            source, shape, id, ..
        } => match source {
            Source::All(kind) => desk.record(kind, source, shape, id, None),
            Source::Of(kind, parent) => desk.record(kind, source, shape, id, Some(parent)),
            Source::Communications(contact) => parts::communication(&mut desk, contact, id),
            Source::CompanyTypePairs(only) => parts::pair(&mut desk, Kind::Company, only, id),
            Source::ContactTypePairs(only) => parts::pair(&mut desk, Kind::Contact, only, id),
            _ => Err(Reply::no_endpoint()),
        },
        Endpoint::SystemInfo => Err(Reply::no_endpoint()),
    }
}

/// Where one write is served: the database, locked, and the request.
struct Desk<'a> {
    world: &'a World,
    state: &'a mut State,
    request: &'a Request,
}

impl Desk<'_> {
    /// Whether the path takes the method, the role allows it, and parent and record are there.
    fn admit(&self, endpoint: Endpoint) -> Result<(), Reply> {
        let method = self.request.method.as_str();
        let role = &self.state.role;
        let Some(source) = endpoint.source() else {
            return Err(Reply::method_not_allowed(endpoint.methods()));
        };
        // Parts of a record are changes of the record.
        let action = match (source, method) {
            (Source::All(_) | Source::Of(..), "POST") => Action::Add,
            (Source::All(_) | Source::Of(..), "DELETE") => Action::Delete,
            _ => Action::Edit,
        };
        let level = role.level_of(source, action);
        if !endpoint.methods().contains(&method) {
            let guarded = source == Source::All(Kind::Ticket) && level == Level::None;
            return Err(match guarded {
                true => Reply::forbidden(),
                false => Reply::method_not_allowed(endpoint.methods()),
            });
        }
        if level == Level::None {
            return Err(Reply::forbidden());
        }
        let Endpoint::Records {
            shape, id, parent, ..
        } = endpoint
        else {
            return Ok(());
        };
        let view = self.state.view(self.world);
        if let Some((kind, parent)) = parent
            && !view.is_live(kind, parent)
        {
            return Err(Reply::no_record(label(kind.schema()), parent));
        }
        if shape == Shape::One && !view.has(source, id) {
            return Err(Reply::no_record(label(source.schema()), id));
        }
        // The record the permission is about: for a part, the one it belongs to.
        let subject = match (source, parent) {
            (Source::All(kind) | Source::Of(kind, _), _) => (shape == Shape::One).then_some((kind, id)),
            (Source::CompanyTypePairs(None), _) if id > 0 => Some((Kind::Company, pairs::parts(id).0)),
            (Source::ContactTypePairs(None), _) if id > 0 => Some((Kind::Contact, pairs::parts(id).0)),
            (_, parent) => parent,
        };
        let refused = subject.is_some_and(|(kind, id)| {
            !view.is_visible(Source::All(kind), id) || (level == Level::My && !view.is_mine(kind, id))
        });
        if refused { Err(Reply::forbidden()) } else { Ok(()) }
    }

    /// A write of a whole record.
    fn record(
        &mut self,
        kind: Kind,
        source: Source,
        shape: Shape,
        id: u64,
        parent: Option<u64>,
    ) -> Result<Reply, Reply> {
        if self.request.method == "DELETE" {
            let applied = self.delete(kind, id, self.transfer())?;
            return Ok(Reply::no_content(applied));
        }
        let body = Body::read(self.request)?;
        match (shape, self.request.method.as_str()) {
            (Shape::List, _) => {
                let (id, applied) = self.create(kind, parent, &body, body.object(kind.schema())?)?;
                Ok(self.shown(201, source, id, applied))
            }
            (_, "PUT") => {
                let applied = self.replace(kind, id, &body, body.object(kind.schema())?)?;
                Ok(self.shown(200, source, id, Some(applied)))
            }
            _ => {
                let applied = self.patch(kind, id, &body)?;
                Ok(self.shown(200, source, id, applied))
            }
        }
    }

    /// Creates a record and answers its id.
    fn create(
        &mut self,
        kind: Kind,
        parent: Option<u64>,
        body: &Body,
        object: &Map<String, Value>,
    ) -> Result<(u64, Option<u64>), Reply> {
        let schema = kind.schema();
        let all = Role::default();
        let view = self.state.view_as(self.world, &all);
        let id = view.next_id(kind);
        let mut intake = self.intake(&view, body, kind);
        let mut record = Map::new();
        record.insert("id".into(), id.into());
        if let Some(company) = parent.and_then(|id| references::of_record(&view, Kind::Company, id)) {
            record.insert("company".into(), company);
        }
        // A new company's site is made with it, by the name that is given.
        let mut object = object.clone();
        let site = (kind == Kind::Company).then(|| object.remove("site")).flatten();
        record::fill(&mut intake, schema, &mut record, &object)?;
        let reference = match kind {
            Kind::Company => Some("CompanyTypeReference"),
            Kind::Contact => Some("ContactTypeReference"),
            _ => None,
        };
        if let Some(reference) = reference
            && let Some(types) = record::given_types(&mut intake, &object, reference)?
        {
            record.insert("types".into(), types);
        }
        record::complete(&view, kind, &mut record);
        record::settle(&mut intake, &Map::new(), &mut record);
        record::require(&mut intake, schema, &record);
        neighbours::refuse_twin(&mut intake, id, &record);
        let mut changes = Vec::new();
        if kind == Kind::Company {
            record::mark_vendor(&view, &mut record);
            changes.push(neighbours::main_site(&view, id, site.as_ref(), &mut record));
        }
        let mut record = Value::Object(record);
        neighbours::link(&mut record, kind, id, view.links);
        changes.extend(neighbours::sole_primary(&view, kind, id, &record));
        let next_item = finished(intake)?;
        let role = &self.state.role;
        if kind == Kind::Configuration && role.hides(&record) {
            return Err(Reply::forbidden());
        }
        changes.push(Change::new(kind, id, record));
        Ok((id, self.commit(changes, next_item)))
    }

    /// Replaces a record by what was sent.
    fn replace(
        &mut self,
        kind: Kind,
        id: u64,
        body: &Body,
        object: &Map<String, Value>,
    ) -> Result<u64, Reply> {
        let schema = kind.schema();
        let all = Role::default();
        let view = self.state.view_as(self.world, &all);
        let before = fields_of(&view, kind, id);
        let mut intake = self.intake(&view, body, kind);
        let sends_items = !object
            .get("communicationItems")
            .is_none_or(|items| items == &json!([]));
        if kind == Kind::Contact && sends_items && !items::list(&before).is_empty() {
            let message = "The communicationItems field is invalid.".to_owned();
            intake.complain("InvalidField", "communicationItems", message);
        }
        let kept = ["id", "_info", "customFields"];
        let mut record: Map<String, Value> = before
            .iter()
            .filter(|(name, _)| kept.contains(&name.as_str()) || stays(schema, name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let mut object = object.clone();
        object.remove("customFields");
        record::fill(&mut intake, schema, &mut record, &object)?;
        record::complete(&view, kind, &mut record);
        record::settle(&mut intake, &before, &mut record);
        record::require(&mut intake, schema, &record);
        neighbours::refuse_twin(&mut intake, id, &record);
        let record = Value::Object(record);
        let mut changes = neighbours::sole_primary(&view, kind, id, &record);
        let next_item = finished(intake)?;
        changes.push(Change::of(kind, id, record));
        Ok(self.commit(changes, next_item).unwrap_or_default())
    }

    /// Applies operations to a record; `None` where none of them is one the server takes.
    fn patch(&mut self, kind: Kind, id: u64, body: &Body) -> Result<Option<u64>, Reply> {
        let schema = kind.schema();
        let operations = patch::operations(body)?;
        let all = Role::default();
        let view = self.state.view_as(self.world, &all);
        let before = fields_of(&view, kind, id);
        let mut intake = self.intake(&view, body, kind);
        let has_custom = before
            .get("customFields")
            .and_then(Value::as_array)
            .is_some_and(|fields| !fields.is_empty());
        let sends_custom = operations
            .iter()
            .any(|operation| operation.field() == "customFields");
        if self.state.habits.custom_fields_needed && has_custom && !sends_custom {
            intake.missing("customFields");
        }
        let mut record = before.clone();
        let mut taken = false;
        for operation in &operations {
            taken |= patch::apply(&mut intake, schema, &mut record, operation)?;
        }
        record::settle(&mut intake, &before, &mut record);
        neighbours::refuse_twin(&mut intake, id, &record);
        let record = Value::Object(record);
        let mut changes = neighbours::sole_primary(&view, kind, id, &record);
        let next_item = finished(intake)?;
        if !taken {
            return Ok(None);
        }
        changes.push(Change::of(kind, id, record));
        Ok(self.commit(changes, next_item))
    }

    /// Deletes a record; `None` where it is marked deleted already.
    fn delete(&mut self, kind: Kind, id: u64, transfer: Option<u64>) -> Result<Option<u64>, Reply> {
        let all = Role::default();
        let view = self.state.view_as(self.world, &all);
        let now = self.state.now + self.state.step;
        let changes = remove::changes(&view, kind, id, transfer, MEMBER, now)?;
        let next_item = self.state.edits.last_item;
        Ok(self.commit(changes, next_item))
    }

    /// The contact that takes over what uses a deleted one.
    fn transfer(&self) -> Option<u64> {
        url::form_urlencoded::parse(self.request.query.as_bytes())
            .find(|(name, _)| name.eq_ignore_ascii_case("transferContactId"))
            .and_then(|(_, value)| value.trim().parse().ok())
    }

    fn intake<'b>(&'b self, view: &'b View<'b>, body: &'b Body, kind: Kind) -> Intake<'b> {
        Intake {
            view,
            habits: &self.state.habits,
            body,
            kind,
            refused: &self.request.refused,
            next_item: self.state.edits.last_item,
            complaints: Vec::new(),
            touched: Vec::new(),
            passwords: self.state.role.shows_passwords(),
        }
    }

    /// Stores changes as one write and answers its number; `None` where there are none.
    fn commit(&mut self, changes: Vec<Change>, last_item: u64) -> Option<u64> {
        if changes.is_empty() {
            return None;
        }
        self.state.now += self.state.step;
        self.state.applied += 1;
        self.state.edits.last_item = last_item;
        let now = self.state.now;
        for mut change in changes {
            if let Some(record) = change.record.as_mut().filter(|_| change.stamps) {
                crate::shared::stamp(record, now, MEMBER, change.created);
            }
            self.state
                .edits
                .records
                .entry(change.kind)
                .or_default()
                .insert(change.id, change.record);
        }
        Some(self.state.applied)
    }

    /// A record as the caller sees it now.
    fn shown(&self, status: u16, source: Source, id: u64, applied: Option<u64>) -> Reply {
        let view = self.state.view(self.world);
        let fields = url::form_urlencoded::parse(self.request.query.as_bytes())
            .find(|(name, _)| name.eq_ignore_ascii_case("fields"))
            .and_then(|(_, value)| Fields::read(&value));
        let mut body = Vec::with_capacity(4_096);
        view.write(source, id, &mut body, fields.as_ref());
        let mut reply = Reply::json(status, body);
        reply.applied = applied;
        if status == 201 {
            let path = self.request.path.trim_end_matches('/');
            reply = reply.header("location", format!("{}{path}/{id}", self.request.origin));
        }
        reply
    }
}

/// The complaints as an answer, or else the last id of a communication item.
fn finished(intake: Intake<'_>) -> Result<u64, Reply> {
    if intake.complaints.is_empty() {
        return Ok(intake.next_item);
    }
    Err(Reply::invalid(
        &resource(intake.kind.schema()),
        &intake.complaints,
    ))
}

/// How the errors of a record that was sent call its object.
fn resource(schema: &str) -> String {
    let label = label(schema);
    let mut letters = label.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

/// A record as it is stored.
fn fields_of(view: &View<'_>, kind: Kind, id: u64) -> Map<String, Value> {
    match view.value(Source::All(kind), id) {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

/// What a PUT leaves alone beside id, stamps and custom fields: what only the server sets, and a company's main site.
fn stays(schema: &str, name: &str) -> bool {
    let derived = ["defaultPhoneType", "defaultPhoneNbr", "defaultPhoneExtension"];
    (limits::is_server_owned(schema, name) && !derived.contains(&name))
        || (schema, name) == ("Company", "site")
}
