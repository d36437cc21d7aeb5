//! Where requests may go. Pure: the origins follow from the connector's rules and the settings, once; a URL is then
//! allowed or not by comparing scheme, host and port. Nothing that comes back from a server is an input here.

use std::fmt;

use dovetail_domain::connector::{Origin, OriginRule};
use url::Url;

use crate::GateError;

/// The longest name there is, in its ASCII form.
const LONGEST_NAME: usize = 253;

/// A host as a setting holds it: `host` or `host:port`, in lower case, names in their ASCII form, without a trailing
/// dot and without the port 443.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Host {
    name: String,
    port: Option<u16>,
}

impl Host {
    /// Reads a host name, `host:port` or an https URL without a path.
    pub fn parse(key: &str, text: &str) -> Result<Host, GateError> {
        let refused = |reason: &str| GateError::ValueRefused {
            key: key.to_owned(),
            reason: reason.to_owned(),
        };
        let text = text.trim();
        if text.is_empty() {
            return Err(refused("it is empty"));
        }
        if text.len() > 300 {
            return Err(refused("it is longer than a host name can be"));
        }
        if text
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || "\\@?#%".contains(c))
        {
            return Err(refused(
                "give a host name or an https URL with nothing before or after the host but a port",
            ));
        }
        let authority = match text.split_once("://") {
            None => text,
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => rest,
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("http") => {
                return Err(GateError::HttpsRequired { key: key.to_owned() });
            }
            Some(_) => return Err(refused("only https is spoken")),
        };
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        if authority.contains('/') {
            return Err(refused("leave the path out: the host alone is needed"));
        }
        let url = Url::parse(&format!("https://{authority}/"))
            .map_err(|trouble| refused(&format!("it is no host name ({trouble})")))?;
        let host = Host::of(&url).ok_or_else(|| refused("it is no host name"))?;
        // In its ASCII form a name may be longer than it was written.
        if host.name.len() > LONGEST_NAME {
            return Err(refused("it is longer than a host name can be"));
        }
        Ok(host)
    }

    /// The host of a parsed URL; `None` where it has none or the port 0.
    fn of(url: &Url) -> Option<Host> {
        let name = url.host_str()?;
        let name = name.strip_suffix('.').unwrap_or(name);
        let port = url.port();
        let usable =
            !name.is_empty() && !name.starts_with('.') && !name.ends_with('.') && !name.contains("..");
        (usable && port != Some(0)).then(|| Host {
            name: name.to_ascii_lowercase(),
            port,
        })
    }

    /// The host without its port; an IPv6 address stands in brackets.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(443)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            None => f.write_str(&self.name),
            Some(port) => write!(f, "{}:{port}", self.name),
        }
    }
}

/// A place the connector may reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedOrigin {
    host: Host,
    credential: Option<String>,
}

impl AllowedOrigin {
    /// Host and port.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The credential that may be used there.
    pub fn credential(&self) -> Option<&str> {
        self.credential.as_deref()
    }

    /// `https://host` or `https://host:port`.
    pub fn url(&self) -> String {
        format!("https://{}", self.host)
    }
}

/// The places an integration may reach, in the order of the connector's rules; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedOrigins {
    list: Vec<AllowedOrigin>,
}

impl AllowedOrigins {
    /// Applies the rules to the settings. A place named twice keeps the credential of the first rule.
    pub fn work_out(rules: &[OriginRule], settings: &[(String, String)]) -> Result<Self, GateError> {
        let mut list: Vec<AllowedOrigin> = Vec::new();
        let mut unset = None;
        for rule in rules {
            let Some((_, text)) = settings.iter().find(|(key, _)| *key == rule.setting) else {
                unset.get_or_insert(&rule.setting);
                continue;
            };
            let given = Host::parse(&rule.setting, text)?;
            if !holds(rule, &given) {
                continue;
            }
            let host = changed(rule, &given)?;
            if !list.iter().any(|known| known.host == host) {
                list.push(AllowedOrigin {
                    host,
                    credential: rule.credential.clone(),
                });
            }
            if rule.last {
                break;
            }
        }
        match (list.is_empty(), unset) {
            (false, _) => Ok(AllowedOrigins { list }),
            (true, Some(key)) => Err(GateError::SettingMissing { key: key.clone() }),
            (true, None) => Err(GateError::PluginRefused {
                reason: "none of its rules gives a place to reach for these settings".to_owned(),
            }),
        }
    }

    /// The places, at least one.
    pub fn list(&self) -> &[AllowedOrigin] {
        &self.list
    }

    /// The place a URL belongs to: https, the same host, the same port.
    pub fn find(&self, url: &Url) -> Option<&AllowedOrigin> {
        if url.scheme() != "https" {
            return None;
        }
        let host = Host::of(url)?;
        self.list.iter().find(|origin| origin.host == host)
    }

    /// As the connector and the command line are told.
    pub fn told(&self) -> Vec<Origin> {
        self.list
            .iter()
            .map(|origin| Origin {
                url: origin.url(),
                credential: origin.credential.clone(),
            })
            .collect()
    }

    /// The places in one line, for messages.
    pub(crate) fn in_words(&self) -> String {
        self.list
            .iter()
            .map(AllowedOrigin::url)
            .collect::<Vec<_>>()
            .join(", ")
    }
}

fn holds(rule: &OriginRule, host: &Host) -> bool {
    rule.when_ends_with
        .as_ref()
        .is_none_or(|ending| host.name.ends_with(&ending.to_ascii_lowercase()))
}

/// The host as the rule changes it. A rule may lead to a name beside or under the one the person gave, never away
/// from it: only the first label changes, and only under an ending of two labels the rule names; or labels are put
/// in front of the whole name.
fn changed(rule: &OriginRule, given: &Host) -> Result<Host, GateError> {
    let strip = rule
        .strip_prefix
        .as_deref()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let add = rule.add_prefix.as_deref().unwrap_or_default();
    let kept = given.name.strip_prefix(&strip).unwrap_or(&given.name);
    if kept == given.name && add.is_empty() {
        return Ok(given.clone());
    }
    let away = || GateError::PluginRefused {
        reason: format!("its rule for `{}` leads away from {}", rule.setting, given.name),
    };
    let port = given.port.map(|port| format!(":{port}")).unwrap_or_default();
    let host = Host::parse(&rule.setting, &format!("{add}{kept}{port}")).map_err(|_| away())?;

    let under_the_given = host.name.ends_with(&format!(".{}", given.name));
    let ending_is_narrow = rule.when_ends_with.as_ref().is_some_and(|ending| {
        ending
            .trim_start_matches('.')
            .split('.')
            .filter(|label| !label.is_empty())
            .count()
            >= 2
    });
    let beside_the_given = match (host.name.split_once('.'), given.name.split_once('.')) {
        (Some((_, after)), Some((_, given_after))) => after == given_after,
        _ => false,
    };
    let allowed = under_the_given || (beside_the_given && ending_is_narrow);
    if allowed { Ok(host) } else { Err(away()) }
}

#[cfg(test)]
mod tests {
    use dovetail_domain::{Code, Explained};
    use proptest::prelude::*;

    use super::*;

    fn rule(ending: Option<&str>, strip: Option<&str>, add: Option<&str>) -> OriginRule {
        OriginRule {
            setting: "site".into(),
            when_ends_with: ending.map(Into::into),
            strip_prefix: strip.map(Into::into),
            add_prefix: add.map(Into::into),
            credential: Some("keys".into()),
            last: false,
        }
    }

    fn work_out(rules: &[OriginRule], site: &str) -> Result<Vec<String>, GateError> {
        AllowedOrigins::work_out(rules, &[("site".into(), site.into())])
            .map(|origins| origins.told().into_iter().map(|origin| origin.url).collect())
    }

    #[test]
    fn a_host_is_read_in_each_of_its_forms() {
        for (text, read) in [
            ("psa.example.com", "psa.example.com"),
            ("  PSA.Example.COM ", "psa.example.com"),
            ("psa.example.com.", "psa.example.com"),
            ("psa.example.com:8443", "psa.example.com:8443"),
            ("psa.example.com:443", "psa.example.com"),
            ("https://psa.example.com", "psa.example.com"),
            ("HTTPS://psa.example.com/", "psa.example.com"),
            ("https://psa.example.com:8443/", "psa.example.com:8443"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.example", "xn--bcher-kva.example"),
            ("127.0.0.1:8443", "127.0.0.1:8443"),
            ("0x7f.1", "127.0.0.1"),
            ("[::1]:8443", "[::1]:8443"),
            ("[0:0::1]", "[::1]"),
            ("psa", "psa"),
        ] {
            assert_eq!(Host::parse("site", text).expect(text).to_string(), read, "{text}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for (text, code) in [
            ("", Code::ValueRefused),
            ("http://psa.example.com", Code::HttpsRequired),
            ("HTTP://psa.example.com", Code::HttpsRequired),
            ("ftp://psa.example.com", Code::ValueRefused),
            ("https://psa.example.com/v4_6_release", Code::ValueRefused),
            ("psa.example.com/path", Code::ValueRefused),
            ("https://user:word@psa.example.com", Code::ValueRefused),
            ("https://psa.example.com?x=1", Code::ValueRefused),
            ("https://psa.example.com#x", Code::ValueRefused),
            ("psa.example.com\\evil.example", Code::ValueRefused),
            ("psa.example.com\nevil.example", Code::ValueRefused),
            ("psa exam.ple", Code::ValueRefused),
            ("https:///psa.example.com", Code::ValueRefused),
            ("https:psa.example.com", Code::ValueRefused),
            ("psa.example.com:0", Code::ValueRefused),
            ("psa.example.com:99999", Code::ValueRefused),
            ("psa..example.com", Code::ValueRefused),
            (".", Code::ValueRefused),
            ("psa.example.com..", Code::ValueRefused),
            ("%70sa.example.com", Code::ValueRefused),
            ("[fe80::1%25eth0]", Code::ValueRefused),
        ] {
            assert_eq!(Host::parse("site", text).expect_err(text).code(), code, "{text}");
        }
        // Short as it is written, too long as it is looked up; found by fuzzing.
        let long = format!("{}example", "bü.".repeat(40));
        let refused = Host::parse("site", &long).expect_err(&long);
        assert_eq!(refused.code(), Code::ValueRefused);
    }

    #[test]
    fn rules_are_applied_in_order() {
        let mut cloud = rule(Some(".Cloud-PSA.example"), Some("api-"), Some("api-"));
        cloud.last = true;
        let rules = [cloud, rule(None, None, None)];
        assert_eq!(
            work_out(&rules, "na.cloud-psa.example").expect("cloud"),
            ["https://api-na.cloud-psa.example"]
        );
        assert_eq!(
            work_out(&rules, "API-na.cloud-psa.example").expect("api"),
            ["https://api-na.cloud-psa.example"]
        );
        assert_eq!(
            work_out(&rules, "psa.acme.example:8443").expect("own"),
            ["https://psa.acme.example:8443"]
        );

        let both = [
            rule(Some("staging.psa.example"), None, Some("api-")),
            OriginRule {
                credential: None,
                ..rule(None, None, None)
            },
        ];
        let origins =
            AllowedOrigins::work_out(&both, &[("site".into(), "staging.psa.example".into())]).expect("two");
        assert_eq!(
            origins.in_words(),
            "https://api-staging.psa.example, https://staging.psa.example"
        );
        assert_eq!(origins.list()[0].credential(), Some("keys"));
        assert_eq!(origins.list()[1].credential(), None);
    }

    #[test]
    fn a_place_named_twice_stands_once_and_nothing_held_is_an_error() {
        assert_eq!(
            work_out(&[rule(None, None, None), rule(None, None, None)], "a.example")
                .expect("one")
                .len(),
            1
        );
        assert_eq!(
            work_out(&[rule(Some(".b.example"), None, None)], "a.example")
                .expect_err("none")
                .code(),
            Code::PluginRefused
        );
        assert_eq!(
            work_out(&[], "a.example").expect_err("none").code(),
            Code::PluginRefused
        );
        let unset = AllowedOrigins::work_out(&[rule(None, None, None)], &[]).expect_err("unset");
        assert_eq!(unset, GateError::SettingMissing { key: "site".into() });
    }

    #[test]
    fn a_rule_cannot_lead_away_from_what_the_person_gave() {
        for bad in [
            rule(None, Some("psa.acme.example"), Some("evil.example")),
            rule(None, Some("psa"), Some("evil")),
            rule(None, None, Some("evil-")),
            rule(None, None, Some("evil.example/")),
            rule(None, None, Some("evil.example?")),
            rule(None, None, Some("user@")),
            rule(None, None, Some("evil.example:443\\")),
            rule(Some(".example"), Some("psa.acme"), Some("evil")),
            rule(Some("acme.example"), Some("psa.acme"), Some("evil")),
            rule(None, Some("psa."), None),
        ] {
            let error = work_out(std::slice::from_ref(&bad), "psa.acme.example").expect_err("led away");
            assert_eq!(error.code(), Code::PluginRefused, "{bad:?}");
        }
        assert!(work_out(&[rule(None, None, Some("api."))], "psa.acme.example").is_ok());
        assert!(work_out(&[rule(None, None, Some("api-"))], "10.0.0.1").is_err());
    }

    #[test]
    fn membership_is_scheme_host_and_port() {
        let origins = AllowedOrigins::work_out(
            &[rule(None, None, None)],
            &[("site".into(), "bücher.example:8443".into())],
        )
        .expect("one");
        for (url, allowed) in [
            ("https://bücher.example:8443/a?b", true),
            ("https://xn--bcher-kva.example:8443/", true),
            ("https://XN--BCHER-KVA.EXAMPLE.:8443/", true),
            ("http://xn--bcher-kva.example:8443/", false),
            ("https://xn--bcher-kva.example/", false),
            ("https://xn--bcher-kva.example:443/", false),
            ("https://a.xn--bcher-kva.example:8443/", false),
            ("https://bucher.example:8443/", false),
            ("https://evil.example:8443/?https://bücher.example:8443", false),
            ("https://bücher.example:8443@evil.example:8443/", false),
            ("ftp://bücher.example:8443/", false),
            ("data:text/plain,x", false),
        ] {
            let parsed = Url::parse(url).expect(url);
            assert_eq!(origins.find(&parsed).is_some(), allowed, "{url}");
        }
    }

    proptest! {
        #[test]
        fn reading_a_host_never_panics_and_what_is_read_reads_the_same(text in "\\PC{0,40}") {
            if let Ok(host) = Host::parse("site", &text) {
                let again = host.to_string();
                prop_assert_eq!(Host::parse("site", &again).expect("its own form"), host);
            }
        }
    }
}
