//! What a connector says of itself. Names have to lead somewhere: an origin rule to a setup field, a credential to one
//! of the list.

use std::collections::HashSet;

use dovetail_domain::connector::{
    ConnectorDescription, Credential, FieldRule, GuideSection, GuideStep, KindAbility, OriginRule,
    Permission, RetiredKey, Scheme, SettingGroup, SetupField, SetupFormat,
};
use dovetail_domain::{Field, Kind};

use crate::bindings::connector_words as wit;
use crate::checked::mapping::{plugin_name, plugin_version};
use crate::checked::{Checked, kind, line, list, name, no, optional, text, words};
use crate::limits::{DESCRIPTION_ITEMS as ITEMS, DESCRIPTION_TEXT, LABEL};

/// Takes over a description.
pub(crate) fn description(given: wit::Description) -> Checked<ConnectorDescription> {
    let description = ConnectorDescription {
        name: plugin_name(given.name)?,
        title: label(given.title)?,
        version: plugin_version(given.version)?,
        setup: list(given.setup, ITEMS, "setup fields", setup_field)?,
        retired: list(given.retired, ITEMS, "retired keys", retired)?,
        credentials: list(given.credentials, ITEMS, "credentials", credential)?,
        origins: list(given.origins, ITEMS, "origin rules", origin_rule)?,
        // A kind of record this host does not know is no error: a newer connector may have more.
        kinds: list(given.kinds, ITEMS, "kinds", ability)?
            .into_iter()
            .flatten()
            .collect(),
        groups: list(given.groups, ITEMS, "setting groups", group)?
            .into_iter()
            .flatten()
            .collect(),
        permissions: list(given.permissions, ITEMS, "permissions", permission)?,
        guide: list(given.guide, ITEMS, "sections of the guide", section)?,
        requests_per_minute: given.requests_per_minute,
        requests_at_once: given.requests_at_once,
    };
    leads_somewhere(&description)?;
    Ok(description)
}

fn label(content: String) -> Checked<String> {
    line(content, LABEL)
}

fn paragraph(content: String) -> Checked<String> {
    text(content, DESCRIPTION_TEXT)
}

fn setup_field(given: wit::SetupField) -> Checked<SetupField> {
    Ok(SetupField {
        key: name(given.key)?,
        label: label(given.label)?,
        explanation: paragraph(given.explanation)?,
        format: match given.format {
            wit::SetupFormat::Plain => SetupFormat::Plain,
            wit::SetupFormat::Host => SetupFormat::Host,
            wit::SetupFormat::Secret => SetupFormat::Secret,
        },
        required: given.required,
        operator_default: given.operator_default,
        example: label(given.example)?,
    })
}

fn retired(given: wit::RetiredKey) -> Checked<RetiredKey> {
    Ok(RetiredKey {
        key: name(given.key)?,
        code: plugin_name(given.code)?,
        message: paragraph(given.message)?,
        hint: paragraph(given.hint)?,
    })
}

fn credential(given: wit::Credential) -> Checked<Credential> {
    let scheme = match given.scheme {
        wit::Scheme::Basic(basic) => Scheme::Basic {
            user: paragraph(basic.user)?,
            password: paragraph(basic.password)?,
        },
        wit::Scheme::Bearer(token) => Scheme::Bearer(paragraph(token)?),
        wit::Scheme::Header(header) => Scheme::Header {
            name: label(header.name)?,
            content: paragraph(header.content)?,
        },
        wit::Scheme::ClientCredentials(client) => Scheme::ClientCredentials {
            token_url: paragraph(client.token_url)?,
            client_id: paragraph(client.client_id)?,
            client_secret: name(client.client_secret)?,
            scope: optional(client.scope, paragraph)?,
            extra: list(client.extra, ITEMS, "extra parameters", |extra| {
                Ok((name(extra.key)?, paragraph(extra.text)?))
            })?,
        },
        wit::Scheme::Login(login) => Scheme::Login {
            login_url: paragraph(login.login_url)?,
            body: paragraph(login.body)?,
            token_pointer: label(login.token_pointer)?,
            refresh_pointer: optional(login.refresh_pointer, label)?,
            refresh_url: optional(login.refresh_url, paragraph)?,
            lifetime_seconds: login.lifetime_seconds,
        },
        wit::Scheme::Signature(signature) => Scheme::Signature {
            header: label(signature.header)?,
            algorithm: label(signature.algorithm)?,
            key_secret: optional(signature.key_secret, name)?,
            key_url_pointer: optional(signature.key_url_pointer, label)?,
        },
    };
    Ok(Credential {
        name: name(given.name)?,
        scheme,
    })
}

fn origin_rule(given: wit::OriginRule) -> Checked<OriginRule> {
    Ok(OriginRule {
        setting: name(given.setting)?,
        when_ends_with: optional(given.when_ends_with, label)?,
        strip_prefix: optional(given.strip_prefix, label)?,
        add_prefix: optional(given.add_prefix, label)?,
        credential: optional(given.credential, name)?,
        last: given.last,
    })
}

fn ability(given: wit::KindAbility) -> Checked<Option<KindAbility>> {
    let Ok(found) = kind(&given.kind) else {
        return Ok(None);
    };
    Ok(Some(KindAbility {
        kind: found,
        label: label(given.label)?,
        label_many: label(given.label_many)?,
        parent: optional(given.parent, |parent| kind(&parent))?,
        per_parent: given.per_parent,
        lists_changes: given.lists_changes,
        lists_ids: given.lists_ids,
        counts: given.counts,
        reads_one: given.reads_one,
        writes: given.writes,
        creates: given.creates,
        identity: list(given.identity, ITEMS, "identifying fields", label)?,
        rules: list(given.rules, ITEMS, "rules", |rule| field_rule(rule, found))?,
        name_pointers: list(given.name_pointers, ITEMS, "pointers", label)?,
        entered_pointer: optional(given.entered_pointer, label)?,
        read_permissions: list(given.read_permissions, ITEMS, "permissions", label)?,
        write_permissions: list(given.write_permissions, ITEMS, "permissions", label)?,
    }))
}

fn field_rule(given: wit::FieldRule, kind: Kind) -> Checked<FieldRule> {
    let field = Field::named(&given.name).filter(|field| kind.shape(*field).is_some());
    let Some(field) = field else {
        return no(format!("`{}` is no field of a {kind}", words(&given.name, 80)));
    };
    if given.longest == Some(0) {
        return no(format!("`{field}` of a {kind} could hold nothing"));
    }
    Ok(FieldRule {
        field,
        longest: given.longest,
        required: given.required,
    })
}

fn group(given: wit::SettingGroup) -> Checked<Option<SettingGroup>> {
    let Ok(found) = kind(&given.kind) else {
        return Ok(None);
    };
    Ok(Some(SettingGroup {
        id: name(given.id)?,
        label: label(given.label)?,
        kind: found,
        recommendation: paragraph(given.recommendation)?,
    }))
}

fn permission(given: wit::Permission) -> Checked<Permission> {
    Ok(Permission {
        id: label(given.id)?,
        label: label(given.label)?,
        purpose: paragraph(given.purpose)?,
        add_level: label(given.add_level)?,
        edit_level: label(given.edit_level)?,
        delete_level: label(given.delete_level)?,
        inquire_level: label(given.inquire_level)?,
    })
}

fn section(given: wit::GuideSection) -> Checked<GuideSection> {
    Ok(GuideSection {
        title: label(given.title)?,
        introduction: paragraph(given.introduction)?,
        steps: list(given.steps, ITEMS, "steps", |step| {
            Ok(GuideStep {
                text: paragraph(step.text)?,
                path: label(step.path)?,
            })
        })?,
        table: list(given.table, ITEMS, "rows", |row| {
            list(row, 50, "cells", paragraph)
        })?,
    })
}

fn leads_somewhere(description: &ConnectorDescription) -> Checked<()> {
    unique("setup field", description.setup.iter().map(|field| &field.key))?;
    unique(
        "credential",
        description.credentials.iter().map(|credential| &credential.name),
    )?;
    unique("setting group", description.groups.iter().map(|group| &group.id))?;
    unique(
        "permission",
        description.permissions.iter().map(|permission| &permission.id),
    )?;
    unique(
        "kind",
        description.kinds.iter().map(|ability| ability.kind.as_str()),
    )?;
    for rule in &description.origins {
        let host = |field: &&SetupField| field.key == rule.setting && field.format == SetupFormat::Host;
        if !description.setup.iter().any(|field| host(&field)) {
            return no(format!(
                "an origin rule names `{}`, which is no setup field of a host",
                rule.setting
            ));
        }
        if let Some(named) = &rule.credential
            && !description
                .credentials
                .iter()
                .any(|credential| credential.name == *named)
        {
            return no(format!(
                "an origin rule names the credential `{named}`, which there is not"
            ));
        }
    }
    Ok(())
}

fn unique<T: AsRef<str>>(what: &str, names: impl Iterator<Item = T>) -> Checked<()> {
    let mut seen = HashSet::new();
    for found in names {
        if !seen.insert(found.as_ref().to_owned()) {
            return no(format!("{what} `{}` stands twice", words(found.as_ref(), 80)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(change: impl FnOnce(&mut wit::Description)) -> Checked<ConnectorDescription> {
        let mut given = wit::Description {
            name: "c".to_owned(),
            title: String::new(),
            version: "1".to_owned(),
            setup: vec![],
            retired: vec![],
            credentials: vec![],
            origins: vec![],
            kinds: vec![],
            groups: vec![],
            permissions: vec![],
            guide: vec![],
            requests_per_minute: 60,
            requests_at_once: 1,
        };
        change(&mut given);
        description(given)
    }

    fn setup(key: &str, explanation: String) -> wit::SetupField {
        wit::SetupField {
            key: key.to_owned(),
            label: String::new(),
            explanation,
            format: wit::SetupFormat::Host,
            required: true,
            operator_default: false,
            example: String::new(),
        }
    }

    fn permission_named(id: usize) -> wit::Permission {
        wit::Permission {
            id: id.to_string(),
            label: String::new(),
            purpose: String::new(),
            add_level: String::new(),
            edit_level: String::new(),
            delete_level: String::new(),
            inquire_level: String::new(),
        }
    }

    fn section_of(steps: usize, rows: usize) -> wit::GuideSection {
        let step = wit::GuideStep {
            text: String::new(),
            path: String::new(),
        };
        wit::GuideSection {
            title: String::new(),
            introduction: String::new(),
            steps: vec![step; steps],
            table: vec![vec![]; rows],
        }
    }

    #[test]
    fn each_list_of_a_description_has_so_many_items() {
        type Fill = fn(&mut wit::Description, usize);
        let lists: [(Fill, &str); 6] = [
            (
                |given, count| {
                    given.setup = (0..count).map(|n| setup(&n.to_string(), String::new())).collect();
                },
                "501 setup fields",
            ),
            (
                |given, count| {
                    let credential = |n: usize| wit::Credential {
                        name: n.to_string(),
                        scheme: wit::Scheme::Bearer(String::new()),
                    };
                    given.credentials = (0..count).map(credential).collect();
                },
                "501 credentials",
            ),
            (
                |given, count| given.permissions = (0..count).map(permission_named).collect(),
                "501 permissions",
            ),
            (
                |given, count| given.guide = vec![section_of(0, 0); count],
                "501 sections of the guide",
            ),
            (
                |given, count| given.guide = vec![section_of(count, 0)],
                "sections of the guide, number 1: 501 steps",
            ),
            (
                |given, count| given.guide = vec![section_of(0, count)],
                "sections of the guide, number 1: 501 rows",
            ),
        ];
        for (fill, refused) in lists {
            assert!(described(|given| fill(given, ITEMS)).is_ok(), "{refused}");
            let why = described(|given| fill(given, ITEMS + 1)).unwrap_err();
            assert_eq!(why.0, format!("{refused}; 500 are allowed"));
        }
    }

    #[test]
    fn a_text_of_a_description_has_its_length() {
        let explained = |size| described(|given| given.setup = vec![setup("site", "x".repeat(size))]);
        assert!(explained(DESCRIPTION_TEXT).is_ok());
        assert_eq!(
            explained(DESCRIPTION_TEXT + 1).unwrap_err().0,
            "setup fields, number 1: a text of 8193 bytes; 8192 are allowed"
        );
    }
}
