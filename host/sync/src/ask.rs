//! Questions to the PSA outside of runs: the options of settings groups, and people.

use dovetail_domain::connector::{GroupOption, Member};

use crate::error::SyncError;
use crate::psa::Psa;
use crate::setup::Setup;

/// The most users that are read: more are no people of one service provider.
const MEMBERS: usize = 20_000;

/// The options of every group, in the connector's order.
pub async fn options(setup: &Setup) -> Result<Vec<(String, Vec<GroupOption>)>, SyncError> {
    let mut psa = Psa::of(setup);
    let mut groups = Vec::new();
    for group in &setup.connector.description().groups {
        groups.push((group.id.clone(), psa.options(&group.id).await?));
    }
    Ok(groups)
}

/// Everybody whom the connector holds to be a licensed, active user.
pub async fn members(setup: &Setup) -> Result<Vec<Member>, SyncError> {
    let mut psa = Psa::of(setup);
    let mut members = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = psa.members(cursor.as_deref()).await?;
        members.extend(page.members);
        // A cursor that does not move would never end.
        if page.next.is_none() || page.next == cursor || members.len() >= MEMBERS {
            return Ok(members);
        }
        cursor = page.next;
    }
}
