//! Which addresses may be reached. One pure policy, asked twice: for the host of a URL as it was parsed (which has
//! turned every spelling of a number into an address), and for every address a name led to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::Host;

/// How far an address reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// An ordinary address of the internet.
    Public,
    /// Of this machine or its network: only where the integration allows it. Carries what it is.
    Private(&'static str),
    /// Never a PSA: carries what it is.
    Never(&'static str),
}

/// What an integration may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressPolicy {
    /// Loopback and private addresses are allowed.
    pub allow_private_network: bool,
}

/// An address that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// What it is, as the end of a sentence.
    pub(crate) what: &'static str,
    /// Whether the integration's switch would allow it.
    pub(crate) private: bool,
}

impl AddressPolicy {
    /// Whether an address may be reached.
    pub fn check(&self, address: IpAddr) -> Result<(), Refused> {
        match reach(address) {
            Reach::Public => Ok(()),
            Reach::Private(_) if self.allow_private_network => Ok(()),
            Reach::Private(what) => Err(Refused { what, private: true }),
            Reach::Never(what) => Err(Refused { what, private: false }),
        }
    }

    /// Whether a URL's host may be reached as far as it can be told without looking a name up.
    pub fn check_host(&self, host: &Host<&str>) -> Result<(), Refused> {
        match host {
            Host::Ipv4(address) => self.check(IpAddr::V4(*address)),
            Host::Ipv6(address) => self.check(IpAddr::V6(*address)),
            Host::Domain(name) if names_this_machine(name) && !self.allow_private_network => Err(Refused {
                what: "a name of this machine",
                private: true,
            }),
            Host::Domain(_) => Ok(()),
        }
    }
}

/// `localhost` and everything under it stand for the machine itself whatever a resolver says.
fn names_this_machine(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// How far an address reaches.
pub fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => reach_v6(address),
    }
}

const METADATA: Reach = Reach::Never("an address where clouds hand out credentials");

fn reach_v4(address: Ipv4Addr) -> Reach {
    match address.octets() {
        [169, 254, 169, 254 | 253 | 123] | [169, 254, 170, 2 | 23] => METADATA,
        [100, 100, 100, 200] | [168, 63, 129, 16] | [192, 0, 0, 192] => METADATA,
        [0, 0, 0, 0] => Reach::Never("the unspecified address"),
        [0, ..] => Reach::Never("an address of \"this network\""),
        [127, ..] => Reach::Private("a loopback address"),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Reach::Private("a private address"),
        [169, 254, ..] => Reach::Private("a link-local address"),
        [100, 64..=127, ..] => Reach::Private("a shared address behind a provider's NAT"),
        [198, 18..=19, ..] => Reach::Private("an address for benchmarks"),
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Reach::Never("an address for documentation"),
        [192, 0, 0, _] | [192, 88, 99, _] => Reach::Never("an address for protocols"),
        [224..=239, ..] => Reach::Never("a multicast address"),
        [255, 255, 255, 255] => Reach::Never("the broadcast address"),
        [240..=255, ..] => Reach::Never("a reserved address"),
        _ => Reach::Public,
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    let segments = address.segments();
    let [.., high, low] = segments;
    let embedded = reach_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match segments {
        [0, 0, 0, 0, 0, 0, 0, 0] => Reach::Never("the unspecified address"),
        [0, 0, 0, 0, 0, 0, 0, 1] => Reach::Private("a loopback address"),
        // IPv4 in IPv6's clothes that the system takes for IPv4, and NAT64, which carries it there.
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => embedded,
        [0x64, 0xff9b, 1, ..] => Reach::Private("an address of a local NAT64"),
        // IPv4-compatible, IPv4-translated, 6to4, Teredo and ISATAP are tunnels that lead past every other check.
        [0, 0, 0, 0, 0, 0, ..] | [0, 0, 0, 0, 0xffff, 0, ..] => Reach::Never("an IPv4 address in disguise"),
        [0x2002, ..] | [0x2001, 0, ..] | [_, _, _, _, 0 | 0x200, 0x5efe, ..] => {
            Reach::Never("the address of a tunnel")
        }
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254 | 0x253 | 0x123 | 0x23]
        | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254] => METADATA,
        [0xfc00..=0xfdff, ..] => Reach::Private("a private address"),
        [0xfe80..=0xfebf, ..] => Reach::Private("a link-local address"),
        [0xfec0..=0xfeff, ..] => Reach::Private("a site-local address"),
        [0xff00..=0xffff, ..] => Reach::Never("a multicast address"),
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Reach::Never("an address for documentation"),
        [0x2001, 0..=0x1ff, ..] => Reach::Never("an address for protocols"),
        // Nothing else has been given out: 2000::/3 is all there is.
        [0x2000..=0x3fff, ..] => Reach::Public,
        _ => Reach::Never("a reserved address"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OPEN: AddressPolicy = AddressPolicy {
        allow_private_network: true,
    };
    const CLOSED: AddressPolicy = AddressPolicy {
        allow_private_network: false,
    };

    fn judge(policy: AddressPolicy, spelling: &str) -> Result<(), Refused> {
        let url = url::Url::parse(&format!("https://{spelling}/")).expect(spelling);
        policy.check_host(&url.host().expect(spelling))
    }

    #[test]
    fn every_spelling_of_an_address_is_seen_through() {
        // Spelling, and whether the integration's switch allows it.
        let table = [
            ("127.0.0.1", true),
            ("127.1", true),
            ("127.0.1", true),
            ("2130706433", true),
            ("0x7f000001", true),
            ("0x7f.0.0.1", true),
            ("0x7f.1", true),
            ("0177.0.0.1", true),
            ("017700000001", true),
            ("0177.0x0.0.1", true),
            ("127.0.0.1.", true),
            ("%31%32%37.0.0.1", true),
            ("127。0。0。1", true),
            ("①②⑦.0.0.1", true),
            ("127.255.255.254", true),
            ("localhost", true),
            ("LOCALHOST.", true),
            ("api.localhost", true),
            ("[::1]", true),
            ("[0:0:0:0:0:0:0:1]", true),
            ("[0000::0001]", true),
            ("[::ffff:127.0.0.1]", true),
            ("[::ffff:7f00:1]", true),
            ("[0:0:0:0:0:FFFF:7F00:0001]", true),
            ("[64:ff9b::127.0.0.1]", true),
            ("[64:ff9b::a00:1]", true),
            ("[64:ff9b:1::1]", true),
            ("10.0.0.1", true),
            ("167772161", true),
            ("0xa.1", true),
            ("172.16.0.1", true),
            ("172.31.255.255", true),
            ("192.168.1.1", true),
            ("192.168.257", true),
            ("0300.0250.1.1", true),
            ("169.254.1.1", true),
            ("100.64.0.1", true),
            ("100.127.255.255", true),
            ("198.18.0.1", true),
            ("[fc00::1]", true),
            ("[fd12:3456::1]", true),
            ("[fe80::1]", true),
            ("[febf::1]", true),
            ("[fec0::1]", true),
            ("[::ffff:10.0.0.1]", true),
            ("0.0.0.0", false),
            ("0", false),
            ("0x0", false),
            ("0.1.2.3", false),
            ("[::]", false),
            ("[::ffff:0.0.0.0]", false),
            ("[::127.0.0.1]", false),
            ("[::7f00:1]", false),
            ("[::8.8.8.8]", false),
            ("[::ffff:0:127.0.0.1]", false),
            ("[2002:7f00:1::]", false),
            ("[2002:808:808::1]", false),
            ("[2001:0:4136:e378:8000:63bf:3fff:fdd2]", false),
            ("[2a00::5efe:7f00:1]", false),
            ("169.254.169.254", false),
            ("2852039166", false),
            ("0xa9fea9fe", false),
            ("0251.0376.0251.0376", false),
            ("[::ffff:169.254.169.254]", false),
            ("[64:ff9b::a9fe:a9fe]", false),
            ("[fd00:ec2::254]", false),
            ("[fd20:ce::254]", false),
            ("169.254.170.2", false),
            ("100.100.100.200", false),
            ("168.63.129.16", false),
            ("192.0.2.1", false),
            ("198.51.100.1", false),
            ("203.0.113.1", false),
            ("192.0.0.1", false),
            ("192.88.99.1", false),
            ("224.0.0.1", false),
            ("239.255.255.255", false),
            ("240.0.0.1", false),
            ("255.255.255.255", false),
            ("4294967295", false),
            ("[ff02::1]", false),
            ("[2001:db8::1]", false),
            ("[3fff::1]", false),
            ("[2001:10::1]", false),
            ("[100::1]", false),
            ("[4000::1]", false),
            ("[5f00::1]", false),
        ];
        for (spelling, private) in table {
            let refused = judge(CLOSED, spelling).expect_err(spelling);
            assert_eq!(refused.private, private, "{spelling}: {}", refused.what);
            assert_eq!(
                judge(OPEN, spelling).is_ok(),
                private,
                "{spelling} with the switch"
            );
        }
    }

    #[test]
    fn public_addresses_pass_in_every_spelling() {
        for spelling in [
            "8.8.8.8",
            "134744072",
            "0x8080808",
            "010.8.8.8",
            "8.526344",
            "[2606:4700::1111]",
            "[::ffff:8.8.8.8]",
            "[64:ff9b::8.8.8.8]",
            "172.32.0.1",
            "172.15.0.1",
            "100.63.0.1",
            "100.128.0.1",
            "169.253.0.1",
            "11.0.0.1",
            "na.cloud-psa.example",
            "notlocalhost",
            "localhost.example.com",
            "223.255.255.255",
            "[2a00:1450::1]",
        ] {
            assert_eq!(judge(CLOSED, spelling), Ok(()), "{spelling}");
        }
    }

    #[test]
    fn spellings_the_parser_refuses_never_get_as_far() {
        for spelling in [
            "[fe80::1%25eth0]",
            "[fe80::1%eth0]",
            "256.0.0.1",
            "1.2.3.4.5",
            "0x100000000",
            "[::1",
            "09.0.0.1",
        ] {
            assert!(
                url::Url::parse(&format!("https://{spelling}/")).is_err(),
                "{spelling}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_mapped_address_is_judged_as_itself(bits: u32) {
            let plain = Ipv4Addr::from(bits);
            prop_assert_eq!(reach(IpAddr::V4(plain)), reach(IpAddr::V6(plain.to_ipv6_mapped())));
        }

        #[test]
        fn what_the_standard_library_calls_private_is_never_public(bits: u32) {
            let address = Ipv4Addr::from(bits);
            let inward = address.is_private() || address.is_loopback() || address.is_link_local()
                || address.is_multicast() || address.is_broadcast() || address.is_unspecified()
                || address.is_documentation();
            prop_assert!(!inward || reach(IpAddr::V4(address)) != Reach::Public);
        }
    }
}
