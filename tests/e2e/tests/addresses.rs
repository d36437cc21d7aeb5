//! Where an integration may go.

use e2e::{Home, simulator};

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_is_refused_when_it_is_added() {
    let simulator = simulator().await;
    let home = Home::new();
    for site in ["http://psa.example.com", "HTTP://127.0.0.1"] {
        let words = home.words_with("acme", &simulator, &[("site=", &format!("site={site}"))]);
        let error = failed(&home, &words, 3).await;
        assert_eq!(error["code"], "https-required", "{site}: {error}");
    }
    assert_eq!(home.json(&["integration", "list"]).await, serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn loopback_needs_leave_however_it_is_spelled() {
    let simulator = simulator().await;
    let home = Home::new();
    let spellings = [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "017700000001",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "10.0.0.8",
    ];
    for host in spellings {
        let site = format!("site={host}:{}", simulator.address().port());
        let mut words = home.words_with("acme", &simulator, &[("site=", &site)]);
        words.retain(|word| word != "--allow-private-network");
        let error = failed(&home, &words, 3).await;
        assert_eq!(error["code"], "address-not-allowed", "{host}: {error}");
        assert!(
            error["hint"]
                .as_str()
                .is_some_and(|hint| hint.contains("--allow-private-network")),
            "{error}"
        );
    }
    assert_eq!(home.json(&["integration", "list"]).await, serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_are_nobodys_are_refused_with_leave_too() {
    let simulator = simulator().await;
    let home = Home::new();
    for host in ["0.0.0.0", "169.254.169.254", "255.255.255.255", "224.0.0.1"] {
        let words = home.words_with("acme", &simulator, &[("site=", &format!("site={host}"))]);
        let error = failed(&home, &words, 3).await;
        assert_eq!(error["code"], "address-not-allowed", "{host}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_for_loopback_is_refused_when_it_is_looked_up() {
    let simulator = simulator().await;
    let home = Home::new();
    let site = format!("site=localhost:{}", simulator.address().port());
    let mut words = home.words_with("acme", &simulator, &[("site=", &site)]);
    words.retain(|word| word != "--allow-private-network");
    let added = home.run_words(&words).await;
    // Written as the name it may be known for what it is already.
    if added.code == 0 {
        assert_eq!(
            home.fails(&["integration", "connect", "acme"], 3).await["code"],
            "address-not-allowed"
        );
    } else {
        assert_eq!(added.code, 3, "{added:?}");
    }
    assert_eq!(simulator.control().log(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_where_nobody_listens_is_unreachable() {
    let simulator = simulator().await;
    let home = Home::new();
    // A port that was just free and is now closed.
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|port| port.local_addr())
        .expect("a port");
    home.add_with("acme", &simulator, &[("site=", &format!("site={closed}"))])
        .await
        .exits(0);
    let error = home.fails(&["integration", "connect", "acme"], 5).await;
    assert_eq!(error["code"], "unreachable", "{error}");
}

async fn failed(home: &Home, words: &[String], code: i32) -> serde_json::Value {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    home.fails(&words, code).await
}
