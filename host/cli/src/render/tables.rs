//! Answers as people read them.

mod authors;
mod both_ways;
mod carry;
mod changes;
mod mappings;
mod matches;
mod records;
mod setup;
mod upkeep;

use std::fmt::Write;

use dovetail_server::Answer;

/// An answer as text, with a newline at its end.
pub(super) fn render(answer: &Answer) -> String {
    let mut out = String::new();
    match answer {
        Answer::Integration(answer) => setup::integration(&mut out, answer),
        Answer::Integrations(rows) => setup::integrations(&mut out, rows),
        Answer::Connected(answer) => setup::connected(&mut out, answer),
        Answer::Removed(answer) => setup::removed(&mut out, answer),
        Answer::Exported(exported) => carry::exported(&mut out, exported),
        Answer::Imported(imported) => carry::imported(&mut out, imported),
        Answer::Connectors(rows) => setup::connectors(&mut out, rows),
        Answer::Guide(guide) => setup::guide(&mut out, guide),
        Answer::Settings(settings) => setup::settings(&mut out, settings),
        Answer::SettingsSaved(saved) => setup::saved(&mut out, saved),
        Answer::Run(run) => records::run(&mut out, run),
        Answer::Changed(changed) => changes::changed(&mut out, changed),
        Answer::History(rows) => changes::history(&mut out, rows),
        Answer::Matches(listed) => matches::listed(&mut out, listed),
        Answer::Matched(said) => matches::said(&mut out, said),
        Answer::Reviewed(reviewed) => matches::reviewed(&mut out, reviewed),
        Answer::Explained(explained) => changes::explained(&mut out, explained),
        Answer::Quarantined(one) => changes::quarantined(&mut out, one),
        Answer::Runs(runs) => records::runs(&mut out, runs),
        Answer::Quarantine(rows) => records::quarantine(&mut out, rows),
        Answer::Conflicts(rows) => both_ways::conflicts(&mut out, rows),
        Answer::Policies(shown) => both_ways::policies(&mut out, shown),
        Answer::Assets(page) => records::assets(&mut out, page),
        Answer::Asset(asset) => records::asset(&mut out, asset),
        Answer::Deleted(asset) => records::deleted(&mut out, asset),
        Answer::Suggested(people) => records::suggested(&mut out, people),
        Answer::Invited(invited) => records::invited(&mut out, invited),
        Answer::Users(users) => records::users(&mut out, users),
        Answer::Plugin(plugin) => setup::plugin(&mut out, plugin),
        Answer::Plugins(rows) => setup::plugins(&mut out, rows),
        Answer::NewProject(made) => authors::project(&mut out, made),
        Answer::BuiltPlugin(built) => authors::built(&mut out, built),
        Answer::Toolchains(found) => authors::toolchains(&mut out, found),
        Answer::TestReport(report) => authors::report(&mut out, report),
        Answer::Mapping(mapping) => mappings::mapping(&mut out, mapping),
        Answer::MappingPreview(preview) => mappings::preview(&mut out, preview),
        Answer::Config(settings) => {
            for (key, value) in settings {
                line(&mut out, format_args!("{key} = {value}"));
            }
            if settings.is_empty() {
                line(&mut out, format_args!("Nothing is set."));
            }
        }
        Answer::Verified(found) => upkeep::verified(&mut out, found),
        Answer::BackedUp(backup) => upkeep::backed_up(&mut out, backup),
        Answer::Restored(restored) => upkeep::restored(&mut out, restored),
        Answer::Compacted(compacted) => upkeep::compacted(&mut out, compacted),
        Answer::KeyRotated(rotated) => {
            let (secrets, key) = (rotated.secrets, &rotated.key);
            line(
                &mut out,
                format_args!("{secrets} secrets are sealed anew under the key {key}."),
            );
            if let Some(note) = &rotated.note {
                line(&mut out, format_args!("{note}"));
            }
        }
    }
    out
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = out.write_fmt(text);
    out.push('\n');
}

fn yes_no(flag: bool) -> &'static str {
    if flag { "yes" } else { "no" }
}

/// Bytes in the unit a person would say them in.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1_024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

#[cfg(test)]
mod tests;
