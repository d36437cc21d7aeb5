//! A client for the tests.

use connectwise_simulator::{Config, Simulator, Size};
use reqwest::{Certificate, Client, Method};
use serde_json::Value;

pub(crate) struct Api {
    pub(crate) simulator: Simulator,
    client: Client,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn link(&self) -> Option<&str> {
        self.headers
            .get("link")
            .map(|link| link.to_str().expect("links are ASCII"))
    }

    pub(crate) fn ids(&self) -> Vec<u64> {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()
            .as_array()
            .expect("a list")
            .iter()
            .map(|record| record["id"].as_u64().expect("an id"))
            .collect()
    }
}

/// What a request carries; the right things unless a test says otherwise.
pub(crate) struct Headers<'a> {
    pub(crate) user: Option<&'a str>,
    pub(crate) client_id: Option<&'a str>,
    pub(crate) accept: Option<&'a str>,
    pub(crate) forward_only: bool,
    pub(crate) method: Method,
}

pub(crate) const USER: &str = "harbourmsp+Pub1icKey0000000:Pr1vateKey000000";
pub(crate) const CLIENT_ID: &str = "3f9c2b1e-6d54-4f0a-9b7e-0a1b2c3d4e5f";

impl Default for Headers<'_> {
    fn default() -> Self {
        Self {
            user: Some(USER),
            client_id: Some(CLIENT_ID),
            accept: None,
            forward_only: false,
            method: Method::GET,
        }
    }
}

impl Api {
    pub(crate) async fn start(config: Config) -> Self {
        // Several tests of one process do this; the first one wins.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let simulator = Simulator::start(config).await.expect("the simulator starts");
        let authority = Certificate::from_pem(simulator.ca_pem().as_bytes()).expect("its authority is PEM");
        let client = Client::builder()
            .tls_certs_only([authority])
            .no_proxy()
            .build()
            .expect("a client");
        Self { simulator, client }
    }

    /// A strict one of about `n` records.
    pub(crate) async fn sized(n: u64) -> Self {
        Self::start(Config {
            size: Size::records(n),
            ..Config::default()
        })
        .await
    }

    pub(crate) async fn try_send(&self, path: &str, headers: Headers<'_>) -> Result<Answer, reqwest::Error> {
        let url = match path.starts_with("/login") || path.starts_with("/v") {
            true => format!("{}{path}", self.simulator.base_url()),
            false => format!("{}/v4_6_release/apis/3.0{path}", self.simulator.base_url()),
        };
        let mut request = self.client.request(headers.method, url);
        if let Some((user, password)) = headers.user.and_then(|user| user.split_once(':')) {
            request = request.basic_auth(user, Some(password));
        }
        if let Some(id) = headers.client_id {
            request = request.header("clientId", id);
        }
        if let Some(accept) = headers.accept {
            request = request.header("accept", accept);
        }
        if headers.forward_only {
            request = request.header("pagination-type", "forward-only");
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer {
            status,
            headers,
            text: response.text().await?,
        })
    }

    pub(crate) async fn send(&self, path: &str, headers: Headers<'_>) -> Answer {
        self.try_send(path, headers)
            .await
            .unwrap_or_else(|error| panic!("{path}: {error:?}"))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(path, Headers::default()).await
    }

    pub(crate) async fn forward(&self, path: &str) -> Answer {
        self.send(
            path,
            Headers {
                forward_only: true,
                ..Headers::default()
            },
        )
        .await
    }

    /// A list with parameters, which are encoded.
    pub(crate) async fn query(&self, path: &str, parameters: &[(&str, &str)]) -> Answer {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(parameters)
            .finish();
        self.get(&format!("{path}?{query}")).await
    }

    pub(crate) async fn count(&self, path: &str, conditions: &str) -> u64 {
        let answer = self
            .query(&format!("{path}/count"), &[("conditions", conditions)])
            .await;
        answer.json()["count"]
            .as_u64()
            .unwrap_or_else(|| panic!("{path} {conditions}: {}", answer.text))
    }
}
