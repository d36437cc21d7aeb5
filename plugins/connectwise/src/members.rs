//! The people who work with ConnectWise: members with a licence for people (classes F, C and X) who are not inactive.
//! API members (class A) are programs and never among them.

use dovetail_sdk::connector::exports::{Member, MemberPage};
use dovetail_sdk::connector::types::Fault;
use serde::Deserialize;

use crate::api::Api;
use crate::choices::page_size;
use crate::conditions::Conditions;
use crate::loose::{Flag, Id, Text};
use crate::paging::{Plan, Slice, cursor, cursor_text, read};

pub(crate) const PERMISSION: &str = "system/member-maintenance";

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Row {
    id: Id,
    identifier: Text,
    license_class: Text,
    inactive_flag: Flag,
    first_name: Text,
    last_name: Text,
    default_email: Text,
    primary_email: Text,
    office_email: Text,
    mobile_email: Text,
    home_email: Text,
}

/// One page of members.
pub(crate) fn page(api: &mut Api<'_>, text: Option<&str>) -> Result<MemberPage, Fault> {
    let plan = Plan {
        path: "/system/members".into(),
        about: "members",
        permission: PERMISSION,
        conditions: Conditions::new().is("inactiveFlag", false),
        fields: Some(
            "id,identifier,licenseClass,inactiveFlag,firstName,lastName,defaultEmail,primaryEmail,officeEmail,\
             mobileEmail,homeEmail",
        ),
        slices: vec![Slice::default()],
        ..Plan::default()
    };
    let at = match text {
        Some(text) => cursor(text)?,
        None => plan.start(page_size(api.context)),
    };
    let page = read(api, &plan, at, &mut |_, _| Ok(Vec::new()))?;
    Ok(MemberPage {
        members: page.body.records().into_iter().filter_map(member).collect(),
        next: page.next.as_ref().map(cursor_text).transpose()?,
    })
}

fn member(raw: &str) -> Option<Member> {
    let row: Row = serde_json::from_str(raw).unwrap_or_default();
    let licensed = ["F", "C", "X"]
        .iter()
        .any(|class| row.license_class.0.eq_ignore_ascii_case(class));
    if !licensed || row.inactive_flag.is_set() {
        return None;
    }
    let preferred = match row.default_email.0.to_ascii_lowercase().as_str() {
        "mobile" => &row.mobile_email,
        "home" => &row.home_email,
        _ => &row.office_email,
    };
    let all = [
        &row.primary_email,
        preferred,
        &row.office_email,
        &row.mobile_email,
        &row.home_email,
    ];
    let email = all
        .into_iter()
        .map(|email| email.0.trim())
        .find(|email| !email.is_empty());
    Some(Member {
        id: row.id.0?.to_string(),
        name: format!("{} {}", row.first_name.0, row.last_name.0)
            .trim()
            .to_owned(),
        email: email.unwrap_or_default().to_owned(),
        identifier: row.identifier.0.clone(),
    })
}
