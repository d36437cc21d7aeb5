//! The disk is full: the command ends with `storage-failed` and what to do, and once there is room everything goes on
//! with nothing lost.

use std::process::Stdio;

use connectwise_simulator::{Config, Simulator, Size};
use e2e::{Home, Ran, ran};
use tokio::process::Command;

use crate::kills::scene::{State, change, small};

/// Runs a command whose files may have so many blocks of 512 bytes and no more.
async fn limited(home: &Home, blocks: u64, words: &[&str]) -> Ran {
    let command = home.command(words);
    let command = command.as_std();
    let mut shell = Command::new("sh");
    // The signal is ignored, so that writing fails as it does on a full disk.
    shell
        .args(["-c", "trap '' XFSZ; ulimit -f \"$1\"; shift; exec \"$@\"", "sh"])
        .arg(blocks.to_string())
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stdin(Stdio::null())
        .kill_on_drop(true);
    ran(&shell.output().await.expect("a shell can be started"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_loses_nothing() {
    let simulator = Simulator::start(Config {
        size: Size::records(2_000),
        ..Config::default()
    })
    .await
    .expect("the simulator starts");
    let calm = Home::connected("acme", &simulator).await;
    calm.run(&["sync", "acme"]).await.exits(0);
    let home = Home::connected("acme", &simulator).await;
    let size = std::fs::metadata(home.path().join("store/db"))
        .expect("it is there")
        .len();
    let whole = std::fs::metadata(calm.path().join("store/db"))
        .expect("it is there")
        .len();
    let mut failed = 0;
    // Room for a part of the records, then for a little more.
    for part in 1..4 {
        let blocks = (size + (whole - size) * part / 5) / 512;
        let ran = limited(&home, blocks, &["sync", "acme", "--format", "json"])
            .await
            .exits(1);
        let error = ran.error();
        assert_eq!(error["code"], "storage-failed", "{ran:?}");
        let hint = error["hint"].as_str().expect("words");
        assert!(hint.contains("has room"), "{hint}");
        failed += 1;
        // What was stored is whole, and can be read while there is no room.
        let listed = limited(
            &home,
            blocks,
            &["asset", "list", "organization", "--format", "json"],
        )
        .await;
        assert!([0, 1].contains(&listed.code), "{listed:?}");
        assert_eq!(home.json(&["verify"]).await["ok"], true);
    }
    assert_eq!(failed, 3);
    home.run(&["sync", "acme"]).await.exits(0);
    assert!(
        State::of(&home).await == State::of(&calm).await,
        "it does not end the same"
    );
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn wherever_the_disk_gets_full_the_next_run_ends_the_same() {
    let simulator = small(1).await;
    let before = Home::connected("acme", &simulator).await;
    before.run(&["sync", "acme"]).await.exits(0);
    change(&simulator.control());
    let calm = before.copy();
    calm.run(&["sync", "acme"]).await.exits(6);
    let expected = State::of(&calm).await;
    let mut failed = 0;
    // Every moment of writing is tried by the kills; here it is told apart what the command says.
    for moment in (1..1_000).step_by(7) {
        let home = before.copy();
        let mut command = home.command(&["sync", "acme", "--format", "json"]);
        e2e::crash::Crash::Full(moment).befall(&mut command, home.around());
        let ran = ran(&command.output().await.expect("the binary can be started"));
        if ran.code == 6 {
            break;
        }
        failed += 1;
        let told = (ran.code, ran.error_code());
        let known = [(1, "storage-failed".to_owned()), (3, "home-unusable".to_owned())];
        assert!(known.contains(&told), "full at {moment}: {ran:?}");
        home.run(&["sync", "acme"]).await.exits(6);
        assert_eq!(State::of(&home).await, expected, "full at {moment}");
    }
    println!("{failed} times the disk was full");
    assert!(failed >= 5, "only {failed} times the disk was full");
}
