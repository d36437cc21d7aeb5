//! The one HTTP client. It follows no redirect, inflates nothing, repeats nothing by itself, asks the checked resolver
//! only, and knows no proxy but the one it was given: the environment has no say.

use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use rustls::ClientConfig;
use url::Url;

use crate::GateError;
use crate::limits::Limits;
use crate::resolve::CheckedNames;

/// Builds the client.
pub(crate) fn client(
    tls: ClientConfig,
    names: CheckedNames,
    proxy: Option<&Url>,
    limits: &Limits,
    connections: usize,
) -> Result<reqwest::Client, GateError> {
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(Arc::new(names))
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .no_proxy()
        .referer(false)
        .https_only(true)
        .http1_only()
        .connect_timeout(limits.connect)
        .timeout(limits.request)
        .pool_max_idle_per_host(connections)
        // Shorter than servers keep idle connections, so that a write seldom meets one just closed.
        .pool_idle_timeout(Duration::from_secs(20))
        .user_agent(concat!("dovetail/", env!("CARGO_PKG_VERSION")));
    if let Some(proxy) = proxy {
        let proxy = reqwest::Proxy::all(proxy.as_str()).map_err(|_| GateError::ValueRefused {
            key: "proxy".to_owned(),
            reason: "it is no URL".to_owned(),
        })?;
        builder = builder.proxy(proxy);
    }
    builder.build().map_err(|trouble| GateError::Internal {
        reason: format!("the HTTP client: {trouble}"),
    })
}

/// Checks an explicit proxy: `http://host:port`, nothing else.
pub(crate) fn check_proxy(proxy: &Url) -> Result<(), GateError> {
    let refused = |reason: &str| GateError::ValueRefused {
        key: "proxy".to_owned(),
        reason: reason.to_owned(),
    };
    if proxy.scheme() != "http" {
        return Err(refused(
            "write it as http://host:port; what goes through it is encrypted all the way",
        ));
    }
    if !proxy.username().is_empty() || proxy.password().is_some() {
        return Err(refused(
            "a user or a password in it would be stored and shown in the clear",
        ));
    }
    let bare = proxy.path() == "/" && proxy.query().is_none() && proxy.fragment().is_none();
    match proxy.host() {
        Some(_) if bare => Ok(()),
        _ => Err(refused("write it as http://host:port")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_a_host_and_a_port() {
        for (text, fits) in [
            ("http://proxy.lan:3128", true),
            ("http://10.0.0.1:3128/", true),
            ("https://proxy.lan", false),
            ("socks5://proxy.lan", false),
            ("http://user:word@proxy.lan", false),
            ("http://proxy.lan/path", false),
            ("http://proxy.lan/?x", false),
        ] {
            assert_eq!(
                check_proxy(&Url::parse(text).expect(text)).is_ok(),
                fits,
                "{text}"
            );
        }
    }
}
