//! The process is killed at every request of a fixed scenario, and at every write below its home, in the middle of the
//! write: the next start goes on, and ends with what an undisturbed home has.

mod long;
pub(crate) mod scene;
mod two_way;

use e2e::{Signal, Started};
use tokio::task::JoinSet;

use self::scene::Scene;

/// Fates that are tried at once.
const AT_ONCE: usize = 3;

/// More than any step of the scenario has; a step that takes more is not a small one any more.
const TOO_MANY: u64 = 400;

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_request_it_ends_the_same() {
    let mut scene = Scene::new().await;
    let (mut kills, mut wrong) = (0, Vec::new());
    while let Some(step) = scene.next().await {
        for number in 0..TOO_MANY {
            let home = step.before.copy();
            let hold = scene.simulator.control().hold_after("*", number);
            let mut command = Started::of(step.command(&home));
            if !command.until(hold.wait_until_held(1)).await {
                break;
            }
            command.signal(Signal::KILL);
            assert_eq!(command.ended().await.code, -1, "it ended by itself");
            hold.release();
            kills += 1;
            let what = format!("killed at request {}", number + 1);
            wrong.extend(step.again(&home, &what).await);
        }
        scene.done(step);
    }
    println!("killed at {kills} requests");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(kills >= 30, "only {kills} requests were the last");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_write_it_ends_the_same() {
    let mut scene = Scene::new().await;
    let (mut kills, mut wrong) = (0, Vec::new());
    while let Some(step) = scene.next().await {
        let step = std::sync::Arc::new(step);
        let mut fates: JoinSet<Option<Vec<String>>> = JoinSet::new();
        let (mut next, mut survived) = (1..TOO_MANY, false);
        loop {
            while fates.len() < AT_ONCE && !survived {
                let number = next.next().expect("a small step");
                let step = std::sync::Arc::clone(&step);
                fates.spawn(async move {
                    let home = step.before.copy();
                    let mut command = step.command(&home);
                    e2e::crash::Crash::Dies(number).befall(&mut command, home.around());
                    let ended = Started::of(command).ended().await;
                    if ended.code != -1 {
                        return None;
                    }
                    Some(step.again(&home, &format!("killed at moment {number}")).await)
                });
            }
            match fates.join_next().await {
                None => break,
                Some(fate) => match fate.expect("a fate can be told") {
                    Some(told) => {
                        kills += 1;
                        wrong.extend(told);
                    }
                    None => survived = true,
                },
            }
        }
        scene.done(std::sync::Arc::into_inner(step).expect("every fate has ended"));
    }
    println!("killed at {kills} moments");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(kills >= 100, "only {kills} moments were the last");
}
