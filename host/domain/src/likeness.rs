//! How alike two records are that the standard rule does not hold equal: a score and the reasons. It suggests and never
//! decides; what is suggested is connected only by a person.
//!
//! | kind | what speaks for it |
//! | --- | --- |
//! | organization | name without legal form, website's domain |
//! | location | name, address |
//! | contact | name, e-mail address |
//! | configuration | serial number, MAC address, name |
//!
//! Reasons add up as independent ones do: two of 80 make 96. Names whose numbers differ (`PC-01`, `PC-02`) are not alike,
//! and two different serial numbers speak against everything else.

use crate::{Field, Kind, Value};

/// The least score that is worth a person's look.
pub const LEAST: u8 = 60;

/// How alike two records are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Likeness {
    /// From [`LEAST`] to 99; what the standard rule holds equal would be 100.
    pub score: u8,
    /// What speaks for it, in words.
    pub why: String,
}

/// What a record is compared by, made ready once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sketch {
    words: Vec<String>,
    domain: Option<String>,
    mails: Vec<String>,
    serial: Option<String>,
    macs: Vec<String>,
    address: Option<String>,
}

impl Sketch {
    /// The sketch of a record with these fields.
    pub fn of<'a>(kind: Kind, get: impl Fn(Field) -> &'a Value) -> Sketch {
        let text = |field: Field| get(field).as_text().unwrap_or_default();
        let mut words = words(&crate::record::display_name(kind, &get));
        if kind == Kind::Organization {
            drop_legal_form(&mut words);
        }
        let mut sketch = Sketch {
            words,
            ..Sketch::default()
        };
        match kind {
            Kind::Organization => sketch.domain = domain(text(Field::Website)),
            Kind::Location => {
                let street = plain(text(Field::Address1));
                let city = plain(text(Field::City));
                sketch.address = (!street.is_empty()).then(|| format!("{street} {city}"));
            }
            Kind::Contact => {
                if let Value::Entries(entries) = get(Field::Emails) {
                    let mails = entries.iter().map(|entry| entry.value.trim().to_lowercase());
                    sketch.mails = mails.filter(|mail| mail.contains('@')).collect();
                }
            }
            Kind::Configuration => {
                sketch.serial = serial(text(Field::SerialNumber));
                sketch.macs = macs(text(Field::MacAddress));
            }
            Kind::Ticket => {}
        }
        sketch
    }

    /// What two records that are alike have in common at least once, so that not everything has to be compared with
    /// everything. A name misspelt in the first letters of every word is not found by its name.
    pub fn marks(&self) -> impl Iterator<Item = String> + '_ {
        let of = |kind: &'static str| move |text: &String| format!("{kind}{text}");
        let heads = self.words.iter().map(|word| {
            let head: String = word.chars().take(3).collect();
            format!("w{head}")
        });
        heads
            .chain(self.domain.iter().map(of("d")))
            .chain(self.mails.iter().map(of("@")))
            .chain(self.serial.iter().map(of("s")))
            .chain(self.macs.iter().map(of("m")))
            .chain(self.address.iter().map(of("a")))
    }

    /// How alike two records of one kind are; none where it is not worth a look.
    pub fn likeness(&self, other: &Sketch) -> Option<Likeness> {
        let mut reasons: Vec<(f64, String)> = Vec::new();
        let mut note = |weight: f64, why: String| reasons.push((weight, why));
        match name_likeness(&self.words, &other.words) {
            likeness if likeness >= 1.0 => note(0.85, "the same name but for spelling".to_owned()),
            likeness if likeness >= 0.9 => note(0.8 * likeness, "names alike".to_owned()),
            _ => {}
        }
        if self.domain.is_some() && self.domain == other.domain {
            note(0.85, "the same website".to_owned());
        }
        if let Some(mail) = self.mails.iter().find(|mail| other.mails.contains(mail)) {
            note(0.9, format!("the same e-mail address {mail}"));
        }
        if self.address.is_some() && self.address == other.address {
            note(0.8, "the same address".to_owned());
        }
        if let Some(mac) = self.macs.iter().find(|mac| other.macs.contains(mac)) {
            note(0.9, format!("the same MAC address {mac}"));
        }
        let mut against = 1.0;
        match (&self.serial, &other.serial) {
            (Some(serial), Some(others)) if serial == others => {
                note(0.93, format!("the same serial number {serial}"));
            }
            (Some(_), Some(_)) => against = 0.5,
            _ => {}
        }
        let unlike: f64 = reasons.iter().map(|(weight, _)| 1.0 - weight).product();
        let score = ((1.0 - unlike) * against * 100.0).round().min(99.0);
        // What a score is: a whole number of at most 99.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let score = score as u8;
        let why: Vec<String> = reasons.into_iter().map(|(_, why)| why).collect();
        (score >= LEAST).then(|| Likeness {
            score,
            why: why.join(", "),
        })
    }
}

/// The words of a text in small letters, without punctuation.
fn words(text: &str) -> Vec<String> {
    let spelled = text.to_lowercase().replace('&', " and ");
    // An apostrophe or a dot within a word belongs to it: O'Neill, L.L.C.
    let spelled = spelled.replace(['\'', '’', '.'], "");
    let words = spelled.split(|letter: char| !letter.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn plain(text: &str) -> String {
    words(text).join(" ")
}

/// Words that say what a company legally is and not which.
const LEGAL_FORMS: &[&str] = &[
    "ab",
    "ag",
    "aps",
    "as",
    "bv",
    "co",
    "company",
    "corp",
    "corporation",
    "doo",
    "gmbh",
    "holding",
    "holdings",
    "inc",
    "incorporated",
    "kg",
    "limited",
    "llc",
    "llp",
    "lp",
    "ltd",
    "ltda",
    "nv",
    "oy",
    "pc",
    "plc",
    "pllc",
    "pte",
    "pty",
    "pvt",
    "sa",
    "sarl",
    "sas",
    "se",
    "sl",
    "spa",
    "srl",
    "ug",
];

/// Takes legal forms off the end, and what joins them; a name of nothing else stays.
fn drop_legal_form(words: &mut Vec<String>) {
    if words.len() > 1 && words.first().is_some_and(|word| word == "the") {
        words.remove(0);
    }
    let means_nothing = |word: &String| LEGAL_FORMS.contains(&word.as_str()) || word == "and";
    while words.len() > 1 && words.last().is_some_and(means_nothing) {
        words.pop();
    }
}

/// The domain of a website, without `www`.
fn domain(website: &str) -> Option<String> {
    let website = website.trim().to_lowercase();
    let behind = website
        .split_once("://")
        .map_or(website.as_str(), |(_, behind)| behind);
    let host = behind.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    (host.contains('.') && host.len() > 3).then(|| host.to_owned())
}

/// What makers write where they have no serial number.
const NO_SERIAL: &[&str] = &[
    "chassisserialnumber",
    "defaultstring",
    "invalid",
    "none",
    "notapplicable",
    "notavailable",
    "notspecified",
    "serialnumber",
    "systemserialnumber",
    "tobefilledbyoem",
    "unknown",
];

/// A serial number in small letters without punctuation; none where it is a stand-in for one.
fn serial(text: &str) -> Option<String> {
    let serial: String = words(text).concat();
    let same_throughout = serial.chars().all(|letter| serial.starts_with(letter));
    let is_one = serial.len() >= 4 && !same_throughout && !NO_SERIAL.contains(&serial.as_str());
    is_one.then_some(serial)
}

/// MAC addresses as 12 hexadecimal digits.
fn macs(text: &str) -> Vec<String> {
    let addresses = text.split([',', ';', ' ', '\n', '|']);
    addresses
        .map(|address| {
            address
                .chars()
                .filter(char::is_ascii_hexdigit)
                .collect::<String>()
                .to_lowercase()
        })
        .filter(|digits| digits.len() == 12 && digits.chars().any(|digit| digit != '0' && digit != 'f'))
        .collect()
}

/// From 0 to 1; 1 where the words are the same in some order.
fn name_likeness(one: &[String], other: &[String]) -> f64 {
    if one.is_empty() || other.is_empty() || numbers(one) != numbers(other) {
        return 0.0;
    }
    let sorted = |words: &[String]| {
        let mut words = words.to_vec();
        words.sort_unstable();
        words.concat()
    };
    if sorted(one) == sorted(other) || one.concat() == other.concat() {
        return 1.0;
    }
    strsim::jaro_winkler(&one.join(" "), &other.join(" ")).min(0.99)
}

/// The numbers within words, in their order.
fn numbers(words: &[String]) -> Vec<String> {
    let joined = words.join(" ");
    joined
        .split(|letter: char| !letter.is_ascii_digit())
        .filter(|digits| !digits.is_empty())
        .map(|digits| digits.trim_start_matches('0').to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::Entry;

    fn sketch(kind: Kind, fields: &[(Field, &str)]) -> Sketch {
        let values: Vec<(Field, Value)> = fields
            .iter()
            .map(|(field, text)| {
                let value = match field {
                    Field::Emails => Value::entries(vec![Entry {
                        value: (*text).to_owned(),
                        label: "Email".to_owned(),
                        primary: true,
                        extension: None,
                    }]),
                    _ => Value::text(*text),
                };
                (*field, value)
            })
            .collect();
        static ABSENT: Value = Value::Absent;
        let find = |wanted: Field| values.iter().find(|(field, _)| *field == wanted);
        Sketch::of(kind, |field| find(field).map_or(&ABSENT, |(_, value)| value))
    }

    fn score(kind: Kind, one: &[(Field, &str)], other: &[(Field, &str)]) -> u8 {
        let (one, other) = (sketch(kind, one), sketch(kind, other));
        one.likeness(&other).map_or(0, |likeness| likeness.score)
    }

    #[test]
    fn organizations() {
        let named = |one: &str, other: &str| {
            score(Kind::Organization, &[(Field::Name, one)], &[(Field::Name, other)])
        };
        for (one, other) in [
            ("Acme, Inc.", "ACME"),
            ("The Acme Company, L.L.C.", "Acme"),
            ("Smith & Sons Ltd", "Smith and Sons Limited"),
            ("O'Neill GmbH & Co. KG", "ONeill"),
            ("Blue Sky Dental", "BlueSky Dental"),
        ] {
            assert_eq!(named(one, other), 85, "{one} and {other}");
        }
        assert!(named("Northwind Traders", "Northwnd Traders") >= 70);
        for (one, other) in [
            ("Acme", "Contoso"),
            ("Branch 1", "Branch 2"),
            ("Inc", "Ltd"),
            ("", ""),
        ] {
            assert_eq!(named(one, other), 0, "{one} and {other}");
        }
        let site = |name, website| vec![(Field::Name, name), (Field::Website, website)];
        let same_site = [
            site("Acme", "https://www.acme.example/en"),
            site("Widget Makers", "acme.example"),
        ];
        assert_eq!(score(Kind::Organization, &same_site[0], &same_site[1]), 85);
        assert_eq!(
            score(
                Kind::Organization,
                &site("Acme", "acme.example"),
                &site("Acme Inc", "acme.example")
            ),
            98
        );
    }

    #[test]
    fn configurations() {
        use Field::{MacAddress, Name, SerialNumber};
        let of = |one: &[(Field, &str)], other: &[(Field, &str)]| score(Kind::Configuration, one, other);
        assert_eq!(of(&[(SerialNumber, "ab-1234")], &[(SerialNumber, "AB1234")]), 93);
        assert_eq!(
            of(
                &[(MacAddress, "00:1A:2b:3c:4d:5e")],
                &[(MacAddress, "11-22-33-44-55-66, 001a.2b3c.4d5e")]
            ),
            90
        );
        for stand_in in ["To be filled by O.E.M.", "0000000", "n/a", "System Serial Number"] {
            assert_eq!(
                of(&[(SerialNumber, stand_in)], &[(SerialNumber, stand_in)]),
                0,
                "{stand_in}"
            );
        }
        assert_eq!(of(&[(Name, "ACME-PC01")], &[(Name, "ACME-PC02")]), 0);
        assert!(of(&[(Name, "ACME-PC01")], &[(Name, "acme pc1")]) >= 70);
        assert_eq!(of(&[(Name, "ACME-PC01")], &[(Name, "acme pc01")]), 85);
        assert_eq!(
            of(
                &[(Name, "server"), (SerialNumber, "AB1234")],
                &[(Name, "server"), (SerialNumber, "CD5678")]
            ),
            0,
            "two serial numbers are two machines"
        );
    }

    #[test]
    fn contacts_and_locations() {
        use Field::{Address1, City, Emails, FirstName, LastName, Name};
        let of = |one: &[(Field, &str)], other: &[(Field, &str)]| score(Kind::Contact, one, other);
        assert_eq!(
            of(
                &[(FirstName, "Bob"), (Emails, "Bob@acme.example")],
                &[(FirstName, "Robert"), (Emails, "bob@acme.example")]
            ),
            90
        );
        assert_eq!(
            of(
                &[(FirstName, "Ada"), (LastName, "King")],
                &[(FirstName, "King"), (LastName, "Ada")]
            ),
            85
        );
        let place = |name, street, city| vec![(Name, name), (Address1, street), (City, city)];
        assert_eq!(
            score(
                Kind::Location,
                &place("Main", "1 High St.", "Leeds"),
                &place("Head office", "1 high st", "LEEDS")
            ),
            80
        );
    }

    proptest! {
        /// It is the same both ways, within its bounds, and found by a mark where a name or a number says so.
        #[test]
        fn it_is_symmetric_and_bounded(one in "[a-cA-C0-2 .&']{0,12}", other in "[a-cA-C0-2 .&']{0,12}") {
            let sketch = |text: &str| sketch(Kind::Organization, &[(Field::Name, text)]);
            let (one, other) = (sketch(&one), sketch(&other));
            let likeness = one.likeness(&other);
            prop_assert_eq!(&likeness, &other.likeness(&one));
            if let Some(likeness) = likeness {
                prop_assert!((LEAST..=99).contains(&likeness.score));
                prop_assert!(!likeness.why.is_empty());
            }
        }
    }
}
