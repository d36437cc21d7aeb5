//! The connector against the whole simulator, over real connections: a strict server and a loose one.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test and its helpers"
)]

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use connectwise::{Connection, Transport};
use connectwise_simulator::{Config, Control, Fault, Kind, Level, Module, MySecurity, Simulator};
use dovetail_sdk::connector::exports::{
    Change, CheckState, Choice, Context, Listing, Origin, Pulled, Selection, Setting, WantedRecord,
};
use dovetail_sdk::connector::http::{Failure, Header, Request, Response};
use dovetail_sdk::connector::types::Cause;

/// A connection per request to the simulator's listener without TLS; the address in a request's URL is a name only.
struct Wire {
    address: SocketAddr,
    authorization: String,
}

impl Transport for Wire {
    fn send(&mut self, request: Request) -> Result<Response, Failure> {
        self.ask(&request)
            .map_err(|trouble| Failure::Unreachable(trouble.to_string()))
    }

    fn send_each(&mut self, requests: Vec<Request>) -> Vec<Result<Response, Failure>> {
        requests.into_iter().map(|request| self.send(request)).collect()
    }

    fn warn(&mut self, _: &str) {}
}

impl Wire {
    fn ask(&self, request: &Request) -> std::io::Result<Response> {
        let target = request
            .url
            .strip_prefix("https://simulator")
            .expect("every URL is at the origin");
        let mut head = format!(
            "{} {target} HTTP/1.1\r\nHost: simulator\r\nConnection: close\r\n",
            request.method
        );
        for header in &request.headers {
            head.push_str(&format!("{}: {}\r\n", header.name, header.value));
        }
        if request.credential.is_some() {
            head.push_str(&format!("Authorization: Basic {}\r\n", self.authorization));
        }
        let mut stream = TcpStream::connect(self.address)?;
        stream.write_all(head.as_bytes())?;
        stream.write_all(b"\r\n")?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let broken = || std::io::Error::other("the answer broke off");
        let end = answer
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .ok_or_else(broken)?;
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1))
            .and_then(|code| code.parse().ok());
        let headers: Vec<Header> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| Header {
                name: name.to_ascii_lowercase(),
                value: value.to_owned(),
            })
            .collect();
        let mut body = answer.split_off(end + 4);
        let says = |name: &str| {
            headers
                .iter()
                .find(|header| header.name == name)
                .map(|header| header.value.clone())
        };
        if says("transfer-encoding").is_some_and(|coding| coding == "chunked") {
            body = unchunked(&body).ok_or_else(broken)?;
        } else if says("content-length").is_some_and(|length| length.parse() != Ok(body.len())) {
            return Err(broken());
        }
        Ok(Response {
            status: status.ok_or_else(broken)?,
            headers,
            body,
        })
    }
}

fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).ok()?.trim(), 16).ok()?;
        rest = &rest[end + 2..];
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}

/// A simulator with a runtime of its own.
struct Room {
    runtime: tokio::runtime::Runtime,
    simulator: Simulator,
}

impl Room {
    fn new(config: Config) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let config = Config {
            plain_http: Some(0),
            ..config
        };
        let simulator = runtime.block_on(Simulator::start(config)).unwrap();
        Room { runtime, simulator }
    }

    fn control(&self) -> Control {
        self.simulator.control()
    }

    fn connection(&self) -> Connection<Wire> {
        let keys = self.simulator.credentials();
        self.connection_with(&keys.private_key)
    }

    fn connection_with(&self, private_key: &str) -> Connection<Wire> {
        let keys = self.simulator.credentials();
        let pair = format!("{}+{}:{private_key}", keys.company_id, keys.public_key);
        Connection::new(Wire {
            address: self.simulator.plain_address().unwrap(),
            authorization: base64(pair.as_bytes()),
        })
    }

    fn context(&self) -> Context {
        let keys = self.simulator.credentials();
        let setting = |key: &str, text: &str| Setting {
            key: key.into(),
            text: text.into(),
        };
        Context {
            settings: vec![
                setting("site", "simulator"),
                setting("company", &keys.company_id),
                setting("public-key", &keys.public_key),
                setting("client-id", &keys.client_id),
            ],
            origins: vec![Origin {
                url: "https://simulator".into(),
                credential: Some("key".into()),
            }],
            selections: Vec::new(),
            kinds: Vec::new(),
            options: vec![setting("ticket-window", "all")],
        }
    }

    /// What the recommended options are, in every group.
    fn recommended(&self, connection: &mut Connection<Wire>) -> Context {
        let mut context = self.context();
        for group in connectwise_groups() {
            let options = connection
                .options(&context, group)
                .unwrap_or_else(|fault| panic!("{group}: {}", fault.message));
            assert!(!options.is_empty(), "{group}");
            let chosen = options
                .iter()
                .filter(|option| option.recommended)
                .map(|option| option.id.clone())
                .collect();
            context.selections.push(Selection {
                group: group.into(),
                chosen: Choice::These(chosen),
            });
        }
        context
    }

    fn end(self) {
        self.runtime.block_on(self.simulator.stop());
    }
}

fn connectwise_groups() -> [&'static str; 6] {
    [
        "company-types",
        "company-statuses",
        "configuration-types",
        "configuration-statuses",
        "contact-types",
        "ticket-boards",
    ]
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let number =
            three.iter().fold(0u32, |sum, byte| sum << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let letter = LETTERS[(number >> (18 - 6 * place) & 63) as usize];
            out.push(if place <= three.len() {
                char::from(letter)
            } else {
                '='
            });
        }
    }
    out
}

fn pull_all(connection: &mut Connection<Wire>, context: &Context, wanted: &Listing) -> Vec<Pulled> {
    let (mut items, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = connection
            .pull(context, wanted, cursor.as_deref())
            .unwrap_or_else(|fault| panic!("{}: {}", wanted.kind, fault.message));
        items.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return items;
        }
    }
}

fn all(kind: &str) -> Listing {
    Listing {
        kind: kind.into(),
        since: None,
        parents: Vec::new(),
    }
}

fn sites(parents: Vec<String>) -> Listing {
    Listing {
        parents,
        ..all("location")
    }
}

fn ids(items: &[Pulled]) -> BTreeSet<u64> {
    let ids: BTreeSet<u64> = items
        .iter()
        .map(|item| item.record_found.id.parse().unwrap())
        .collect();
    assert_eq!(ids.len(), items.len(), "every record comes once");
    ids
}

/// The ids of a kind whose record holds, by the simulator's own word.
fn wanted(control: &Control, kind: Kind, holds: impl Fn(&serde_json::Value) -> bool) -> BTreeSet<u64> {
    let all = control.ids(kind);
    all.into_iter()
        .filter(|id| control.record(kind, *id).is_some_and(|record| holds(&record)))
        .collect()
}

fn is(record: &serde_json::Value, flag: &str) -> bool {
    record[flag] == serde_json::Value::Bool(true)
}

#[test]
fn every_record_is_read_whatever_the_page_size() {
    for (loose, size) in [(false, "1000"), (false, "17"), (true, "17")] {
        let room = Room::new(Config {
            loose,
            ..Config::default()
        });
        let (mut connection, control) = (room.connection(), room.control());
        let mut context = room.context();
        context.options.push(Setting {
            key: "page-size".into(),
            text: size.into(),
        });
        let companies = pull_all(&mut connection, &context, &all("organization"));
        assert_eq!(
            ids(&companies),
            wanted(&control, Kind::Company, |one| !is(one, "deletedFlag")),
            "loose {loose}"
        );
        let contacts = pull_all(&mut connection, &context, &all("contact"));
        assert_eq!(
            ids(&contacts),
            wanted(&control, Kind::Contact, |one| !is(one, "inactiveFlag"))
        );
        let configurations = pull_all(&mut connection, &context, &all("configuration"));
        assert_eq!(
            ids(&configurations),
            wanted(&control, Kind::Configuration, |one| is(one, "activeFlag"))
        );
        let tickets = pull_all(&mut connection, &context, &all("ticket"));
        assert_eq!(ids(&tickets), wanted(&control, Kind::Ticket, |_| true));
        let parents = companies
            .iter()
            .map(|company| company.record_found.id.clone())
            .collect();
        let found = pull_all(&mut connection, &context, &sites(parents));
        assert!(found.len() >= companies.len());
        assert!(found.iter().all(|site| site.parent.is_some()));
        for item in companies
            .iter()
            .chain(&contacts)
            .chain(&configurations)
            .chain(&tickets)
            .chain(&found)
        {
            assert!(item.excluded.is_empty(), "{}", item.record_found.json);
            let json = &item.record_found.json;
            let parsed: serde_json::Value = serde_json::from_str(json).unwrap();
            assert!(
                parsed.is_object() && !json.contains("_href") && !json.contains("\\u0000"),
                "{json}"
            );
            assert_eq!(item.record_found.version.len(), 20, "{json}");
        }
        let count = connection.count(&context, &all("configuration")).unwrap();
        assert_eq!(count, Some(configurations.len() as u64));
        room.end();
    }
}

#[test]
fn recommended_options_exclude_by_name_what_has_one_type_too_many() {
    let room = Room::new(Config::default());
    let (mut connection, control) = (room.connection(), room.control());
    let context = room.recommended(&mut connection);
    let companies = pull_all(&mut connection, &context, &all("organization"));
    let (inside, outside): (Vec<&Pulled>, Vec<&Pulled>) =
        companies.iter().partition(|item| item.excluded.is_empty());
    assert!(!inside.is_empty());
    for item in &outside {
        let reason = &item.excluded[0];
        assert_eq!(
            (reason.reason.as_str(), reason.group.as_deref()),
            ("not-selected", Some("company-types"))
        );
        assert!(!reason.labels.is_empty(), "{}", item.record_found.json);
    }
    let chosen = |group: &str| match &context
        .selections
        .iter()
        .find(|one| one.group == group)
        .unwrap()
        .chosen
    {
        Choice::These(ids) => ids.clone(),
        Choice::Every => unreachable!("recommended options are listed"),
    };
    let admitted =
        |group: &str, reference: &serde_json::Value| chosen(group).contains(&reference["id"].to_string());
    let want = wanted(&control, Kind::Configuration, |one| {
        is(one, "activeFlag")
            && admitted("configuration-types", &one["type"])
            && admitted("configuration-statuses", &one["status"])
    });
    assert_eq!(
        ids(&pull_all(&mut connection, &context, &all("configuration"))),
        want
    );
    room.end();
}

/// Records to read by id, whose parents are not known.
fn by_id(ids: &[String]) -> Vec<WantedRecord> {
    let wanted = |id: &String| WantedRecord {
        id: id.clone(),
        parent: None,
    };
    ids.iter().map(wanted).collect()
}

#[test]
fn records_are_read_by_id_and_gone_only_where_they_are() {
    let room = Room::new(Config::default());
    let (mut connection, control, context) = (room.connection(), room.control(), room.context());
    let contacts: Vec<u64> = control.ids(Kind::Contact).into_iter().take(10).collect();
    control.delete(Kind::Contact, contacts[3]).unwrap();
    let names: Vec<String> = contacts.iter().map(u64::to_string).collect();
    for (place, answer) in connection
        .fetch(&context, "contact", &by_id(&names))
        .into_iter()
        .enumerate()
    {
        match answer {
            Ok(found) => assert_eq!(found.record_found.id, names[place]),
            Err(fault) => assert!(
                place == 3 && matches!(fault.cause, Cause::Gone),
                "{}",
                fault.message
            ),
        }
    }
    // A 404 that does not name the record may be a wrong path: it says nothing of the record.
    let hidden = contacts[4];
    let not_there = connectwise_simulator::Response {
        status: 404,
        headers: vec![("Content-Type".into(), "text/html".into())],
        body: b"<html>not here</html>".to_vec(),
    };
    control.plan_response(&format!("/company/contacts/{hidden}"), 0, not_there);
    let fault = connection
        .fetch(&context, "contact", &by_id(&[hidden.to_string()]))
        .remove(0)
        .unwrap_err();
    assert!(!matches!(fault.cause, Cause::Gone), "{}", fault.message);
    let company = control.ids(Kind::Company)[0];
    control.soft_delete(Kind::Company, company).unwrap();
    let answer = connection
        .fetch(&context, "organization", &by_id(&[company.to_string()]))
        .remove(0)
        .unwrap();
    assert_eq!(answer.excluded[0].reason, "deleted");
    let changed = connection
        .pull(
            &context,
            &Listing {
                since: Some("2000-01-01T00:00:00Z".into()),
                ..all("organization")
            },
            None,
        )
        .unwrap();
    assert!(
        changed
            .items
            .iter()
            .any(|item| item.record_found.id == company.to_string()),
        "changes show the deletion"
    );
    room.end();
}

#[test]
fn quirk_codebase_moves_during_a_run() {
    let room = Room::new(Config::default());
    let (mut connection, context) = (room.connection(), room.context());
    let before = pull_all(&mut connection, &context, &all("organization"));
    room.control().set_codebase("v2099_1");
    assert_eq!(
        pull_all(&mut connection, &context, &all("organization")).len(),
        before.len()
    );
    let parents = before
        .iter()
        .map(|company| company.record_found.id.clone())
        .collect();
    room.control().set_codebase("v2099_2");
    assert!(!pull_all(&mut connection, &context, &sites(parents)).is_empty());
    room.end();
}

#[test]
fn quirk_broad_ticket_queries_time_out() {
    let room = Room::new(Config::default());
    let (mut connection, control) = (room.connection(), room.control());
    let context = room.recommended(&mut connection);
    let calm = ids(&pull_all(&mut connection, &context, &all("ticket")));
    control.time_out_above("/service/tickets", 20);
    control.reset_log();
    // The simulator's ticket ids may lie closer together than the smallest range that is cut; then it says so.
    let mut cursor = None::<String>;
    let mut found = Vec::new();
    loop {
        match connection.pull(&context, &all("ticket"), cursor.as_deref()) {
            Ok(page) => {
                found.extend(page.items);
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            Err(fault) => {
                assert!(matches!(fault.cause, Cause::Transient), "{}", fault.message);
                break;
            }
        }
    }
    assert!(ids(&found).is_subset(&calm));
    let log = control.log();
    let lists: Vec<&str> = log
        .iter()
        .filter(|entry| entry.endpoint() == "/service/tickets" && !entry.query.contains("desc"))
        .map(|entry| entry.query.as_str())
        .collect();
    let distinct: BTreeSet<&str> = lists.iter().copied().collect();
    assert!(lists.len() > 2 && distinct.len() == lists.len(), "{lists:#?}");
    room.end();
}

#[test]
fn seed_step_connect_tells_what_is_wrong() {
    let room = Room::new(Config::default());
    let (control, context) = (room.control(), room.context());
    let state = |connection: &mut Connection<Wire>, id: &str| {
        let lines = connection.check(&context);
        let line = lines
            .iter()
            .find(|line| line.id == id)
            .unwrap_or_else(|| panic!("{id}: {lines:?}"));
        (line.state, line.how.clone(), line.needed)
    };
    let mut connection = room.connection();
    let contacts = "permission/companies/contacts";
    assert_eq!(state(&mut connection, "company").0, CheckState::Ok);
    assert_eq!(state(&mut connection, "credentials").0, CheckState::Ok);
    assert_eq!(
        state(&mut connection, contacts),
        (CheckState::Ok, "my-security".into(), true)
    );
    control.set_inquire(Module::Contacts, Level::None);
    for (answers, how) in [
        (MySecurity::Present, "my-security"),
        (MySecurity::Absent, "probe"),
        (MySecurity::Refused, "probe"),
    ] {
        control.set_my_security(answers);
        assert_eq!(
            state(&mut connection, contacts),
            (CheckState::Missing, how.into(), true)
        );
        assert_eq!(
            state(&mut connection, "permission/companies/configurations").0,
            CheckState::Ok
        );
    }
    let fault = connection.pull(&context, &all("contact"), None).unwrap_err();
    assert!(matches!(fault.cause, Cause::Permission(id) if id == "companies/contacts"));
    let mut wrong_keys = room.connection_with("not the private key");
    let lines = wrong_keys.check(&context);
    assert!(
        lines.len() == 2 && matches!(lines[1].trouble, Some(Cause::Auth)),
        "{lines:?}"
    );
    let mut elsewhere = context.clone();
    elsewhere.settings[1].text = "nobody".into();
    let lines = room.connection().check(&elsewhere);
    assert!(
        lines.len() == 1 && matches!(lines[0].trouble, Some(Cause::Auth)),
        "{lines:?}"
    );
    room.end();
}

#[test]
fn quirk_wrong_keys_hidden_behind_404() {
    let room = Room::new(Config {
        hide_bad_credentials: true,
        ..Config::default()
    });
    let lines = room.connection_with("not the private key").check(&room.context());
    assert!(
        lines.len() == 2 && matches!(lines[1].trouble, Some(Cause::Auth)),
        "{lines:?}"
    );
    room.end();
}

#[test]
fn faults_of_the_server_become_causes() {
    let room = Room::new(Config::default());
    let (control, context) = (room.control(), room.context());
    let mut connection = room.connection();
    for (fault, transient) in [
        (Fault::TooManyRequests { retry_after: 9 }, false),
        (Fault::Timeout, true),
        (Fault::BadGateway, true),
        (Fault::Reset, true),
        (Fault::Truncated, true),
    ] {
        control.fail_next("/company/contacts", fault, 1);
        let found = connection.pull(&context, &all("contact"), None).unwrap_err();
        match transient {
            true => assert!(
                matches!(found.cause, Cause::Transient),
                "{fault:?}: {}",
                found.message
            ),
            false => assert!(matches!(found.cause, Cause::RateLimited(9)), "{}", found.message),
        }
    }
    room.end();
}

#[test]
fn seed_step_members_and_options() {
    let room = Room::new(Config::default());
    let (mut connection, control, context) = (room.connection(), room.control(), room.context());
    let members = connection.members(&context, None).unwrap().members;
    let want = wanted(&control, Kind::Member, |one| {
        !is(one, "inactiveFlag") && ["F", "C", "X"].iter().any(|class| one["licenseClass"] == *class)
    });
    assert_eq!(
        members
            .iter()
            .map(|one| one.id.parse().unwrap())
            .collect::<BTreeSet<u64>>(),
        want
    );
    assert!(
        members
            .iter()
            .all(|one| one.email.contains('@') && !one.name.is_empty())
    );
    control.set_inquire(Module::TableSetup, Level::None);
    assert!(
        !connection.options(&context, "ticket-boards").unwrap().is_empty(),
        "the info twin answers"
    );
    let fault = connection.options(&context, "company-statuses").unwrap_err();
    assert!(matches!(fault.cause, Cause::Permission(id) if id == "system/table-setup"));
    room.end();
}

/// Records that are there are found as a lost create would be: by what identifies them, since a time before them.
#[test]
fn lost_creates_are_found_by_what_identifies_them() {
    for loose in [false, true] {
        let config = Config {
            loose,
            ..Config::default()
        };
        let room = Room::new(config);
        let mut connection = room.connection();
        let context = room.context();
        let companies = pull_all(&mut connection, &context, &all("organization"));
        let parents = companies.iter().take(20).map(|one| one.record_found.id.clone());
        let mut records = pull_all(&mut connection, &context, &sites(parents.collect()));
        records.truncate(10);
        records.extend(companies.into_iter().take(10));
        for kind in ["contact", "configuration"] {
            records.extend(
                pull_all(&mut connection, &context, &all(kind))
                    .into_iter()
                    .take(10),
            );
        }
        for record in records {
            let found = &record.record_found;
            let members: serde_json::Value = serde_json::from_str(&found.json).unwrap();
            let mut desired = members.clone();
            let kept = [
                "identifier",
                "name",
                "firstName",
                "lastName",
                "type",
                "serialNumber",
            ];
            desired
                .as_object_mut()
                .unwrap()
                .retain(|name, _| kept.contains(&name.as_str()));
            let change = Change {
                kind: found.kind.clone(),
                id: None,
                parent: record.parent.clone(),
                expected: "{}".into(),
                desired: desired.to_string(),
            };
            let mut entered_since = |time: &str| -> Vec<String> {
                let records = connection.seek(&context, &change, time);
                let records = records.unwrap_or_else(|fault| panic!("{}: {}", found.kind, fault.message));
                records.into_iter().map(|record| record.id).collect()
            };
            assert!(
                entered_since("1990-01-01T00:00:00Z").contains(&found.id),
                "{} {desired}",
                found.kind
            );
            assert_eq!(entered_since("2090-01-01T00:00:00Z"), [""; 0], "{}", found.kind);
        }
        room.end();
    }
}
