//! The simulator as a program.

use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

#[tokio::test]
async fn it_says_where_it_listens_and_ends_with_its_input() {
    let folder = tempfile::tempdir().expect("a folder for the certificate");
    let ca = folder.path().join("ca.pem");
    let mut child = Command::new(env!("CARGO_BIN_EXE_connectwise-simulator"))
        .args([
            "--records",
            "50",
            "--seed",
            "3",
            "--control-port",
            "0",
            "--plain-http-port",
            "0",
            "--writes",
            "--ca-out",
        ])
        .arg(&ca)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("it was piped"))
        .read_line(&mut line)
        .expect("it speaks");
    let ready: Value = serde_json::from_str(&line).expect("one line of JSON");
    let pem = std::fs::read(&ca).expect("the authority was written");
    let authority = reqwest::Certificate::from_pem(&pem).expect("it is PEM");
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .tls_certs_only([authority])
        .no_proxy()
        .build()
        .expect("a client");
    let text = |name: &str| {
        ready[name]
            .as_str()
            .unwrap_or_else(|| panic!("{name} is missing: {ready}"))
            .to_owned()
    };
    let status = async |url: String| {
        client
            .get(url)
            .send()
            .await
            .expect("it answers")
            .status()
            .as_u16()
    };
    let port = ready["port"].as_u64().expect("a number");
    assert_eq!(
        status(format!("https://localhost:{port}/login/companyinfo/harbourmsp")).await,
        200
    );
    assert_eq!(
        status(format!("{}/login/companyinfo/harbourmsp", text("base_url"))).await,
        200
    );
    assert_eq!(
        status(format!("{}/login/companyinfo/harbourmsp", text("plain_http"))).await,
        200
    );
    assert_eq!(status(format!("{}/role", text("control"))).await, 200);
    let role = client
        .get(format!("{}/role", text("control")))
        .send()
        .await
        .expect("it answers");
    let role: Value = serde_json::from_str(&role.text().await.expect("a body")).expect("JSON");
    assert_eq!(
        role["levels"]["contacts"]["edit"], "All",
        "it was told to let the role write"
    );
    assert_eq!(ready["credentials"]["company_id"], "harbourmsp");
    drop(child.stdin.take());
    assert!(child.wait().expect("it ends").success());
}
