//! The live check, and what it says where something is wrong.

use e2e::{Home, simulator};

#[tokio::test(flavor = "multi_thread")]
async fn all_is_well() {
    let simulator = simulator().await;
    let home = Home::new();
    home.add("acme", &simulator).await.exits(0);
    let report = home.json(&["integration", "connect", "acme"]).await;
    assert_eq!(report["ok"], true, "{report:#}");
    let ids: Vec<&str> = report["checks"].as_array().expect("checks").iter().filter_map(|c| c["id"].as_str()).collect();
    assert_eq!(ids.get(..3), Some(["tls", "company", "credentials"].as_slice()));
    assert!(ids.contains(&"permission/companies/company-maintenance"), "{ids:?}");
}
