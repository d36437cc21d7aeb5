//! Lists: both kinds of paging, conditions, order, projection; and that data is a function of the seed.

use crate::http::{Api, Headers};
use connectwise_simulator::{Config, Kind, Size};
use serde_json::{Value, json};

/// All ids of a list, by page numbers.
async fn by_number(api: &Api, path: &str, size: u64) -> Vec<u64> {
    let (mut ids, mut page) = (Vec::new(), 1);
    loop {
        let answer = api.get(&format!("{path}?pageSize={size}&page={page}")).await;
        let found = answer.ids();
        let link = answer.link().unwrap_or_default();
        assert_eq!(link.contains("rel=\"prev\""), page > 1, "{link}");
        assert_eq!(link.contains("rel=\"first\""), page > 1, "{link}");
        assert_eq!(
            link.contains("rel=\"next\""),
            link.contains("rel=\"last\""),
            "{link}"
        );
        let more = link.contains("rel=\"next\"");
        ids.extend(found);
        if !more {
            return ids;
        }
        page += 1;
    }
}

/// All ids of a list, forward only, following the id in the link.
async fn forward(api: &Api, path: &str, size: u64) -> Vec<u64> {
    let (mut ids, mut after) = (Vec::new(), 0);
    loop {
        let answer = api
            .forward(&format!("{path}?pageSize={size}&pageId={after}&page=7"))
            .await;
        let link = answer
            .link()
            .expect("forward-only answers always have a link header")
            .to_owned();
        ids.extend(answer.ids());
        if link.is_empty() {
            return ids;
        }
        let next = link
            .split("pageId=")
            .nth(1)
            .and_then(|rest| rest.split('>').next())
            .expect("a page id");
        let next = next.parse().expect("a number");
        assert!(next > after, "page ids grow");
        after = next;
    }
}

#[tokio::test]
async fn both_kinds_of_paging_see_every_record_once() {
    let api = Api::sized(600).await;
    let control = api.simulator.control();
    for (path, kind) in [
        ("/company/companies", Kind::Company),
        ("/company/contacts", Kind::Contact),
        ("/company/configurations", Kind::Configuration),
        ("/service/tickets", Kind::Ticket),
        ("/system/members", Kind::Member),
    ] {
        let all = control.ids(kind);
        assert!(all.is_sorted() && all.len() > 3, "{path}");
        // Sizes that divide the list evenly and ones that do not.
        for size in [1_000, 7, all.len() as u64] {
            assert_eq!(by_number(&api, path, size).await, all, "{path} by {size}");
            assert_eq!(forward(&api, path, size).await, all, "{path} forward by {size}");
        }
        assert_eq!(api.count(path, "").await, all.len() as u64);
        let first = all.first().copied().unwrap_or_default();
        assert_eq!(
            api.count(path, &format!("id > {first}")).await,
            all.len() as u64 - 1
        );
    }
    assert_eq!(
        api.get("/company/contacts").await.ids().len(),
        25,
        "the default page"
    );
    assert_eq!(
        api.get("/company/contacts?page=9999").await.ids(),
        [0; 0],
        "past the end"
    );
    assert_eq!(
        api.forward("/company/contacts?pageId=99999999").await.link(),
        Some("")
    );
}

#[tokio::test]
async fn sites_belong_to_companies() {
    let api = Api::sized(600).await;
    let mut all = Vec::new();
    for company in api.simulator.control().ids(Kind::Company) {
        let answer = api
            .get(&format!("/company/companies/{company}/sites?pageSize=1000"))
            .await;
        let sites = answer.json();
        let sites = sites.as_array().expect("a list").clone();
        assert!((1..=3).contains(&sites.len()));
        assert_eq!(
            sites
                .iter()
                .filter(|site| site["primaryAddressFlag"] == true)
                .count(),
            1
        );
        assert!(sites.iter().all(|site| site["company"]["id"] == company));
        all.extend(answer.ids());
    }
    assert_eq!(all, api.simulator.control().ids(Kind::Site));
}

/// Conditions on indexed fields and on others have to agree with a reading of every record.
#[tokio::test]
async fn conditions_agree_with_the_records() {
    let api = Api::sized(800).await;
    let all = api.get("/company/configurations?pageSize=1000").await.json();
    let all = all.as_array().expect("a list");
    let wanted =
        |test: &dyn Fn(&Value) -> bool| -> u64 { all.iter().filter(|record| test(record)).count() as u64 };
    let text = |record: &Value, name: &str| record[name].as_str().unwrap_or_default().to_owned();
    let updated = |record: &Value| {
        record["_info"]["lastUpdated"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let cases: Vec<(&str, u64)> = vec![
        (
            "type/id in (1,2,3)",
            wanted(&|r| r["type"]["id"].as_u64().is_some_and(|id| id <= 3)),
        ),
        ("activeFlag = false", wanted(&|r| r["activeFlag"] == false)),
        ("status/id not in (1)", wanted(&|r| r["status"]["id"] != 1)),
        ("company/id = 250", wanted(&|r| r["company"]["id"] == 250)),
        (
            "name like \"LT*\"",
            wanted(&|r| text(r, "name").starts_with("LT")),
        ),
        (
            "serialNumber = null",
            wanted(&|r| r.get("serialNumber").is_none()),
        ),
        ("contact = null", wanted(&|r| r.get("contact").is_none())),
        (
            "company/name contains 'dental' and name != 'Spare'",
            wanted(&|r| {
                r["company"]["name"]
                    .as_str()
                    .unwrap_or_default()
                    .contains("Dental")
                    && r["name"] != "Spare"
            }),
        ),
        (
            "lastUpdated >= [2026-09-01T00:00:00Z]",
            wanted(&|r| updated(r).as_str() >= "2026-09-01T00:00:00Z"),
        ),
        (
            "dateEntered < [2025-01-01]",
            wanted(&|r| r["_info"]["dateEntered"].as_str().unwrap_or_default() < "2025-01-01T00:00:00Z"),
        ),
        (
            "purchaseDate < [2025-01-01] or installedBy/identifier = 'x'",
            wanted(&|r| {
                r["purchaseDate"]
                    .as_str()
                    .is_some_and(|date| date < "2025-01-01T00:00:00Z")
            }),
        ),
    ];
    for (condition, expected) in cases {
        assert!(
            0 < expected && expected < all.len() as u64,
            "{condition} tells nothing: {expected}"
        );
        assert_eq!(
            api.count("/company/configurations", condition).await,
            expected,
            "{condition}"
        );
    }
    // The same without an index, through a field that is always true.
    let both = api
        .count("/company/configurations", "type/id = 1 and locationId > 0")
        .await;
    assert_eq!(both, api.count("/company/configurations", "type/id = 1").await);

    let child = |conditions: &'static str| [("childConditions", conditions), ("pageSize", "1000")];
    let faxes = api
        .query(
            "/company/contacts",
            &child("communicationItems/communicationType='Fax'"),
        )
        .await;
    let contacts = api.get("/company/contacts?pageSize=1000").await.json();
    let have_fax = contacts.as_array().expect("a list").iter().filter(|contact| {
        contact["communicationItems"]
            .as_array()
            .is_some_and(|items| items.iter().any(|i| i["communicationType"] == "Fax"))
    });
    assert_eq!(faxes.ids().len(), have_fax.count());
    let regions = api
        .query(
            "/company/companies/count",
            &[("customFieldConditions", "caption='Region' and value='West'")],
        )
        .await;
    assert!(
        regions.json()["count"].as_u64().is_some_and(|count| count > 0),
        "{}",
        regions.text
    );
}

#[tokio::test]
async fn order_and_projection() {
    let api = Api::sized(300).await;
    let answer = api
        .query(
            "/company/contacts",
            &[
                ("orderBy", "lastName desc, id asc"),
                ("fields", "id,lastName,company/id"),
                ("pageSize", "1000"),
            ],
        )
        .await
        .json();
    let records = answer.as_array().expect("a list");
    let keys: Vec<(String, u64)> = records
        .iter()
        .map(|r| {
            (
                r["lastName"].as_str().unwrap_or_default().to_lowercase(),
                r["id"].as_u64().expect("an id"),
            )
        })
        .collect();
    assert!(
        keys.is_sorted_by(|(a, i), (b, j)| a > b || (a == b && i < j)),
        "{keys:?}"
    );
    for record in records {
        let names: Vec<&String> = record.as_object().expect("an object").keys().collect();
        assert!(
            names
                .iter()
                .all(|name| ["id", "lastName", "company"].contains(&name.as_str())),
            "{names:?}"
        );
        assert!(
            record
                .get("company")
                .is_none_or(|c| c.as_object().is_some_and(|c| c.len() == 1)),
            "{record}"
        );
    }
    let whole = api.get("/company/contacts/310").await.json();
    let part = api
        .get("/company/contacts/310?fields=communicationItems/value,_info/lastUpdated")
        .await
        .json();
    let values: Vec<Value> = whole["communicationItems"]
        .as_array()
        .expect("items")
        .iter()
        .map(|i| json!({"value": i["value"]}))
        .collect();
    assert_eq!(
        part,
        json!({"communicationItems": values, "_info": {"lastUpdated": whole["_info"]["lastUpdated"]}})
    );
    // An edited record is projected the same way.
    api.simulator
        .control()
        .edit_silently(Kind::Contact, 310, json!({}))
        .expect("it is there");
    assert_eq!(api.get("/company/contacts/310").await.json(), whole);
    assert_eq!(
        api.get("/company/contacts/310?fields=communicationItems/value,_info/lastUpdated")
            .await
            .json(),
        part
    );
}

#[tokio::test]
async fn data_depends_on_seed_and_size_alone() {
    let config = |seed, loose| Config {
        seed,
        loose,
        size: Size::records(200),
        ..Config::default()
    };
    let (one, same, other) = (
        Api::start(config(5, true)).await,
        Api::start(config(5, true)).await,
        Api::start(config(6, true)).await,
    );
    for path in [
        "/company/companies",
        "/company/contacts",
        "/company/configurations",
        "/service/tickets",
        "/system/members",
    ] {
        let path = format!("{path}?pageSize=1000");
        let text = one.get(&path).await.text;
        assert!(
            text == same.get(&path).await.text,
            "{path} differs between two simulators of one seed"
        );
        assert_ne!(
            text,
            other.get(&path).await.text,
            "{path} is the same for two seeds"
        );
    }
    assert_eq!(
        one.forward("/company/contacts?pageSize=3").await.ids(),
        one.get("/company/contacts?pageSize=3").await.ids()
    );
}

/// Loose answers hold the same data: without nulls, empty references and NUL characters they read as strict
/// ones, but for what is loose by nature.
#[tokio::test]
async fn loose_answers_are_the_same_data_in_odd_shapes() {
    let config = |loose| Config {
        loose,
        size: Size::records(600),
        ..Config::default()
    };
    let (strict, loose) = (Api::start(config(false)).await, Api::start(config(true)).await);
    for path in [
        "/company/companies",
        "/company/contacts",
        "/company/configurations",
        "/service/tickets",
    ] {
        let path = format!("{path}?pageSize=1000");
        let (plain, odd) = (strict.get(&path).await, loose.get(&path).await);
        assert!(
            !plain.text.contains("null") && !plain.text.contains("{}") && !plain.text.contains("\\u0000")
        );
        for shape in ["null", ":{}", "{\"_info\":{}}", "//apis/3.0"] {
            assert!(odd.text.contains(shape), "{path}: {shape} does not occur");
        }
        assert_eq!(tidy(odd.json()), tidy(plain.json()), "{path}");
    }
    assert!(
        loose
            .get("/company/configurations?pageSize=1000")
            .await
            .text
            .contains("\\u0000")
    );
}

fn tidy(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(json!(text.replace('\0', ""))),
        Value::Array(items) => Some(Value::Array(items.into_iter().filter_map(tidy).collect())),
        Value::Object(map) => {
            let map: serde_json::Map<String, Value> = map
                .into_iter()
                .filter(|(name, _)| !matches!(name.as_str(), "_info" | "answer" | "installedBy" | "contact"))
                .filter_map(|(name, value)| Some((name, tidy(value)?)))
                .collect();
            (!map.is_empty()).then_some(Value::Object(map))
        }
        other => Some(other),
    }
}

#[tokio::test]
async fn a_million_records_are_there_at_once() {
    let api = Api::sized(1_000_000).await;
    let count = api.count("/company/configurations", "").await;
    assert!(count > 500_000, "{count}");
    let last_page = api
        .get(&format!(
            "/company/configurations?pageSize=1000&page={}",
            count.div_ceil(1_000)
        ))
        .await;
    assert_eq!(last_page.ids().len() as u64, count - (count - 1) / 1_000 * 1_000);
    let last = last_page.ids().last().copied().expect("it is not empty");
    assert_eq!(
        api.get(&format!("/company/configurations/{last}")).await.status,
        200
    );
    assert_eq!(
        api.forward(&format!("/company/configurations?pageId={last}"))
            .await
            .ids(),
        [0; 0]
    );
}

/// What the connector has to cope with occurs in the data.
#[tokio::test]
async fn the_data_has_the_usual_oddities() {
    let api = Api::sized(3_000).await;
    for (path, condition) in [
        ("/company/companies", "deletedFlag = true"),
        ("/company/companies", "status/name = 'Inactive'"),
        ("/company/companies", "parentCompany/id != null"),
        ("/company/contacts", "inactiveFlag = true"),
        ("/company/contacts", "company/id = null"),
        ("/company/contacts", "site/id = null"),
        ("/company/configurations", "activeFlag = false"),
        ("/company/configurations", "macAddress like '*,*'"),
        ("/company/configurations", "parentConfigurationId != null"),
        ("/service/tickets", "closedFlag = true"),
        ("/service/tickets", "closedFlag = false"),
        ("/service/boards", "inactiveFlag = true"),
        ("/service/boards", "projectFlag = true"),
        ("/company/configurations/types", "inactiveFlag = true"),
        ("/company/configurations/statuses", "closedFlag = true"),
        ("/company/companies/statuses", "inactiveFlag = true"),
        ("/company/companies/types", "vendorFlag = true"),
        ("/system/members", "inactiveFlag = true"),
        ("/system/members", "licenseClass = 'F'"),
        ("/system/members", "licenseClass = 'C'"),
        ("/system/members", "licenseClass = 'X'"),
        ("/system/members", "licenseClass = 'A'"),
        ("/system/apiMembers", "identifier = 'Dovetail'"),
    ] {
        assert!(api.count(path, condition).await > 0, "{path}: {condition}");
    }
    let companies = api.get("/company/companies?pageSize=1000").await.json();
    let sizes: Vec<usize> = companies
        .as_array()
        .expect("a list")
        .iter()
        .map(|c| c["types"].as_array().map_or(0, Vec::len))
        .collect();
    assert!(
        [0, 1, 2, 3].iter().all(|wanted| sizes.contains(wanted)),
        "{sizes:?}"
    );
    let pairs = api.get("/company/companyTypeAssociations/count").await.json()["count"].clone();
    assert_eq!(pairs, json!(sizes.iter().sum::<usize>()));

    let devices = api.get("/company/configurations?pageSize=1000").await.json();
    let devices = devices.as_array().expect("a list");
    let macs: Vec<&str> = devices.iter().filter_map(|d| d["macAddress"].as_str()).collect();
    assert!(macs.iter().all(|mac| mac.len() <= 25) && macs.iter().any(|mac| mac.len() == 25));
    let contacts = api.get("/company/contacts?pageSize=1000").await.json();
    let contacts = contacts.as_array().expect("a list");
    let company_of = |id: &Value| {
        contacts
            .iter()
            .find(|c| c["id"] == *id)
            .map(|c| c["company"]["id"].clone())
    };
    assert!(
        devices.iter().any(|d| d
            .get("contact")
            .is_some_and(|c| company_of(&c["id"]).is_some_and(|of| of != d["company"]["id"]))),
        "some contacts are of another company"
    );
    let mut names: Vec<String> = contacts
        .iter()
        .filter(|c| c["company"]["id"].is_u64())
        .map(|c| format!("{}/{}/{}", c["company"]["id"], c["firstName"], c["lastName"]))
        .collect();
    let total = names.len();
    names.sort();
    names.dedup();
    assert!(names.len() < total, "two people of a company share a name");
    assert!(
        contacts
            .iter()
            .any(|c| !c["firstName"].as_str().unwrap_or_default().is_ascii())
    );
}

#[tokio::test]
async fn header_names_and_slashes_do_not_matter() {
    let api = Api::sized(30).await;
    let answer = api
        .send(
            "/Company/Companies/?PageSize=2&CONDITIONS=(ID>1)",
            Headers::default(),
        )
        .await;
    assert_eq!(answer.ids(), [250, 251]);
}
