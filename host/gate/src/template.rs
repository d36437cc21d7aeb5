//! Templates of credentials: `{key}` stands for a setting or a secret, `{{` for a brace. They are filled in here and
//! nowhere else.

use zeroize::Zeroizing;

use crate::GateError;
use crate::secret::Secrets;

/// Fills a template in.
pub(crate) fn fill(
    template: &str,
    settings: &[(String, String)],
    secrets: &Secrets,
) -> Result<Zeroizing<String>, GateError> {
    let mut filled = Zeroizing::new(String::with_capacity(1_024));
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        let (literal, after) = rest.split_at(at);
        filled.push_str(literal);
        if let Some(after) = after.strip_prefix("{{") {
            filled.push('{');
            rest = after;
            continue;
        }
        let Some((key, after)) = after.strip_prefix('{').and_then(|inside| inside.split_once('}')) else {
            return Err(GateError::PluginRefused {
                reason: "a template of its credentials has a brace that is never closed".to_owned(),
            });
        };
        match (secrets.get(key), settings.iter().find(|(known, _)| known == key)) {
            (Some(secret), _) => filled.push_str(secret.expose()),
            (None, Some((_, text))) => filled.push_str(text),
            (None, None) => return Err(GateError::SettingMissing { key: key.to_owned() }),
        }
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn keys_and_braces_are_filled_in() {
        let mut secrets = Secrets::new();
        secrets.insert(
            "private-key",
            Secret::new("private-key", "{company}-hidden".into()).expect("long enough"),
        );
        let settings = [
            ("company".to_owned(), "acme".to_owned()),
            ("private-key".to_owned(), "shadow".to_owned()),
        ];
        for (template, filled) in [
            ("", Some("")),
            ("plain", Some("plain")),
            ("{company}", Some("acme")),
            ("{company}+{company}!", Some("acme+acme!")),
            ("{private-key}", Some("{company}-hidden")),
            ("{{company}", Some("{company}")),
            ("{{{company}}", Some("{acme}")),
            ("a}b", Some("a}b")),
            ("{company", None),
            ("{unknown}", None),
            ("{}", None),
        ] {
            let made = fill(template, &settings, &secrets).ok();
            assert_eq!(made.as_ref().map(|text| text.as_str()), filled, "{template}");
        }
    }
}
