//! Who may write: the role's levels for adding, editing and deleting.

use crate::http::Api;
use connectwise_simulator::{Action, Kind, Level, Module, Role};
use serde_json::json;

const CONTACT: &str = "/company/contacts/310";

#[tokio::test]
async fn the_role_decides_what_is_added_edited_and_deleted() {
    let api = Api::writable(300).await;
    let control = api.simulator.control();
    let company = json!({"identifier": "R", "name": "R", "city": "R"});
    let device = control.ids(Kind::Configuration)[0];
    let device_path = format!("/company/configurations/{device}");
    let guarded = [
        (
            Module::CompanyMaintenance,
            Action::Add,
            "POST",
            "/company/companies",
        ),
        (
            Module::CompanyMaintenance,
            Action::Edit,
            "PATCH",
            "/company/companies/250",
        ),
        (
            Module::CompanyMaintenance,
            Action::Edit,
            "PUT",
            "/company/companies/250/sites/400",
        ),
        (
            Module::CompanyMaintenance,
            Action::Add,
            "POST",
            "/company/companies/250/sites",
        ),
        (
            Module::CompanyMaintenance,
            Action::Delete,
            "DELETE",
            "/company/companies/250/sites/400",
        ),
        (
            Module::CompanyMaintenance,
            Action::Edit,
            "POST",
            "/company/companies/250/typeAssociations",
        ),
        (
            Module::CompanyMaintenance,
            Action::Edit,
            "DELETE",
            "/company/companyTypeAssociations/2500001",
        ),
        (Module::Contacts, Action::Add, "POST", "/company/contacts"),
        (Module::Contacts, Action::Edit, "PATCH", CONTACT),
        (Module::Contacts, Action::Delete, "DELETE", CONTACT),
        (
            Module::Contacts,
            Action::Edit,
            "POST",
            "/company/contacts/310/communications",
        ),
        (
            Module::Contacts,
            Action::Edit,
            "POST",
            "/company/contactTypeAssociations",
        ),
        (
            Module::Configurations,
            Action::Add,
            "POST",
            "/company/configurations/bulk",
        ),
        (
            Module::Configurations,
            Action::Edit,
            "PUT",
            "/company/configurations/bulk",
        ),
        (
            Module::Configurations,
            Action::Delete,
            "DELETE",
            "/company/configurations/bulk",
        ),
        (
            Module::Configurations,
            Action::Edit,
            "PATCH",
            device_path.as_str(),
        ),
    ];
    // A body no write takes tells who got that far.
    let tries = async |method: &str, path: &str| {
        let answer = api.write(method, path, json!("nonsense")).await;
        if answer.status == 403 {
            let message = answer.json()["message"].clone();
            assert_eq!(
                message,
                "You do not have security permission to perform this action."
            );
        }
        answer.status
    };
    for (module, action, ..) in guarded {
        let mut role = Role::writing();
        role.set_level(module, action, Level::None);
        control.set_role(role);
        for (other, needed, method, path) in guarded {
            // What would be deleted is not tried where it is allowed.
            if method == "DELETE" && !path.ends_with("bulk") && (other, needed) != (module, action) {
                continue;
            }
            let forbidden = (other, needed) == (module, action);
            assert_eq!(
                tries(method, path).await == 403,
                forbidden,
                "{method} {path} without {module:?} {action:?}"
            );
        }
    }
    // The role at the start writes nothing, and reads on.
    control.set_role(Role::default());
    for (_, _, method, path) in guarded {
        assert_eq!(tries(method, path).await, 403, "{method} {path}");
    }
    assert_eq!(api.get("/company/companies/250").await.status, 200);
    assert_eq!(
        control.ids(Kind::Company).len(),
        api.count("/company/companies", "").await as usize
    );

    // One's own records: some of those that are there, and all that one made.
    let mut role = Role::writing();
    role.set_level(Module::CompanyMaintenance, Action::Edit, Level::My);
    control.set_role(role);
    let made = api.write("POST", "/company/companies", company).await.json();
    let mut statuses = std::collections::BTreeMap::new();
    for id in control.ids(Kind::Company) {
        let path = format!("/company/companies/{id}");
        let status = api
            .patch(&path, &[("replace", "/leadSource", json!("x"))])
            .await
            .status;
        *statuses.entry(status).or_insert(0) += 1;
        if made["id"] == id {
            assert_eq!(status, 200, "it made this one");
        }
    }
    assert_eq!(
        statuses.keys().copied().collect::<Vec<u16>>(),
        [200, 403],
        "{statuses:?}"
    );

    // Types the role does not see are neither edited nor made.
    let mut role = Role::writing();
    let of = control.record(Kind::Configuration, device).expect("it is there")["type"]["id"].as_u64();
    role.hidden_configuration_types.insert(of.expect("an id"));
    control.set_role(role);
    assert_eq!(
        api.patch(&device_path, &[("replace", "/notes", json!("x"))])
            .await
            .status,
        403
    );
    let body = json!({"name": "x", "company": {"id": 250}, "type": {"id": of}});
    assert_eq!(
        api.write("POST", "/company/configurations", body).await.status,
        403
    );
}
