//! People of the PSA: they change what people here change too, and everything else that happens to a PSA.

use std::collections::BTreeMap;

use connectwise_simulator::Control;
use serde_json::{Value, json};

use super::entered::Side;
use super::parts::{Form, PARTS, Part, is_of, item, said};
use super::stage::Stage;
use super::written::psa_kind;
use crate::model::psa::{SYNCED, change};

/// Every record of the PSA.
type Records = BTreeMap<(&'static str, u64), Value>;

impl Stage {
    /// Somebody does something in the PSA.
    pub(super) fn there(&mut self) {
        let before = records(&self.control);
        let deed = match self.dice.below(100) {
            0..22 => Err(change(&self.control, &mut self.dice, false)),
            _ => self.edit_there(),
        };
        self.notice(&before);
        match deed {
            Ok((part, id, text, word)) => {
                self.note(&format!("there: {} {id} {} = {text:?}", part.kind, part.property));
                if let Some(word) = word {
                    self.entered
                        .word_there(part.kind, &id.to_string(), part.property, word);
                }
                self.touched.push((Side::There, part, id.to_string()));
            }
            Err(told) => self.note(&format!("there: {told}")),
        }
    }

    /// A part of a record is changed: the one that people here changed last, or any.
    fn edit_there(&mut self) -> Result<(Part, u64, String, Option<String>), String> {
        let (part, id) = match self.recent(Side::Here) {
            Some((part, id)) => (part, id.parse().unwrap_or_default()),
            None => {
                let part = self.dice.pick(&PARTS).expect("there are parts");
                let id = self.dice.pick(&self.control.ids(part.of));
                (part, id.unwrap_or_default())
            }
        };
        let Some(record) = self.control.record(part.of, id) else {
            return Err(format!("{} {id} is gone", part.kind));
        };
        let empties = part.may_go && self.dice.chance(12);
        self.words += 1;
        let said = said(part.form, self.words, &mut self.dice);
        let value = match part.form {
            Form::Emails | Form::Phones => {
                let mut items: Vec<Value> = record["communicationItems"]
                    .as_array()
                    .cloned()
                    .unwrap_or_default();
                if empties || self.dice.chance(40) {
                    items.retain(|one| !is_of(part.form, one));
                }
                if !empties {
                    let is_first = !items.iter().any(|one| is_of(part.form, one));
                    items.push(item(part.form, 900_000 + self.words, &said, is_first));
                }
                json!(items)
            }
            _ if empties => Value::Null,
            _ => json!(said.text),
        };
        let fields = json!({ part.property: value });
        // Sites change without a sign.
        let quiet = part.kind == "location" && self.dice.chance(40);
        let done = match quiet {
            true => self.control.edit_silently(part.of, id, fields),
            false => self.control.edit(part.of, id, fields),
        };
        done.expect("it is there");
        match empties {
            true => Ok((part, id, String::new(), None)),
            false => Ok((part, id, said.text, Some(said.word))),
        }
    }

    /// Notes what people of the PSA changed and took away.
    fn notice(&mut self, before: &Records) {
        for ((kind, id), was) in before {
            let id_text = id.to_string();
            let Some(now) = self.control.record(psa_kind(kind), *id) else {
                self.entered.gone_there(kind, &id_text);
                continue;
            };
            let members = |record: &Value| record.as_object().cloned().unwrap_or_default();
            let (was, now) = (members(was), members(&now));
            for name in was.keys().chain(now.keys()) {
                if was.get(name) != now.get(name) && name != "_info" {
                    let says = now.get(name).map(Value::to_string).unwrap_or_default();
                    self.entered.there((kind, &id_text, name), &says);
                }
            }
        }
    }
}

/// Every record of the PSA that is synced.
fn records(control: &Control) -> Records {
    let all = SYNCED.into_iter().flat_map(|(kind, name)| {
        let ids = control.ids(kind).into_iter();
        ids.filter_map(move |id| Some(((name, id), control.record(kind, id)?)))
    });
    all.collect()
}

/// Everything the PSA says, in small letters.
pub(super) fn all_of_it(control: &Control) -> String {
    let mut text = String::new();
    for record in records(control).into_values() {
        text.push_str(&record.to_string().to_lowercase());
        text.push('\n');
    }
    text
}
