//! The live check: the company, the credentials, then each permission of the security role.
//!
//! Permissions are read from `/system/mySecurity` where the server has it and shows it; it says the levels. Elsewhere
//! each is tried with the smallest request that needs it. A permission that nothing chosen needs is checked and shown
//! all the same. Where changes of a kind are pushed, Add and Edit have to be All too; what cannot be read there cannot
//! be tried, because trying would change something.

use dovetail_sdk::connector::exports::{CheckLine, CheckState, Choice, Context, Permission};
use dovetail_sdk::connector::types::Cause;
use serde::Deserialize;

use crate::api::{Api, Ask};
use crate::choices::{group, setting};
use crate::describe::{API_REPORTS, DISPLAY_PASSWORDS, permissions};
use crate::loose::{Flag, Text};
use crate::paging::Body;
use crate::push::Written;
use crate::refusal::Refusal;
use crate::{companies, configurations, contacts, members, options, sites, tickets};

const MY_SECURITY: &str = "my-security";
const PROBE: &str = "probe";
const NOT_CHECKABLE: &str = "not-checkable";

/// All lines, fewer where the company or the credentials already fail.
pub(crate) fn check(api: &mut Api<'_>) -> Vec<CheckLine> {
    let company = company(api);
    let known = company.state == CheckState::Ok;
    let mut lines = vec![company];
    if known {
        let credentials = credentials(api);
        let accepted = credentials.state == CheckState::Ok;
        lines.push(credentials);
        if accepted {
            let role = Role::read(api);
            lines.extend(
                permissions()
                    .iter()
                    .map(|permission| line(api, permission, role.as_ref())),
            );
        }
    }
    lines
}

fn plain(id: &str, state: CheckState, detail: String) -> CheckLine {
    CheckLine {
        id: id.into(),
        state,
        needed: true,
        how: PROBE.into(),
        detail,
        hint: None,
        trouble: None,
    }
}

fn failed(id: &str, about: &str, refusal: Refusal, hint: Option<&str>) -> CheckLine {
    let fault = refusal.fault(about, "");
    CheckLine {
        hint: hint.map(Into::into),
        trouble: Some(fault.cause),
        ..plain(id, CheckState::Missing, fault.message)
    }
}

fn company(api: &mut Api<'_>) -> CheckLine {
    let id = setting(api.context, "company").unwrap_or_default().to_owned();
    match api.company_info() {
        Ok(Some(info)) => {
            let name = if info.company_name.0.is_empty() { &id } else { &info.company_name.0 };
            plain("company", CheckState::Ok, format!("{name}, ConnectWise {}", info.version_code.0).trim().into())
        }
        Ok(None) => CheckLine {
            hint: Some(
                "Use the company id of the sign-in page, and the site of the same region: set `company` or `site`.".into(),
            ),
            trouble: Some(Cause::Auth),
            ..plain("company", CheckState::Missing, format!("The site knows no company with the login id `{id}`."))
        },
        Err(refusal) => failed("company", "the company", refusal, None),
    }
}

/// The server's own description needs valid keys. Where it is refused, a list tells whether it was the keys: old
/// servers refuse `/system/info` with 401 to keys that are good for everything else.
fn credentials(api: &mut Api<'_>) -> CheckLine {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Server {
        version: Text,
    }
    let hint =
        "Check the public key, the private key and the client id; keys of another company are refused too.";
    let first = match api.get(&Ask::new("/system/info")) {
        Ok(response) => {
            let server: Server = serde_json::from_slice(&response.body).unwrap_or_default();
            let detail =
                format!("The keys are accepted (server {}).", server.version.0).replace(" (server )", "");
            return plain("credentials", CheckState::Ok, detail);
        }
        Err(Refusal::Forbidden(_)) => None,
        Err(refusal @ (Refusal::Unauthorized(_) | Refusal::NoEndpoint(_) | Refusal::NoRecord(_))) => {
            Some(refusal)
        }
        Err(refusal) => return failed("credentials", "the keys", refusal, None),
    };
    let second = api.get(&smallest(companies::PATH));
    match (first, second) {
        (None, _) | (_, Ok(_) | Err(Refusal::Forbidden(_))) => {
            plain("credentials", CheckState::Ok, "The keys are accepted.".into())
        }
        (Some(Refusal::Unauthorized(words)), Err(_)) | (Some(_), Err(Refusal::Unauthorized(words))) => {
            failed(
                "credentials",
                "the keys",
                Refusal::Unauthorized(words),
                Some(hint),
            )
        }
        (Some(refusal), Err(_)) => failed("credentials", "the keys", refusal, Some(hint)),
    }
}

fn smallest(path: &str) -> Ask {
    Ask::new(path)
        .with("fields", Some("id"))
        .with("pageSize", Some(1))
}

/// The rows of `/system/mySecurity`.
struct Role(Vec<Row>);

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Row {
    module_name: Text,
    module_description: Text,
    module_function_name: Text,
    module_function_description: Text,
    add_level: Text,
    edit_level: Text,
    inquire_level: Text,
    custom_flag: Flag,
}

impl Role {
    /// None where the server has no such list, refuses it, or shows nothing.
    fn read(api: &mut Api<'_>) -> Option<Self> {
        let answer = api.get(&Ask::new("/system/mySecurity").with("pageSize", Some(1_000)));
        let body = answer.and_then(Body::of).ok()?;
        let rows: Vec<Row> = body
            .records()
            .iter()
            .map(|raw| serde_json::from_str(raw).unwrap_or_default())
            .collect();
        (!rows.is_empty()).then_some(Role(rows))
    }

    /// The row of a permission, by the names of module and function, whatever their case, spaces and dashes.
    fn row(&self, permission: &Permission) -> Option<&Row> {
        let (module, function) = permission.label.split_once(" > ")?;
        let is =
            |names: [&Text; 2], wanted: &str| names.iter().any(|name| letters(&name.0) == letters(wanted));
        self.0.iter().find(|row| {
            is([&row.module_name, &row.module_description], module)
                && is(
                    [&row.module_function_name, &row.module_function_description],
                    function,
                )
        })
    }
}

fn letters(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

fn line(api: &mut Api<'_>, permission: &Permission, role: Option<&Role>) -> CheckLine {
    let found = Found {
        needed: needed(api.context, &permission.id),
        ..match role.and_then(|role| role.row(permission)) {
            Some(row) => read_row(api, permission, row),
            None => probe(api, permission),
        }
    };
    let missing = found.state == CheckState::Missing;
    let levels = match pushes(api.context, &permission.id) {
        true => format!(
            "Add to {}, Edit to {} and Inquire to {}",
            permission.add_level, permission.edit_level, permission.inquire_level
        ),
        false => format!("Inquire to {}", permission.inquire_level),
    };
    CheckLine {
        id: format!("permission/{}", permission.id),
        state: found.state,
        needed: found.needed,
        how: found.how.into(),
        detail: found.detail,
        hint: missing.then(|| {
            format!(
                "In ConnectWise: System > Security Roles > the API member's role > {}: set {levels}.",
                permission.label
            )
        }),
        trouble: missing.then(|| Cause::Permission(permission.id.clone())),
    }
}

struct Found {
    state: CheckState,
    needed: bool,
    how: &'static str,
    detail: String,
}

fn found(state: CheckState, how: &'static str, detail: impl Into<String>) -> Found {
    Found {
        state,
        needed: false,
        how,
        detail: detail.into(),
    }
}

/// What sync makes of a row: Inquire has to be All, and where changes are pushed Add and Edit too.
fn read_row(api: &mut Api<'_>, permission: &Permission, row: &Row) -> Found {
    let level = if row.inquire_level.0.is_empty() {
        "None"
    } else {
        &row.inquire_level.0
    };
    if permission.id == DISPLAY_PASSWORDS {
        return found(
            CheckState::NotNeeded,
            MY_SECURITY,
            format!("Inquire is {level}. Passwords are never read."),
        );
    }
    let mut detail = format!("Inquire is {level}.");
    let (add, edit) = (named(&row.add_level), named(&row.edit_level));
    let pushed = pushes(api.context, &permission.id);
    if pushed {
        detail.push_str(&format!(
            " Add is {add} and Edit is {edit}; two-way needs All of both."
        ));
    } else if permission.add_level == "All" {
        detail.push_str(&format!(
            " Add ({add}) and Edit ({edit}) are not needed while two-way is off."
        ));
    }
    let is_all = |level: &str| level.eq_ignore_ascii_case("All");
    let writes = !pushed || (is_all(add) && is_all(edit));
    if row.custom_flag.is_set() {
        detail.push_str(
            " The role restricts it with Customize: what is not allowed there is left out without a word.",
        );
    }
    if is_all(level) {
        let state = if writes {
            CheckState::Ok
        } else {
            CheckState::Missing
        };
        return found(state, MY_SECURITY, detail);
    }
    if level.eq_ignore_ascii_case("My") {
        detail.push_str(" Only the API member's own records are given, without a word about the others.");
    } else if permission.id == options::PERMISSION {
        // Setup tables can often be read without this permission; only trying tells.
        let tried = probe(api, permission);
        if tried.state == CheckState::Ok {
            return tried;
        }
    }
    found(CheckState::Missing, MY_SECURITY, detail)
}

fn named(level: &Text) -> &str {
    if level.0.is_empty() { "None" } else { &level.0 }
}

fn probe(api: &mut Api<'_>, permission: &Permission) -> Found {
    let paths: &[&str] = match permission.id.as_str() {
        companies::PERMISSION => &[companies::PATH],
        configurations::PERMISSION => &[configurations::PATH],
        contacts::PERMISSION => &[contacts::PATH],
        tickets::PERMISSION => &[tickets::PATH],
        members::PERMISSION => &["/system/members"],
        API_REPORTS => &["/system/reports"],
        options::PERMISSION => &[
            "/company/companies/types",
            "/company/companies/statuses",
            "/company/configurations/types",
            "/company/configurations/statuses",
            "/company/contacts/types",
            "/service/boards",
        ],
        _ => &[],
    };
    if permission.id == DISPLAY_PASSWORDS {
        let detail = "The server does not show it. Passwords are never read.";
        return found(CheckState::NotNeeded, NOT_CHECKABLE, detail);
    }
    for path in paths {
        match api.get(&smallest(path)) {
            Ok(_) => {}
            Err(Refusal::Forbidden(words)) => {
                return found(CheckState::Missing, PROBE, format!("{path} is refused: {words}."));
            }
            Err(Refusal::NoEndpoint(_) | Refusal::NoRecord(_)) => {
                let detail = format!("The server does not show its roles, and {path} is not there to try.");
                return found(CheckState::Unknown, NOT_CHECKABLE, detail);
            }
            Err(refusal) => {
                return found(
                    CheckState::Unknown,
                    PROBE,
                    refusal.fault(path, &permission.id).message,
                );
            }
        }
    }
    let mut detail = "Reading works; whether it reaches all records the server does not show.".to_owned();
    if pushes(api.context, &permission.id) {
        detail.push_str(
            " Add and Edit cannot be tried without changing something; the first change will tell.",
        );
    } else if permission.add_level == "All" {
        detail.push_str(" Add and Edit are not needed while two-way is off.");
    }
    found(CheckState::Ok, PROBE, detail)
}

/// Whether what is chosen needs a permission. Without any word about kinds, companies and all that hangs on them are
/// taken as wanted; tickets only once a board is chosen.
fn needed(context: &Context, id: &str) -> bool {
    let pulls = |kind: &str| {
        context.kinds.is_empty()
            || context
                .kinds
                .iter()
                .any(|wanted| wanted.kind == kind && wanted.pull)
    };
    if pushes(context, id) {
        return true;
    }
    match id {
        companies::PERMISSION => pulls(companies::KIND) || pulls(sites::KIND),
        options::PERMISSION => pulls(companies::KIND),
        configurations::PERMISSION => pulls(configurations::KIND),
        contacts::PERMISSION => pulls(contacts::KIND),
        tickets::PERMISSION => pulls(tickets::KIND) && board_is_chosen(context),
        _ => false,
    }
}

/// Whether changes are pushed that a permission lets through.
fn pushes(context: &Context, id: &str) -> bool {
    let mut pushed = context.kinds.iter().filter(|wanted| wanted.push);
    pushed.any(|wanted| Written::of(&wanted.kind).is_ok_and(|kind| kind.permission() == id))
}

fn board_is_chosen(context: &Context) -> bool {
    let boards = context
        .selections
        .iter()
        .find(|selection| selection.group == group::TICKET_BOARDS);
    boards.is_some_and(|selection| match &selection.chosen {
        Choice::Every => true,
        Choice::These(ids) => !ids.is_empty(),
    })
}
