//! What the host draws set-up, settings, checks and guide from.

use dovetail_sdk::connector::exports::*;

pub(crate) fn description() -> Description {
    Description {
        name: env!("CARGO_PKG_NAME").into(),
        title: env!("CARGO_PKG_DESCRIPTION").into(),
        version: env!("CARGO_PKG_VERSION").into(),
        setup: vec![
            field("site", "Site", "The PSA's host name.", SetupFormat::Host, "psa.example.com"),
            field("key", "API key", "A key that may read organizations.", SetupFormat::Secret, ""),
        ],
        retired: vec![],
        // The host fills it in on the way out; no secret ever comes in here.
        credentials: vec![Credential {
            name: "key".into(),
            scheme: Scheme::Bearer("{key}".into()),
        }],
        // The only place it may reach: the host in `site`.
        origins: vec![OriginRule {
            setting: "site".into(),
            when_ends_with: None,
            strip_prefix: None,
            add_prefix: None,
            credential: Some("key".into()),
            last: true,
        }],
        kinds: vec![KindAbility {
            kind: "organization".into(),
            label: "organization".into(),
            label_many: "organizations".into(),
            parent: None,
            per_parent: false,
            lists_changes: true,
            lists_ids: false,
            counts: false,
            reads_one: true,
            writes: false,
            creates: false,
            identity: vec![],
            rules: vec![],
            // By these the host tells whether the record of an id is still the one it knows.
            name_pointers: vec!["/name".into()],
            entered_pointer: None,
            read_permissions: vec!["organizations".into()],
            write_permissions: vec![],
        }],
        groups: vec![],
        permissions: vec![Permission {
            id: "organizations".into(),
            label: "Organizations".into(),
            purpose: "Reading organizations.".into(),
            add_level: String::new(),
            edit_level: String::new(),
            delete_level: String::new(),
            inquire_level: "All".into(),
        }],
        guide: vec![GuideSection {
            title: "Make a key".into(),
            introduction: "What to do on the PSA's side.".into(),
            steps: vec![GuideStep {
                text: "Make a key that may read organizations, and keep it: it is shown once.".into(),
                path: "Settings > API keys".into(),
            }],
            table: vec![],
        }],
        requests_per_minute: 60,
        requests_at_once: 2,
    }
}

fn field(key: &str, label: &str, explanation: &str, format: SetupFormat, example: &str) -> SetupField {
    SetupField {
        key: key.into(),
        label: label.into(),
        explanation: explanation.into(),
        format,
        required: true,
        operator_default: false,
        example: example.into(),
    }
}
