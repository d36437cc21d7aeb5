//! What an operator grants a plugin. A plugin asks and never grants: what it gets is what it asks for, cut down to this.

use dovetail_domain::Code;
use dovetail_domain::connector::Origin;
use dovetail_store::{Archive, table};
use serde::{Deserialize, Serialize};

use crate::{Problem, problem::Result};

/// The most memory that can be granted, in MiB.
pub(crate) const MAX_MEMORY: u32 = 2_048;

/// What a plugin was granted. Nothing said is what the table of limits and the integration's own addresses give.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Granted {
    /// MiB of memory an instance may have, where that is more than the table gives.
    pub(crate) memory: Option<u32>,
    /// The only hosts it may reach, as `host` or `host:port`; none: those of its integrations' settings.
    pub(crate) hosts: Option<Vec<String>>,
}

impl Granted {
    /// What a plugin of that name was granted.
    pub(crate) fn to(archive: &Archive, name: &str) -> Result<Granted> {
        let granted = archive.get(&table::grants::<Granted>(), &name.to_owned())?;
        Ok(granted.unwrap_or_default())
    }

    /// Memory in bytes.
    pub(crate) fn memory_bytes(&self) -> Option<usize> {
        self.memory.map(|mib| mib as usize * 1024 * 1024)
    }

    /// Refuses a place that the operator did not grant.
    pub(crate) fn check(&self, plugin: &str, origins: &[Origin]) -> Result<()> {
        let Some(hosts) = &self.hosts else { return Ok(()) };
        for origin in origins {
            let host = origin.url.trim_start_matches("https://");
            if !hosts.iter().any(|granted| granted.eq_ignore_ascii_case(host)) {
                return Err(Problem::new(
                    Code::OriginNotAllowed,
                    format!(
                        "The plugin `{plugin}` asks to reach {host}, and this host's operator has not granted that."
                    ),
                    format!(
                        "`dovetail plugin grant {plugin} --host {host}` grants it; granted are: {}.",
                        if hosts.is_empty() {
                            "none".to_owned()
                        } else {
                            hosts.join(", ")
                        }
                    ),
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_granted_is_reached() {
        let origin = |url: &str| Origin {
            url: url.to_owned(),
            credential: None,
        };
        let granted = |hosts: &[&str]| Granted {
            memory: None,
            hosts: Some(hosts.iter().map(|host| (*host).to_owned()).collect()),
        };
        let asked = [
            origin("https://api-na.example.com"),
            origin("https://na.example.com:8443"),
        ];
        assert!(
            Granted::default().check("p", &asked).is_ok(),
            "nothing was cut down"
        );
        assert!(
            granted(&["API-na.example.com", "na.example.com:8443"])
                .check("p", &asked)
                .is_ok()
        );
        for hosts in [
            &[][..],
            &["api-na.example.com"],
            &["example.com"],
            &["na.example.com"],
        ] {
            let problem = granted(hosts).check("p", &asked).unwrap_err();
            assert_eq!(problem.code, Code::OriginNotAllowed, "{hosts:?}");
        }
    }
}
