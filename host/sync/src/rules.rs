//! Who wins, for every part of every record of an integration: the way its mapping lets a part go, whether the kind's edits
//! are sent at all, whether the part survives there and back, and what a person said.

use std::collections::{HashMap, HashSet};

use dovetail_domain::connector::ConnectorDescription;
use dovetail_domain::mapping::{Direction, TableRow};
use dovetail_domain::{AssetId, Integration, IntegrationId, Kind, Part, PartRef, Policy, Record, Rule};
use dovetail_store::{Archive, ChangeCause, Step, StoreError, Table, table};
use serde::{Deserialize, Serialize};

use crate::error::SyncError;
use crate::law::prove;
use crate::setup::{Layer, mapped};

const LAWS: Table<IntegrationId, Kept> = table::laws();

/// How the parts of a stack kept the law of there and back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    /// The digest of the stack it was tried on.
    mapped: String,
    /// Whether there was anything to try it on.
    tried: bool,
    broken: Vec<Broken>,
}

/// A row of a table that does not come back as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Broken {
    /// The organization whose stack it is in; none is the integration's.
    organization: Option<AssetId>,
    kind: Kind,
    field: String,
    /// An example, in words.
    because: String,
}

/// Who wins where a record differs on the two sides.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Kinds whose edits are sent.
    sends: HashSet<Kind>,
    /// Rows in the order of their layers, with the layer's name; the last that is about a part decides it.
    rows: Vec<(Option<AssetId>, String, TableRow)>,
    policies: HashMap<(Option<AssetId>, Kind, String), Policy>,
    broken: HashMap<(Option<AssetId>, Kind, String), String>,
    /// Organizations with layers of their own.
    own: HashSet<AssetId>,
}

impl Rules {
    /// The rules as far as they are known: what was not tried there and back yet counts as kept.
    pub fn known(
        archive: &Archive,
        integration: &Integration,
        connector: &ConnectorDescription,
        layers: &[Layer],
    ) -> Result<Rules, StoreError> {
        let writes = |kind: &Kind| {
            integration.sync.is_two_way(*kind)
                && connector.ability(*kind).is_some_and(|ability| ability.writes)
        };
        let mut rows = Vec::new();
        for layer in layers {
            let organization = layer.organization.as_ref().map(|(id, _)| *id);
            let of_layer = layer.table.iter().cloned();
            rows.extend(of_layer.map(|row| (organization, layer.name.clone(), row)));
        }
        let policies = table::POLICIES.list_under(archive.store(), &integration.id)?;
        let policies = policies
            .into_iter()
            .map(|((_, organization, (kind, part)), policy)| ((organization, kind, part), policy));
        let law = archive.get(&LAWS, &integration.id)?.unwrap_or_default();
        let is_current = law.mapped == mapped(layers);
        let broken = law.broken.into_iter().filter(|_| is_current);
        Ok(Rules {
            sends: Kind::ALL.into_iter().filter(writes).collect(),
            own: rows
                .iter()
                .filter_map(|(organization, ..)| *organization)
                .collect(),
            rows,
            policies: policies.collect(),
            broken: broken
                .map(|row| ((row.organization, row.kind, row.field), row.because))
                .collect(),
        })
    }

    /// The rules with every two-way part tried there and back on stored records, unless this stack was tried before.
    pub async fn proved(
        archive: &Archive,
        integration: &Integration,
        connector: &ConnectorDescription,
        layers: &[Layer],
        clock: fn() -> dovetail_domain::Timestamp,
    ) -> Result<Rules, SyncError> {
        let digest = mapped(layers);
        let law = archive.get(&LAWS, &integration.id)?;
        if law.is_none_or(|law| law.mapped != digest || !law.tried) {
            let law = try_all(archive, integration.id, layers, digest).await?;
            let mut step = Step::new(clock(), ChangeCause::Person(String::new()));
            step.put(&LAWS, &integration.id, &law)?;
            archive.commit(step)?;
        }
        Ok(Rules::known(archive, integration, connector, layers)?)
    }

    /// Whether edits of a kind are sent.
    pub fn sends(&self, kind: Kind) -> bool {
        self.sends.contains(&kind)
    }

    /// The rule of a part of a record.
    pub fn of(&self, record: &Record, part: PartRef<'_>) -> Rule {
        self.within(record.kind, record.organization_or_itself(), &part.to_part())
    }

    /// The rule of a part of records of an organization.
    pub fn within(&self, kind: Kind, organization: Option<AssetId>, part: &Part) -> Rule {
        let part = part.to_string();
        let mapped = self.of_mapping(kind, organization, &part);
        match self.said(kind, organization, part) {
            None => mapped,
            Some(policy) => Rule::new(mapped.direction(), policy).unwrap_or_else(|_| {
                // What a person set for a part that went both ways then.
                let meant = Rule::new(Direction::Both, policy);
                meant.map_or(Rule::INWARD, Rule::without_sending)
            }),
        }
    }

    /// What a person set for a part: for the organization, or else for all of the integration.
    pub fn said(&self, kind: Kind, organization: Option<AssetId>, part: String) -> Option<Policy> {
        let mut key = (organization, kind, part);
        let own = self.policies.get(&key);
        key.0 = None;
        own.or_else(|| self.policies.get(&key)).copied()
    }

    /// What the mapping says of a part, as far as it can be kept.
    fn of_mapping(&self, kind: Kind, organization: Option<AssetId>, part: &str) -> Rule {
        let Some((_, row)) = self.row(kind, organization, part) else {
            return Rule::INWARD;
        };
        match self.sends(kind) && self.broken(kind, organization, &row.name).is_none() {
            true => row.rule,
            false => row.rule.inward(),
        }
    }

    /// The row that decides a part, with the name of its layer.
    pub fn row(&self, kind: Kind, organization: Option<AssetId>, part: &str) -> Option<(&str, &TableRow)> {
        let of_kind = self
            .rows
            .iter()
            .rev()
            .filter(|(place, _, row)| row.kind == kind && (place.is_none() || *place == organization));
        let mut about = of_kind.filter(|(.., row)| row.is_about(part));
        about.next().map(|(_, layer, row)| (layer.as_str(), row))
    }

    /// Why a row that says it goes both ways does not.
    pub fn broken(&self, kind: Kind, organization: Option<AssetId>, row: &str) -> Option<&str> {
        let place = organization.filter(|organization| self.own.contains(organization));
        let found = self.broken.get(&(place, kind, row.to_owned()));
        found.map(String::as_str)
    }
}

/// Tries the stack of the integration, and that of each organization with layers of its own.
async fn try_all(
    archive: &Archive,
    integration: IntegrationId,
    layers: &[Layer],
    mapped: String,
) -> Result<Kept, SyncError> {
    let mut kept = Kept {
        mapped,
        ..Kept::default()
    };
    let own = layers.iter().filter_map(|layer| layer.organization.as_ref());
    let mut places: Vec<Option<AssetId>> = own.map(|(id, _)| Some(*id)).collect();
    places.push(None);
    places.sort_unstable();
    places.dedup();
    for place in places {
        let concerns = |layer: &&Layer| {
            let of = layer.organization.as_ref().map(|(id, _)| *id);
            of.is_none() || of == place
        };
        let stack: Vec<Layer> = layers.iter().filter(concerns).cloned().collect();
        for proof in prove(archive, integration, place, &stack).await? {
            kept.tried |= proof.tried > 0;
            kept.broken.extend(proof.broken.map(|because| Broken {
                organization: place,
                kind: proof.kind,
                field: proof.field,
                because,
            }));
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dovetail_domain::Field;

    fn row(kind: Kind, name: &str, flow: Direction) -> TableRow {
        TableRow {
            kind,
            name: name.to_owned(),
            path: String::new(),
            rule: Rule::of(flow),
            identifies: false,
        }
    }

    fn rules() -> Rules {
        let rows = vec![
            (None, "standard", row(Kind::Contact, "title", Direction::Both)),
            (
                None,
                "standard",
                row(Kind::Contact, "first_name", Direction::Both),
            ),
            (None, "standard", row(Kind::Contact, "active", Direction::Inward)),
            (
                None,
                "standard",
                row(Kind::Contact, "traits.custom_fields.*", Direction::Both),
            ),
            (
                None,
                "standard",
                row(Kind::Configuration, "name", Direction::Both),
            ),
            (
                Some(AssetId(7)),
                "over",
                row(Kind::Contact, "first_name", Direction::Inward),
            ),
        ];
        let rows = rows
            .into_iter()
            .map(|(place, layer, row)| (place, layer.to_owned(), row));
        let policy = |place: Option<u64>, part: &str, policy| {
            ((place.map(AssetId), Kind::Contact, part.to_owned()), policy)
        };
        Rules {
            sends: HashSet::from([Kind::Contact]),
            rows: rows.collect(),
            policies: HashMap::from([
                policy(None, "title", Policy::FromPsa),
                policy(Some(8), "title", Policy::FromLocal),
                policy(None, "active", Policy::FromLocal),
            ]),
            broken: HashMap::from([(
                (None, Kind::Contact, "traits.custom_fields.*".to_owned()),
                "1 came back as 2".to_owned(),
            )]),
            own: HashSet::from([AssetId(7)]),
        }
    }

    #[test]
    fn who_wins_follows_the_mapping_the_switch_the_law_and_what_a_person_said() {
        let rules = rules();
        let of = |kind, organization: u64, part: &str| {
            let rule = rules.within(kind, Some(AssetId(organization)), &Part::named(part).unwrap());
            (rule.direction(), rule.policy())
        };
        use Direction::{Both, Inward};
        for (kind, organization, part, expected) in [
            (Kind::Contact, 6, "first_name", (Both, Policy::Both)),
            // A layer of one organization decides for it.
            (Kind::Contact, 7, "first_name", (Inward, Policy::FromPsa)),
            (Kind::Contact, 6, "title", (Both, Policy::FromPsa)),
            (Kind::Contact, 8, "title", (Both, Policy::FromLocal)),
            // A policy that would have to send what comes in only becomes the nearest that does not.
            (Kind::Contact, 6, "active", (Inward, Policy::Manual)),
            // What does not come back as it was comes in only, except where another stack was tried.
            (
                Kind::Contact,
                6,
                "traits.custom_fields.Rack",
                (Inward, Policy::FromPsa),
            ),
            (
                Kind::Contact,
                7,
                "traits.custom_fields.Rack",
                (Both, Policy::Both),
            ),
            // Nobody maps it, and nobody switched the kind on.
            (Kind::Contact, 6, "traits.wall", (Inward, Policy::FromPsa)),
            (Kind::Configuration, 6, "name", (Inward, Policy::FromPsa)),
        ] {
            assert_eq!(
                of(kind, organization, part),
                expected,
                "{kind} {part} of {organization}"
            );
        }
    }

    #[test]
    fn the_mappings_policy_stands_until_a_person_says_otherwise() {
        let mut rules = rules();
        let with = |name: &str, direction, policy| TableRow {
            rule: Rule::new(direction, policy).unwrap(),
            ..row(Kind::Contact, name, direction)
        };
        let standard = [
            with("last_name", Direction::Both, Policy::FromLocal),
            with("notes", Direction::Inward, Policy::FillEmpty),
            with("title", Direction::Both, Policy::Manual),
        ];
        let standard = standard.map(|row| (None, "standard".to_owned(), row));
        // A layer of one organization that says nothing of a policy takes the field over with the one that follows.
        let own = row(Kind::Contact, "last_name", Direction::Both);
        rules.rows.extend(standard);
        rules.rows.push((Some(AssetId(7)), "over".to_owned(), own));
        let of = |rules: &Rules, organization: u64, part: &str| {
            let rule = rules.within(
                Kind::Contact,
                Some(AssetId(organization)),
                &Part::named(part).unwrap(),
            );
            (rule.direction(), rule.policy())
        };
        use Direction::{Both, Inward};
        assert_eq!(of(&rules, 6, "last_name"), (Both, Policy::FromLocal));
        assert_eq!(of(&rules, 7, "last_name"), (Both, Policy::Both));
        assert_eq!(of(&rules, 6, "notes"), (Inward, Policy::FillEmpty));
        // A person said from-psa for all, and from-local for one organization.
        assert_eq!(of(&rules, 6, "title"), (Both, Policy::FromPsa));
        assert_eq!(of(&rules, 8, "title"), (Both, Policy::FromLocal));
        let broken = (None, Kind::Contact, "last_name".to_owned());
        rules.broken.insert(broken, "1 came back as 2".to_owned());
        assert_eq!(of(&rules, 6, "last_name"), (Inward, Policy::FromPsa));
        rules.broken.clear();
        rules.sends.clear();
        assert_eq!(of(&rules, 6, "last_name"), (Inward, Policy::FromPsa));
        // What a person wanted sent is not replaced unasked.
        assert_eq!(of(&rules, 8, "title"), (Inward, Policy::Manual));
        assert_eq!(of(&rules, 6, "notes"), (Inward, Policy::FillEmpty));
    }

    #[test]
    fn an_organizations_own_layers_are_for_itself_too() {
        let mut rules = rules();
        let row = row(Kind::Organization, "name", Direction::Both);
        rules.rows.push((Some(AssetId(7)), "over".to_owned(), row));
        rules.sends.insert(Kind::Organization);
        let at = dovetail_domain::Timestamp::from_seconds(0).unwrap();
        let part = PartRef::Field(Field::Name);
        for (id, expected) in [(7, Direction::Both), (8, Direction::Inward)] {
            let record = Record::empty(AssetId(id), Kind::Organization, None, at);
            assert_eq!(rules.of(&record, part).direction(), expected);
        }
    }
}
