//! What a mapping answers: drafts, patches and its description.

use std::collections::HashSet;

use dovetail_domain::mapping::{Direction, Draft, MappingDescription, Outcome, Patch, TableRow};
use dovetail_domain::policy::CannotSend;
use dovetail_domain::{Field, Kind, Policy, Rule, Value};

use crate::bindings::returned;
use crate::checked::{Checked, Unacceptable, is_line, json, kind, line, list, name, no, text, values, words};
use crate::limits::{DESCRIPTION_ITEMS, DESCRIPTION_TEXT, LABEL, MESSAGE, SOURCE_JSON, TRAIT_NAME, TRAITS};

/// Rows of a mapping's table, all kinds together.
const TABLE_ROWS: usize = 2_000;

/// What a mapping made of one record of `kind`.
pub(crate) fn outcome(outcome: returned::Outcome, kind: Kind) -> Checked<Outcome> {
    match outcome {
        returned::Outcome::Mapped(made) => draft(made, kind).map(Outcome::Mapped),
        returned::Outcome::Skipped(reason) => Ok(Outcome::Skipped(words(&reason, MESSAGE))),
    }
}

fn draft(made: returned::Draft, kind: Kind) -> Checked<Draft> {
    let organization = made.organization.map(values::reference).transpose();
    let organization = organization.map_err(|why| why.at("the organization"))?;
    if let Some(other) = organization
        .as_ref()
        .filter(|link| link.kind != Kind::Organization)
    {
        return no(format!("the organization: a reference to a {}", other.kind));
    }
    Ok(Draft {
        organization,
        fields: fields(made.fields, kind)?,
        traits: traits(made.traits)?,
    })
}

/// Fields of a kind, sorted, each at most once and of the shape the kind gives it.
fn fields(given: Vec<returned::Field>, kind: Kind) -> Checked<Vec<(Field, Value)>> {
    let known = kind.fields().len();
    if given.len() > known {
        return no(format!("{} fields; a {kind} has {known}", given.len()));
    }
    // Collected where the answer stands: what it was given in is not made again.
    let fields: Checked<Vec<_>> = given.into_iter().map(|given| field(given, kind)).collect();
    let mut fields = fields?;
    fields.sort_unstable_by_key(|(field, _)| *field);
    match fields
        .windows(2)
        .find(|pair| matches!(pair, [one, two] if one.0 == two.0))
    {
        Some([(field, _), ..]) => no(format!("field `{field}` stands twice")),
        _ => Ok(fields),
    }
}

fn field(given: returned::Field, kind: Kind) -> Checked<(Field, Value)> {
    let returned::Field { name, content } = given;
    let found = Field::named(&name).and_then(|field| Some((field, kind.shape(field)?)));
    let Some((field, shape)) = found else {
        return no(format!("`{}` is no field of a {kind}", words(&name, 80)));
    };
    let value = values::value(content).map_err(|why| why.at(format_args!("field `{field}`")))?;
    if !value.fits(shape) {
        return no(format!(
            "field `{field}` holds {} and nothing else",
            values::shape_words(shape)
        ));
    }
    Ok((field, value))
}

/// Traits, sorted by name, each at most once.
fn traits(given: Vec<returned::Supplement>) -> Checked<Vec<(String, String)>> {
    trait_count(given.len())?;
    let traits: Checked<Vec<_>> = given.into_iter().map(supplement).collect();
    let mut traits = traits?;
    traits.sort_unstable_by(|one, two| one.0.cmp(&two.0));
    match traits
        .windows(2)
        .find(|pair| matches!(pair, [one, two] if one.0 == two.0))
    {
        Some([(name, _), ..]) => no(format!("trait `{name}` stands twice")),
        _ => Ok(traits),
    }
}

fn supplement(given: returned::Supplement) -> Checked<(String, String)> {
    let returned::Supplement { name, json } = given;
    let at = |why: Unacceptable| match name.is_empty() {
        true => why,
        false => why.at(format_args!("trait `{}`", words(&name, 80))),
    };
    is_trait_name(&name).map_err(at)?;
    let json = json::trait_value(json).map_err(at)?;
    Ok((name, json))
}

/// How many traits a record may have.
pub fn trait_count(count: usize) -> Checked<()> {
    if count > TRAITS {
        return no(format!("{count} traits; {TRAITS} are allowed"));
    }
    Ok(())
}

/// A trait's name: one line, not empty.
pub fn trait_name(name: String) -> Checked<String> {
    is_trait_name(&name).map(|()| name)
}

fn is_trait_name(name: &str) -> Checked<()> {
    if name.is_empty() {
        return no("a trait without a name");
    }
    is_line(name, TRAIT_NAME)
}

/// What an edit comes to in the PSA's record.
pub(crate) fn patch(patch: returned::Patch) -> Checked<Patch> {
    Ok(Patch {
        json: json::object(patch.json)?,
        refused: list(patch.refused, TRAITS, "refused fields", |name| {
            line(name, TRAIT_NAME + 10)
        })?,
    })
}

/// What a mapping says of itself.
pub(crate) fn description(given: returned::Description) -> Checked<MappingDescription> {
    Ok(MappingDescription {
        name: plugin_name(given.name)?,
        title: line(given.title, LABEL).map_err(|why| why.at("the title"))?,
        version: plugin_version(given.version)?,
        connectors: list(given.connectors, DESCRIPTION_ITEMS, "connectors", plugin_name)?,
        overlay: given.overlay,
        table: table(given.table)?,
        config_schema: schema(given.config_schema)
            .map_err(|why| why.at("the schema of its configuration"))?,
    })
}

fn schema(json: String) -> Checked<String> {
    if json.is_empty() {
        Ok(json)
    } else {
        json::object(text(json, SOURCE_JSON)?)
    }
}

/// The rows of a table, each naming a field of its kind or traits, none twice.
pub(crate) fn table(rows: Vec<returned::TableRow>) -> Checked<Vec<TableRow>> {
    let rows = list(rows, TABLE_ROWS, "rows of the table", |row| {
        let kind = kind(&row.kind)?;
        let name = line(row.name, TRAIT_NAME + 10)?;
        let known = match name.strip_prefix("traits.") {
            Some(of_traits) => !of_traits.is_empty(),
            None => Field::named(&name).is_some_and(|field| kind.shape(field).is_some()),
        };
        if !known {
            return no(format!("`{}` is no field of a {kind}", words(&name, 80)));
        }
        let rule = rule(row.flow, row.policy)
            .map_err(|why| Unacceptable(why.to_string()).at(format_args!("`{name}` of a {kind}")))?;
        Ok(TableRow {
            kind,
            name,
            path: line(row.path, DESCRIPTION_TEXT)?,
            rule,
            identifies: row.identifies,
        })
    })?;
    let mut seen = HashSet::new();
    match rows.iter().find(|row| !seen.insert((row.kind, &row.name))) {
        Some(twice) => no(format!(
            "the table names `{}` of a {} twice",
            twice.name, twice.kind
        )),
        None => Ok(rows),
    }
}

/// The way a field goes with the policy it has for that, where the mapping says one.
fn rule(flow: returned::Direction, policy: Option<returned::Policy>) -> Result<Rule, CannotSend> {
    let direction = match flow {
        returned::Direction::Inward => Direction::Inward,
        returned::Direction::Both => Direction::Both,
    };
    let policy = match policy {
        None => return Ok(Rule::of(direction)),
        Some(returned::Policy::Both) => Policy::Both,
        Some(returned::Policy::FromPsa) => Policy::FromPsa,
        Some(returned::Policy::FromLocal) => Policy::FromLocal,
        Some(returned::Policy::FillEmpty) => Policy::FillEmpty,
        Some(returned::Policy::Manual) => Policy::Manual,
    };
    Rule::new(direction, policy)
}

/// A plugin's name: 1 to 40 of a-z 0-9 -.
pub(crate) fn plugin_name(text: String) -> Checked<String> {
    let plain = text.len() <= 40 && !text.contains(['.', '_']);
    if plain {
        name(text)
    } else {
        no(format!(
            "`{}` is no plugin's name: 1 to 40 of a-z 0-9 -",
            words(&text, 80)
        ))
    }
}

/// A version: one word.
pub(crate) fn plugin_version(text: String) -> Checked<String> {
    let fits = (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if fits {
        Ok(text)
    } else {
        no(format!("`{}` is no version", words(&text, 80)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_field(name: &str) -> returned::Field {
        returned::Field {
            name: name.to_owned(),
            content: returned::Value::Text("x".to_owned()),
        }
    }

    fn refusal(fields: Vec<returned::Field>, traits: Vec<returned::Supplement>) -> String {
        draft(
            returned::Draft {
                organization: None,
                fields,
                traits,
            },
            Kind::Configuration,
        )
        .unwrap_err()
        .0
    }

    fn supplement(name: &str, json: &str) -> returned::Supplement {
        returned::Supplement {
            name: name.to_owned(),
            json: json.to_owned(),
        }
    }

    #[test]
    fn a_draft_is_sorted() {
        let fields = vec![text_field("serial_number"), text_field("name")];
        let traits = vec![supplement("b", "1"), supplement("a", " 2 ")];
        let made = draft(
            returned::Draft {
                organization: None,
                fields,
                traits,
            },
            Kind::Configuration,
        )
        .unwrap();
        assert!(made.fields.is_sorted_by_key(|(field, _)| *field));
        assert_eq!(
            made.traits,
            [("a".to_owned(), "2".to_owned()), ("b".to_owned(), "1".to_owned())]
        );
    }

    #[test]
    fn what_a_kind_does_not_have_is_refused() {
        assert_eq!(
            refusal(vec![text_field("summary")], vec![]),
            "`summary` is no field of a configuration"
        );
        assert_eq!(
            refusal(vec![text_field("name"), text_field("name")], vec![]),
            "field `name` stands twice"
        );
        assert_eq!(
            refusal(vec![text_field("active")], vec![]),
            "field `active` holds a flag and nothing else"
        );
        assert_eq!(
            refusal(vec![], vec![supplement("a", "1"), supplement("a", "2")]),
            "trait `a` stands twice"
        );
        assert!(refusal(vec![], vec![supplement("a", "{")]).starts_with("trait `a`: it is no JSON"));
        assert_eq!(
            refusal(vec![], vec![supplement("", "1")]),
            "a trait without a name"
        );
    }

    #[test]
    fn traits_are_counted_and_their_names_measured() {
        let made = |traits| {
            draft(
                returned::Draft {
                    organization: None,
                    fields: vec![],
                    traits,
                },
                Kind::Configuration,
            )
        };
        let named = |size: usize| vec![supplement(&"x".repeat(size), "1")];
        assert!(made(named(TRAIT_NAME)).is_ok());
        assert_eq!(
            made(named(TRAIT_NAME + 1)).unwrap_err().0,
            format!("trait `{}`: a text of 201 bytes; 200 are allowed", "x".repeat(80))
        );
        let many = |count: usize| (0..count).map(|n| supplement(&n.to_string(), "1")).collect();
        assert_eq!(made(many(TRAITS)).unwrap().traits.len(), TRAITS);
        assert_eq!(
            made(many(TRAITS + 1)).unwrap_err().0,
            "1001 traits; 1000 are allowed"
        );
    }

    #[test]
    fn a_description_names_so_many_connectors() {
        let described = |count| {
            description(returned::Description {
                name: "m".to_owned(),
                title: String::new(),
                version: "1".to_owned(),
                connectors: vec!["c".to_owned(); count],
                overlay: false,
                table: vec![],
                config_schema: String::new(),
            })
        };
        assert!(described(DESCRIPTION_ITEMS).is_ok());
        assert_eq!(
            described(DESCRIPTION_ITEMS + 1).unwrap_err().0,
            "501 connectors; 500 are allowed"
        );
    }

    #[test]
    fn an_organization_is_an_organization() {
        let link = returned::Reference {
            kind: "contact".to_owned(),
            id: "1".to_owned(),
            name: String::new(),
        };
        let made = returned::Draft {
            organization: Some(link),
            fields: vec![],
            traits: vec![],
        };
        assert_eq!(
            draft(made, Kind::Contact).unwrap_err().0,
            "the organization: a reference to a contact"
        );
    }
}
