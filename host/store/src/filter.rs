//! Which records are wanted: by integration, organization, how they stand, and what their fields hold.

use std::borrow::Cow;

use dovetail_domain::{AssetId, Code, Explained, Field, IntegrationId, Kind, Record, SyncState, Value};

use crate::entry::{Sketcher, folded};
use crate::index::Probe;

/// Which records of a kind are wanted. The default wants all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Connected through this integration.
    pub integration: Option<IntegrationId>,
    /// Belonging to this organization.
    pub organization: Option<AssetId>,
    /// Standing so towards the PSA.
    pub state: Option<SyncState>,
    /// Whose fields hold all of this.
    pub wanted: Vec<Wanted>,
}

/// What a field has to hold. Texts are compared without regard to case and the space around them; of several values one
/// has to fit; a reference fits by id or by name; an empty text fits where there is nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// What a person calls the record.
    Name(String),
    /// A standard field.
    Field(Field, String),
    /// A trait by name.
    Trait(String, String),
}

/// A text that is no condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotACondition {
    /// There is no `=` in it.
    #[error("`{0}` is not a condition")]
    NoValue(String),
    /// The kind has no such field.
    #[error("a {kind} has no field `{field}`")]
    NoField {
        /// The kind.
        kind: Kind,
        /// What was named.
        field: String,
    },
}

impl Explained for NotACondition {
    fn code(&self) -> Code {
        Code::ValueRefused
    }

    fn hint(&self) -> Cow<'static, str> {
        match self {
            NotACondition::NoValue(_) => Cow::Borrowed("Write it as FIELD=VALUE, for example name=ACME."),
            NotACondition::NoField { kind, .. } => {
                let fields: Vec<_> = kind.fields().iter().map(|(field, _)| field.as_str()).collect();
                Cow::Owned(format!("Use name, traits.NAME or one of: {}.", fields.join(", ")))
            }
        }
    }
}

impl Wanted {
    /// Reads `FIELD=VALUE`, where the field is one of the kind, `name`, or `traits.NAME`.
    pub fn parse(kind: Kind, condition: &str) -> Result<Wanted, NotACondition> {
        let (name, value) = condition
            .split_once('=')
            .ok_or_else(|| NotACondition::NoValue(condition.to_owned()))?;
        let (name, value) = (name.trim(), value.to_owned());
        if let Some(name) = name.strip_prefix("traits.") {
            return Ok(Wanted::Trait(name.to_owned(), value));
        }
        if name == Field::Name.as_str() {
            return Ok(Wanted::Name(value));
        }
        match Field::named(name).filter(|field| kind.shape(*field).is_some()) {
            Some(field) => Ok(Wanted::Field(field, value)),
            None => Err(NotACondition::NoField {
                kind,
                field: name.to_owned(),
            }),
        }
    }

    fn accepts(&self, record: &Record) -> bool {
        match self {
            Wanted::Name(name) => folded(&record.name()) == folded(name),
            Wanted::Field(field, wanted) => value_is(record.get(*field), wanted),
            Wanted::Trait(name, wanted) => {
                let json = record
                    .traits
                    .iter()
                    .find(|(known, _)| known == name)
                    .map(|(_, json)| json);
                json.map_or(folded(wanted).is_empty(), |json| trait_is(json, wanted))
            }
        }
    }
}

impl Filter {
    /// Whether a record is wanted.
    pub fn accepts(&self, record: &Record) -> bool {
        let link = record.link.as_ref();
        self.integration
            .is_none_or(|wanted| link.is_some_and(|link| link.integration == wanted))
            && self
                .organization
                .is_none_or(|wanted| record.organization == Some(wanted))
            && self
                .state
                .is_none_or(|wanted| link.is_some_and(|link| link.state == wanted))
            && self.wanted.iter().all(|wanted| wanted.accepts(record))
    }

    /// What of it the index can answer.
    pub(crate) fn probe(&self, kind: Kind, sketcher: &Sketcher) -> Probe {
        let mut probe = Probe {
            integration: self.integration,
            organization: self.organization,
            state: self.state,
            ..Probe::default()
        };
        for wanted in &self.wanted {
            let text = |text: &str| Some(sketcher.text(text));
            match wanted {
                Wanted::Name(name) => probe.name = text(name),
                // Types of organizations and contacts are sets, of which the index knows nothing.
                Wanted::Field(Field::Type, value) if kind == Kind::Configuration => {
                    probe.kind_of = text(value)
                }
                Wanted::Field(Field::Status, value) => probe.status = text(value),
                Wanted::Field(Field::SerialNumber, value) => probe.serial = text(value),
                Wanted::Field(..) | Wanted::Trait(..) => {}
            }
        }
        probe
    }

    /// Whether the index knows everything this asks for but for chance collisions of texts.
    pub(crate) fn is_exact(&self) -> bool {
        self.wanted.is_empty()
    }
}

fn value_is(value: &Value, wanted: &str) -> bool {
    let wanted = folded(wanted);
    let is = |text: &str| folded(text) == wanted;
    match value {
        Value::Absent => wanted.is_empty(),
        Value::Text(text) => is(text),
        Value::Flag(flag) => is(if *flag { "true" } else { "false" }) || is(if *flag { "yes" } else { "no" }),
        Value::Date(date) => is(&date.to_string()),
        Value::Texts(texts) => texts.iter().any(|text| is(text)),
        Value::Entries(entries) => entries.iter().any(|entry| is(&entry.value)),
        Value::Reference(link) => is(&link.name) || link.asset.is_some_and(|id| is(&id.to_string())),
    }
}

fn trait_is(json: &str, wanted: &str) -> bool {
    let text = serde_json::from_str::<String>(json);
    folded(text.as_deref().unwrap_or(json)) == folded(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn conditions_are_read() {
        let parse = |text| Wanted::parse(Kind::Contact, text);
        assert_eq!(
            parse("title=a=b").unwrap(),
            Wanted::Field(Field::Title, "a=b".to_owned())
        );
        assert_eq!(parse("name=Ada").unwrap(), Wanted::Name("Ada".to_owned()));
        assert_eq!(
            parse("traits.x y=1").unwrap(),
            Wanted::Trait("x y".to_owned(), "1".to_owned())
        );
        assert!(matches!(parse("title"), Err(NotACondition::NoValue(_))));
        assert!(matches!(
            parse("serial_number=1"),
            Err(NotACondition::NoField { .. })
        ));
        assert!(parse("serial_number=1").unwrap_err().hint().contains("last_name"));
    }

    #[test]
    fn each_shape_is_compared() {
        let record = sample::record(2);
        assert_eq!(record.kind, Kind::Contact);
        let accepts = |condition: &str| Wanted::parse(Kind::Contact, condition).unwrap().accepts(&record);
        for yes in [
            "name=FIRST_NAME 2 last_name 2",
            "title= Title 2",
            "type=B",
            "active=true",
            "active=YES",
            "emails=emails 2",
            "location=3",
            "location=location 2",
            "traits.color=2",
            "traits.none=",
        ] {
            assert!(accepts(yes), "{yes}");
        }
        for no in [
            "title=title",
            "type=c",
            "active=no",
            "title=",
            "location=4",
            "traits.color=",
            "traits.none=x",
        ] {
            assert!(!accepts(no), "{no}");
        }
    }
}
