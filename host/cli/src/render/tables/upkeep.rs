//! The store's upkeep as people read it.

use dovetail_server::answer::{BackedUp, Compacted, Restored, Verified};

use super::{line, size};

pub(super) fn verified(out: &mut String, found: &Verified) {
    for wrong in &found.problems {
        line(out, format_args!("{}: {}", wrong.what, wrong.why));
    }
    if found.more > 0 {
        line(out, format_args!("and {} more", found.more));
    }
    let (checked, records) = (found.checked, found.records);
    let end = if found.ok {
        "all is well"
    } else {
        "not all is well"
    };
    line(
        out,
        format_args!("Looked at {checked} values, {records} records among them: {end}."),
    );
}

pub(super) fn backed_up(out: &mut String, backup: &BackedUp) {
    let (file, size, values) = (backup.file.display(), size(backup.bytes), backup.values);
    line(
        out,
        format_args!(
            "{file} holds {values} values and {} plugins in {size}.",
            backup.plugins
        ),
    );
    match &backup.key {
        Some(key) => line(
            out,
            format_args!("It opens with the key {key}: keep the key file, and keep it elsewhere."),
        ),
        None => line(
            out,
            format_args!("It opens with the passphrase; the secrets in it need the key file all the same."),
        ),
    }
}

pub(super) fn restored(out: &mut String, restored: &Restored) {
    let (home, records, plugins) = (restored.home.display(), restored.records, restored.plugins);
    line(
        out,
        format_args!("{home} is a home with {records} records and {plugins} added plugins."),
    );
    if let Some(note) = &restored.note {
        line(out, format_args!("{note}"));
    }
}

pub(super) fn compacted(out: &mut String, compacted: &Compacted) {
    let (before, after) = (size(compacted.before), size(compacted.after));
    let dropped = &compacted.dropped;
    line(
        out,
        format_args!("{} values, {before} before, {after} now.", compacted.values),
    );
    line(
        out,
        format_args!(
            "Dropped by age: {} steps of the audit, {} changes of records, {} runs, {} of the quarantine, {} deleted \
             records.",
            dropped.audit, dropped.history, dropped.runs, dropped.quarantine, dropped.deleted
        ),
    );
}
