//! What a layer does to real records, before it is set or after: stored records go through two stacks, and where they
//! differ is shown. Nothing is written and the PSA is not asked.

use dovetail_sync::{Layer, TrialOf, try_out};

use super::{NewLayer, candidate, find, stack};
use crate::answer::{Answer, MappingPreview};
use crate::host::Host;
use crate::problem::Result;
use crate::request::PreviewQuery;

/// Records shown where nobody says how many.
const SHOWN: usize = 10;

/// `mapping preview`: with a layer named, the stack without the change and with it; else what the overlays that are set
/// make of what the standard mapping makes.
pub(crate) async fn preview(host: &Host, query: PreviewQuery) -> Result<Answer> {
    let (integration, organization) = find(host, &query.place)?;
    let now = stack(host, &integration).await?.layers;
    let (before, after) = match &query.plugin {
        Some(plugin) => {
            let new = NewLayer {
                plugin,
                config: query.config.as_deref(),
                after: query.after.as_deref(),
                optional: false,
            };
            let candidate = candidate(host, &integration, organization.clone(), new).await?;
            let changed = (candidate.key.1, candidate.placed(host.archive())?);
            let after = super::stack_of(host, &integration, Some(changed)).await?.layers;
            (now, after)
        }
        None => (now.iter().take(1).cloned().collect::<Vec<Layer>>(), now),
    };
    let wanted = TrialOf {
        integration: &integration,
        kind: query.kind,
        organization: organization.as_ref().map(|(id, _)| *id),
        most: query.limit.unwrap_or(SHOWN),
    };
    let tried = try_out(host.archive(), wanted, &before, &after).await?;
    Ok(Answer::MappingPreview(Box::new(MappingPreview {
        name: query.place.name.to_string(),
        organization: organization.map(|(_, name)| name),
        kind: query.kind,
        tried,
    })))
}
