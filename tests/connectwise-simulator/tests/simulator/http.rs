//! A client for the tests.

use connectwise_simulator::{Config, Role, Simulator, Size};
use reqwest::{Certificate, Client, Method};
use serde_json::{Value, json};

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
    /// The content type and the body.
    pub(crate) body: Option<(&'a str, Vec<u8>)>,
}

pub(crate) const JSON: &str = "application/json; charset=utf-8";

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
            body: None,
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
        if let Some((content_type, body)) = headers.body {
            request = request.header("content-type", content_type).body(body);
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

    /// A strict one of about `n` records whose role may write.
    pub(crate) async fn writable(n: u64) -> Self {
        let api = Self::sized(n).await;
        api.simulator.control().set_role(Role::writing());
        api
    }

    pub(crate) async fn try_write(
        &self,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Result<Answer, reqwest::Error> {
        let headers = Headers {
            method: method.parse().expect("a method"),
            body: (!body.is_null()).then(|| (JSON, body.to_string().into_bytes())),
            ..Headers::default()
        };
        self.try_send(path, headers).await
    }

    /// A write; a null body is none.
    pub(crate) async fn write(&self, method: &str, path: &str, body: Value) -> Answer {
        self.try_write(method, path, &body)
            .await
            .unwrap_or_else(|error| panic!("{method} {path}: {error:?}"))
    }

    /// A PATCH of operations, each an op, a path and a value, with an operation on the custom fields added.
    pub(crate) async fn patch(&self, path: &str, operations: &[(&str, &str, Value)]) -> Answer {
        let custom = ("replace", "/customFields", json!([]));
        let operations: Vec<Value> = operations
            .iter()
            .chain([&custom])
            .map(|(op, path, value)| json!({"op": op, "path": path, "value": value}))
            .collect();
        self.write("PATCH", path, Value::Array(operations)).await
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
