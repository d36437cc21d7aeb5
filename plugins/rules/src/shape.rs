//! The standard fields of each kind: what each holds, and whether it helps to recognise a record. A rule can only set
//! what stands here; the host's table says the same, which a test holds.

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Text,
    Flag,
    Date,
    Texts,
    Entries,
    /// A link to a record of that kind.
    Reference(&'static str),
}

impl Shape {
    /// What has to stand in it, for people.
    pub(crate) fn expected(self) -> &'static str {
        match self {
            Shape::Text => "a text",
            Shape::Flag => "yes or no (`true` or `false`)",
            Shape::Date => "a date such as `2026-11-01` or `2026-11-01T09:30:00Z`",
            Shape::Texts => "a list of texts",
            Shape::Entries => "a list of entries such as `{ value = \"…\", label = \"Work\" }`",
            Shape::Reference(_) => "a link to another record",
        }
    }
}

/// A standard field of a kind.
#[derive(Debug)]
pub(crate) struct Standard {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) identifies: bool,
}

/// The kinds there are.
pub(crate) const KINDS: [&str; 5] = ["organization", "location", "contact", "configuration", "ticket"];

const fn plain(name: &'static str, shape: Shape) -> Standard {
    Standard {
        name,
        shape,
        identifies: false,
    }
}

const fn text(name: &'static str) -> Standard {
    plain(name, Shape::Text)
}

const fn identifying(name: &'static str) -> Standard {
    Standard {
        name,
        shape: Shape::Text,
        identifies: true,
    }
}

const ORGANIZATION: &[Standard] = &[
    identifying("name"),
    text("short_name"),
    plain("type", Shape::Texts),
    text("status"),
    plain("parent", Shape::Reference("organization")),
    plain("primary_location", Shape::Reference("location")),
    text("phone"),
    text("fax"),
    text("website"),
];

const LOCATION: &[Standard] = &[
    identifying("name"),
    identifying("address_1"),
    identifying("address_2"),
    identifying("city"),
    identifying("region"),
    text("postal_code"),
    identifying("country"),
    text("phone"),
    text("fax"),
    plain("primary", Shape::Flag),
];

const CONTACT: &[Standard] = &[
    identifying("first_name"),
    identifying("last_name"),
    text("title"),
    plain("type", Shape::Texts),
    plain("location", Shape::Reference("location")),
    plain("emails", Shape::Entries),
    plain("phones", Shape::Entries),
    plain("active", Shape::Flag),
];

const CONFIGURATION: &[Standard] = &[
    identifying("name"),
    identifying("type"),
    text("status"),
    plain("contact", Shape::Reference("contact")),
    plain("location", Shape::Reference("location")),
    text("manufacturer"),
    text("model"),
    identifying("serial_number"),
    text("asset_tag"),
    text("primary_ip"),
    identifying("mac_address"),
    text("default_gateway"),
    text("operating_system"),
    text("notes"),
    plain("installed_at", Shape::Date),
    text("installed_by"),
    plain("purchased_at", Shape::Date),
    plain("warranty_expires_at", Shape::Date),
    plain("active", Shape::Flag),
];

const TICKET: &[Standard] = &[
    text("number"),
    text("summary"),
    text("board"),
    text("status"),
    text("priority"),
    plain("contact", Shape::Reference("contact")),
    plain("created_at", Shape::Date),
    plain("updated_at", Shape::Date),
    plain("closed", Shape::Flag),
];

/// The standard fields of a kind.
pub(crate) fn fields(kind: &str) -> &'static [Standard] {
    match kind {
        "organization" => ORGANIZATION,
        "location" => LOCATION,
        "contact" => CONTACT,
        "configuration" => CONFIGURATION,
        "ticket" => TICKET,
        _ => &[],
    }
}

/// A standard field of a kind.
pub(crate) fn field(kind: &str, name: &str) -> Option<&'static Standard> {
    fields(kind).iter().find(|field| field.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dovetail_domain::{Kind, Shape as Host};

    #[test]
    fn the_table_is_the_hosts() {
        assert_eq!(Kind::ALL.map(|kind| kind.to_string()), KINDS);
        for kind in Kind::ALL {
            let ours = fields(&kind.to_string());
            let theirs = kind.fields();
            assert_eq!(ours.len(), theirs.len(), "{kind}");
            for (ours, (field, shape)) in ours.iter().zip(theirs) {
                assert_eq!(ours.name, field.as_str(), "{kind}");
                let target = field.target().map(|kind| kind.to_string());
                let same = match (ours.shape, shape) {
                    (Shape::Text, Host::Text)
                    | (Shape::Flag, Host::Flag)
                    | (Shape::Date, Host::Date)
                    | (Shape::Texts, Host::Texts)
                    | (Shape::Entries, Host::Entries) => true,
                    (Shape::Reference(kind), Host::Reference) => target.as_deref() == Some(kind),
                    _ => false,
                };
                assert!(same, "{kind} {field}: {:?} and {shape:?}", ours.shape);
            }
        }
    }

    #[test]
    fn what_identifies_is_the_standard_mappings() {
        use dovetail_sdk::Mapping;
        let table = connectwise_mapping::StandardMapping::describe().table;
        for row in table.iter().filter(|row| !row.name.starts_with("traits.")) {
            let ours = field(&row.kind, &row.name).unwrap();
            assert_eq!(ours.identifies, row.identifies, "{} {}", row.kind, row.name);
        }
    }
}
