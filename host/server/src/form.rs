//! The set-up form: what a person gave, held against what the connector's description asks for. Pure; it knows no PSA.

use std::collections::BTreeMap;

use dovetail_domain::Code;
use dovetail_domain::connector::{ConnectorDescription, SetupField, SetupFormat};
use dovetail_gate::Host as HostName;

use crate::choose::nearest;
use crate::{Problem, SecretText, problem::Result};

/// The most bytes a setting has.
const MAX_BYTES: usize = 1_000;

/// Checks settings one by one and gives them as the connector sees them: a host as `host` or `host:port`. Keys of
/// older versions of the PSA and unknown ones are refused; so is a secret among them.
pub(crate) fn read_settings(
    description: &ConnectorDescription,
    given: &[(String, String)],
) -> Result<BTreeMap<String, String>> {
    let mut settings = BTreeMap::new();
    for (key, text) in given {
        let field = field(description, key)?;
        let text = text.trim();
        let value = match field.format {
            SetupFormat::Secret => {
                return Err(Problem::new(
                    Code::SecretRefused,
                    format!("`{key}` is a secret and is never given on the command line itself."),
                    format!(
                        "Give it as `--secret {key}=env:VAR`, `{key}=file:PATH` or `{key}=-`, and change it in the PSA if it was real."
                    ),
                ));
            }
            SetupFormat::Host => HostName::parse(key, text)?.to_string(),
            SetupFormat::Plain => plain(field, text)?,
        };
        if settings.insert(key.clone(), value).is_some() {
            return Err(Problem::value(
                format!("`{key}` is given twice"),
                "Leave one of the two out.",
            ));
        }
    }
    Ok(settings)
}

/// Checks secrets: the key of each is a secret of the connector's and stands once, and then what is given under it can
/// be one. A retired key is told whatever stands under it.
pub(crate) fn check_secrets(
    description: &ConnectorDescription,
    given: &[(String, SecretText)],
) -> Result<()> {
    let mut seen = Vec::new();
    for (key, _) in given {
        let field = field(description, key)?;
        if field.format != SetupFormat::Secret {
            return Err(Problem::value(
                format!("`{key}` is no secret"),
                format!("Give it as `--set {key}=…`."),
            ));
        }
        if seen.contains(&key) {
            return Err(Problem::value(
                format!("the secret `{key}` is given twice"),
                "Leave one of the two out.",
            ));
        }
        seen.push(key);
    }
    given.iter().try_for_each(|(key, secret)| secret.check(key))
}

/// Refuses settings in which a required one is missing that has no operator's default either.
pub(crate) fn check_complete(
    description: &ConnectorDescription,
    settings: &BTreeMap<String, String>,
    defaults: &BTreeMap<String, String>,
) -> Result<()> {
    for field in description
        .setup
        .iter()
        .filter(|field| field.required && field.format != SetupFormat::Secret)
    {
        let default = field.operator_default && defaults.contains_key(&field.key);
        if settings.contains_key(&field.key) || default {
            continue;
        }
        let key = &field.key;
        let everybody = if field.operator_default {
            format!(
                " or once for every integration with `dovetail config set {}.{key} VALUE`",
                description.name
            )
        } else {
            String::new()
        };
        let example = if field.example.is_empty() {
            "VALUE"
        } else {
            &field.example
        };
        return Err(Problem::new(
            Code::Named(format!("{key}-missing")),
            format!("The setting `{key}` ({}) is not given.", field.label),
            format!(
                "Give it with `--set {key}={example}`{everybody}. {}",
                field.explanation
            )
            .trim()
            .to_owned(),
        ));
    }
    Ok(())
}

/// The connector's secrets that have to be there.
pub(crate) fn required_secrets(description: &ConnectorDescription) -> impl Iterator<Item = &SetupField> {
    description
        .setup
        .iter()
        .filter(|field| field.required && field.format == SetupFormat::Secret)
}

/// What `integration update` answers where a connector lost a field, and `config set` where none has it.
pub(crate) fn field<'a>(description: &'a ConnectorDescription, key: &str) -> Result<&'a SetupField> {
    if let Some(field) = description.setup.iter().find(|field| field.key == key) {
        return Ok(field);
    }
    if let Some(retired) = description.retired.iter().find(|retired| retired.key == key) {
        return Err(Problem::new(
            Code::parse(&retired.code),
            retired.message.clone(),
            retired.hint.clone(),
        ));
    }
    let near = nearest(key, description.setup.iter().map(|field| field.key.as_str()));
    let all: Vec<&str> = description.setup.iter().map(|field| field.key.as_str()).collect();
    let nearest = near.first().copied().unwrap_or("none");
    Err(Problem::new(
        Code::UnknownSetting,
        format!("The connector {} has no setting `{key}`.", description.name),
        format!("The nearest is `{nearest}`; it has: {}.", all.join(", ")),
    ))
}

/// A text of one line.
pub(crate) fn plain(field: &SetupField, text: &str) -> Result<String> {
    let key = &field.key;
    let refused = |what: &str| {
        Err(Problem::value(
            format!("`{key}` {what}"),
            format!("Give it as in {key}={}.", field.example),
        ))
    };
    if text.is_empty() {
        return refused("is empty");
    }
    if text.len() > MAX_BYTES {
        return refused("is longer than 1,000 bytes");
    }
    if text.chars().any(char::is_control) {
        return refused("holds control characters, a line break perhaps");
    }
    Ok(text.to_owned())
}

#[cfg(test)]
pub(crate) mod tests {
    use dovetail_domain::connector::RetiredKey;

    use super::*;

    fn setup(key: &str, format: SetupFormat, operator_default: bool) -> SetupField {
        SetupField {
            key: key.to_owned(),
            label: key.to_uppercase(),
            explanation: format!("Where the {key} is found."),
            format,
            required: true,
            operator_default,
            example: "example".to_owned(),
        }
    }

    pub(crate) fn description() -> ConnectorDescription {
        ConnectorDescription {
            name: "other".to_owned(),
            title: "Other PSA".to_owned(),
            version: "1.0.0".to_owned(),
            setup: vec![
                setup("site", SetupFormat::Host, false),
                setup("app", SetupFormat::Plain, true),
                setup("key", SetupFormat::Secret, false),
            ],
            retired: vec![RetiredKey {
                key: "password".to_owned(),
                code: "login-retired".to_owned(),
                message: "Logins are gone.".to_owned(),
                hint: "Make a key.".to_owned(),
            }],
            credentials: vec![],
            origins: vec![],
            kinds: vec![],
            groups: vec![],
            permissions: vec![],
            guide: vec![],
            requests_per_minute: 0,
            requests_at_once: 0,
        }
    }

    fn read(key: &str, text: &str) -> Result<BTreeMap<String, String>> {
        read_settings(&description(), &[(key.to_owned(), text.to_owned())])
    }

    #[test]
    fn settings_are_checked_by_the_description_alone() {
        assert_eq!(
            read("site", "https://PSA.example.com").unwrap()["site"],
            "psa.example.com"
        );
        let code = |key, text| read(key, text).unwrap_err().code;
        assert_eq!(code("site", "http://psa.example.com"), Code::HttpsRequired);
        assert_eq!(code("key", "hunter2hunter2"), Code::SecretRefused);
        assert_eq!(code("password", "x"), Code::Named("login-retired".to_owned()));
        assert_eq!(code("app", " "), Code::ValueRefused);
        assert_eq!(code("app", "a\nb"), Code::ValueRefused);
        let unknown = read("sitte", "x").unwrap_err();
        assert_eq!(unknown.code, Code::UnknownSetting);
        assert!(
            unknown.hint.contains("nearest is `site`") && unknown.hint.contains("app, key"),
            "{}",
            unknown.hint
        );
        let twice = [
            ("app".to_owned(), "1".to_owned()),
            ("app".to_owned(), "2".to_owned()),
        ];
        assert!(read_settings(&description(), &twice).is_err());
        assert!(!format!("{:?}", read("key", "hunter2hunter2")).contains("hunter2"));
    }

    #[test]
    fn what_is_missing_says_every_way_to_give_it() {
        let mut settings = read("site", "psa.example.com").unwrap();
        let none = BTreeMap::new();
        let problem = check_complete(&description(), &settings, &none).unwrap_err();
        assert_eq!(problem.code.as_str(), "app-missing");
        assert_eq!(problem.exit(), 3);
        for way in ["--set app=", "config set other.app", "Where the app is found."] {
            assert!(problem.hint.contains(way), "{}", problem.hint);
        }
        let default = BTreeMap::from([("app".to_owned(), "x".to_owned())]);
        assert!(check_complete(&description(), &settings, &default).is_ok());
        settings.remove("site");
        assert_eq!(
            check_complete(&description(), &settings, &default)
                .unwrap_err()
                .code
                .as_str(),
            "site-missing"
        );
    }

    #[test]
    fn secrets_have_keys_of_their_own() {
        let check = |given: &[(&str, &str)]| {
            // As they come from another process: unchecked.
            let secret = |text: &str| serde_json::from_value(text.into()).unwrap();
            let given: Vec<(String, SecretText)> = given
                .iter()
                .map(|(key, text)| ((*key).to_owned(), secret(text)))
                .collect();
            check_secrets(&description(), &given)
        };
        let (long, short) = ("long-enough-for-one", "short");
        assert!(check(&[("key", long)]).is_ok());
        assert_eq!(check(&[("key", short)]).unwrap_err().code, Code::SecretRefused);
        assert!(check(&[("app", long)]).is_err());
        assert!(check(&[("key", long), ("key", long)]).is_err());
        let retired = check(&[("key", short), ("password", short)]).unwrap_err();
        assert_eq!(retired.code.as_str(), "login-retired");
    }
}
