//! The PSA through the gate, with the connector's sources compiled natively.

use std::sync::Arc;

use connectwise::Connection;
use dovetail_domain::Kind;
use dovetail_domain::connector::{Credential, OriginRule, Scheme};
use dovetail_gate::{Gate, GateConfig, Secret, Session};
use dovetail_sdk::connector::exports::{Context, KindUse, Origin, Setting};
use tokio::runtime::Runtime;

use crate::transport::Through;

/// The words it is built of; the private key stands in `PRIVATE_KEY`.
pub(crate) const WORDS: &str = "ADDRESS COMPANY PUBLIC-KEY CLIENT-ID CA-FILE";

/// A connector ready to work.
pub(crate) struct Psa {
    /// Keeps the gate's requests going.
    pub(crate) _events: Runtime,
    pub(crate) session: Arc<Session>,
    pub(crate) connector: Connection<Through>,
    pub(crate) context: Context,
}

impl Psa {
    pub(crate) fn of(words: &[String]) -> Result<Psa, Box<dyn std::error::Error + Send + Sync>> {
        let [address, company, public_key, client_id, authority] = words else {
            return Err(format!("expected {WORDS}").into());
        };
        let events = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let settings = [
            ("site", address),
            ("company", company),
            ("public-key", public_key),
            ("client-id", client_id),
        ]
        .map(|(key, text)| (key.to_owned(), text.clone()));
        let mut config = GateConfig::new("floor");
        config.settings = settings.to_vec();
        let key =
            Secret::new("private-key", std::env::var("PRIVATE_KEY")?).map_err(|error| error.to_string())?;
        config.secrets.insert("private-key", key);
        config.origins = vec![OriginRule {
            setting: "site".to_owned(),
            when_ends_with: None,
            strip_prefix: None,
            add_prefix: None,
            credential: Some("key".to_owned()),
            last: true,
        }];
        config.credentials = vec![Credential {
            name: "key".to_owned(),
            scheme: Scheme::Basic {
                user: "{company}+{public-key}".to_owned(),
                password: "{private-key}".to_owned(),
            },
        }];
        config.ca_pem = Some(std::fs::read(authority)?);
        config.allow_private_network = true;
        config.requests_per_minute = None;
        let gate = Gate::new(config)?;
        let session = Arc::new(gate.session());
        Ok(Psa {
            connector: Connection::new(Through {
                events: events.handle().clone(),
                session: session.clone(),
            }),
            context: context(&settings, &gate),
            session,
            _events: events,
        })
    }
}

fn context(settings: &[(String, String)], gate: &Gate) -> Context {
    let origin = |origin: &dovetail_domain::connector::Origin| Origin {
        url: origin.url.clone(),
        credential: origin.credential.clone(),
    };
    Context {
        settings: settings
            .iter()
            .map(|(key, text)| Setting {
                key: key.clone(),
                text: text.clone(),
            })
            .collect(),
        origins: gate.origins().iter().map(origin).collect(),
        selections: Vec::new(),
        kinds: Kind::ALL
            .map(|kind| KindUse {
                kind: kind.as_str().to_owned(),
                pull: true,
                push: false,
            })
            .to_vec(),
        options: [("ticket-window", "open"), ("page-size", "1000")]
            .map(|(key, text)| Setting {
                key: key.to_owned(),
                text: text.to_owned(),
            })
            .to_vec(),
    }
}
