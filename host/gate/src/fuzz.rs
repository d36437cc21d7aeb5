//! Properties of where requests may go, for any text at all. The fuzzer calls them (`cargo xtask fuzz`), and the tests
//! below do with what it has found and with texts by chance.

use std::net::{IpAddr, Ipv6Addr};

use dovetail_domain::connector::OriginRule;
use url::Url;

use crate::{AddressPolicy, AllowedOrigins, Host};

const CLOSED: AddressPolicy = AddressPolicy {
    allow_private_network: false,
};
const OPEN: AddressPolicy = AddressPolicy {
    allow_private_network: true,
};

/// Lines of text: the host a person gives, a URL a plugin asks for, and how the plugin's rule changes the host.
pub fn address(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let mut lines = text.split('\n');
    let mut next = || lines.next().unwrap_or_default();
    let (site, asked) = (next(), next());
    let rule = OriginRule {
        setting: "site".to_owned(),
        when_ends_with: some(next()),
        strip_prefix: some(next()),
        add_prefix: some(next()),
        credential: None,
        last: true,
    };
    for spelling in [site, asked] {
        reached(&format!("https://{spelling}/"));
        reached(spelling);
    }
    let Ok(given) = Host::parse("site", site) else {
        return;
    };
    let again = Host::parse("site", &given.to_string());
    assert_eq!(again.as_ref(), Ok(&given), "a host reads the same again");
    let settings = [("site".to_owned(), site.to_owned())];
    let plain = OriginRule {
        when_ends_with: None,
        strip_prefix: None,
        add_prefix: None,
        ..rule.clone()
    };
    for rule in [plain, rule] {
        let Ok(origins) = AllowedOrigins::work_out(&[rule], &settings) else {
            continue;
        };
        for origin in origins.list() {
            stays_near(&given, origin.host());
            let own = Url::parse(&origin.url()).ok();
            assert!(
                own.is_some_and(|own| origins.find(&own).is_some()),
                "{}",
                origin.url()
            );
        }
        let Ok(url) = Url::parse(asked) else {
            continue;
        };
        if let Some(found) = origins.find(&url) {
            let name = url.host_str().map(|name| name.trim_end_matches('.'));
            assert_eq!(name, Some(found.host().name()), "{asked}");
            assert_eq!(url.port_or_known_default(), Some(found.host().port()), "{asked}");
            assert_eq!(url.scheme(), "https", "{asked}");
        }
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// Whatever the policy lets through is an address of the internet by the standard library's words, too.
fn reached(text: &str) {
    let Ok(url) = Url::parse(text) else {
        return;
    };
    let Some(host) = url.host() else {
        return;
    };
    if CLOSED.check_host(&host).is_err() {
        return;
    }
    assert!(
        OPEN.check_host(&host).is_ok(),
        "the switch only allows more: {text}"
    );
    match host {
        url::Host::Ipv4(address) => assert_is_public(IpAddr::V4(address), text),
        url::Host::Ipv6(address) => assert_is_public(IpAddr::V6(address), text),
        url::Host::Domain(name) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            assert!(name != "localhost" && !name.ends_with(".localhost"), "{text}");
            assert!(name.parse::<IpAddr>().is_err(), "{text}");
        }
    }
}

fn assert_is_public(address: IpAddr, text: &str) {
    let inward = match address.to_canonical() {
        IpAddr::V4(v4) => {
            v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || v4.is_multicast()
                || v4.is_documentation()
        }
        IpAddr::V6(v6) => inward_v6(v6),
    };
    assert!(!inward, "{text}");
}

fn inward_v6(address: Ipv6Addr) -> bool {
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        // IPv4-compatible: `::127.0.0.1`.
        || address.octets().iter().take(12).all(|byte| *byte == 0)
}

/// A rule leads to the given host, under it, or beside it.
fn stays_near(given: &Host, led: &Host) {
    let parent = |host: &Host| host.name().split_once('.').map(|(_, parent)| parent.to_owned());
    let under = led.name().ends_with(&format!(".{}", given.name()));
    let beside = parent(led).is_some() && parent(led) == parent(given);
    assert!(led == given || under || beside, "from {given} to {led}");
    assert_eq!(led.port(), given.port(), "from {given} to {led}");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_corpus_of_addresses_holds() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/address");
        let mut count = 0;
        for file in std::fs::read_dir(folder).expect("the corpus") {
            address(&std::fs::read(file.expect("an entry").path()).expect("a file"));
            count += 1;
        }
        assert!(count > 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn any_host_and_url_hold(text in "(\\PC{0,30}\n?){1,5}") {
            address(text.as_bytes());
        }

        #[test]
        fn hosts_that_look_like_hosts_hold(
            site in "[a-z0-9.-]{1,12}(\\.[a-z]{2,4}){1,2}(:[0-9]{1,5})?",
            asked in "https?://[a-z0-9.@:-]{1,30}",
            rest in "(\n[a-z.]{0,8}){3}",
        ) {
            address(format!("{site}\n{asked}{rest}").as_bytes());
        }
    }
}
