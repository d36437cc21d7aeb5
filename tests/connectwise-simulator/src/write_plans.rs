//! Which writes a test means, and what is to become of them.

use crate::faults::Fault;
use crate::kind::Kind;
use crate::pattern::Pattern;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Which writes are meant: all, or those of a kind, a method or a path; once some have gone by, and only so many.
///
/// Writes are counted as they arrive, those that are refused too. Those of a contact's communications and of type
/// associations are writes of the contact or the company.
///
/// ```
/// # use connectwise_simulator::{Kind, Writes};
/// let third_new_contact = Writes::of(Kind::Contact).method("POST").nth(3);
/// let next_two = Writes::all().next(2);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Writes {
    /// The kind of the records written; any if `None`.
    pub kind: Option<Kind>,
    /// The method; any if `None`.
    pub method: Option<String>,
    /// A pattern of the path, as elsewhere; any if `None`.
    pub pattern: Option<String>,
    /// How many such writes go by first.
    pub pass: u64,
    /// How many are meant then; all from then on if `None`.
    pub times: Option<u64>,
}

impl Writes {
    /// All writes from now on.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// All writes of a kind from now on.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        Self {
            kind: Some(kind),
            ..Self::default()
        }
    }

    /// Of these, those of a method.
    #[must_use]
    pub fn method(self, method: &str) -> Self {
        Self {
            method: Some(method.to_owned()),
            ..self
        }
    }

    /// Of these, those of a path.
    #[must_use]
    pub fn at(self, pattern: &str) -> Self {
        Self {
            pattern: Some(pattern.to_owned()),
            ..self
        }
    }

    /// Of these, the n-th from now alone, counted from 1.
    #[must_use]
    pub fn nth(self, number: u64) -> Self {
        Self {
            pass: number.saturating_sub(1),
            times: Some(1),
            ..self
        }
    }

    /// Of these, the next ones alone.
    #[must_use]
    pub fn next(self, times: u64) -> Self {
        Self {
            times: Some(times),
            ..self
        }
    }

    fn includes(&self, write: &Arriving<'_>) -> bool {
        self.kind.is_none_or(|kind| write.kind == Some(kind))
            && self
                .method
                .as_deref()
                .is_none_or(|method| method.eq_ignore_ascii_case(write.method))
            && self
                .pattern
                .as_deref()
                .is_none_or(|pattern| Pattern::new(pattern).matches(write.path, write.query))
    }

    /// Counts a write that is included and answers whether it is meant.
    fn take(&mut self) -> bool {
        if self.pass > 0 {
            self.pass -= 1;
            return false;
        }
        match &mut self.times {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }
}

/// A write as it arrives.
pub(crate) struct Arriving<'a> {
    pub(crate) kind: Option<Kind>,
    pub(crate) method: &'a str,
    /// The path below the codebase.
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) body: &'a [u8],
}

impl Arriving<'_> {
    /// Whether the body names a field: a member of the object (or one of the objects), or the beginning of a path.
    fn names(&self, field: &str) -> bool {
        let body: Value = serde_json::from_slice(self.body).unwrap_or_default();
        let entries = match &body {
            Value::Array(entries) => entries.as_slice(),
            one => std::slice::from_ref(one),
        };
        entries
            .iter()
            .any(|entry| match entry.get("path").and_then(Value::as_str) {
                Some(path) => path.trim_start_matches('/').split('/').next() == Some(field),
                None => entry.get(field).is_some(),
            })
    }
}

/// What is planned for writes.
#[derive(Default)]
pub(crate) struct WritePlans {
    faults: Vec<(Writes, Fault)>,
    refused: Vec<(Writes, String)>,
}

impl WritePlans {
    pub(crate) fn fail(&mut self, writes: Writes, fault: Fault) {
        self.faults.push((writes, fault));
    }

    pub(crate) fn refuse_field(&mut self, writes: Writes, field: String) {
        self.refused.push((writes, field));
    }

    /// The fault of a write that arrives now; every plan that includes the write counts it, the first one that
    /// means it decides.
    pub(crate) fn fault(&mut self, write: &Arriving<'_>) -> Option<Fault> {
        let mut found = None;
        for (writes, fault) in &mut self.faults {
            let meant = writes.includes(write) && (found.is_none() || writes.pass > 0) && writes.take();
            if meant {
                found = Some(*fault);
            }
        }
        found
    }

    /// The fields of a write that are to be refused. Only writes that name the field are counted.
    pub(crate) fn refused(&mut self, write: &Arriving<'_>) -> Vec<String> {
        self.refused
            .iter_mut()
            .filter_map(|(writes, field)| {
                let meant = writes.includes(write) && write.names(field) && writes.take();
                meant.then(|| field.clone())
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write<'a>(kind: Kind, method: &'a str, body: &'a [u8]) -> Arriving<'a> {
        Arriving {
            kind: Some(kind),
            method,
            path: "/company/contacts/310",
            query: "",
            body,
        }
    }

    #[test]
    fn plans_mean_the_writes_they_say() {
        let contact = |method| write(Kind::Contact, method, b"");
        for (writes, expected) in [
            (Writes::all(), [true; 5]),
            (Writes::of(Kind::Contact), [true, true, false, true, true]),
            (Writes::of(Kind::Site), [false; 5]),
            (Writes::all().method("post"), [false, true, true, false, true]),
            (Writes::all().nth(2), [false, true, false, false, false]),
            (
                Writes::of(Kind::Contact).method("POST").nth(2),
                [false, false, false, false, true],
            ),
            (Writes::all().next(2), [true, true, false, false, false]),
            (
                Writes::all().at("/company/contacts/*").next(1),
                [true, false, false, false, false],
            ),
            (Writes::all().at("/company/companies*"), [false; 5]),
            (Writes::all().nth(0), [true, false, false, false, false]),
        ] {
            let mut plans = WritePlans::default();
            plans.fail(writes.clone(), Fault::Timeout);
            let arrive = [
                contact("PATCH"),
                contact("POST"),
                write(Kind::Company, "POST", b""),
                contact("PATCH"),
                contact("POST"),
            ];
            assert_eq!(
                arrive.map(|write| plans.fault(&write).is_some()),
                expected,
                "{writes:?}"
            );
        }
    }

    #[test]
    fn the_first_plan_that_means_a_write_decides_and_the_others_wait() {
        let mut plans = WritePlans::default();
        plans.fail(Writes::all().next(1), Fault::Timeout);
        plans.fail(Writes::all().next(1), Fault::BadGateway);
        plans.fail(Writes::all().nth(2), Fault::Reset);
        let arrive = || write(Kind::Contact, "PATCH", b"");
        let found = [(); 4].map(|()| plans.fault(&arrive()));
        assert_eq!(
            found,
            [
                Some(Fault::Timeout),
                Some(Fault::BadGateway),
                Some(Fault::Reset),
                None
            ]
        );
    }

    #[test]
    fn a_field_is_named_by_objects_and_by_operations() {
        for (body, names) in [
            (&br#"{"title": "x"}"#[..], true),
            (br#"[{"op": "replace", "path": "/title", "value": 1}]"#, true),
            (br#"[{"op": "replace", "path": "title", "value": 1}]"#, true),
            (br#"[{"op": "remove", "path": "title/x"}]"#, true),
            (br#"[{"name": "x"}, {"title": "x"}]"#, true),
            (
                br#"[{"op": "replace", "path": "/subtitle", "value": "title"}]"#,
                false,
            ),
            (br#"{"name": "title"}"#, false),
            (b"nonsense", false),
        ] {
            let mut plans = WritePlans::default();
            plans.refuse_field(Writes::all().next(1), "title".into());
            let refused = plans.refused(&write(Kind::Contact, "PATCH", body));
            assert_eq!(!refused.is_empty(), names, "{}", String::from_utf8_lossy(body));
        }
    }
}
