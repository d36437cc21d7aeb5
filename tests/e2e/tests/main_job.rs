//! A ConnectWise database becomes documentation: who comes in, with which fields, and what never does.

use std::collections::{BTreeMap, BTreeSet};

use connectwise_simulator::{Config, Control, Kind, Simulator, Size};
use dovetail_store::{Archive, decompress};
use e2e::{Home, KINDS, simulator};
use serde_json::{Value, json};

fn text<'a>(record: &'a Value, pointer: &str) -> &'a str {
    record
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn number(record: &Value, pointer: &str) -> u64 {
    record
        .pointer(pointer)
        .and_then(Value::as_u64)
        .unwrap_or_default()
}

fn flag(record: &Value, name: &str) -> bool {
    record[name].as_bool().unwrap_or_default()
}

/// All records of a kind in the PSA, by id.
fn psa(control: &Control, kind: Kind) -> BTreeMap<u64, Value> {
    control
        .ids(kind)
        .into_iter()
        .map(|id| (id, control.record(kind, id).expect("it is listed")))
        .collect()
}

/// The ids in the PSA of what has this flag set.
fn flagged(control: &Control, kind: Kind, name: &str) -> BTreeSet<u64> {
    psa(control, kind)
        .into_iter()
        .filter(|(_, record)| flag(record, name))
        .map(|(id, _)| id)
        .collect()
}

/// Who comes in where everything that is recommended is chosen, by the rules as the contract has them.
fn expected(control: &Control) -> BTreeMap<&'static str, BTreeSet<u64>> {
    let vendors = flagged(control, Kind::CompanyType, "vendorFlag");
    let inactive = flagged(control, Kind::CompanyStatus, "inactiveFlag");
    let types = |company: &Value| -> Vec<u64> {
        company["types"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|of| number(of, "/id"))
            .collect()
    };
    let company_comes_in = |company: &Value| {
        let types = types(company);
        !flag(company, "deletedFlag")
            && !inactive.contains(&number(company, "/status/id"))
            && !types.is_empty()
            && types.iter().all(|of| !vendors.contains(of))
    };
    let companies: BTreeSet<u64> = psa(control, Kind::Company)
        .into_iter()
        .filter(|(_, company)| company_comes_in(company))
        .map(|(id, _)| id)
        .collect();
    let under = |kind: Kind, comes_in: &dyn Fn(&Value) -> bool| -> BTreeSet<u64> {
        let of_them = |record: &Value| companies.contains(&number(record, "/company/id"));
        psa(control, kind)
            .into_iter()
            .filter(|(_, record)| of_them(record) && comes_in(record))
            .map(|(id, _)| id)
            .collect()
    };
    let old_types = flagged(control, Kind::ConfigurationType, "inactiveFlag");
    let closed = flagged(control, Kind::ConfigurationStatus, "closedFlag");
    let no_boards: BTreeSet<u64> = flagged(control, Kind::Board, "inactiveFlag")
        .union(&flagged(control, Kind::Board, "projectFlag"))
        .copied()
        .collect();
    BTreeMap::from([
        ("location", under(Kind::Site, &|site| !flag(site, "inactiveFlag"))),
        (
            "contact",
            under(Kind::Contact, &|contact| !flag(contact, "inactiveFlag")),
        ),
        (
            "configuration",
            under(Kind::Configuration, &|configuration| {
                flag(configuration, "activeFlag")
                    && !old_types.contains(&number(configuration, "/type/id"))
                    && !closed.contains(&number(configuration, "/status/id"))
            }),
        ),
        (
            "ticket",
            under(Kind::Ticket, &|ticket| {
                !flag(ticket, "closedFlag") && !no_boards.contains(&number(ticket, "/board/id"))
            }),
        ),
        ("organization", companies.clone()),
    ])
}

fn source_ids(records: &[Value]) -> BTreeSet<u64> {
    let ids: BTreeSet<u64> = records
        .iter()
        .map(|record| text(record, "/source/id").parse().expect("a number"))
        .collect();
    assert_eq!(ids.len(), records.len(), "a PSA record twice");
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_the_selected_records_come_in_once() {
    // Several pages of a thousand, and ConnectWise's loose shapes.
    for (loose, size) in [
        (false, Size::demo()),
        (true, Size::demo()),
        (true, Size::records(4_000)),
    ] {
        let config = Config {
            loose,
            size,
            ..Config::default()
        };
        let simulator = Simulator::start(config).await.expect("the simulator starts");
        let home = Home::connected("acme", &simulator).await;
        let run = home.json(&["sync", "acme"]).await;
        assert_eq!(run["status"], "succeeded", "{run:#}");
        let control = simulator.control();
        let all = BTreeMap::from([
            ("organization", control.ids(Kind::Company)),
            ("location", control.ids(Kind::Site)),
            ("contact", control.ids(Kind::Contact)),
            ("configuration", control.ids(Kind::Configuration)),
            ("ticket", control.ids(Kind::Ticket)),
        ]);
        for (kind, expected) in expected(&control) {
            assert!(
                expected.len() < all[kind].len(),
                "{kind}: nothing stays out, so nothing is tested"
            );
            let records = home.records(kind).await;
            assert_eq!(source_ids(&records), expected, "{kind}, {size:?}, loose: {loose}");
            assert_eq!(
                run["entities"][kind]["created"],
                expected.len(),
                "{kind}, {size:?}, loose: {loose}"
            );
            assert!(records.iter().all(|record| record["sync"] == "enabled"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_pass_changes_nothing() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    let first = home.json(&["sync", "acme"]).await;
    let before = home.content().await;
    let second = home.json(&["sync", "acme", "--full"]).await;
    for kind in KINDS {
        let (before, after) = (&first["entities"][kind], &second["entities"][kind]);
        assert_eq!(after["unchanged"], before["created"], "{kind}: {after}");
        assert_eq!(
            (&after["created"], &after["updated"]),
            (&Value::from(0), &Value::from(0)),
            "{kind}"
        );
    }
    assert_eq!(home.content().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_in_the_psa_comes_in_with_the_next_pass() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let before = home.content().await;
    let changed = home
        .records("contact")
        .await
        .into_iter()
        .next()
        .expect("a contact");
    let id = text(&changed, "/source/id").parse().expect("a number");
    let edit = json!({"title": "Keeper of the Keys", "lastName": "Újfalussy"});
    simulator
        .control()
        .edit(Kind::Contact, id, edit)
        .expect("it is there");
    let run = home.json(&["sync", "acme"]).await;
    assert_eq!(run["entities"]["contact"]["updated"], 1, "{run:#}");
    let after = home
        .json(&["asset", "show", "contact", text(&changed, "/id")])
        .await;
    assert_eq!(after["fields"]["title"], "Keeper of the Keys");
    assert_eq!(after["fields"]["last_name"], "Újfalussy");
    assert_eq!(home.content().await.len(), before.len());
}

/// What a field is to hold: the text at a place of the PSA's record, absent where there is none.
#[track_caller]
fn same(asset: &Value, field: &str, record: &Value, pointer: &str) {
    let (found, expected) = (&asset["fields"][field], text(record, pointer));
    let found = found.as_str().unwrap_or_default();
    assert_eq!(found, expected, "{field} of {asset:#} against {record:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_hold_what_the_psa_says() {
    let simulator = simulator().await;
    let control = simulator.control();
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let record = |asset: &Value, kind| {
        control
            .record(kind, text(asset, "/source/id").parse().expect("a number"))
            .expect("it is in the PSA")
    };
    let companies = psa(&control, Kind::Company);
    let owner = |asset: &Value, record: &Value| {
        let company = &companies[&number(record, "/company/id")];
        assert_eq!(asset["organization"]["name"], company["name"]);
    };
    for asset in home.records("organization").await {
        let company = record(&asset, Kind::Company);
        for (field, pointer) in [
            ("name", "/name"),
            ("short_name", "/identifier"),
            ("status", "/status/name"),
            ("phone", "/phoneNumber"),
            ("fax", "/faxNumber"),
            ("website", "/website"),
        ] {
            same(&asset, field, &company, pointer);
        }
        // Labels are a set.
        let types: BTreeSet<&str> = company["types"]
            .as_array()
            .expect("types")
            .iter()
            .map(|of| text(of, "/name"))
            .collect();
        let labels = asset["fields"]["type"].as_array().expect("a list");
        assert_eq!(
            labels.iter().filter_map(Value::as_str).collect::<BTreeSet<_>>(),
            types
        );
        assert_eq!(asset["name"], company["name"]);
    }
    for asset in home.records("location").await {
        let site = record(&asset, Kind::Site);
        owner(&asset, &site);
        for (field, pointer) in [
            ("name", "/name"),
            ("address_1", "/addressLine1"),
            ("city", "/city"),
            ("region", "/stateReference/name"),
            ("postal_code", "/zip"),
            ("country", "/country/name"),
        ] {
            same(&asset, field, &site, pointer);
        }
        assert_eq!(asset["fields"]["primary"], site["primaryAddressFlag"]);
    }
    for asset in home.records("contact").await {
        let contact = record(&asset, Kind::Contact);
        owner(&asset, &contact);
        for (field, pointer) in [
            ("first_name", "/firstName"),
            ("last_name", "/lastName"),
            ("title", "/title"),
        ] {
            same(&asset, field, &contact, pointer);
        }
        let mails = |list: &Value, value: &str, keep: &dyn Fn(&Value) -> bool| -> BTreeSet<String> {
            let items = list.as_array().into_iter().flatten().filter(|item| keep(item));
            items.map(|item| text(item, value).to_owned()).collect()
        };
        assert_eq!(
            mails(&asset["fields"]["emails"], "/value", &|_| true),
            mails(
                &contact["communicationItems"],
                "/value",
                &|item| item["communicationType"] == "Email"
            ),
            "{contact:#}"
        );
        assert_eq!(asset["fields"]["active"], true);
    }
    for asset in home.records("configuration").await {
        let configuration = record(&asset, Kind::Configuration);
        owner(&asset, &configuration);
        for (field, pointer) in [
            ("name", "/name"),
            ("type", "/type/name"),
            ("status", "/status/name"),
            ("manufacturer", "/manufacturer/name"),
            ("model", "/modelNumber"),
            ("serial_number", "/serialNumber"),
            ("asset_tag", "/tagNumber"),
            ("primary_ip", "/ipAddress"),
            ("default_gateway", "/defaultGateway"),
            ("operating_system", "/osType"),
            ("installed_by", "/installedBy/name"),
        ] {
            same(&asset, field, &configuration, pointer);
        }
        let installed = text(&configuration, "/installationDate")
            .get(..10)
            .unwrap_or_default();
        assert_eq!(
            text(&asset, "/fields/installed_at"),
            installed,
            "{configuration:#}"
        );
    }
    for asset in home.records("ticket").await {
        let ticket = record(&asset, Kind::Ticket);
        owner(&asset, &ticket);
        let fields = [
            ("summary", "/summary"),
            ("board", "/board/name"),
            ("status", "/status/name"),
            ("priority", "/priority/name"),
        ];
        for (field, pointer) in fields {
            same(&asset, field, &ticket, pointer);
        }
        assert_eq!(text(&asset, "/fields/number"), ticket["id"].to_string());
        assert_eq!(asset["fields"]["closed"], false);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_with_an_unselected_type_stays_out_with_its_children_and_is_named() {
    let simulator = simulator().await;
    let control = simulator.control();
    let home = Home::connected("acme", &simulator).await;
    home.run(&["settings", "set", "acme", "--select", "company-types=Client"])
        .await
        .exits(0);
    let run = home.json(&["sync", "acme"]).await;
    assert_eq!(run["status"], "succeeded", "{run:#}");
    let organizations = source_ids(&home.records("organization").await);
    let mut mixed = 0;
    for (id, company) in psa(&control, Kind::Company) {
        let types: Vec<&str> = company["types"]
            .as_array()
            .expect("types")
            .iter()
            .map(|of| text(of, "/name"))
            .collect();
        if organizations.contains(&id) {
            assert_eq!(types, ["Client"], "{company:#}");
        } else if types.contains(&"Client") && types.len() > 1 && !flag(&company, "deletedFlag") {
            mixed += 1;
            let named = run["left_out"].as_array().expect("a list").iter();
            let named = named
                .clone()
                .find(|row| row["source_id"] == id.to_string().as_str());
            let named =
                named.unwrap_or_else(|| panic!("{id} is left out and not named: {:#}", run["left_out"]));
            assert_eq!(named["name"], company["name"]);
            let missing = types.iter().find(|of| **of != "Client").expect("another type");
            assert!(text(named, "/why").contains(missing), "{named}");
        }
    }
    assert!(mixed > 0, "no company has several types: nothing is tested");
    for (kind, of) in [
        ("location", Kind::Site),
        ("contact", Kind::Contact),
        ("configuration", Kind::Configuration),
        ("ticket", Kind::Ticket),
    ] {
        for id in source_ids(&home.records(kind).await) {
            let record = control.record(of, id).expect("it is in the PSA");
            assert!(
                organizations.contains(&number(&record, "/company/id")),
                "{kind} {id}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_of_another_company_is_not_linked() {
    let simulator = simulator().await;
    let control = simulator.control();
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let here: BTreeMap<u64, Value> = home
        .records("contact")
        .await
        .into_iter()
        .map(|contact| (text(&contact, "/source/id").parse().expect("a number"), contact))
        .collect();
    let (mut linked, mut strangers) = (0, 0);
    for asset in home.records("configuration").await {
        let configuration = control
            .record(
                Kind::Configuration,
                text(&asset, "/source/id").parse().expect("a number"),
            )
            .expect("it is in the PSA");
        let Some(contact) = here.get(&number(&configuration, "/contact/id")) else {
            assert_eq!(asset["fields"]["contact"]["id"], Value::Null, "{asset:#}");
            continue;
        };
        if contact["organization"]["id"] == asset["organization"]["id"] {
            linked += 1;
            assert_eq!(asset["fields"]["contact"]["id"], contact["id"], "{asset:#}");
        } else {
            strangers += 1;
            assert_eq!(asset["fields"]["contact"], Value::Null, "{asset:#}");
        }
    }
    assert!(
        linked > 0 && strangers > 0,
        "{linked} of the own company, {strangers} of another: nothing is tested"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_are_neither_shown_nor_stored() {
    const CANARY: &str = "pw-canary-";
    let simulator = simulator().await;
    let control = simulator.control();
    let in_the_psa = [Kind::Company, Kind::Contact, Kind::Configuration].map(|kind| {
        psa(&control, kind)
            .values()
            .filter(|record| record.to_string().contains(CANARY))
            .count()
    });
    assert!(
        in_the_psa.iter().sum::<usize>() > 0,
        "the PSA holds no password: nothing is tested"
    );
    let home = Home::connected("acme", &simulator).await;
    let ran = home
        .run(&["-vvv", "sync", "acme", "--format", "json"])
        .await
        .exits(0);
    assert!(!ran.stdout.contains(CANARY) && !ran.stderr.contains(CANARY));
    for kind in KINDS {
        let ran = home
            .run(&["asset", "list", kind, "--format", "json"])
            .await
            .exits(0);
        assert!(!ran.stdout.contains(CANARY), "{kind}");
    }
    // What is kept of the PSA's own record is compressed: it is looked at as the program reads it.
    let archive = Archive::open(&home.path().join("store")).expect("the store opens");
    let mut looked_at = 0;
    for kind in dovetail_domain::Kind::ALL {
        for record in archive
            .list(kind, &dovetail_store::Filter::default(), None, 10_000)
            .expect("a list")
            .records
        {
            let link = record.link.expect("it came from the PSA");
            let kept = decompress(&link.source_json).expect("it was compressed here");
            assert!(!kept.contains(CANARY), "{kind} {}: {kept}", record.id);
            looked_at += 1;
        }
    }
    assert!(looked_at > 100, "{looked_at}");
}
