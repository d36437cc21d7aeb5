//! Edits brought back to the PSA: for each field that a rule of both ways made, the property it came from. What other
//! rules made is refused, since an edit of it would be overwritten by the rule.

use dovetail_sdk::mapping::exports::{Edit, Patch};
use dovetail_sdk::mapping::types::{Fault, Value};
use serde_json::{Map, Value as Json};

use crate::dates;
use crate::fit;
use crate::place::quoted;
use crate::rule::{Rule, RuleBook, Target};
use crate::scope::Scope;
use crate::way_back::WayBack;

/// What an edit wants of a field or trait.
struct Wanted<'w> {
    kind: &'w str,
    value: &'w Value,
    loose: &'w Json,
}

/// What a rule says to an edit of its target.
enum Says {
    /// The rule does not apply to this record.
    Nothing,
    Refused,
    BringBack,
}

impl RuleBook {
    /// What the PSA's record should hold after an edit. Fields that no rule makes are left to the layers before.
    ///
    /// # Errors
    /// A wanted value that the rule could not have made.
    pub(crate) fn bring_back(&self, edit: &Edit, organization: Option<&str>) -> Result<Patch, Fault> {
        let source: Map<String, Json> = match &edit.source {
            Some(source) => serde_json::from_str(&source.json)
                .map_err(|error| Fault::data("", format!("the record of the PSA is no JSON: {error}")))?,
            None => Map::new(),
        };
        let id = edit.source.as_ref().map(|source| source.id.as_str());
        let scope = Scope::new(&edit.kind, id, organization, self.country.as_deref());
        if let Some(source) = &edit.source {
            scope
                .read_source(source)
                .map_err(|error| Fault::data("", format!("the record of the PSA is no JSON: {error}")))?;
        }
        let fields = edit.wanted.iter().map(|field| {
            let loose = fit::loose(&field.content);
            (Target::Field(field.name.clone()), field.content.clone(), loose)
        });
        let traits = edit.traits.iter().map(|supplement| {
            let json: Json = serde_json::from_str(&supplement.json).unwrap_or_default();
            let value = fit::scalar(&json).map_or(Value::Absent, Value::Text);
            (Target::Trait(supplement.name.clone()), value, json)
        });
        let mut patch = Map::new();
        let mut refused = Vec::new();
        for (target, value, loose) in fields.chain(traits) {
            let concerned = |rule: &&Rule| rule.is_for(&edit.kind) && rule.sets(&target);
            let mut says = Says::Nothing;
            for rule in self.rules.iter().filter(concerned) {
                says = match self.says(rule, &scope, edit.source.is_some())? {
                    Says::Nothing => continue,
                    other => other,
                };
                if let (Says::BringBack, Some(back)) = (&says, &rule.back) {
                    let wanted = Wanted {
                        kind: &edit.kind,
                        value: &value,
                        loose: &loose,
                    };
                    let property = self.property(rule, back, &wanted, standing(&source, back.steps()))?;
                    if let Some((first, rest)) = back.steps().split_first() {
                        patch.insert(first.clone(), placed(source.get(first), rest, property));
                    }
                }
            }
            if let (Says::Refused, Some(name)) = (says, target.name()) {
                refused.push(name);
            }
        }
        Ok(Patch {
            json: Json::Object(patch).to_string(),
            refused,
        })
    }

    fn says(&self, rule: &Rule, scope: &Scope, there: bool) -> Result<Says, Fault> {
        let Some(when) = &rule.when else {
            return Ok(if rule.back.is_some() {
                Says::BringBack
            } else {
                Says::Refused
            });
        };
        // A condition on what is not known here may hold.
        let known = |read: &String| {
            let variable = read.split('.').next().unwrap_or("");
            ["kind", "organization", "country"].contains(&variable)
                || (there && ["source", "id"].contains(&variable))
        };
        if !when.reads.iter().all(known) {
            return Ok(Says::Refused);
        }
        Ok(match (self.holds(rule, scope)?, &rule.back) {
            (false, _) => Says::Nothing,
            (true, Some(_)) => Says::BringBack,
            (true, None) => Says::Refused,
        })
    }

    /// What the place that a rule reads should hold.
    fn property(
        &self,
        rule: &Rule,
        back: &WayBack,
        wanted: &Wanted<'_>,
        was: Option<&Json>,
    ) -> Result<Json, Fault> {
        let Wanted { kind, value, loose } = *wanted;
        let refuse = |words: String| {
            let message = format!("{} cannot be brought back; {words}", fit::shown(loose));
            Err(self.fault(rule, message))
        };
        Ok(match back {
            WayBack::Copied(_) => match (value, &rule.target) {
                (Value::Date(date), _) => Json::String(dates::outward(date, was.and_then(Json::as_str))),
                (Value::Text(text), Target::Field(_)) => alike(text, was),
                _ => loose.clone(),
            },
            WayBack::Found(_, table) => {
                let wanted = rule.target.held(kind, loose);
                let held = |json: &Json| rule.target.held(kind, json);
                match table.iter().find(|(_, json)| held(json) == wanted) {
                    Some((key, _)) => alike(key, was),
                    None => {
                        let known: Vec<String> = table.iter().map(|(_, json)| fit::shown(json)).collect();
                        return refuse(format!("it takes {}", known.join(", ")));
                    }
                }
            }
            WayBack::Framed { before, after, .. } => {
                let text = match value {
                    Value::Absent => "",
                    Value::Text(text) => text,
                    _ => return refuse("it takes a text".to_owned()),
                };
                let inner = text
                    .strip_prefix(before.as_str())
                    .and_then(|rest| rest.strip_suffix(after.as_str()));
                let Some(inner) = inner else {
                    return refuse(format!(
                        "it has to be like {}",
                        quoted(&format!("{before}…{after}"))
                    ));
                };
                // Templates write fractions in their own way.
                let was = was.filter(|was| !was.is_f64());
                if inner.is_empty() {
                    Json::Null
                } else {
                    alike(inner, was)
                }
            }
        })
    }
}

impl Rule {
    fn sets(&self, target: &Target) -> bool {
        let emptied = match target {
            Target::Trait(name) => self.emptied.as_ref() == Some(name),
            _ => false,
        };
        self.target == *target || emptied
    }
}

/// What stands at a place of the PSA's record.
fn standing<'s>(source: &'s Map<String, Json>, steps: &[String]) -> Option<&'s Json> {
    let (first, rest) = steps.split_first()?;
    rest.iter().try_fold(source.get(first)?, |at, step| at.get(step))
}

/// A text as the PSA has the property: a number or a flag where it is one and says the same so.
fn alike(text: &str, was: Option<&Json>) -> Json {
    let text_is = |json: &Json| fit::scalar(json).as_deref() == Some(text);
    let read = match was {
        Some(Json::Number(_)) => serde_json::from_str(text).ok().filter(Json::is_number),
        Some(Json::Bool(_)) => serde_json::from_str(text).ok().filter(Json::is_boolean),
        _ => None,
    };
    read.filter(text_is)
        .unwrap_or_else(|| Json::String(text.to_owned()))
}

/// A property with what stands in it at a place, the rest as it was. An object with an id is a link to something of the
/// PSA's own: another name in it means another thing, so that its id and the rest go.
fn placed(was: Option<&Json>, steps: &[String], inner: Json) -> Json {
    let Some((step, rest)) = steps.split_first() else {
        return inner;
    };
    let mut map = was.and_then(Json::as_object).cloned().unwrap_or_default();
    let placed = placed(map.get(step), rest, inner);
    let link =
        rest.is_empty() && map.contains_key("id") && ["id", "name", "identifier"].contains(&step.as_str());
    if link && map.get(step) != Some(&placed) {
        if placed.is_null() {
            return Json::Null;
        }
        map.clear();
    }
    map.insert(step.clone(), placed);
    Json::Object(map)
}
