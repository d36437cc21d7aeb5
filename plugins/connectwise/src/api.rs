//! ConnectWise's REST API as the connector uses it: where it is, the headers each request has, addresses that stay
//! short, and what an answer means.
//!
//! The base address holds the server's *codebase*, a path that changes with each upgrade. It is asked for without
//! credentials at `/login/companyinfo`, kept for the run, and asked for again after a 404 that names no record. Nothing
//! else in an answer (`SiteUrl`, an `_href`, a `Link`) ever decides where a request goes.
//!
//! A write is sent once. It is sent again only where the codebase had moved, because the old one does nothing; and its
//! answer is never lost to trouble that came after it.

use std::fmt::Write as _;

use dovetail_sdk::connector::exports::Context;
use dovetail_sdk::connector::http::{Header, Request, Response};
use serde::Deserialize;

use crate::choices::setting;
use crate::loose::Text;
use crate::memory::Memory;
use crate::refusal::{Refusal, is_page, judge};
use crate::transport::Transport;

/// The longest address ConnectWise's makers advise, in bytes.
pub(crate) const LONGEST_URL: usize = 2_000;

/// The credential's name in the description.
pub(crate) const CREDENTIAL: &str = "key";

/// The version of the API's models. 2025.1 is the one whose fields this connector was written against; servers keep a
/// model for a year after a breaking change, and newer fields are no break. Without a pin the newest model answers,
/// whatever it is that day.
const ACCEPT: &str = "application/vnd.connectwise.com+json; version=2025.1";

/// Without the charset, letters beyond ASCII are stored as replacement characters.
const CONTENT_TYPE: &str = "application/json; charset=utf-8";

/// What a request does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Method {
    #[default]
    Get,
    Post,
    Patch,
    Delete,
}

impl Method {
    fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

/// One question to the API, or one write.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    /// Below the base address: `/company/companies`.
    pub(crate) path: String,
    /// Parameters that are there, in order.
    pub(crate) query: Vec<(&'static str, String)>,
    /// Pages forward by id.
    pub(crate) forward_only: bool,
    /// JSON.
    pub(crate) body: Option<String>,
}

impl Ask {
    /// A question without parameters.
    pub(crate) fn new(path: impl Into<String>) -> Self {
        Ask {
            path: path.into(),
            ..Ask::default()
        }
    }

    /// A write, with the JSON it carries.
    pub(crate) fn write(method: Method, path: impl Into<String>, body: Option<String>) -> Self {
        Ask {
            method,
            body,
            ..Ask::new(path)
        }
    }

    /// Adds a parameter where it has a value.
    pub(crate) fn with(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        if let Some(value) = value {
            self.query.push((name, value.to_string()));
        }
        self
    }

    /// Pages forward by id.
    pub(crate) fn forward_only(mut self, forward_only: bool) -> Self {
        self.forward_only = forward_only;
        self
    }
}

/// What `/login/companyinfo` says.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct CompanyInfo {
    pub(crate) company_name: Text,
    pub(crate) codebase: Text,
    pub(crate) version_code: Text,
}

/// The API of one site, with what is remembered of it.
pub(crate) struct Api<'a> {
    pub(crate) transport: &'a mut dyn Transport,
    pub(crate) memory: &'a mut Memory,
    pub(crate) context: &'a Context,
}

impl Api<'_> {
    /// Asks one question. A 404 that names no record leads to the codebase being looked up again, and to one more try
    /// where it changed. Where it did not, the keys are tried elsewhere: the cloud answers 404 to wrong ones.
    pub(crate) fn get(&mut self, ask: &Ask) -> Result<Response, Refusal> {
        let base = self.base()?;
        match self.send(&base, ask)? {
            Err(Refusal::NoEndpoint(words)) => {
                let moved = self.look_up()?;
                let answer = if moved == base {
                    Err(Refusal::NoEndpoint(words))
                } else {
                    self.send(&moved, ask)?
                };
                self.told_apart(answer)
            }
            other => other,
        }
    }

    fn send(&mut self, base: &str, ask: &Ask) -> Result<Result<Response, Refusal>, Refusal> {
        let request = self.request(base, ask)?;
        let answer = judge(self.transport.send(request));
        if answer.is_ok() {
            self.memory.keys_work = Some(true);
        }
        Ok(answer)
    }

    /// A missing endpoint stays one only where the keys are known to be good.
    fn told_apart(&mut self, answer: Result<Response, Refusal>) -> Result<Response, Refusal> {
        match answer {
            Err(Refusal::NoEndpoint(words)) if !self.keys_work()? => Err(wrong_keys(&words)),
            answer => answer,
        }
    }

    /// Whether the keys are good for anything, tried where every server has something. Only a clear no is a no.
    fn keys_work(&mut self) -> Result<bool, Refusal> {
        if let Some(known) = self.memory.keys_work {
            return Ok(known);
        }
        let base = self.base()?;
        let smallest = Ask::new("/company/companies")
            .with("fields", Some("id"))
            .with("pageSize", Some(1));
        let mut work = false;
        for ask in [Ask::new("/system/info"), smallest] {
            let answer = self.send(&base, &ask)?;
            work |= !matches!(answer, Err(Refusal::NoEndpoint(_) | Refusal::Unauthorized(_)));
        }
        self.memory.keys_work = Some(work);
        Ok(work)
    }

    /// Asks several questions at once, at most 1,000; the answers stand in their order. Refused as a whole only where
    /// the site itself cannot be asked.
    pub(crate) fn get_each(&mut self, asks: &[Ask]) -> Result<Vec<Result<Response, Refusal>>, Refusal> {
        if asks.is_empty() {
            return Ok(Vec::new());
        }
        let base = self.base()?;
        let mut answers = self.send_each(&base, asks.iter())?;
        let moved = |answer: &Result<Response, Refusal>| matches!(answer, Err(Refusal::NoEndpoint(_)));
        if answers.iter().any(moved) {
            let now = self.look_up()?;
            if now != base {
                let again = asks
                    .iter()
                    .zip(&answers)
                    .filter(|(_, answer)| moved(answer))
                    .map(|(ask, _)| ask);
                let mut better = self.send_each(&now, again)?.into_iter();
                for answer in answers.iter_mut().filter(|answer| moved(answer)) {
                    if let Some(new) = better.next() {
                        *answer = new;
                    }
                }
            }
        }
        answers
            .into_iter()
            .map(|answer| Ok(self.told_apart(answer)))
            .collect()
    }

    fn send_each<'q>(
        &mut self,
        base: &str,
        asks: impl Iterator<Item = &'q Ask>,
    ) -> Result<Vec<Result<Response, Refusal>>, Refusal> {
        let requests = self.requests(base, asks)?;
        let wanted = requests.len();
        let answers: Vec<_> = self
            .transport
            .send_each(requests)
            .into_iter()
            .map(judge)
            .collect();
        if answers.iter().any(Result::is_ok) {
            self.memory.keys_work = Some(true);
        }
        if answers.len() == wanted {
            Ok(answers)
        } else {
            Err(Refusal::Rejected(format!(
                "{wanted} requests brought {} answers",
                answers.len()
            )))
        }
    }

    /// Sends writes at once, at most 1,000; the answers stand in their order, as many as writes. Refused as a whole only
    /// before anything was sent.
    pub(crate) fn write_each(&mut self, writes: &[Ask]) -> Result<Vec<Result<Response, Refusal>>, Refusal> {
        if writes.is_empty() {
            return Ok(Vec::new());
        }
        let base = self.base()?;
        let requests = self.requests(&base, writes.iter())?;
        let mut answers = self.send_writes(requests);
        let moved = |answer: &Result<Response, Refusal>| matches!(answer, Err(Refusal::NoEndpoint(_)));
        if answers.iter().any(moved)
            && let Ok(now) = self.look_up()
            && now != base
        {
            let again = writes.iter().zip(&answers).filter(|(_, answer)| moved(answer));
            if let Ok(requests) = self.requests(&now, again.map(|(write, _)| write)) {
                let better = self.send_writes(requests);
                let places = answers.iter_mut().filter(|answer| moved(answer));
                for (answer, new) in places.zip(better) {
                    *answer = new;
                }
            }
        }
        if answers.iter().any(moved) && matches!(self.keys_work(), Ok(false)) {
            for answer in &mut answers {
                if let Err(Refusal::NoEndpoint(words)) = answer {
                    *answer = Err(wrong_keys(words));
                }
            }
        }
        Ok(answers)
    }

    fn requests<'q>(&self, base: &str, asks: impl Iterator<Item = &'q Ask>) -> Result<Vec<Request>, Refusal> {
        asks.map(|ask| self.request(base, ask)).collect()
    }

    fn send_writes(&mut self, requests: Vec<Request>) -> Vec<Result<Response, Refusal>> {
        let wanted = requests.len();
        let sent = self.transport.send_each(requests).into_iter();
        let mut answers: Vec<_> = sent.take(wanted).map(judge).collect();
        if answers.iter().any(Result::is_ok) {
            self.memory.keys_work = Some(true);
        }
        answers.resize_with(wanted, || Err(Refusal::Passing("no answer at all".into())));
        answers
    }

    /// The base address, looked up once a run.
    fn base(&mut self) -> Result<String, Refusal> {
        match &self.memory.base {
            Some(base) => Ok(base.clone()),
            None => self.look_up(),
        }
    }

    /// Looks the codebase up and remembers the base address.
    fn look_up(&mut self) -> Result<String, Refusal> {
        let info = self.company_info()?.ok_or_else(|| {
            let company = setting(self.context, "company").unwrap_or_default();
            Refusal::Unauthorized(format!("the site knows no company with the login id `{company}`"))
        })?;
        let base = format!("{}/{}apis/3.0", self.origin(true)?, codebase(&info.codebase.0)?);
        self.memory.base = Some(base.clone());
        Ok(base)
    }

    /// What the site says of the company, asked without credential; none where it does not know the company.
    pub(crate) fn company_info(&mut self) -> Result<Option<CompanyInfo>, Refusal> {
        let company = setting(self.context, "company")
            .ok_or_else(|| Refusal::Setting("company", "The login company id is missing.".into()))?;
        let url = format!(
            "{}/login/companyinfo/{}",
            self.origin(false)?,
            encoded(company, "")
        );
        let request = Request {
            method: "GET".into(),
            url,
            headers: vec![header("Accept", "application/json")],
            body: None,
            credential: None,
            repeatable: true,
        };
        let not_connectwise = |words: String| {
            Refusal::Setting(
                "site",
                format!("The site does not answer as a ConnectWise server does: {words}."),
            )
        };
        let response = match judge(self.transport.send(request)) {
            Ok(response) => response,
            Err(Refusal::NoEndpoint(words) | Refusal::NoRecord(words)) => return Err(not_connectwise(words)),
            Err(refusal) => return Err(refusal),
        };
        let body = String::from_utf8_lossy(&response.body);
        if is_page(&body) {
            return Err(not_connectwise("a web page instead of data".into()));
        }
        serde_json::from_str(&body).map_err(|trouble| not_connectwise(trouble.to_string()))
    }

    /// The origin that takes the credential, or the one to ask without it.
    fn origin(&self, with_credential: bool) -> Result<&str, Refusal> {
        let mut origins = self.context.origins.iter();
        let takes_it = |credential: &Option<String>| credential.as_deref() == Some(CREDENTIAL);
        let found = if with_credential {
            origins.rfind(|origin| takes_it(&origin.credential))
        } else {
            origins
                .find(|origin| origin.credential.is_none())
                .or_else(|| self.context.origins.last())
        };
        found
            .map(|origin| origin.url.trim_end_matches('/'))
            .ok_or_else(|| {
                Refusal::Setting(
                    "site",
                    "The host worked out no place to reach from the site.".into(),
                )
            })
    }

    fn request(&self, base: &str, ask: &Ask) -> Result<Request, Refusal> {
        let client = setting(self.context, "client-id").ok_or_else(|| {
            Refusal::Setting(
                "client-id",
                "ConnectWise answers no request without a client id.".into(),
            )
        })?;
        let mut url = format!("{base}{}", ask.path);
        for (position, (name, value)) in ask.query.iter().enumerate() {
            let mark = if position == 0 { '?' } else { '&' };
            // Writing to a String cannot fail.
            let _ = write!(url, "{mark}{name}={}", encoded(value, "/,():"));
        }
        if url.len() > LONGEST_URL {
            return Err(Refusal::Rejected(format!(
                "the address would be {} bytes long",
                url.len()
            )));
        }
        let mut headers = vec![header("Accept", ACCEPT), header("clientId", client)];
        if ask.forward_only {
            headers.push(header("pagination-type", "forward-only"));
        }
        if ask.body.is_some() {
            headers.push(header("Content-Type", CONTENT_TYPE));
        }
        Ok(Request {
            method: ask.method.name().into(),
            url,
            headers,
            body: ask.body.clone().map(String::into_bytes),
            credential: Some(CREDENTIAL.into()),
            // A write repeated blindly would skip the look at what is there, even one that does the same twice.
            repeatable: ask.method == Method::Get,
        })
    }
}

fn wrong_keys(words: &str) -> Refusal {
    Refusal::Unauthorized(format!(
        "it answers 404 to everything, as the cloud does where keys are wrong: {words}"
    ))
}

fn header(name: &str, value: &str) -> Header {
    Header {
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

/// The codebase as a path: no slash before, one after. An on-premises server says `v4_6_release/`.
fn codebase(text: &str) -> Result<String, Refusal> {
    let path = text.trim().trim_matches('/');
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    if path.len() <= 100 && path.split('/').all(plain) {
        Ok(format!("{path}/"))
    } else {
        Err(Refusal::Setting(
            "site",
            "The site names no usable codebase; is it a ConnectWise server?".into(),
        ))
    }
}

/// Percent-encodes text; letters, digits, `-._~` and those in `also` stand for themselves.
fn encoded(text: &str, also: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || also.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
