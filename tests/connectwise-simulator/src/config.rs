//! What a simulator is started with.

use crate::faults::FaultPlan;
use crate::habits::Habits;
use crate::moment;
use crate::role::Role;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How a simulator is to be started. `Config::default()` is a strict one with the demo's records.
#[derive(Clone)]
pub struct Config {
    /// The seed of all data. The same seed and size give the same bytes, whatever the port.
    pub seed: u64,
    /// How many records there are.
    pub size: Size,
    /// Whether answers have ConnectWise's loose shapes (empty references, nulls, NUL characters, odd links).
    pub loose: bool,
    /// Faults by seed; none unless given.
    pub faults: Option<FaultPlan>,
    /// The port of the HTTPS listener on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// A listener without TLS on 127.0.0.1, for clients that cannot be given a certificate: its port, 0 for a
    /// free one.
    pub plain_http: Option<u16>,
    /// A listener of the control interface on 127.0.0.1: its port, 0 for a free one.
    pub control_port: Option<u16>,
    /// Which certificate is shown.
    pub tls: Tls,
    /// What clients must present.
    pub credentials: Credentials,
    /// The instant all dates derive from, in seconds since 1970.
    pub base_instant: i64,
    /// The codebase at the start, without slashes.
    pub codebase: String,
    /// Whether wrong credentials answer 404, as they can in ConnectWise's cloud, in place of 401.
    pub hide_bad_credentials: bool,
    /// The security role at the start; the default reads everything and writes nothing.
    pub role: Role,
    /// What the server does to the values it is given.
    pub habits: Habits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 1,
            size: Size::demo(),
            loose: false,
            faults: None,
            port: 0,
            plain_http: None,
            control_port: None,
            tls: Tls::default(),
            credentials: Credentials::default(),
            base_instant: moment::DEFAULT_BASE,
            codebase: "v2026_4".into(),
            hide_bad_credentials: false,
            role: Role::default(),
            habits: Habits::default(),
        }
    }
}

/// Which certificate the HTTPS listener shows.
#[derive(Clone)]
pub enum Tls {
    /// The simulator makes its own certificate authority and a certificate for `localhost`, 127.0.0.1 and
    /// these further names.
    Own {
        /// Further DNS names or addresses.
        names: Vec<String>,
    },
    /// A ready configuration, and the PEM text of the authority that signed it, if it is to be had from
    /// [`Simulator::ca_pem`](crate::Simulator::ca_pem).
    Custom {
        /// What connections are served with.
        server: Arc<rustls::ServerConfig>,
        /// The authority, PEM.
        ca_pem: String,
    },
}

impl Default for Tls {
    fn default() -> Self {
        Self::Own { names: Vec::new() }
    }
}

/// What a client must present. These are made up and guard nothing.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credentials {
    /// The company id with which API members log in.
    pub company_id: String,
    /// The API member's public key.
    pub public_key: String,
    /// The API member's private key.
    pub private_key: String,
    /// The client id header.
    pub client_id: String,
}

impl Default for Credentials {
    fn default() -> Self {
        Self {
            company_id: "harbourmsp".into(),
            public_key: "Pub1icKey0000000".into(),
            private_key: "Pr1vateKey000000".into(),
            client_id: "3f9c2b1e-6d54-4f0a-9b7e-0a1b2c3d4e5f".into(),
        }
    }
}

/// How many records there are. Sites come with companies (one to three each); setup tables are always the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Companies, deleted and inactive ones among them.
    pub companies: u64,
    /// Contacts.
    pub contacts: u64,
    /// Configurations.
    pub configurations: u64,
    /// Service tickets.
    pub tickets: u64,
    /// Members, inactive ones among them; at most 500.
    pub members: u64,
}

impl Size {
    /// A small set for people to look at: about 350 records.
    #[must_use]
    pub const fn demo() -> Self {
        Self {
            companies: 16,
            contacts: 64,
            configurations: 140,
            tickets: 90,
            members: 9,
        }
    }

    /// About `n` records in the usual proportions, `n` from 30 to 1,000,000.
    #[must_use]
    pub fn records(n: u64) -> Self {
        let n = n.clamp(30, 1_000_000);
        let companies = (n / 50).max(3);
        let members = (n / 500).clamp(4, 500);
        // Two sites a company on average.
        let rest = n.saturating_sub(companies * 3 + members);
        let contacts = rest / 6;
        let tickets = rest / 5;
        Self {
            companies,
            contacts,
            configurations: rest - contacts - tickets,
            tickets,
            members,
        }
    }
}
