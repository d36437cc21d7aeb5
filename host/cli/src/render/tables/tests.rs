use std::collections::BTreeMap;

use dovetail_domain::connector::{CheckState, Origin};
use dovetail_domain::integration::Trouble;
use dovetail_domain::mapping::Direction;
use dovetail_domain::{IntegrationId, Kind, Policy, RunId, SyncState, Timestamp};
use dovetail_server::answer::{
    Asset, AssetPage, AssetSource, BuiltPlugin, Check, Choosable, ConflictRow, Connected, Exported, Group,
    Imported, IntegrationRow, IntegrationShown, Named, NewProject, NotAttached, PoliciesShown, PolicyRow,
    Removed, SetBy, SettingsShown, ToolShown, ToolchainShown,
};
use dovetail_server::status::IntegrationStatus;
use dovetail_server::{Answer, Run, RunMode, RunStatus, RunTrigger, Tally};
use serde_json::json;

use super::render;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_793_525_400 + seconds).unwrap()
}

fn run() -> Run {
    let name = "acme".parse().unwrap();
    let mut run = Run::begin(
        RunId(3),
        IntegrationId(1),
        name,
        RunMode::Full,
        RunTrigger::Manual,
        at(0),
    );
    run.status = RunStatus::Partial;
    run.finished = Some(at(12));
    run.requests = 40;
    run.bytes = 123_456;
    *run.tally(Kind::Organization) = Tally {
        read: 20,
        created: 18,
        skipped: 1,
        quarantined: 1,
        ..Tally::default()
    };
    *run.tally(Kind::Configuration) = Tally {
        read: 300,
        created: 300,
        ..Tally::default()
    };
    run
}

fn row() -> IntegrationRow {
    IntegrationRow {
        name: "acme".to_owned(),
        connector: "other".to_owned(),
        status: IntegrationStatus::Partial,
        detail: String::new(),
        two_way: false,
        last_run: Some(run().to_json()),
        next_run: None,
        counts: BTreeMap::from([(Kind::Organization, 18), (Kind::Configuration, 300)]),
    }
}

fn asset() -> Asset {
    let fields = json!({"name": "SRV-01", "type": "Server", "serial_number": "X1", "active": true,
        "contact": {"id": "9", "name": "Ada Lovelace"}});
    Asset {
        id: "7".to_owned(),
        kind: Kind::Configuration,
        name: "SRV-01".to_owned(),
        organization: Some(Named {
            id: "2".to_owned(),
            name: "ACME".to_owned(),
        }),
        fields: fields.as_object().unwrap().clone(),
        traits: json!({"Rack": "B2"}).as_object().unwrap().clone(),
        sync: Some(SyncState::Enabled),
        source: Some(AssetSource {
            integration: Some("acme".to_owned()),
            id: "501".to_owned(),
            updated: Some(at(0)),
        }),
        pending: false,
        conflict: false,
        held: vec![],
        updated: at(5),
    }
}

#[test]
fn integrations() {
    insta::assert_snapshot!(render(&Answer::Integrations(vec![row()])));
    insta::assert_snapshot!(render(&Answer::Integrations(vec![])));
    let shown = IntegrationShown {
        row: row(),
        settings: BTreeMap::from([("site".to_owned(), "psa.example.com".to_owned())]),
        secrets: vec!["private-key".to_owned()],
        origins: vec![Origin {
            url: "https://psa.example.com".to_owned(),
            credential: Some("keys".to_owned()),
        }],
        ca: None,
        allow_private_network: false,
        proxy: None,
        requests_per_minute: Some(900),
        trouble: Some(Trouble {
            code: "auth-failed".to_owned(),
            message: "The PSA refused the keys.".to_owned(),
            hint: "Make new ones.".to_owned(),
        }),
        created: at(0),
        said: vec!["Added `acme`.".to_owned()],
    };
    insta::assert_snapshot!(render(&Answer::Integration(shown)));
}

#[test]
fn checks() {
    let check = |id: &str, ok, state, needed, detail: &str, hint: Option<&str>| Check {
        id: id.to_owned(),
        ok,
        state,
        needed,
        how: "probe".to_owned(),
        detail: detail.to_owned(),
        hint: hint.map(str::to_owned),
    };
    let connected = Connected {
        name: "acme".to_owned(),
        ok: true,
        checks: vec![
            check("tls", true, CheckState::Ok, true, "TLS 1.3", None),
            check(
                "permission/a",
                true,
                CheckState::Missing,
                false,
                "refused.",
                Some("Grant it."),
            ),
            check(
                "permission/b",
                true,
                CheckState::NotNeeded,
                false,
                "two-way is off",
                None,
            ),
            check(
                "permission/c",
                false,
                CheckState::Missing,
                true,
                "refused",
                Some("Grant it."),
            ),
        ],
        failure: None,
    };
    insta::assert_snapshot!(render(&Answer::Connected(connected)));
}

#[test]
fn settings() {
    let option = |label: &str, recommended, selected| Choosable {
        id: "1".to_owned(),
        label: label.to_owned(),
        recommended,
        selected,
        count: Some(4),
    };
    let shown = SettingsShown {
        name: "acme".to_owned(),
        saved: false,
        groups: vec![Group {
            id: "company-types".to_owned(),
            label: "Company types".to_owned(),
            recommendation: "those without the vendor flag".to_owned(),
            all: false,
            options: vec![option("Client", true, true), option("Vendor", false, false)],
        }],
        contacts: true,
        tickets: "open".to_owned(),
        two_way: BTreeMap::new(),
        interval: "1h".to_owned(),
        full_every: "24h".to_owned(),
        reread: 20,
        contact_email_type: None,
        contact_phone_type: None,
        stale: None,
    };
    insta::assert_snapshot!(render(&Answer::Settings(shown)));
}

#[test]
fn runs() {
    insta::assert_snapshot!(render(&Answer::Run(Box::new(run()))));
    insta::assert_snapshot!(render(&Answer::Runs(vec![run()])));
}

#[test]
fn records() {
    let page = AssetPage {
        kind: Kind::Configuration,
        records: vec![asset()],
        next: None,
        more: 41,
    };
    insta::assert_snapshot!(render(&Answer::Assets(page)));
    insta::assert_snapshot!(render(&Answer::Asset(asset())));
}

#[test]
fn removal() {
    let removed = Removed {
        name: "acme".to_owned(),
        kept: "nothing".to_owned(),
        records: BTreeMap::from([(Kind::Contact, 3)]),
        edited: 1,
        file: Some("/home/removed/acme.jsonl".into()),
    };
    insta::assert_snapshot!(render(&Answer::Removed(removed)));
}

#[test]
fn authors() {
    let tool = ToolShown {
        program: "cargo".to_owned(),
        path: "/usr/bin/cargo".to_owned(),
        version: "cargo 1.95.0".to_owned(),
    };
    let found = |language: &str, tools: Vec<ToolShown>, todo: Option<&str>| ToolchainShown {
        language: language.to_owned(),
        usable: todo.is_none(),
        tools,
        way: if todo.is_none() {
            "the toolchain in use"
        } else {
            "none"
        }
        .to_owned(),
        todo: todo.map(str::to_owned),
    };
    insta::assert_snapshot!(render(&Answer::Toolchains(vec![
        found("rust", vec![tool], None),
        found("python", vec![], Some("Install Python")),
    ])));
    insta::assert_snapshot!(render(&Answer::NewProject(NewProject {
        name: "of-acme".to_owned(),
        kind: "mapping".to_owned(),
        language: "rust".to_owned(),
        folder: "/projects/of-acme".into(),
    })));
    insta::assert_snapshot!(render(&Answer::BuiltPlugin(BuiltPlugin {
        name: "of-acme".to_owned(),
        version: "0.1.0".to_owned(),
        world: "mapping-plugin".to_owned(),
        imports: vec![],
        size: 184_406,
        digest: "63f7".to_owned(),
        file: "/projects/of-acme/of-acme.wasm".into(),
    })));
}

#[test]
fn files() {
    let links = BTreeMap::from([(Kind::Organization, 2), (Kind::Contact, 9)]);
    insta::assert_snapshot!(render(&Answer::Exported(Exported {
        name: "acme".to_owned(),
        file: "/backups/acme.dovetail".into(),
        bytes: 4_801,
        links: links.clone(),
        layers: 1,
        policies: 0,
        choices: 0,
        secrets: vec!["key".to_owned()],
    })));
    insta::assert_snapshot!(render(&Answer::Imported(Imported {
        name: "acme".to_owned(),
        links,
        by_name: 3,
        not_attached: vec![NotAttached {
            kind: Kind::Configuration,
            source_id: "57".to_owned(),
            name: "SRV-1".to_owned(),
            why: "several records here are called so".to_owned(),
        }],
        more: 4,
        layers: 1,
        policies: 0,
        choices: 0,
        secrets: vec![],
        notes: vec![
            "The mapping `rename` is version 2.0.0 here and was version 1.0.0 where it was exported."
                .to_owned()
        ],
    })));
}

#[test]
fn both_ways() {
    let row = |id: &str, looped| ConflictRow {
        id: id.to_owned(),
        integration: "acme".to_owned(),
        kind: Kind::Contact,
        asset: Named {
            id: "31".to_owned(),
            name: "Ada King".to_owned(),
        },
        field: "title".to_owned(),
        base: json!(null),
        psa: json!("Owner"),
        local: json!("Countess"),
        since: at(0),
        looped,
    };
    let none = render(&Answer::Conflicts(Vec::new()));
    let two = render(&Answer::Conflicts(vec![
        row("contact.31.title", false),
        row("contact.32.title", true),
    ]));
    let policy = |field: &str, direction, because: Option<&str>| PolicyRow {
        kind: Kind::Configuration,
        field: field.to_owned(),
        organization: None,
        policy: Policy::Both,
        direction,
        set_by: SetBy::Default,
        layer: "connectwise-standard".to_owned(),
        one_way_because: because.map(str::to_owned),
    };
    let policies = render(&Answer::Policies(PoliciesShown {
        name: "acme".to_owned(),
        fields: vec![
            policy("name", Direction::Both, None),
            policy("notes", Direction::Inward, Some("\"a\" came back as \"b\"")),
        ],
    }));
    insta::assert_snapshot!([none, two, policies].join("\n"));
}
