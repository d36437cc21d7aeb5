//! Integrations, settings, connectors, plugins and mappings as text.

use dovetail_domain::connector::CheckState;
use dovetail_server::answer::{
    Connected, ConnectorRow, Group, Guide, IntegrationRow, IntegrationShown, PluginRow, PluginShown, Removed,
    SettingsSaved, SettingsShown,
};

use dovetail_server::problem::sentence;

use super::{line, yes_no};
use crate::render::table::{plain, text, with};

pub(super) fn integrations(out: &mut String, rows: &[IntegrationRow]) {
    if rows.is_empty() {
        return line(
            out,
            format_args!("There is no integration yet: `dovetail integration add` adds one."),
        );
    }
    let mut table = with(&[
        "name",
        "connector",
        "status",
        "records",
        "last run",
        "next run",
        "detail",
    ]);
    for row in rows {
        let last = row.last_run.as_ref();
        let time = |key| last.and_then(|run| run.get(key)).and_then(|time| time.as_str());
        table.add_row([
            row.name.clone(),
            row.connector.clone(),
            row.status.as_str().to_owned(),
            row.counts.values().sum::<u64>().to_string(),
            time("finished")
                .or_else(|| time("started"))
                .unwrap_or("-")
                .to_owned(),
            row.next_run
                .map_or_else(|| "-".to_owned(), |time| time.to_string()),
            row.detail.clone(),
        ]);
    }
    out.push_str(&text(&table));
}

pub(super) fn integration(out: &mut String, shown: &IntegrationShown) {
    for said in &shown.said {
        line(out, format_args!("{said}"));
    }
    if !shown.said.is_empty() {
        out.push('\n');
    }
    let row = &shown.row;
    let mut table = plain();
    table.add_row(["name", &row.name]);
    table.add_row(["connector", &row.connector]);
    let detail = if row.detail.is_empty() {
        String::new()
    } else {
        format!(": {}", row.detail)
    };
    table.add_row(["status", &format!("{}{detail}", row.status.as_str())]);
    for (key, value) in &shown.settings {
        table.add_row([key, value]);
    }
    for key in &shown.secrets {
        table.add_row([key.as_str(), "kept, never shown"]);
    }
    for origin in &shown.origins {
        let credential = origin
            .credential
            .as_deref()
            .map_or("without a credential", |_| "with its credential");
        table.add_row(["may reach", &format!("{} {credential}", origin.url)]);
    }
    if shown.ca.is_some() {
        table.add_row(["private authority", "trusted"]);
    }
    if shown.allow_private_network {
        table.add_row(["private network", "allowed"]);
    }
    if let Some(proxy) = &shown.proxy {
        table.add_row(["proxy", proxy]);
    }
    let rate = shown
        .requests_per_minute
        .map_or_else(|| "unlimited".to_owned(), |rate| rate.to_string());
    table.add_row(["requests a minute", &rate]);
    let counts = row
        .counts
        .iter()
        .map(|(kind, count)| format!("{count} {}", kind.plural()));
    table.add_row(["records", &counts.collect::<Vec<_>>().join(", ")]);
    table.add_row(["added", &shown.created.to_string()]);
    out.push_str(&text(&table));
    if let Some(trouble) = &shown.trouble {
        line(
            out,
            format_args!("\n{}\n  {}", sentence(&trouble.message), sentence(&trouble.hint)),
        );
    }
}

pub(super) fn connected(out: &mut String, connected: &Connected) {
    let mut table = with(&["", "check", "needed", "how", "found"]);
    for check in &connected.checks {
        let mark = match (check.ok, check.state) {
            (false, _) => "FAILED",
            (true, CheckState::Ok) => "ok",
            (true, CheckState::Missing) => "missing",
            (true, CheckState::Unknown) => "unknown",
            (true, CheckState::NotNeeded) => "not needed",
        };
        let mut found = check.detail.clone();
        // The hint of what failed stands in the error.
        if let (Some(hint), true, true) = (&check.hint, check.ok, check.state != CheckState::Ok) {
            found = format!("{found} {hint}").trim().to_owned();
        }
        table.add_row([mark, &check.id, yes_no(check.needed), &check.how, &found]);
    }
    out.push_str(&text(&table));
    if connected.ok {
        let name = &connected.name;
        line(
            out,
            format_args!("\nConnected. `dovetail settings show {name}` lists what can be synced."),
        );
    }
}

pub(super) fn removed(out: &mut String, removed: &Removed) {
    let records: u64 = removed.records.values().sum();
    let name = &removed.name;
    match removed.kept.as_str() {
        "data-and-links" => line(
            out,
            format_args!(
                "Removed `{name}`. Its {records} records stay and wait for an integration of this name."
            ),
        ),
        "data" => line(
            out,
            format_args!("Removed `{name}`. Its {records} records are the documentation's own now."),
        ),
        _ => line(out, format_args!("Removed `{name}` and its {records} records.")),
    }
    if let Some(file) = &removed.file {
        line(
            out,
            format_args!("They stand in {} as JSON lines.", file.display()),
        );
    }
}

pub(super) fn connectors(out: &mut String, rows: &[ConnectorRow]) {
    let mut table = with(&["name", "title", "version", "from", "records"]);
    for row in rows {
        let kinds: Vec<&str> = row.kinds.iter().map(|kind| kind.plural()).collect();
        table.add_row([&row.name, &row.title, &row.version, &row.from, &kinds.join(", ")]);
    }
    out.push_str(&text(&table));
}

pub(super) fn guide(out: &mut String, guide: &Guide) {
    line(
        out,
        format_args!("Connecting {} (connector {})", guide.title, guide.connector),
    );
    for (number, section) in guide.sections.iter().enumerate() {
        line(out, format_args!("\n{}. {}", number + 1, section.title));
        if !section.introduction.is_empty() {
            line(out, format_args!("   {}", section.introduction));
        }
        for step in &section.steps {
            let path = if step.path.is_empty() {
                String::new()
            } else {
                format!("   [{}]", step.path)
            };
            line(out, format_args!("   - {}{path}", step.text));
        }
        if !section.table.is_empty() {
            let mut rows = section.table.iter();
            let headings: Vec<&str> = rows.next().into_iter().flatten().map(String::as_str).collect();
            let mut table = with(&headings);
            rows.for_each(|row| {
                table.add_row(row);
            });
            for row in text(&table).lines() {
                line(out, format_args!("     {row}"));
            }
        }
    }
    line(out, format_args!("\nSettings"));
    for field in &guide.setup {
        let need = match (field.required, field.operator_default) {
            (true, true) => "needed here or once for all",
            (true, false) => "needed",
            (false, _) => "optional",
        };
        line(
            out,
            format_args!("   {} ({need}): {} {}", field.key, field.label, field.explanation),
        );
    }
}

pub(super) fn settings(out: &mut String, settings: &SettingsShown) {
    for group in &settings.groups {
        self::group(out, group);
    }
    let mut table = plain();
    table.add_row(["contacts", if settings.contacts { "on" } else { "off" }]);
    table.add_row(["tickets", &settings.tickets]);
    let on: Vec<&str> = settings
        .two_way
        .iter()
        .filter(|(_, on)| **on)
        .map(|(kind, _)| kind.plural())
        .collect();
    table.add_row([
        "two-way",
        &if on.is_empty() {
            "off".to_owned()
        } else {
            on.join(", ")
        },
    ]);
    table.add_row(["interval", &settings.interval]);
    table.add_row(["full pass every", &settings.full_every]);
    table.add_row([
        "locations read again",
        &format!("of {} organizations a run", settings.reread),
    ]);
    for (what, label) in [
        ("contact e-mail type", &settings.contact_email_type),
        ("contact phone type", &settings.contact_phone_type),
    ] {
        if let Some(label) = label {
            table.add_row([what, label]);
        }
    }
    out.push_str(&text(&table));
    if !settings.saved {
        let name = &settings.name;
        line(
            out,
            format_args!(
                "\nNothing is synced until settings are saved: `dovetail settings set {name} --select GROUP=recommended …`"
            ),
        );
    }
}

fn group(out: &mut String, group: &Group) {
    let all = if group.all {
        ", all selected, those to come too"
    } else {
        ""
    };
    line(out, format_args!("{} ({}{all})", group.label, group.id));
    if !group.recommendation.is_empty() {
        line(out, format_args!("  recommended: {}", group.recommendation));
    }
    let mut table = plain();
    for option in &group.options {
        table.add_row([
            if option.selected { "[x]" } else { "[ ]" },
            &option.label,
            if option.recommended { "recommended" } else { "" },
            &option.count.map(|count| count.to_string()).unwrap_or_default(),
        ]);
    }
    for row in text(&table).lines() {
        line(out, format_args!("  {row}"));
    }
    out.push('\n');
}

pub(super) fn saved(out: &mut String, saved: &SettingsSaved) {
    for group in &saved.settings.groups {
        let chosen: Vec<&str> = group
            .options
            .iter()
            .filter(|option| option.selected)
            .map(|option| option.label.as_str())
            .collect();
        let chosen = match (group.all, chosen.is_empty()) {
            (true, _) => "all".to_owned(),
            (false, true) => "none".to_owned(),
            (false, false) => chosen.join(", "),
        };
        line(out, format_args!("{}: {chosen}", group.id));
    }
    for gone in &saved.deselected {
        line(
            out,
            format_args!(
                "No longer chosen: {} `{}`; {} records here have it. The next run marks as orphans those that nothing else \
                 selects; none is deleted.",
                gone.group, gone.label, gone.records
            ),
        );
    }
    for note in &saved.notes {
        line(out, format_args!("{note}"));
    }
    if saved.server {
        line(
            out,
            format_args!("Saved. A run is queued and the server starts it."),
        );
    } else {
        line(
            out,
            format_args!(
                "Saved. A run is queued; no server is on: `{}` starts it.",
                saved.start
            ),
        );
    }
}

pub(super) fn plugins(out: &mut String, rows: &[PluginRow]) {
    let mut table = with(&["name", "kind", "version", "from", "bytes", "digest"]);
    for row in rows {
        let digest = row.digest.get(..16).unwrap_or(&row.digest);
        table.add_row([
            &row.name,
            &row.kind,
            &row.version,
            &row.from,
            &row.size.to_string(),
            digest,
        ]);
    }
    out.push_str(&text(&table));
    for row in rows {
        if let Some(trouble) = &row.trouble {
            line(out, format_args!("{} does not work: {trouble}", row.name));
        }
    }
}

pub(super) fn plugin(out: &mut String, plugin: &PluginShown) {
    let row = &plugin.row;
    let mut table = plain();
    table.add_row(["name", &row.name]);
    table.add_row(["title", &plugin.title]);
    table.add_row(["version", &row.version]);
    table.add_row(["kind", &row.kind]);
    table.add_row(["world", &plugin.world]);
    table.add_row(["imports", &or_nothing(&plugin.imports)]);
    table.add_row(["hosts", &or_nothing(&plugin.hosts)]);
    table.add_row(["secrets", &or_nothing(&plugin.secrets)]);
    if let Some(hosts) = &plugin.granted_hosts {
        table.add_row(["granted hosts", &or_nothing(hosts)]);
    }
    table.add_row(["limits", &or_nothing(&plugin.limits)]);
    if let Some(schema) = &plugin.config_schema {
        table.add_row(["configuration", &schema.to_string()]);
    }
    table.add_row(["size", &format!("{} bytes", row.size)]);
    table.add_row(["sha256", &row.digest]);
    table.add_row(["installed", yes_no(plugin.installed)]);
    out.push_str(&text(&table));
    for difference in &plugin.differences {
        line(out, format_args!("{difference}"));
    }
}

fn or_nothing(words: &[String]) -> String {
    if words.is_empty() {
        "none".to_owned()
    } else {
        words.join("\n")
    }
}
