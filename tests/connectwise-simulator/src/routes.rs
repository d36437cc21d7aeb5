//! Which paths there are, what each serves, and which methods it takes.
//!
//! Written are companies, their sites, contacts with their communications, configurations (alone or in bulk) and
//! the pairs of companies and contacts with their types. Everything else is read-only here: where ConnectWise takes
//! other methods, the simulator answers 405. Tickets are not written through this interface; a role that may not
//! write them gets 403 first, as it would from ConnectWise.

use crate::kind::{Kind, Source};
use std::sync::OnceLock;

/// What a path asks of its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    List,
    One,
    Count,
}

/// A path that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// A list, one of its records (with its id) or its count; and the parent that has to exist.
    Records {
        source: Source,
        shape: Shape,
        id: u64,
        parent: Option<(Kind, u64)>,
    },
    /// `/system/info`.
    SystemInfo,
    /// `/company/configurations/bulk`.
    ConfigurationsBulk,
}

impl Endpoint {
    /// What the endpoint's records are, if it has any.
    pub(crate) const fn source(self) -> Option<Source> {
        match self {
            Self::Records { source, .. } => Some(source),
            Self::ConfigurationsBulk => Some(Source::All(Kind::Configuration)),
            Self::SystemInfo => None,
        }
    }

    /// The methods that are taken.
    pub(crate) const fn methods(self) -> &'static [&'static str] {
        let (source, shape) = match self {
            Self::ConfigurationsBulk => return &["POST", "PUT", "DELETE"],
            Self::SystemInfo => return &["GET"],
            Self::Records { source, shape, .. } => (source, shape),
        };
        match (shape, source) {
            (
                Shape::List,
                Source::All(Kind::Company | Kind::Contact | Kind::Configuration)
                | Source::Of(Kind::Site, _)
                | Source::Communications(_)
                | Source::CompanyTypePairs(_)
                | Source::ContactTypePairs(_),
            ) => &["GET", "POST"],
            (
                Shape::One,
                Source::All(Kind::Company | Kind::Contact | Kind::Configuration)
                | Source::Of(Kind::Site, _)
                | Source::Communications(_),
            ) => &["GET", "PUT", "PATCH", "DELETE"],
            (Shape::One, Source::CompanyTypePairs(_) | Source::ContactTypePairs(_)) => &["GET", "DELETE"],
            _ => &["GET"],
        }
    }
}

struct Route {
    template: String,
    make: fn(u64) -> Source,
    shape: Shape,
    parent: Option<Kind>,
}

/// The path of a list that also has `/{id}` and `/count`, what it serves, and its parent's kind.
type Usual = (&'static str, fn(u64) -> Source, Option<Kind>);

/// The path of the server's own description.
const SYSTEM_INFO: &str = "/system/info";

/// The path of many configurations at once, which cannot be read.
const BULK: &str = "/company/configurations/bulk";

fn routes() -> &'static [Route] {
    static ROUTES: OnceLock<Vec<Route>> = OnceLock::new();
    ROUTES.get_or_init(|| {
        let mut routes = Vec::new();
        let mut route = |template: String, make: fn(u64) -> Source, shape: Shape, parent: Option<Kind>| {
            routes.push(Route {
                template,
                make,
                shape,
                parent,
            });
        };
        let usual: [Usual; 28] = [
            ("/company/companies", |_| Source::All(Kind::Company), None),
            (
                "/company/companies/types",
                |_| Source::All(Kind::CompanyType),
                None,
            ),
            ("/company/companies/info/types", |_| Source::CompanyTypeInfo, None),
            (
                "/company/companies/statuses",
                |_| Source::All(Kind::CompanyStatus),
                None,
            ),
            (
                "/company/companies/{parentId}/sites",
                |id| Source::Of(Kind::Site, id),
                Some(Kind::Company),
            ),
            (
                "/company/companies/{parentId}/typeAssociations",
                |id| Source::CompanyTypePairs(Some(id)),
                Some(Kind::Company),
            ),
            (
                "/company/companyTypeAssociations",
                |_| Source::CompanyTypePairs(None),
                None,
            ),
            ("/company/contacts", |_| Source::All(Kind::Contact), None),
            (
                "/company/contacts/types",
                |_| Source::All(Kind::ContactType),
                None,
            ),
            (
                "/company/contacts/{parentId}/communications",
                Source::Communications,
                Some(Kind::Contact),
            ),
            (
                "/company/contactTypeAssociations",
                |_| Source::ContactTypePairs(None),
                None,
            ),
            (
                "/company/contacts/{parentId}/typeAssociations",
                |id| Source::ContactTypePairs(Some(id)),
                Some(Kind::Contact),
            ),
            (
                "/company/communicationTypes",
                |_| Source::All(Kind::CommunicationType),
                None,
            ),
            (
                "/company/configurations",
                |_| Source::All(Kind::Configuration),
                None,
            ),
            (
                "/company/configurations/types",
                |_| Source::All(Kind::ConfigurationType),
                None,
            ),
            (
                "/company/configurations/statuses",
                |_| Source::All(Kind::ConfigurationStatus),
                None,
            ),
            (
                "/company/configurations/types/{parentId}/questions",
                |id| Source::Of(Kind::ConfigurationTypeQuestion, id),
                Some(Kind::ConfigurationType),
            ),
            ("/service/boards", |_| Source::All(Kind::Board), None),
            (
                "/service/boards/{parentId}/statuses",
                |id| Source::Of(Kind::BoardStatus, id),
                Some(Kind::Board),
            ),
            (
                "/service/info/boards",
                |_| Source::BoardInfo { active: false },
                None,
            ),
            ("/service/priorities", |_| Source::All(Kind::Priority), None),
            ("/service/tickets", |_| Source::All(Kind::Ticket), None),
            ("/system/members", |_| Source::All(Kind::Member), None),
            ("/system/apiMembers", |_| Source::All(Kind::ApiMember), None),
            ("/system/locations", |_| Source::All(Kind::Location), None),
            ("/system/departments", |_| Source::All(Kind::Department), None),
            ("/system/callbacks", |_| Source::All(Kind::Callback), None),
            (
                "/system/userDefinedFields",
                |_| Source::All(Kind::UserDefinedField),
                None,
            ),
        ];
        for (base, make, parent) in usual {
            route(base.into(), make, Shape::List, parent);
            route(format!("{base}/{{id}}"), make, Shape::One, parent);
            route(format!("{base}/count"), make, Shape::Count, parent);
        }
        route(
            "/system/mySecurity".into(),
            |_| Source::MySecurity,
            Shape::List,
            None,
        );
        route(
            "/company/companies/types/info".into(),
            |_| Source::CompanyTypeInfo,
            Shape::List,
            None,
        );
        route(
            "/company/contacts/types/info".into(),
            |_| Source::ContactTypeInfo,
            Shape::List,
            None,
        );
        route(
            "/company/contacts/types/{id}/info".into(),
            |_| Source::ContactTypeInfo,
            Shape::One,
            None,
        );
        route(
            "/company/contacts/types/count/info".into(),
            |_| Source::ContactTypeInfo,
            Shape::Count,
            None,
        );
        route(
            "/service/info/boards/active".into(),
            |_| Source::BoardInfo { active: true },
            Shape::List,
            None,
        );
        routes
    })
}

/// All paths that can be read below the codebase, in the vendor's notation (`{parentId}`, `{id}`).
#[must_use]
pub fn endpoints() -> Vec<&'static str> {
    routes()
        .iter()
        .map(|route| route.template.as_str())
        .chain([SYSTEM_INFO])
        .collect()
}

/// What can be written: each method with its path, in the vendor's notation.
#[must_use]
pub fn write_endpoints() -> Vec<(&'static str, &'static str)> {
    let records = routes().iter().map(|route| {
        let endpoint = Endpoint::Records {
            source: (route.make)(0),
            shape: route.shape,
            id: 0,
            parent: None,
        };
        (endpoint, route.template.as_str())
    });
    records
        .chain([(Endpoint::ConfigurationsBulk, BULK)])
        .flat_map(|(endpoint, path)| endpoint.methods().iter().map(move |method| (*method, path)))
        .filter(|(method, _)| *method != "GET")
        .collect()
}

/// Finds a path; a slash at its end and the case of its letters do not matter.
pub(crate) fn find(path: &str) -> Option<Endpoint> {
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.eq_ignore_ascii_case(SYSTEM_INFO) {
        return Some(Endpoint::SystemInfo);
    }
    if path.eq_ignore_ascii_case(BULK) {
        return Some(Endpoint::ConfigurationsBulk);
    }
    routes().iter().find_map(|route| {
        let (mut id, mut parent) = (0, 0);
        let mut wanted = route.template.split('/');
        let mut found = path.split('/');
        loop {
            match (wanted.next(), found.next()) {
                (None, None) => break,
                (Some("{id}"), Some(part)) => id = number(part)?,
                (Some("{parentId}"), Some(part)) => parent = number(part)?,
                (Some(wanted), Some(part)) if wanted.eq_ignore_ascii_case(part) => {}
                _ => return None,
            }
        }
        Some(Endpoint::Records {
            source: (route.make)(parent),
            shape: route.shape,
            id,
            parent: route.parent.map(|kind| (kind, parent)),
        })
    })
}

fn number(text: &str) -> Option<u64> {
    (!text.is_empty() && text.len() < 12 && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found_as_clients_write_them() {
        let list = Some(Endpoint::Records {
            source: Source::All(Kind::Company),
            shape: Shape::List,
            id: 0,
            parent: None,
        });
        assert_eq!(find("/company/companies"), list);
        assert_eq!(find("/company/companies/"), list);
        assert_eq!(find("/Company/Companies"), list);
        assert_eq!(
            find("/company/companies/250/sites/401"),
            Some(Endpoint::Records {
                source: Source::Of(Kind::Site, 250),
                shape: Shape::One,
                id: 401,
                parent: Some((Kind::Company, 250)),
            })
        );
        for missing in [
            "/company",
            "/company/sites",
            "/company/companies/abc",
            "/company/companies/-1",
            "",
            "/",
        ] {
            assert_eq!(find(missing), None, "{missing}");
        }
    }

    #[test]
    fn every_list_has_its_fields_in_the_catalog() {
        for route in routes() {
            assert!(
                crate::catalog::knows((route.make)(1).schema()),
                "{}",
                route.template
            );
        }
    }
}
