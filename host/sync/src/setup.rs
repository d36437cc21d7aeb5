//! What a run works with, and what the connector is told of an integration.

use std::sync::Arc;

use dovetail_domain::connector::{ConnectorContext, KindUse};
use dovetail_domain::integration::{Interval, TicketWindow};
use dovetail_domain::mapping::{MappingContext, TableRow};
use dovetail_domain::record::digest;
use dovetail_domain::{AssetId, Integration, Kind, Timestamp};
use dovetail_gate::{Gate, Session};
use dovetail_runtime::{ConnectorSession, LoadedConnector, LoadedMapping};
use dovetail_store::{Archive, StoreError};

use crate::error::SyncError;
use crate::outbound::Through;
use crate::rules::Rules;

/// One layer of the mapping stack.
#[derive(Clone)]
pub struct Layer {
    /// The mapping.
    pub mapping: Arc<LoadedMapping>,
    /// Its configuration as JSON.
    pub config: String,
    /// The rows of its table that take effect under that.
    pub table: Vec<TableRow>,
    /// The organization the layer is for, with its name; none is all of the integration.
    pub organization: Option<(AssetId, String)>,
    /// What it is called in messages.
    pub name: String,
}

impl Layer {
    /// What the mapping is told with each call.
    pub(crate) fn context(&self) -> MappingContext {
        MappingContext {
            config: self.config.clone(),
            organization: self.organization.as_ref().map(|(_, name)| name.clone()),
        }
    }
}

/// Everything a run or a question to the PSA needs.
pub struct Setup {
    /// Where records are kept.
    pub archive: Arc<Archive>,
    /// The connector.
    pub connector: Arc<LoadedConnector>,
    /// The mapping stack, the standard mapping first.
    pub layers: Vec<Layer>,
    /// Layers that do not work, in words; the operator lets runs go on without them.
    pub without: Vec<String>,
    /// The only way out.
    pub gate: Arc<Gate>,
    /// The integration.
    pub integration: Integration,
    /// The time.
    pub clock: fn() -> Timestamp,
    /// How long a run may stand still.
    pub stalled_after: Interval,
    /// Whether nothing may be written in the PSA: what is done is thrown away.
    pub dry: bool,
}

/// The layers with their organizations called as they are called now; none where nothing changed in that.
pub(crate) fn renamed(layers: &[Layer], archive: &Archive) -> Result<Option<Vec<Layer>>, StoreError> {
    let mut now = layers.to_vec();
    let mut changed = false;
    for layer in &mut now {
        let Some((id, name)) = &mut layer.organization else {
            continue;
        };
        if let Some(record) = archive.record(Kind::Organization, *id)?
            && record.name() != *name
        {
            *name = record.name();
            changed = true;
        }
    }
    Ok(changed.then_some(now))
}

/// A digest of a mapping stack and of what it is told.
pub(crate) fn mapped(layers: &[Layer]) -> String {
    let layers: Vec<_> = layers
        .iter()
        .map(|layer| {
            let organization = layer.organization.as_ref().map(|(id, name)| (id.0, name));
            (&layer.mapping.inspection().digest, &layer.config, organization)
        })
        .collect();
    hex(&digest(&serde_json::json!(layers).to_string()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Records a page.
const PAGE_SIZE: u32 = 1_000;

impl Setup {
    /// What the connector is told with each call.
    pub fn context(&self) -> ConnectorContext {
        let sync = &self.integration.sync;
        let description = self.connector.description();
        let window = match sync.tickets {
            TicketWindow::Open => "open".to_owned(),
            TicketWindow::All => "all".to_owned(),
            TicketWindow::SinceDays(days) => {
                (self.clock)().minus_seconds(u64::from(days) * 86_400).to_string()
            }
        };
        ConnectorContext {
            settings: self
                .integration
                .settings
                .iter()
                .map(|(key, text)| (key.clone(), text.clone()))
                .collect(),
            origins: self.gate.origins().to_vec(),
            selections: sync.selections(description),
            // Before anybody has chosen, the connector takes what it would usually bring as wanted: a check then says
            // what is missing for it.
            kinds: Kind::ALL
                .into_iter()
                .filter(|_| sync.saved)
                .map(|kind| {
                    let pull = sync.wants(kind, description);
                    KindUse {
                        kind,
                        pull,
                        push: pull && sync.is_two_way(kind),
                    }
                })
                .collect(),
            options: [
                ("ticket-window", Some(window)),
                ("page-size", Some(PAGE_SIZE.to_string())),
                ("contact-email-type", sync.contact_email_type.clone()),
                ("contact-phone-type", sync.contact_phone_type.clone()),
            ]
            .into_iter()
            .filter_map(|(key, text)| Some((key.to_owned(), text?)))
            .collect(),
        }
    }

    /// Who wins, as far as it is known without trying the stack.
    pub(crate) fn rules(&self) -> Result<Rules, StoreError> {
        Rules::known(
            &self.archive,
            &self.integration,
            self.connector.description(),
            &self.layers,
        )
    }

    /// The same with the stack tried there and back.
    pub(crate) async fn proved(&self) -> Result<Rules, SyncError> {
        let description = self.connector.description();
        Rules::proved(
            &self.archive,
            &self.integration,
            description,
            &self.layers,
            self.clock,
        )
        .await
    }

    /// A digest of the mapping stack. Where it alone changed, what is stored is mapped again.
    pub(crate) fn mapped(&self) -> String {
        mapped(&self.layers)
    }

    /// A digest of what decides which records come in: the choices and the connector. Where it changed, everything has to
    /// be read again.
    pub(crate) fn under(&self) -> String {
        let sync = &self.integration.sync;
        let all = serde_json::json!({
            "settings": self.integration.settings,
            "selections": sync.selections,
            "contacts": sync.contacts,
            "tickets": sync.tickets,
            "connector": self.connector.inspection().digest,
        });
        hex(&digest(&all.to_string()))
    }

    /// A connector ready to work, and the gate's session behind it.
    pub(crate) fn connect(&self) -> (ConnectorSession, Arc<Session>) {
        let session = Arc::new(self.gate.session());
        (
            self.connector.session(Arc::new(Through(session.clone()))),
            session,
        )
    }
}
