//! The query of a list request, read and checked before anything is looked up.

use crate::catalog::FieldType;
use crate::conditions::{self, Cell, ChildRow, Condition, JsonRow, Scope, cell_in};
use crate::fields::Fields;
use crate::reply::Reply;
use crate::view::LazyRow;
use serde_json::Value;

/// The most records a page can have.
const LARGEST_PAGE: u64 = 1_000;

/// A list request.
pub(crate) struct Query {
    pub(crate) filter: Filter,
    pub(crate) order: Vec<OrderKey>,
    pub(crate) fields: Option<Fields>,
    pub(crate) paging: Paging,
    pub(crate) page_size: u64,
    /// The fields that filter and order look at.
    pub(crate) needed: Fields,
    /// The parameters but for paging, as they came, for links.
    pub(crate) rest: Vec<(String, String)>,
}

/// Where in the list the page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paging {
    /// Page number, from 1.
    Page(u64),
    /// Records with greater ids.
    After(u64),
}

/// What a record has to satisfy.
#[derive(Default)]
pub(crate) struct Filter {
    record: Option<Condition>,
    children: Option<Condition>,
    custom: Option<Condition>,
}

/// One key of `orderBy`.
pub(crate) struct OrderKey {
    path: Vec<&'static str>,
    is_moment: bool,
    pub(crate) descending: bool,
}

impl Query {
    /// Reads the parameters for a list of `schema`. Parameters it does not know are ignored.
    pub(crate) fn read(query: &str, schema: &'static str, forward_only: bool) -> Result<Self, Reply> {
        let mut read = Self {
            filter: Filter::default(),
            order: Vec::new(),
            fields: None,
            paging: if forward_only {
                Paging::After(0)
            } else {
                Paging::Page(1)
            },
            page_size: 25,
            needed: Fields::default(),
            rest: Vec::new(),
        };
        let refuse = |error| Reply::bad_condition(&error);
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match name.to_ascii_lowercase().as_str() {
                "conditions" => {
                    read.filter.record = conditions::parse(&value, Scope::Record(schema)).map_err(refuse)?
                }
                "childconditions" => {
                    read.filter.children =
                        conditions::parse(&value, Scope::Children(schema)).map_err(refuse)?;
                }
                "customfieldconditions" => {
                    read.filter.custom = conditions::parse(&value, Scope::CustomFields).map_err(refuse)?;
                }
                "orderby" => read.order = order(&value, schema)?,
                "fields" => read.fields = Fields::read(&value),
                "pagesize" => {
                    read.page_size = within(&value, "pageSize", 1, LARGEST_PAGE)?;
                    continue;
                }
                "page" => {
                    if !forward_only {
                        read.paging = Paging::Page(within(&value, "page", 1, u64::MAX)?);
                    }
                    continue;
                }
                "pageid" => {
                    if forward_only {
                        read.paging = Paging::After(within(&value, "pageId", 0, u64::MAX)?);
                    }
                    continue;
                }
                _ => {}
            }
            read.rest.push((name.into_owned(), value.into_owned()));
        }
        if forward_only && !read.order.is_empty() {
            return Err(Reply::order_by_refused());
        }
        let needed = &mut read.needed;
        // Times may stand in `_info` whatever the record.
        let mut need = |path: &[&'static str]| match path {
            [time @ ("lastUpdated" | "dateEntered")] => {
                needed.add(time);
                needed.add(&format!("_info/{time}"));
            }
            // Whether a reference is there shows in its id.
            path => needed.add(path.first().copied().unwrap_or_default()),
        };
        let Filter {
            record,
            children,
            custom,
        } = &read.filter;
        for condition in record.iter().chain(children) {
            condition.each_path(&mut need);
        }
        if custom.is_some() {
            need(&["customFields"]);
        }
        for key in &read.order {
            need(&key.path);
        }
        Ok(read)
    }

    /// The query of a link to another page: the same but for paging.
    pub(crate) fn link(&self, paging: Paging) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.rest);
        query.append_pair("pageSize", &self.page_size.to_string());
        match paging {
            Paging::Page(page) => query.append_pair("page", &page.to_string()),
            Paging::After(id) => query.append_pair("pageId", &id.to_string()),
        };
        query.finish()
    }
}

impl Filter {
    /// Whether every record satisfies it.
    pub(crate) fn is_open(&self) -> bool {
        self.record.is_none() && self.children.is_none() && self.custom.is_none()
    }

    /// Whether a record satisfies it.
    pub(crate) fn takes(&self, row: &LazyRow<'_>) -> bool {
        let elements = |condition: &Condition, array: &str| match row.value().get(array) {
            Some(Value::Array(items)) => items.iter().any(|item| {
                if array == "customFields" && condition.children() != Some("customFields") {
                    condition.holds(&JsonRow(item))
                } else {
                    condition.holds(&ChildRow(item))
                }
            }),
            _ => false,
        };
        self.record.as_ref().is_none_or(|condition| condition.holds(row))
            && self
                .children
                .as_ref()
                .is_none_or(|condition| elements(condition, condition.children().unwrap_or_default()))
            && self
                .custom
                .as_ref()
                .is_none_or(|condition| elements(condition, "customFields"))
    }
}

impl OrderKey {
    /// The value a record is ordered by.
    pub(crate) fn cell(&self, row: &LazyRow<'_>) -> Cell<'static> {
        match cell_in(row.value(), &self.path, self.is_moment) {
            Cell::Text(text) => Cell::Text(text.into_owned().into()),
            Cell::Null => Cell::Null,
            Cell::Boolean(value) => Cell::Boolean(value),
            Cell::Number(value) => Cell::Number(value),
            Cell::Moment(value) => Cell::Moment(value),
        }
    }

    /// Whether the key is the record's id, by which lists are ordered anyway.
    pub(crate) fn is_id(&self) -> bool {
        self.path == ["id"]
    }
}

fn order(text: &str, schema: &'static str) -> Result<Vec<OrderKey>, Reply> {
    let mut keys = Vec::new();
    for key in text.split(',').map(str::trim).filter(|key| !key.is_empty()) {
        let mut words = key.split_whitespace();
        let name = words.next().unwrap_or_default();
        let (path, kind) =
            conditions::resolve(name, Scope::Record(schema)).map_err(|error| Reply::bad_condition(&error))?;
        let direction = words.next().unwrap_or("asc");
        let descending = direction.eq_ignore_ascii_case("desc");
        if words.next().is_some() || !(descending || direction.eq_ignore_ascii_case("asc")) {
            let error = conditions::ConditionError(format!("{key} is not a recognized order."));
            return Err(Reply::bad_condition(&error));
        }
        keys.push(OrderKey {
            path,
            is_moment: kind == FieldType::Moment,
            descending,
        });
    }
    Ok(keys)
}

fn within(text: &str, field: &'static str, least: u64, most: u64) -> Result<u64, Reply> {
    let refuse = || {
        let text = match most {
            u64::MAX => format!("The field {field} must be at least {least}."),
            most => format!("The field {field} must be between {least} and {most}."),
        };
        Reply::out_of_range(field, &text)
    };
    text.trim()
        .parse()
        .ok()
        .filter(|value| (least..=most).contains(value))
        .ok_or_else(refuse)
}
