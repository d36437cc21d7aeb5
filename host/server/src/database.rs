//! That the links of an integration lead into the database they were made in. It is asked where the way to the PSA
//! changes, and before the first run after links came from elsewhere.

use std::collections::BTreeSet;

use dovetail_domain::witness::Comparison;
use dovetail_sync::{Setup, check, compare, other_database, witnesses};

use crate::Problem;
use crate::host::Host;
use crate::problem::Result;

/// What a permission's line of the live check begins with.
const PERMISSION: &str = "permission/";

/// Refuses another database. None where no record is known that could be looked for.
pub(crate) async fn same(setup: &Setup) -> Result<Option<Comparison>> {
    let integration = &setup.integration;
    let mut known = witnesses(&setup.archive, integration.id, setup.connector.description())?;
    let here: BTreeSet<_> = known.iter().map(|one| (one.kind, one.id.clone())).collect();
    let brought = integration.unproven.iter().flatten();
    known.extend(
        brought
            .filter(|one| !here.contains(&(one.kind, one.id.clone())))
            .cloned(),
    );
    if known.is_empty() {
        return Ok(None);
    }
    let compared = compare(setup, known).await?;
    if compared.is_same {
        return Ok(Some(compared));
    }
    Err(other_database(&compared).into())
}

/// The same for an integration whose links nobody has held against the PSA yet; then they have been.
pub(crate) async fn prove(host: &Host, setup: &Setup) -> Result<Option<Comparison>> {
    if setup.integration.unproven.is_none() {
        return Ok(None);
    }
    let compared = same(setup).await?;
    host.change_integration(setup.integration.id, |integration| integration.unproven = None)?;
    Ok(compared)
}

/// Checks live whether an integration that is to connect in another way leads where its links lead. What it says is for
/// people. A permission that is missing is said and refuses nothing: whoever gives keys can grant it afterwards.
pub(crate) async fn check_change(setup: &Setup) -> Result<Vec<String>> {
    let name = &setup.integration.name;
    let report = check(setup).await?;
    let failed = report.lines.iter().find(|line| !line.ok);
    let mut said = Vec::new();
    match (failed, report.failure) {
        (Some(line), Some(_)) if line.id.starts_with(PERMISSION) => said.push(format!(
            "Something is missing for what is chosen: `dovetail integration connect {name}` shows it."
        )),
        (_, Some(failure)) => return Err(Problem::from(failure)),
        (_, None) => {}
    }
    said.extend(same(setup).await?.map(|compared| in_words(&compared)));
    Ok(said)
}

/// What a comparison found, as a sentence.
pub(crate) fn in_words(compared: &Comparison) -> String {
    let Comparison { looked_for, same, .. } = compared;
    let differences = match compared.differences.is_empty() {
        true => String::new(),
        false => format!(" What differs: {}.", compared.in_words()),
    };
    format!("It is the same database: {same} of {looked_for} known records are there.{differences}")
}
