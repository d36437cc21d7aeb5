//! The gate of one integration: built from its settings once, shared by its runs, which then share its budget and its
//! connections.

use std::sync::{Arc, Mutex, PoisonError};

use dovetail_domain::connector::{Credential, Origin, OriginRule};
use rustls::ClientConfig;
use tokio::sync::Semaphore;
use url::Url;

use crate::address::AddressPolicy;
use crate::budget::Budget;
use crate::client::{check_proxy, client};
use crate::clock::{Chance, Clock, SystemClock};
use crate::credential::Credentials;
use crate::error::GateError;
use crate::limits::{self, Limits};
use crate::origin::{AllowedOrigins, Host};
use crate::request::Rules;
use crate::resolve::{CheckedNames, Names, SystemNames, check_host};
use crate::retry::RetryPolicy;
use crate::scrub::Scrubber;
use crate::secret::Secrets;
use crate::session::Session;
use crate::tls::{self, Probe, TlsDetail};

/// What a gate is built from. It has no `Debug`, for it holds secrets.
pub struct GateConfig {
    /// The integration's name, for messages.
    pub integration: String,
    /// The settings, secrets excepted.
    pub settings: Vec<(String, String)>,
    /// The secrets.
    pub secrets: Secrets,
    /// The connector's rules of where it may go.
    pub origins: Vec<OriginRule>,
    /// The connector's credentials.
    pub credentials: Vec<Credential>,
    /// Authorities to trust besides the system's, as PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// Loopback and private addresses may be reached.
    pub allow_private_network: bool,
    /// A proxy: `http://host:port`. Names are then the proxy's to look up.
    pub proxy: Option<Url>,
    /// Requests in any minute; none is unlimited.
    pub requests_per_minute: Option<u32>,
    /// Requests at once, at least 1.
    pub concurrency: usize,
    /// Requests a run may send, repeats included.
    pub requests_a_run: u64,
    /// Sizes and times.
    pub limits: Limits,
    /// Patience.
    pub retry: RetryPolicy,
}

impl GateConfig {
    /// Everything as it is where nothing is set.
    pub fn new(integration: impl Into<String>) -> Self {
        GateConfig {
            integration: integration.into(),
            settings: Vec::new(),
            secrets: Secrets::new(),
            origins: Vec::new(),
            credentials: Vec::new(),
            ca_pem: None,
            allow_private_network: false,
            proxy: None,
            requests_per_minute: Some(limits::REQUESTS_PER_MINUTE),
            concurrency: limits::CONCURRENCY,
            requests_a_run: limits::REQUESTS_A_RUN,
            limits: Limits::default(),
            retry: RetryPolicy::default(),
        }
    }
}

/// Time, names and chance: the machine's, or a test's.
pub struct Surroundings {
    /// The clock for rates, waits and certificates. Time limits of connections and requests are real time always.
    pub clock: Arc<dyn Clock>,
    /// The resolver; what it says is checked.
    pub names: Arc<dyn Names>,
    /// The seed of the jitter.
    pub seed: u64,
}

impl Default for Surroundings {
    fn default() -> Self {
        Surroundings {
            clock: Arc::new(SystemClock),
            names: Arc::new(SystemNames),
            // Without chance all clients would repeat in step, which is a pity and no more.
            seed: getrandom::u64().unwrap_or(0),
        }
    }
}

/// The only way out for one integration. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Gate {
    inner: Arc<Inner>,
}

/// What a gate holds.
pub(crate) struct Inner {
    integration: String,
    origins: AllowedOrigins,
    told: Vec<Origin>,
    policy: AddressPolicy,
    credentials: Credentials,
    scrubber: Scrubber,
    client: reqwest::Client,
    tls: Arc<ClientConfig>,
    names: CheckedNames,
    proxy: Option<Url>,
    limits: Limits,
    retry: RetryPolicy,
    concurrency: usize,
    requests_a_run: u64,
    clock: Arc<dyn Clock>,
    chance: Mutex<Chance>,
    /// How often may be asked.
    pub(crate) budget: Budget,
    /// How many may ask at once.
    pub(crate) slots: Semaphore,
}

impl Gate {
    /// Builds the gate: works out the origins, performs the credentials, refuses addresses that are written out and
    /// not allowed. Nothing is sent.
    pub fn new(config: GateConfig) -> Result<Gate, GateError> {
        Gate::within(config, Surroundings::default())
    }

    /// Builds the gate with its own clock, resolver and chance.
    pub fn within(config: GateConfig, surroundings: Surroundings) -> Result<Gate, GateError> {
        let origins = AllowedOrigins::work_out(&config.origins, &config.settings)?;
        let policy = AddressPolicy {
            allow_private_network: config.allow_private_network,
        };
        for origin in origins.list() {
            check_written(policy, origin.host())?;
        }
        let credentials = Credentials::assemble(&config.credentials, &config.settings, &config.secrets)?;
        for name in origins.list().iter().filter_map(|origin| origin.credential()) {
            if credentials.get(name).is_none() {
                let reason = format!("its rules name the credential `{name}`, which it does not declare");
                return Err(GateError::PluginRefused { reason });
            }
        }
        let secrets = config.secrets.iter().map(|(_, secret)| secret.expose());
        let scrubber = Scrubber::new(secrets.chain(credentials.assembled(&config.secrets)))?;
        config.proxy.as_ref().map(check_proxy).transpose()?;
        let proxy_name = config
            .proxy
            .as_ref()
            .and_then(|proxy| proxy.domain())
            .map(str::to_owned);
        let names = CheckedNames::new(surroundings.names, policy, proxy_name);
        let tls = tls::client_config(config.ca_pem.as_deref(), Arc::clone(&surroundings.clock))?;
        let concurrency = config.concurrency.clamp(1, limits::REQUESTS_AT_ONCE);
        let client = client(
            tls.clone(),
            names.clone(),
            config.proxy.as_ref(),
            &config.limits,
            concurrency,
        )?;
        let inner = Inner {
            integration: config.integration,
            told: origins.told(),
            origins,
            policy,
            credentials,
            scrubber,
            client,
            tls: Arc::new(tls),
            names,
            proxy: config.proxy,
            limits: config.limits,
            retry: config.retry,
            concurrency,
            requests_a_run: config.requests_a_run,
            clock: surroundings.clock,
            chance: Mutex::new(Chance::seeded(surroundings.seed)),
            budget: Budget::a_minute(config.requests_per_minute),
            slots: Semaphore::new(concurrency),
        };
        Ok(Gate {
            inner: Arc::new(inner),
        })
    }

    /// The places that may be reached, as the connector and the command line are told; at least one.
    pub fn origins(&self) -> &[Origin] {
        &self.inner.told
    }

    /// A session for one run.
    pub fn session(&self) -> Session {
        Session::new(Arc::clone(&self.inner))
    }

    /// A TLS handshake with the first origin, and nothing more.
    pub async fn probe_tls(&self) -> Result<TlsDetail, GateError> {
        let inner = &self.inner;
        let probe = Probe {
            config: Arc::clone(&inner.tls),
            names: inner.names.clone(),
            policy: inner.policy,
            proxy: inner.proxy.clone(),
            limits: inner.limits,
        };
        let first = inner.origins.list().first().expect("origins are never empty");
        probe.shake_hands(first.host()).await
    }

    /// A text of a plugin or a server without this integration's secrets in any of their forms.
    pub fn scrub(&self, text: &str) -> String {
        self.inner.scrubber.text(text)
    }
}

/// Refuses an address that is written out; a name is looked up later.
fn check_written(policy: AddressPolicy, host: &Host) -> Result<(), GateError> {
    match url::Host::parse(host.name()) {
        Ok(url::Host::Domain(name)) => check_host(policy, &url::Host::Domain(&name), &host.to_string()),
        Ok(url::Host::Ipv4(address)) => check_host(policy, &url::Host::Ipv4(address), &host.to_string()),
        Ok(url::Host::Ipv6(address)) => check_host(policy, &url::Host::Ipv6(address), &host.to_string()),
        Err(_) => Ok(()),
    }
}

impl Inner {
    pub(crate) fn rules(&self) -> Rules<'_> {
        Rules {
            integration: &self.integration,
            origins: &self.origins,
            policy: self.policy,
            credentials: &self.credentials,
        }
    }

    pub(crate) fn integration(&self) -> &str {
        &self.integration
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    pub(crate) fn scrubber(&self) -> &Scrubber {
        &self.scrubber
    }

    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn retry(&self) -> &RetryPolicy {
        &self.retry
    }

    pub(crate) fn concurrency(&self) -> usize {
        self.concurrency
    }

    pub(crate) fn requests_a_run(&self) -> u64 {
        self.requests_a_run
    }

    pub(crate) fn chance(&self) -> f64 {
        self.chance.lock().unwrap_or_else(PoisonError::into_inner).next()
    }
}
