//! What is synced: shown with every option the PSA has, chosen by label, saved with a queued run.

use std::collections::BTreeMap;

use dovetail_domain::connector::{Choice, ConnectorDescription, GroupOption, group_field};
use dovetail_domain::{Code, Integration, IntegrationId, IntegrationName, Kind, SyncState};
use dovetail_store::{Archive, Filter, RunTrigger, Wanted, table};
use dovetail_sync::{Event, Progress};

use crate::answer::{Answer, Choosable, Deselected, Group, SettingsSaved, SettingsShown};
use crate::choose::{self, Pick};
use crate::dispatch::{Reach, enqueue};
use crate::host::Host;
use crate::request::SettingsChange;
use crate::{Problem, integrations, problem::Result};

/// Every group's options.
type Options = BTreeMap<String, Vec<GroupOption>>;

pub(crate) async fn show(host: &Host, name: &IntegrationName, progress: &dyn Progress) -> Result<Answer> {
    let integration = integrations::find(host.archive(), name)?;
    let (options, stale) = options(host, &integration, progress).await?;
    let connector = host
        .shelf()
        .connector(host.archive(), &integration.connector)
        .await?;
    Ok(Answer::Settings(shown(
        &integration,
        connector.description(),
        &options,
        stale,
    )))
}

/// The options as the PSA says now; where it cannot be reached, as it said last.
async fn options(
    host: &Host,
    integration: &Integration,
    progress: &dyn Progress,
) -> Result<(Options, Option<Problem>)> {
    let archive = host.archive();
    let setup = host.setup_for(integration).await?;
    match dovetail_sync::options(&setup).await {
        Ok(read) => {
            let mut step = host.step();
            for (group, options) in &read {
                step.put(&table::options(), &(integration.id, group.clone()), options)?;
            }
            archive.commit(step)?;
            Ok((read.into_iter().collect(), None))
        }
        Err(error) => {
            let problem = Problem::from(error);
            let kept = table::options::<Vec<GroupOption>>().list_under(archive.store(), &integration.id)?;
            // Exit 5: out of reach. Anything else is for a person to see to.
            if kept.is_empty() || problem.exit() != Code::Unreachable.exit() {
                return Err(problem);
            }
            let text = format!("{} These are the options it had last.", problem.message);
            progress.event(Event::Note { text });
            let options = kept.into_iter().map(|((_, group), options)| (group, options));
            Ok((options.collect(), Some(problem)))
        }
    }
}

fn shown(
    integration: &Integration,
    description: &ConnectorDescription,
    options: &Options,
    stale: Option<Problem>,
) -> SettingsShown {
    let sync = &integration.sync;
    let groups = description.groups.iter().map(|group| {
        let choice = sync.choice(&group.id);
        let mut shown: Vec<Choosable> = options
            .get(&group.id)
            .into_iter()
            .flatten()
            .map(|option| Choosable {
                id: option.id.clone(),
                label: option.label.clone(),
                recommended: option.recommended,
                selected: is_chosen(&choice, &option.id),
                count: option.count,
            })
            .collect();
        // Stable, so that within both parts the PSA's order stays.
        shown.sort_by_key(|option| !option.recommended);
        Group {
            id: group.id.clone(),
            label: group.label.clone(),
            recommendation: group.recommendation.clone(),
            all: choice == Choice::Every,
            options: shown,
        }
    });
    SettingsShown {
        name: integration.name.to_string(),
        saved: sync.saved,
        groups: groups.collect(),
        contacts: sync.contacts,
        tickets: sync.tickets.to_string(),
        two_way: Kind::ALL
            .into_iter()
            .map(|kind| (kind, sync.is_two_way(kind)))
            .collect(),
        interval: sync.interval.to_string(),
        full_every: sync.full_every.to_string(),
        reread: sync.reread,
        contact_email_type: sync.contact_email_type.clone(),
        contact_phone_type: sync.contact_phone_type.clone(),
        stale,
    }
}

fn is_chosen(choice: &Choice, id: &str) -> bool {
    match choice {
        Choice::Every => true,
        Choice::These(ids) => ids.iter().any(|chosen| chosen == id),
    }
}

pub(crate) async fn set(host: &Host, change: SettingsChange, progress: &dyn Progress) -> Result<Answer> {
    let archive = host.archive();
    let integration = integrations::find(archive, &change.name)?;
    let connector = host.shelf().connector(archive, &integration.connector).await?;
    let description = connector.description();
    check_two_way(description, &change)?;
    let (options, stale) = options(host, &integration, progress).await?;
    let chosen = choices(description, &change.select, &options)?;

    let (before, after) = {
        let _changing = host.changing();
        let before = integrations::find(archive, &change.name)?;
        let after = changed(&before, description, &change, chosen);
        let begins = |kind: &Kind| after.sync.is_two_way(*kind) && !before.sync.is_two_way(*kind);
        let begun: Vec<Kind> = Kind::ALL.into_iter().filter(begins).collect();
        // Before it is on: a process that dies in between has sent nothing.
        dovetail_sync::withhold_all(archive, after.id, &begun, || host.step())?;
        let mut step = host.step();
        step.put(&table::INTEGRATIONS, &after.id, &after)?;
        archive.commit(step)?;
        (before, after)
    };
    enqueue(host, after.id, RunTrigger::Settings, Reach::default())?;

    let name = &after.name;
    let server = host.dispatch().serving();
    let mut notes = Vec::new();
    if change.two_way.iter().any(|(_, on)| *on) {
        notes.push(format!(
            "Existing records are not pushed by this; that is what `dovetail push {name}` is for. From now on what is \
             edited here goes to the PSA."
        ));
        let sync = &after.sync;
        let contacts = sync.is_two_way(Kind::Contact);
        for (what, option, label) in [
            (
                "e-mail addresses",
                "--contact-email-type",
                &sync.contact_email_type,
            ),
            ("phone numbers", "--contact-phone-type", &sync.contact_phone_type),
        ] {
            if contacts && label.is_none() {
                notes.push(format!(
                    "New contacts are made in the PSA without {what} until `{option} LABEL` says what they are called there."
                ));
            }
        }
    }
    if after.paused {
        notes.push(format!(
            "The integration is paused: `dovetail integration resume {name}` lets the run begin."
        ));
    }
    Ok(Answer::SettingsSaved(SettingsSaved {
        name: name.to_string(),
        queued: true,
        server,
        start: format!("dovetail sync {name}"),
        deselected: deselected(archive, description, &before, &after, &options)?,
        notes,
        settings: shown(&after, description, &options, stale),
    }))
}

/// The choices that `--select` makes, group by group.
fn choices(
    description: &ConnectorDescription,
    select: &[(String, Pick)],
    options: &Options,
) -> Result<BTreeMap<String, Choice>> {
    let mut picks: BTreeMap<&str, Vec<&Pick>> = BTreeMap::new();
    for (group, pick) in select {
        if description.group(group).is_none() {
            let known: Vec<&str> = description.groups.iter().map(|group| group.id.as_str()).collect();
            let nearest = choose::nearest(group, known.iter().copied())
                .first()
                .copied()
                .unwrap_or("none");
            return Err(Problem::new(
                Code::UnknownSetting,
                format!("There is no group `{group}`; nothing was changed."),
                format!("The nearest is `{nearest}`; there are: {}.", known.join(", ")),
            ));
        }
        picks.entry(group).or_default().push(pick);
    }
    let none = Vec::new();
    let chosen = picks.into_iter().map(|(group, picks)| {
        let choice = choose::choose(group, &picks, options.get(group).unwrap_or(&none))?;
        Ok((group.to_owned(), choice))
    });
    chosen.collect()
}

fn check_two_way(description: &ConnectorDescription, change: &SettingsChange) -> Result<()> {
    for (kind, on) in &change.two_way {
        let can = kind.is_none_or(|kind| description.ability(kind).is_some_and(|ability| ability.writes));
        if *on && !can {
            let kind = kind.map(|kind| kind.to_string()).unwrap_or_default();
            return Err(Problem::value(
                format!("the connector {} cannot write a {kind}", description.name),
                "Leave the kind out; `dovetail settings show` lists those that can.",
            ));
        }
    }
    Ok(())
}

fn changed(
    before: &Integration,
    description: &ConnectorDescription,
    change: &SettingsChange,
    chosen: BTreeMap<String, Choice>,
) -> Integration {
    let mut after = before.clone();
    let sync = &mut after.sync;
    sync.saved = true;
    sync.selections.extend(chosen);
    sync.contacts = change.contacts.unwrap_or(sync.contacts);
    sync.tickets = change.tickets.unwrap_or(sync.tickets);
    sync.interval = change.interval.unwrap_or(sync.interval);
    sync.full_every = change.full_every.unwrap_or(sync.full_every);
    sync.reread = change.reread.unwrap_or(sync.reread);
    for (kind, on) in &change.two_way {
        let writes = |kind: &Kind| description.ability(*kind).is_some_and(|ability| ability.writes);
        let kinds: Vec<Kind> = match kind {
            Some(kind) => vec![*kind],
            None => Kind::ALL.into_iter().filter(writes).collect(),
        };
        sync.two_way.extend(kinds.into_iter().map(|kind| (kind, *on)));
    }
    if let Some(label) = &change.contact_email_type {
        sync.contact_email_type = Some(label.clone());
    }
    if let Some(label) = &change.contact_phone_type {
        sync.contact_phone_type = Some(label.clone());
    }
    after
}

/// What was chosen and is not any more, with how many records here have it.
fn deselected(
    archive: &Archive,
    description: &ConnectorDescription,
    before: &Integration,
    after: &Integration,
    options: &Options,
) -> Result<Vec<Deselected>> {
    let mut gone = Vec::new();
    for group in &description.groups {
        let (old, new) = (before.sync.choice(&group.id), after.sync.choice(&group.id));
        for option in options.get(&group.id).into_iter().flatten() {
            if !is_chosen(&old, &option.id) || is_chosen(&new, &option.id) {
                continue;
            }
            gone.push(Deselected {
                group: group.id.clone(),
                label: option.label.clone(),
                records: with_label(archive, before.id, group.kind, &group.id, &option.label)?,
            });
        }
    }
    if before.sync.contacts && !after.sync.contacts {
        let counts = archive.counts()?;
        gone.push(Deselected {
            group: "contacts".to_owned(),
            label: "all".to_owned(),
            records: counts.linked(before.id, Kind::Contact, Some(SyncState::Enabled)),
        });
    }
    // What was never synced concerns no record and nobody has to read it.
    gone.retain(|gone| gone.records > 0);
    Ok(gone)
}

/// Records that have a label in the field a group chooses by: the field is the last word of the group's id, of the
/// standard fields of its kind.
fn with_label(
    archive: &Archive,
    integration: IntegrationId,
    kind: Kind,
    group: &str,
    label: &str,
) -> Result<u64> {
    let Some(field) = group_field(kind, group) else {
        return Ok(0);
    };
    let filter = Filter {
        integration: Some(integration),
        state: Some(SyncState::Enabled),
        wanted: vec![Wanted::Field(field, label.to_owned())],
        ..Filter::default()
    };
    Ok(archive.count(kind, &filter)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::tests::description;
    use crate::status::tests::integration;
    use dovetail_domain::connector::SettingGroup;

    fn with_group() -> ConnectorDescription {
        let mut description = description();
        description.groups = vec![SettingGroup {
            id: "company-types".to_owned(),
            label: "Company types".to_owned(),
            kind: Kind::Organization,
            recommendation: "those that are no vendors".to_owned(),
        }];
        description
    }

    fn options() -> Options {
        let option = |id: &str, label: &str, recommended| GroupOption {
            id: id.to_owned(),
            label: label.to_owned(),
            recommended,
            count: Some(1),
        };
        let all = vec![
            option("1", "Vendor", false),
            option("2", "Client", true),
            option("3", "Owner", true),
        ];
        BTreeMap::from([("company-types".to_owned(), all)])
    }

    fn change(select: &[&str]) -> SettingsChange {
        SettingsChange {
            name: "acme".parse().unwrap(),
            select: select.iter().map(|text| choose::parse(text).unwrap()).collect(),
            contacts: None,
            tickets: None,
            interval: None,
            full_every: None,
            reread: None,
            two_way: vec![],
            contact_email_type: None,
            contact_phone_type: None,
        }
    }

    #[test]
    fn recommended_ones_come_first_and_what_is_chosen_shows() {
        let description = with_group();
        let change = change(&["company-types=client"]);
        let chosen = choices(&description, &change.select, &options()).unwrap();
        let after = changed(&integration(), &description, &change, chosen);
        assert!(after.sync.saved);
        let shown = shown(&after, &description, &options(), None);
        let labels: Vec<_> = shown.groups[0]
            .options
            .iter()
            .map(|o| (o.label.as_str(), o.selected))
            .collect();
        assert_eq!(labels, [("Client", true), ("Owner", false), ("Vendor", false)]);
    }

    #[test]
    fn groups_that_are_not_there_are_refused() {
        let problem = choices(&with_group(), &change(&["company-type=all"]).select, &options()).unwrap_err();
        assert_eq!(problem.code, Code::UnknownSetting);
        assert!(problem.hint.contains("nearest is `company-types`"));
    }

    #[test]
    fn two_way_is_for_kinds_that_can_be_written() {
        let description = with_group();
        let mut wanted = change(&[]);
        wanted.two_way = vec![(Some(Kind::Ticket), true)];
        assert!(check_two_way(&description, &wanted).is_err());
        wanted.two_way = vec![(Some(Kind::Ticket), false), (None, true)];
        assert!(check_two_way(&description, &wanted).is_ok());
        assert!(
            !changed(&integration(), &description, &wanted, BTreeMap::new())
                .sync
                .two_way[&Kind::Ticket]
        );
    }
}
