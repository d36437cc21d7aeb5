//! Credentials, performed by the gate: built once from the connector's templates, filled in on the way out only, and
//! only at an origin that names them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dovetail_domain::connector::{Credential, Scheme};
use http::{HeaderName, HeaderValue, header};
use zeroize::Zeroizing;

use crate::GateError;
use crate::request::belongs_to_the_connection;
use crate::secret::Secrets;
use crate::template::fill;

/// A credential ready to be sent.
pub(crate) struct Performed {
    pub(crate) name: HeaderName,
    pub(crate) value: HeaderValue,
}

/// An integration's credentials by name, and what of them has to be blotted out of answers.
pub(crate) struct Credentials {
    by_name: BTreeMap<String, Performed>,
    assembled: Vec<Zeroizing<String>>,
}

impl Credentials {
    /// Performs what the connector declared.
    pub(crate) fn assemble(
        declared: &[Credential],
        settings: &[(String, String)],
        secrets: &Secrets,
    ) -> Result<Self, GateError> {
        let mut credentials = Credentials {
            by_name: BTreeMap::new(),
            assembled: Vec::new(),
        };
        for credential in declared {
            let fill = |template: &str| fill(template, settings, secrets);
            let (name, value) = match &credential.scheme {
                Scheme::Basic { user, password } => {
                    let user = fill(user)?;
                    if user.contains(':') {
                        return Err(refused(
                            credential,
                            "the user of a basic credential cannot hold a colon",
                        ));
                    }
                    let pair = Zeroizing::new(format!("{}:{}", *user, *fill(password)?));
                    let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
                    let value = Zeroizing::new(format!("Basic {}", *encoded));
                    credentials.assembled.extend([pair, encoded]);
                    (header::AUTHORIZATION, value)
                }
                Scheme::Bearer(token) => {
                    let token = fill(token)?;
                    let value = Zeroizing::new(format!("Bearer {}", *token));
                    credentials.assembled.push(token);
                    (header::AUTHORIZATION, value)
                }
                Scheme::Header { name, content } => {
                    let name = HeaderName::from_bytes(name.as_bytes())
                        .map_err(|_| refused(credential, "its header's name is malformed"))?;
                    if belongs_to_the_connection(name.as_str()) {
                        return Err(refused(credential, "its header belongs to the connection"));
                    }
                    let value = fill(content)?;
                    credentials.assembled.push(value.clone());
                    (name, value)
                }
                Scheme::ClientCredentials { .. } => return Err(unknown(credential, "client-credentials")),
                Scheme::Login { .. } => return Err(unknown(credential, "login")),
                Scheme::Signature { .. } => return Err(unknown(credential, "signature")),
            };
            let mut value = HeaderValue::from_str(&value)
                .map_err(|_| refused(credential, "filled in, it holds characters no header may hold"))?;
            value.set_sensitive(true);
            let performed = Performed { name, value };
            if credentials
                .by_name
                .insert(credential.name.clone(), performed)
                .is_some()
            {
                return Err(refused(credential, "it is declared twice"));
            }
        }
        Ok(credentials)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Performed> {
        self.by_name.get(name)
    }

    /// Texts that give the secrets away as the secrets themselves do. Those without a secret in them are short of that:
    /// a header made of settings alone is known to the connector anyway.
    pub(crate) fn assembled<'a>(&'a self, secrets: &'a Secrets) -> impl Iterator<Item = &'a str> {
        let whole = self.assembled.iter().map(|text| text.as_str());
        whole.filter(|text| {
            let decoded = STANDARD.decode(text).unwrap_or_default();
            secrets.iter().any(|(_, secret)| {
                let secret = secret.expose();
                text.contains(secret) || String::from_utf8_lossy(&decoded).contains(secret)
            })
        })
    }
}

fn refused(credential: &Credential, why: &str) -> GateError {
    GateError::PluginRefused {
        reason: format!("its credential `{}` cannot be performed: {why}", credential.name),
    }
}

fn unknown(credential: &Credential, scheme: &str) -> GateError {
    refused(
        credential,
        &format!("this host does not know the scheme `{scheme}`"),
    )
}

#[cfg(test)]
mod tests {
    use dovetail_domain::{Code, Explained};

    use super::*;
    use crate::secret::Secret;

    fn assemble(scheme: Scheme) -> Result<Credentials, GateError> {
        let mut secrets = Secrets::new();
        secrets.insert(
            "private-key",
            Secret::new("private-key", "hidden-words".into()).expect("long enough"),
        );
        let settings = [
            ("company".to_owned(), "acme".to_owned()),
            ("key".to_owned(), "pub:lic".to_owned()),
        ];
        Credentials::assemble(
            &[Credential {
                name: "keys".into(),
                scheme,
            }],
            &settings,
            &secrets,
        )
    }

    fn sent(scheme: Scheme) -> (String, String) {
        let credentials = assemble(scheme).expect("assembles");
        let performed = credentials.get("keys").expect("is there");
        assert!(performed.value.is_sensitive());
        (
            performed.name.to_string(),
            performed.value.to_str().expect("ascii").to_owned(),
        )
    }

    #[test]
    fn the_three_schemes_are_performed() {
        let basic = Scheme::Basic {
            user: "{company}+x".into(),
            password: "{private-key}".into(),
        };
        assert_eq!(
            sent(basic),
            (
                "authorization".into(),
                "Basic YWNtZSt4OmhpZGRlbi13b3Jkcw==".into()
            )
        );
        let bearer = Scheme::Bearer("{private-key}".into());
        assert_eq!(
            sent(bearer),
            ("authorization".into(), "Bearer hidden-words".into())
        );
        let header = Scheme::Header {
            name: "X-Api-Key".into(),
            content: "k={private-key}".into(),
        };
        assert_eq!(sent(header), ("x-api-key".into(), "k=hidden-words".into()));
    }

    #[test]
    fn what_cannot_be_performed_is_refused_by_name() {
        let header = |name: &str, content: &str| Scheme::Header {
            name: name.into(),
            content: content.into(),
        };
        for (scheme, words) in [
            (
                Scheme::Basic {
                    user: "{key}".into(),
                    password: "{private-key}".into(),
                },
                "colon",
            ),
            (
                Scheme::Basic {
                    user: "a".into(),
                    password: "{private-key".into(),
                },
                "never closed",
            ),
            (header("Host", "{private-key}"), "connection"),
            (header("Content-Length", "{private-key}"), "connection"),
            (header("bad name", "{private-key}"), "malformed"),
            (header("x-key", "{private-key}\r\nx: y"), "characters"),
            (
                Scheme::ClientCredentials {
                    token_url: String::new(),
                    client_id: String::new(),
                    client_secret: String::new(),
                    scope: None,
                    extra: vec![],
                },
                "`client-credentials`",
            ),
            (
                Scheme::Login {
                    login_url: String::new(),
                    body: String::new(),
                    token_pointer: String::new(),
                    refresh_pointer: None,
                    refresh_url: None,
                    lifetime_seconds: 0,
                },
                "`login`",
            ),
            (
                Scheme::Signature {
                    header: String::new(),
                    algorithm: String::new(),
                    key_secret: None,
                    key_url_pointer: None,
                },
                "`signature`",
            ),
        ] {
            let error = assemble(scheme).err().expect(words);
            assert_eq!(error.code(), Code::PluginRefused);
            assert!(error.to_string().contains(words), "{error}");
        }
        let missing = assemble(Scheme::Bearer("{token}".into())).err();
        assert_eq!(missing, Some(GateError::SettingMissing { key: "token".into() }));
    }
}
