//! Names to addresses, each checked. The client connects to the addresses this gives and to no others, so a name that
//! changes its answer between check and use gains nothing. One refused address among several refuses the name.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::address::AddressPolicy;
use crate::error::{GateError, clean};

/// Something that knows the addresses of names.
pub trait Names: Send + Sync + 'static {
    /// The addresses of a name.
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The system's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemNames;

impl Names for SystemNames {
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// A resolver that gives checked addresses only.
#[derive(Clone)]
pub(crate) struct CheckedNames {
    names: Arc<dyn Names>,
    policy: AddressPolicy,
    /// The proxy's name: a person set it, so it may stand in their own network.
    proxy: Option<String>,
}

impl CheckedNames {
    pub(crate) fn new(names: Arc<dyn Names>, policy: AddressPolicy, proxy: Option<String>) -> Self {
        CheckedNames { names, policy, proxy }
    }

    /// The addresses of a name, all of them allowed.
    pub(crate) async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, GateError> {
        let is_proxy = self.proxy.as_deref() == Some(name);
        if !is_proxy {
            check_host(self.policy, &url::Host::Domain(name), name)?;
        }
        let unreachable = |reason: String| GateError::Unreachable {
            host: name.to_owned(),
            reason: clean(&reason, 200),
        };
        let found = self
            .names
            .lookup(name.to_owned())
            .await
            .map_err(|trouble| unreachable(format!("its name has no address ({trouble})")))?;
        if found.is_empty() {
            return Err(unreachable("its name has no address".to_owned()));
        }
        for address in found.iter().filter(|_| !is_proxy) {
            self.policy
                .check(*address)
                .map_err(|refused| GateError::AddressNotAllowed {
                    host: name.to_owned(),
                    address: Some(*address),
                    what: refused.what,
                    private: refused.private,
                })?;
        }
        Ok(found)
    }
}

/// The policy on a URL's host, with its words.
pub(crate) fn check_host(
    policy: AddressPolicy,
    host: &url::Host<&str>,
    as_written: &str,
) -> Result<(), GateError> {
    policy
        .check_host(host)
        .map_err(|refused| GateError::AddressNotAllowed {
            host: as_written.to_owned(),
            address: None,
            what: refused.what,
            private: refused.private,
        })
}

impl Resolve for CheckedNames {
    fn resolve(&self, name: Name) -> Resolving {
        let names = self.clone();
        Box::pin(async move {
            let found = names.addresses(name.as_str()).await?;
            // Port 0 is replaced by the URL's own.
            Ok(Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use dovetail_domain::{Code, Explained};

    use super::*;

    struct Fixed(Vec<IpAddr>);

    impl Names for Fixed {
        fn lookup(&self, _name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
            let addresses = self.0.clone();
            Box::pin(async move { Ok(addresses) })
        }
    }

    async fn ask(name: &str, found: &[&str], allow: bool, proxy: Option<&str>) -> Result<usize, Code> {
        let found = found
            .iter()
            .map(|text| text.parse().expect("an address"))
            .collect();
        let policy = AddressPolicy {
            allow_private_network: allow,
        };
        let names = CheckedNames::new(Arc::new(Fixed(found)), policy, proxy.map(str::to_owned));
        names
            .addresses(name)
            .await
            .map(|found| found.len())
            .map_err(|error| error.code())
    }

    #[tokio::test]
    async fn every_address_of_a_name_is_checked() {
        let refused = Err(Code::AddressNotAllowed);
        assert_eq!(
            ask("psa.example", &["8.8.8.8", "2606:4700::1"], false, None).await,
            Ok(2)
        );
        assert_eq!(ask("psa.example", &["127.0.0.1"], false, None).await, refused);
        assert_eq!(
            ask("psa.example", &["8.8.8.8", "10.0.0.1"], false, None).await,
            refused
        );
        assert_eq!(
            ask("psa.example", &["10.0.0.1", "8.8.8.8"], false, None).await,
            refused
        );
        assert_eq!(
            ask("psa.example", &["::ffff:192.168.0.1"], false, None).await,
            refused
        );
        assert_eq!(ask("psa.example", &["10.0.0.1", "::1"], true, None).await, Ok(2));
        assert_eq!(
            ask("psa.example", &["169.254.169.254"], true, None).await,
            refused
        );
        assert_eq!(ask("localhost", &["8.8.8.8"], false, None).await, refused);
        assert_eq!(ask("psa.example", &[], false, None).await, Err(Code::Unreachable));
        assert_eq!(
            ask("proxy.lan", &["10.0.0.1"], false, Some("proxy.lan")).await,
            Ok(1)
        );
        assert_eq!(
            ask("psa.example", &["10.0.0.1"], false, Some("proxy.lan")).await,
            refused
        );
    }
}
