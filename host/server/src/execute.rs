//! The one function that executes every command.

use std::sync::Arc;

use crate::caller::Caller;
use crate::dispatch::Reach;
use crate::host::Host;
use crate::{
    Answer, Request, assets, authors, carry, config, conflicts, edits, history, import, integrations, keys,
    mappings, matches, people, plugins, policies, problem::Result, pushes, quarantine, removal, runs,
    settings, upkeep,
};

/// Executes a request in the process that holds the home. A question that comes up on the way is put to the caller.
pub(crate) async fn execute(host: &Arc<Host>, request: Request, caller: &dyn Caller) -> Result<Answer> {
    match request {
        Request::IntegrationAdd(request) => integrations::add(host, request, caller).await,
        Request::IntegrationConnect(name) => integrations::connect(host, &name).await,
        Request::IntegrationList => integrations::list(host),
        Request::IntegrationShow(name) => integrations::show(host, &name).await,
        Request::IntegrationUpdate(request) => integrations::update(host, request).await,
        Request::IntegrationPause(name) => integrations::pause(host, &name).await,
        Request::IntegrationResume(name) => integrations::resume(host, &name).await,
        Request::IntegrationRemove { name, fate, yes } => {
            removal::remove(host, &name, fate, yes, caller).await
        }
        Request::IntegrationExport {
            name,
            file,
            passphrase,
        } => carry::export(host, &name, file, passphrase, caller).await,
        Request::IntegrationImport(request) => carry::import(host, request, caller).await,
        Request::ConnectorList => plugins::connectors(host).await,
        Request::ConnectorGuide(connector) => plugins::guide(host, &connector).await,
        Request::SettingsShow(name) => settings::show(host, &name, caller).await,
        Request::SettingsSet(change) => settings::set(host, change, caller).await,
        Request::Sync {
            name,
            full,
            review,
            dry_run: false,
        } => {
            runs::sync(
                host,
                &name,
                Reach {
                    full,
                    review,
                    push: false,
                },
                caller,
            )
            .await
        }
        Request::Sync { name, full, .. } => runs::preview(host, &name, full, caller).await,
        Request::RunList(name) => runs::list(host, name.as_ref()),
        Request::RunShow { run, changes } => runs::show(host, run, changes),
        Request::RunRevert { run, dry_run, in_psa } => {
            history::revert(host, run, dry_run, in_psa, caller).await
        }
        Request::RunCancel(run) => runs::cancel(host, run).await,
        Request::RunApprove { run, only } => runs::approve(host, run, only.as_deref()).await,
        Request::RunApproveMatches(run) => matches::approve(host, run, caller).await,
        Request::MatchList {
            name,
            kind,
            state,
            limit,
        } => matches::list(host, &name, kind, state, limit),
        Request::MatchSet(subject, meant) => matches::set(host, &subject, meant),
        Request::RunReject(run) => runs::reject(host, run).await,
        Request::QuarantineList(name) => quarantine::list(host, name.as_ref()),
        Request::Explain { name, kind, what } => history::explain(host, &name, kind, &what).await,
        Request::QuarantineShow(id) => quarantine::show(host, id),
        Request::QuarantineRetry(ids) => quarantine::retry(host, &ids).await,
        Request::ConflictList(name) => conflicts::list(host, name.as_ref()),
        Request::ConflictResolve(id, choose) => conflicts::resolve(host, &id, &choose).await,
        Request::PolicyShow(name) => policies::show(host, &name).await,
        Request::PolicySet(change) => policies::set(host, change).await,
        Request::Push(query) => pushes::push(host, query, caller).await,
        Request::AssetHistory(kind, id) => history::of(host, kind, id),
        Request::AssetRelease(kind, id, field) => history::release(host, kind, id, field.as_deref()),
        Request::AssetCreate(kind, words) => edits::create(host, kind, &words).await,
        Request::AssetEdit(kind, id, words) => edits::edit(host, kind, id, &words).await,
        Request::AssetDelete { kind, id, unlink } => edits::delete(host, kind, id, unlink),
        Request::AssetUndelete(kind, id) => edits::undelete(host, kind, id),
        Request::AssetList(query) => assets::list(host, &query),
        Request::AssetShow(kind, id) => assets::show(host, kind, id),
        Request::Import {
            format,
            kind,
            file,
            dry_run,
        } => import::import(host, format, kind, file, dry_run, caller).await,
        Request::UserSuggested(name) => people::suggested(host, &name).await,
        Request::UserInvite { name, whom, role } => people::invite(host, &name, &whom, role).await,
        Request::UserSkip(name) => people::skip(host, &name),
        Request::UserList => people::list(host),
        Request::PluginInspect(what) => plugins::inspect(host, &what).await,
        Request::PluginAdd { file, yes } => plugins::add(host, &file, yes, caller).await,
        Request::PluginTest { plugin, cases } => authors::test_installed(host, &plugin, &cases).await,
        Request::PluginList => plugins::list(host).await,
        Request::PluginGrant(name, change) => plugins::grant(host, &name, change).await,
        Request::PluginRollback(name) => plugins::rollback(host, &name).await,
        Request::PluginRemove { name, yes } => plugins::remove(host, &name, yes, caller).await,
        Request::MappingShow(place) => mappings::show(host, &place).await,
        Request::MappingSet {
            place,
            plugin,
            config,
            after,
            optional,
        } => {
            let new = mappings::NewLayer {
                plugin: &plugin,
                config: config.as_deref(),
                after: after.as_deref(),
                optional,
            };
            mappings::set(host, &place, new).await
        }
        Request::MappingPreview(query) => mappings::preview(host, query).await,
        Request::MappingUnset { place, plugin } => mappings::unset(host, &place, &plugin).await,
        Request::Verify => upkeep::verify(host).await,
        Request::Backup { file, passphrase } => upkeep::backup(host, file, passphrase).await,
        Request::Restore { .. } => Err(upkeep::refuse_restore(host)),
        Request::Compact => Err(upkeep::refuse_compact()),
        Request::ConfigGet(key) => config::get(host, key.as_deref()),
        Request::ConfigSet(key, value) => config::set(host, &key, value.as_deref()).await,
        Request::ConfigRotateKey => keys::rotate(host),
    }
}
