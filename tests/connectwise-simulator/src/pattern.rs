//! Which requests a test means.

/// A request by its path below the codebase (`/company/companies`), or by the whole path where it stands
/// outside (`/login/companyinfo/harbourmsp`). `*` stands for anything. With a `?` in it, the decoded query is
/// looked at as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern(String);

impl Pattern {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Whether a request is meant. A slash at the path's end does not matter.
    pub(crate) fn matches(&self, path: &str, query: &str) -> bool {
        let path = path.strip_suffix('/').unwrap_or(path);
        if self.0.contains('?') {
            let query: Vec<String> = url::form_urlencoded::parse(query.as_bytes())
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            glob(&self.0, &format!("{path}?{}", query.join("&")))
        } else {
            glob(&self.0, path)
        }
    }
}

fn glob(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut last = None;
    for piece in pieces {
        if let Some(before) = last.replace(piece) {
            match rest.find(before) {
                Some(place) => rest = rest.get(place + before.len()..).unwrap_or_default(),
                None => return false,
            }
        }
    }
    last.map_or(rest.is_empty(), |last| rest.ends_with(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_queries() {
        let takes = |pattern: &str, path: &str, query: &str| Pattern::new(pattern).matches(path, query);
        assert!(takes("/company/contacts", "/company/contacts/", "page=1"));
        assert!(!takes("/company/contacts", "/company/contacts/5", ""));
        assert!(takes("*", "/anything", ""));
        assert!(takes("/company/*/sites", "/company/companies/5/sites", ""));
        assert!(takes(
            "/company/contacts?*id in (1,2)*",
            "/company/contacts",
            "conditions=id+in+%281%2C2%29"
        ));
        assert!(!takes(
            "/company/contacts?*id in (3)*",
            "/company/contacts",
            "conditions=id+in+%281%2C2%29"
        ));
        assert!(!takes("/a*b*c", "/a-b-d", ""));
    }
}
