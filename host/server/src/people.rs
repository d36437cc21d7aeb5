//! People of the PSA, and invitations of them. An invitation waits for 14 days; what is past that is told by the clock
//! and never written.

use dovetail_domain::connector::Member;
use dovetail_domain::{IntegrationId, IntegrationName, Timestamp};
use dovetail_store::{Step, table};
use serde::{Deserialize, Serialize};

use crate::answer::{Answer, Invited, Suggested, User, UserState};
use crate::choose::nearest;
use crate::host::Host;
use crate::integrations;
use crate::request::{Role, Whom};
use crate::{Problem, problem::Result};

/// How long an invitation waits.
const LIFETIME_SECONDS: u64 = 14 * 86_400;

/// An invitation as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Invitation {
    name: String,
    email: String,
    role: Role,
    invited: Timestamp,
}

impl Invitation {
    fn expires(&self) -> Timestamp {
        self.invited.plus_seconds(LIFETIME_SECONDS)
    }

    fn user(&self, id: &str, integration: &str, now: Timestamp) -> User {
        User {
            id: id.to_owned(),
            name: self.name.clone(),
            email: self.email.clone(),
            role: self.role,
            state: if now < self.expires() {
                UserState::Pending
            } else {
                UserState::Expired
            },
            integration: integration.to_owned(),
            expires: self.expires(),
        }
    }
}

pub(crate) async fn suggested(host: &Host, name: &IntegrationName) -> Result<Answer> {
    let suggested = members(host, name).await?.into_iter().map(|member| Suggested {
        id: member.id,
        name: member.name,
        email: member.email,
        identifier: member.identifier,
        selected: true,
    });
    Ok(Answer::Suggested(suggested.collect()))
}

async fn members(host: &Host, name: &IntegrationName) -> Result<Vec<Member>> {
    let setup = host.setup_for(&integrations::find(host.archive(), name)?).await?;
    Ok(dovetail_sync::members(&setup).await?)
}

pub(crate) async fn invite(host: &Host, name: &IntegrationName, whom: &Whom, role: Role) -> Result<Answer> {
    let integration = integrations::find(host.archive(), name)?;
    let chosen = choose(members(host, name).await?, whom)?;
    let now = host.now();
    let mut step = host.step();
    let mut invited = Vec::new();
    for member in chosen {
        let invitation = Invitation {
            name: member.name,
            email: member.email,
            role,
            invited: now,
        };
        invited.push(invitation.user(&member.id, name.as_str(), now));
        step.put(&table::people(), &(integration.id, member.id), &invitation)?;
    }
    host.archive().commit(step)?;
    Ok(Answer::Invited(Invited {
        name: name.to_string(),
        invited,
        note: "The invitations are recorded and wait for 14 days. Nothing is sent: links come once accounts exist."
            .to_owned(),
    }))
}

/// Those of the members who are meant. An id that nobody has is refused.
fn choose(members: Vec<Member>, whom: &Whom) -> Result<Vec<Member>> {
    let (named, only) = match whom {
        Whom::All => return Ok(members),
        Whom::Only(ids) => (ids, true),
        Whom::Except(ids) => (ids, false),
    };
    for id in named {
        if !members.iter().any(|member| member.id == *id) {
            let near = nearest(id, members.iter().map(|member| member.id.as_str()));
            return Err(Problem::not_found(
                format!("The PSA suggests nobody with the id `{id}`; nobody was invited."),
                format!(
                    "Near to it are: {}. `dovetail user suggested` lists all.",
                    near.join(", ")
                ),
            ));
        }
    }
    Ok(members
        .into_iter()
        .filter(|member| named.contains(&member.id) == only)
        .collect())
}

pub(crate) fn skip(host: &Host, name: &IntegrationName) -> Result<Answer> {
    integrations::find(host.archive(), name)?;
    Ok(Answer::Invited(Invited {
        name: name.to_string(),
        invited: Vec::new(),
        note: format!(
            "Nobody was invited. `dovetail user suggested {name}` lists who could be, at any time."
        ),
    }))
}

pub(crate) fn list(host: &Host) -> Result<Answer> {
    let names = integrations::names(host.archive())?;
    let now = host.now();
    let people = table::people::<Invitation>();
    let user = |((integration, id), invitation): ((IntegrationId, String), Invitation)| {
        let integration = names
            .get(&integration)
            .map(ToString::to_string)
            .unwrap_or_default();
        invitation.user(&id, &integration, now)
    };
    Ok(Answer::Users(
        host.archive().rows(&people)?.into_iter().map(user).collect(),
    ))
}

/// Takes an integration's invitations away with it.
pub(crate) fn forget(host: &Host, integration: IntegrationId, step: &mut Step) -> Result<()> {
    Ok(step.delete_under(
        host.archive().store(),
        &table::people::<Invitation>(),
        &integration,
    )?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members() -> Vec<Member> {
        let member = |id: &str| Member {
            id: id.to_owned(),
            name: format!("N{id}"),
            email: format!("{id}@example.com"),
            identifier: format!("I{id}"),
        };
        vec![member("1"), member("2"), member("12")]
    }

    fn chosen(whom: Whom) -> Vec<String> {
        choose(members(), &whom)
            .unwrap()
            .into_iter()
            .map(|member| member.id)
            .collect()
    }

    #[test]
    fn who_is_meant() {
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        assert_eq!(chosen(Whom::All), ids(&["1", "2", "12"]));
        assert_eq!(chosen(Whom::Only(ids(&["12"]))), ids(&["12"]));
        assert_eq!(chosen(Whom::Except(ids(&["1"]))), ids(&["2", "12"]));
        for whom in [Whom::Only(ids(&["1", "13"])), Whom::Except(ids(&["13"]))] {
            let problem = choose(members(), &whom).unwrap_err();
            assert_eq!(problem.exit(), 3);
            assert!(problem.message.contains("nobody was invited"));
        }
    }

    #[test]
    fn invitations_end_by_the_clock() {
        let at = |seconds| Timestamp::from_seconds(seconds).unwrap();
        let invitation = Invitation {
            name: String::new(),
            email: String::new(),
            role: Role::Editor,
            invited: at(0),
        };
        assert_eq!(
            invitation.user("1", "acme", at(14 * 86_400 - 1)).state,
            UserState::Pending
        );
        assert_eq!(
            invitation.user("1", "acme", at(14 * 86_400)).state,
            UserState::Expired
        );
    }
}
