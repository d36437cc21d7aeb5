//! A TLS handshake and nothing more, for the first line of the live check. It goes the way requests go: the same
//! address policy, the same proxy, the same verifier.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use dovetail_domain::Timestamp;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::TlsDetail;
use super::judge::in_words;
use crate::address::AddressPolicy;
use crate::error::{GateError, clean};
use crate::limits::Limits;
use crate::origin::Host;
use crate::resolve::{CheckedNames, check_host};
use crate::send::{handshake_error, no_connection};

/// What a probe needs.
pub(crate) struct Probe {
    pub(crate) config: Arc<ClientConfig>,
    pub(crate) names: CheckedNames,
    pub(crate) policy: AddressPolicy,
    pub(crate) proxy: Option<Url>,
    pub(crate) limits: Limits,
}

impl Probe {
    /// Shakes hands with a host.
    pub(crate) async fn shake_hands(&self, host: &Host) -> Result<TlsDetail, GateError> {
        tokio::time::timeout(self.limits.connect, self.connect(host))
            .await
            .unwrap_or_else(|_| Err(no_connection(&host.to_string(), &self.limits)))
    }

    async fn connect(&self, host: &Host) -> Result<TlsDetail, GateError> {
        let said = host.to_string();
        let broken = |reason: String| GateError::Unreachable {
            host: said.clone(),
            reason: clean(&reason, 200),
        };
        let of_url = url::Host::parse(host.name()).map_err(|trouble| broken(trouble.to_string()))?;
        let of_url = match &of_url {
            url::Host::Domain(name) => url::Host::Domain(name.as_str()),
            url::Host::Ipv4(address) => url::Host::Ipv4(*address),
            url::Host::Ipv6(address) => url::Host::Ipv6(*address),
        };
        check_host(self.policy, &of_url, &said)?;
        let stream = match &self.proxy {
            Some(proxy) => self.through(proxy, host).await?,
            None => {
                let addresses = self.addresses(&of_url, host.port()).await?;
                TcpStream::connect(addresses.as_slice())
                    .await
                    .map_err(|trouble| broken(trouble.to_string()))?
            }
        };
        let name = match of_url {
            url::Host::Domain(name) => {
                ServerName::try_from(name.to_owned()).map_err(|trouble| broken(trouble.to_string()))?
            }
            url::Host::Ipv4(address) => ServerName::from(IpAddr::V4(address)),
            url::Host::Ipv6(address) => ServerName::from(IpAddr::V6(address)),
        };
        let stream = TlsConnector::from(Arc::clone(&self.config))
            .connect(name, stream)
            .await
            .map_err(|trouble| handshake_error(&said, &trouble))?;
        let (_, session) = stream.get_ref();
        let protocol = match session.protocol_version() {
            Some(rustls::ProtocolVersion::TLSv1_2) => "TLS 1.2",
            _ => "TLS 1.3",
        };
        let leaf = session.peer_certificates().and_then(|chain| chain.first());
        let parsed = leaf.and_then(|leaf| X509Certificate::from_der(leaf).ok());
        let (issuer, until) = parsed
            .map(|(_, parsed)| (in_words(parsed.issuer()), parsed.validity().not_after.timestamp()))
            .ok_or_else(|| broken("its certificate cannot be read".to_owned()))?;
        let valid_until = Timestamp::from_seconds(until).unwrap_or_else(|| {
            Timestamp::from_seconds(0)
                .expect("1970 can be written")
                .plus_seconds(u64::MAX)
        });
        Ok(TlsDetail {
            protocol: protocol.to_owned(),
            issuer,
            valid_until,
        })
    }

    async fn addresses(&self, host: &url::Host<&str>, port: u16) -> Result<Vec<SocketAddr>, GateError> {
        let found = match host {
            url::Host::Domain(name) => self.names.addresses(name).await?,
            url::Host::Ipv4(address) => vec![IpAddr::V4(*address)],
            url::Host::Ipv6(address) => vec![IpAddr::V6(*address)],
        };
        Ok(found
            .into_iter()
            .map(|address| SocketAddr::new(address, port))
            .collect())
    }

    /// A connection through the proxy, opened by CONNECT.
    async fn through(&self, proxy: &Url, host: &Host) -> Result<TcpStream, GateError> {
        let said = host.to_string();
        let broken = |reason: String| GateError::Unreachable {
            host: said.clone(),
            reason: clean(&format!("the proxy: {reason}"), 200),
        };
        let of_proxy = proxy
            .host()
            .ok_or_else(|| broken("its URL has no host".to_owned()))?;
        let addresses = self
            .addresses(&of_proxy, proxy.port_or_known_default().unwrap_or(80))
            .await?;
        let io = |trouble: std::io::Error| broken(trouble.to_string());
        let mut stream = TcpStream::connect(addresses.as_slice()).await.map_err(io)?;
        let place = format!("{}:{}", host.name(), host.port());
        let asked = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n");
        stream.write_all(asked.as_bytes()).await.map_err(io)?;
        // Byte by byte: what follows the head already belongs to the TLS handshake.
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() >= 8 * 1024 {
                return Err(broken("its answer has no end".to_owned()));
            }
            head.push(stream.read_u8().await.map_err(io)?);
        }
        let first = String::from_utf8_lossy(&head);
        let status = first.split_ascii_whitespace().nth(1).unwrap_or_default();
        if status == "200" {
            Ok(stream)
        } else {
            Err(broken(format!("it answered with status {status}")))
        }
    }
}
