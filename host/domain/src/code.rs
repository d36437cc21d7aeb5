//! Stable error codes: one table that says what each means and with which exit code a command ends that fails with it.

use std::borrow::Cow;

macro_rules! codes {
    ($($variant:ident $code:literal $exit:literal $meaning:literal,)*) => {
        /// An error's code. A connector may name codes of its own for keys it has retired, and a missing setup field
        /// is `KEY-missing`: these are `Named`.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $meaning] $variant,)*
            /// A code that comes from a connector's description; the value is not acceptable.
            Named(String),
        }

        impl Code {
            /// Every code of the host's own with its exit code and meaning, for the table in the README.
            pub const TABLE: &'static [(&'static str, u8, &'static str)] = &[$(($code, $exit, $meaning),)*];

            /// The code as scripts see it.
            pub fn as_str(&self) -> &str {
                match self { $(Code::$variant => $code,)* Code::Named(code) => code }
            }

            /// The exit code of a command that fails with it.
            pub fn exit(&self) -> u8 {
                match self { $(Code::$variant => $exit,)* Code::Named(_) => 3 }
            }

            /// The code written so; texts that stand for none of the host's own are `Named`.
            pub fn parse(text: &str) -> Code {
                match text { $($code => Code::$variant,)* other => Code::Named(other.to_owned()) }
            }
        }
    };
}

codes! {
    Internal "internal" 1 "the program met a case it was not written for",
    StorageFailed "storage-failed" 1 "the store could not be read or written; the process stopped so that nothing is lost",
    BundleMissing "bundle-missing" 1 "this binary was built without the stock plugins",
    ValueRefused "value-refused" 3 "a value is not acceptable",
    UnknownSetting "unknown-setting" 3 "no such setting",
    SettingMissing "setting-missing" 3 "a required setting was not given",
    SecretRefused "secret-refused" 3 "a secret is missing, too short or cannot be read",
    NotFound "not-found" 3 "no record, run, integration or plugin of that name",
    AlreadyExists "already-exists" 3 "the name is taken",
    Ambiguous "ambiguous" 3 "a name fits several records",
    AddressNotAllowed "address-not-allowed" 3 "the address is private, loopback or otherwise not to be reached",
    HttpsRequired "https-required" 3 "plain http is refused",
    OtherDatabase "other-database" 3 "the records that are known are not those of this PSA; nothing was changed",
    OriginNotAllowed "origin-not-allowed" 3 "a plugin asked for a place it may not reach",
    RequestRefused "request-refused" 7 "a plugin's request was malformed or carried what belongs to the host",
    InvalidConfig "invalid-config" 3 "the connector refuses a setting",
    Paused "paused" 3 "the integration is paused",
    FieldOneWay "field-one-way" 3 "the field comes from the PSA and cannot be changed here",
    InUse "in-use" 3 "something uses what was to be taken away",
    Busy "busy" 3 "a run of the integration is on",
    ConfirmationNeeded "confirmation-needed" 3 "a decision was not confirmed",
    HomeUnusable "home-unusable" 3 "the state folder cannot be used",
    KeyMissing "key-missing" 3 "the key for the secrets at rest was not found or does not fit",
    ImportInvalid "import-invalid" 3 "a file to be imported has rows that cannot be taken; nothing was written",
    BackupRefused "backup-refused" 3 "the file is no backup or no exported integration, or it is damaged, cut off or of a later version",
    AuthFailed "auth-failed" 4 "the PSA refused the credentials",
    PermissionDenied "permission-denied" 4 "the PSA refused a permission",
    Unreachable "unreachable" 5 "the PSA could not be reached",
    Timeout "timeout" 5 "the PSA did not answer in time",
    ServerError "server-error" 5 "the PSA keeps answering with errors",
    TooLarge "too-large" 5 "an answer was larger than the cap",
    TlsFailed "tls-failed" 5 "the server speaks no acceptable TLS",
    TlsSelfSigned "tls-self-signed" 5 "the server's certificate is self-signed",
    TlsExpired "tls-expired" 5 "the server's certificate has expired",
    TlsNotYetValid "tls-not-yet-valid" 5 "the server's certificate is not valid yet",
    TlsWrongHost "tls-wrong-host" 5 "the server's certificate is for another host",
    TlsUntrusted "tls-untrusted" 5 "the server's certificate comes from an authority that is not trusted",
    RecordsQuarantined "records-quarantined" 6 "the run ended, some records are quarantined",
    PluginRefused "plugin-refused" 7 "a plugin was refused before it ran",
    PluginTrapped "plugin-trapped" 7 "a plugin trapped",
    PluginLimit "plugin-limit" 7 "a plugin ran over a limit",
    PluginAnswer "plugin-answer" 7 "a plugin gave an answer that is not acceptable",
    PushInDoubt "push-in-doubt" 8 "an edit was sent and its answer was lost; the next run finds out what became of it",
    RateLimited "rate-limited" 8 "the PSA asks for patience",
    OrphanBrake "orphan-brake" 8 "so many records would be orphaned that a person has to say yes",
    MatchReview "match-review" 8 "nothing is written until a person has looked at what would be matched",
    Cancelled "cancelled" 8 "a person stopped it",
    Stalled "stalled" 8 "nothing moved for a long time",
    HomeInUse "home-in-use" 9 "another process holds the home and does not answer",
    PushRefused "push-refused" 6 "the PSA or a mapping refused an edit; it is kept here",
    RecordInvalid "record-invalid" 6 "a record could not be mapped: the data is at fault",
    RecordTrapped "record-trapped" 6 "the mapping trapped on this record",
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An error that can be shown: its `Display` says what is wrong in one sentence, this adds the code and what to do.
pub trait Explained: std::error::Error {
    /// The stable code.
    fn code(&self) -> Code;

    /// What to do, in one sentence.
    fn hint(&self) -> Cow<'static, str>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_lead_back() {
        let mut seen = std::collections::HashSet::new();
        for (code, exit, meaning) in Code::TABLE {
            assert!(seen.insert(code), "{code} stands twice");
            assert!(!meaning.is_empty());
            let parsed = Code::parse(code);
            assert_eq!((parsed.as_str(), parsed.exit()), (*code, *exit));
            assert!(!matches!(parsed, Code::Named(_)));
        }
        assert_eq!(Code::parse("soap-retired").exit(), 3);
    }
}
