//! What the columns of a file are: the organization, a field of the kind, or a trait. `Serial Number`, `serial-number` and
//! `serial_number` are one name.

use dovetail_domain::{Field, Kind, Shape};
use dovetail_runtime::acceptable;

use super::fault::{Wrong, shown};

/// What stands before the name of a trait.
const TRAIT: &str = "traits.";
/// The column that says where a record belongs.
pub(crate) const ORGANIZATION: &str = "organization";

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    /// The organization a record belongs to.
    Organization,
    /// A field of the kind.
    Field(Field, Shape),
    /// Something beyond, by its name.
    Trait(String),
}

/// The column of a kind's file that is called so.
pub(crate) fn column(kind: Kind, header: &str) -> Result<Column, Wrong> {
    let header = header.trim();
    let name = folded(header);
    if name.is_empty() {
        return Err(Wrong::new(
            "a column without a name",
            "a name, or the column left out",
        ));
    }
    if name.starts_with(TRAIT) {
        let named = header.get(TRAIT.len()..).unwrap_or_default().trim();
        let checked = acceptable::trait_name(named.to_owned());
        return checked
            .map(Column::Trait)
            .map_err(|why| Wrong::new(why.to_string(), "`traits.NAME`"));
    }
    if name == ORGANIZATION && kind != Kind::Organization {
        return Ok(Column::Organization);
    }
    let field = Field::named(&name).and_then(|field| Some((field, kind.shape(field)?)));
    match field {
        Some((field, shape)) => Ok(Column::Field(field, shape)),
        None => Err(unknown(kind, header, &name)),
    }
}

fn unknown(kind: Kind, header: &str, name: &str) -> Wrong {
    let meant = match (kind, name) {
        (Kind::Contact, "name") => "`first_name` and `last_name`".to_owned(),
        _ => format!("`{}`, which is nearest", nearest(kind, name)),
    };
    Wrong::new(
        format!("{} have no field `{}`", kind.plural(), shown(header)),
        format!(
            "{meant}, or `traits.{}`, which keeps it as a trait",
            shown(header)
        ),
    )
}

/// Lower case, with underscores for spaces and hyphens.
fn folded(header: &str) -> String {
    let plain = |letter: char| if matches!(letter, ' ' | '-') { '_' } else { letter };
    header.to_lowercase().chars().map(plain).collect()
}

/// The known name that is part of the given one or has it as a part, else the one that takes the fewest letters to change.
fn nearest(kind: Kind, name: &str) -> &'static str {
    let fields = kind.fields().iter().map(|(field, _)| field.as_str());
    let belongs = (kind != Kind::Organization).then_some(ORGANIZATION);
    // A header of any length is compared by its beginning only.
    let letters: Vec<char> = name.chars().take(60).collect();
    let apart = |known: &str| !(letters.len() >= 3 && (known.contains(name) || name.contains(known)));
    let known = fields.chain(belongs);
    known
        .min_by_key(|known| (apart(known), distance(&letters, known)))
        .unwrap_or_default()
}

/// How many letters have to be put in, taken out or changed to make one name of the other.
fn distance(one: &[char], other: &str) -> usize {
    let mut row: Vec<usize> = (0..=one.len()).collect();
    for (place, letter) in other.chars().enumerate() {
        let mut diagonal = place;
        let mut left = place + 1;
        let mut next = vec![left];
        for (above, known) in row.iter().skip(1).zip(one) {
            let changed = diagonal + usize::from(*known != letter);
            left = changed.min(above + 1).min(left + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_people_write_them() {
        let serial = Column::Field(Field::SerialNumber, Shape::Text);
        for header in [
            "serial_number",
            "Serial Number",
            "serial-number",
            " SERIAL_NUMBER ",
        ] {
            assert_eq!(
                column(Kind::Configuration, header),
                Ok(serial.clone()),
                "{header}"
            );
        }
        assert_eq!(column(Kind::Contact, "Organization"), Ok(Column::Organization));
        for header in [
            "traits.Rack position",
            "Traits.Rack position",
            " traits. Rack position",
        ] {
            let kept = Column::Trait("Rack position".to_owned());
            assert_eq!(column(Kind::Contact, header), Ok(kept), "{header}");
        }
    }

    #[test]
    fn refusals_name_what_was_meant() {
        for (kind, header, what, expected) in [
            (
                Kind::Configuration,
                "Serial",
                "configurations have no field `Serial`",
                "`serial_number`, which is nearest, or `traits.Serial`, which keeps it as a trait",
            ),
            (
                Kind::Contact,
                "Name",
                "contacts have no field `Name`",
                "`first_name` and `last_name`, or `traits.Name`, which keeps it as a trait",
            ),
            (
                Kind::Location,
                "organisation",
                "locations have no field `organisation`",
                "`organization`, which is nearest, or `traits.organisation`, which keeps it as a trait",
            ),
            (
                Kind::Organization,
                "organization",
                "organizations have no field `organization`",
                "`primary_location`, which is nearest, or `traits.organization`, which keeps it as a trait",
            ),
            (
                Kind::Contact,
                " ",
                "a column without a name",
                "a name, or the column left out",
            ),
            (
                Kind::Contact,
                "traits.",
                "a trait without a name",
                "`traits.NAME`",
            ),
        ] {
            let wrong = column(kind, header).unwrap_err();
            assert_eq!((wrong.what.as_str(), wrong.expected.as_str()), (what, expected));
        }
    }

    #[test]
    fn the_nearest_name_takes_the_fewest_letters() {
        let far = |one: &str, other| distance(&one.chars().collect::<Vec<_>>(), other);
        for (one, other, letters) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("city", "city", 0),
            ("flaw", "lawn", 2),
        ] {
            assert_eq!(far(one, other), letters, "{one} {other}");
        }
        assert_eq!(nearest(Kind::Location, "post_code"), "postal_code");
        assert_eq!(nearest(Kind::Configuration, "configuration_type"), "type");
        assert_eq!(nearest(Kind::Configuration, "mac"), "mac_address");
        assert_eq!(nearest(Kind::Configuration, "contact_name"), "contact");
    }
}
