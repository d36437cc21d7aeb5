use std::sync::Mutex as Plain;

use dovetail_domain::Code;

use super::*;
use crate::home::{HeldHome, Taken};
use crate::{NoCaller, Problem, SecretText};

struct Home {
    _outer: tempfile::TempDir,
    folder: HomeFolder,
    held: HeldHome,
}

fn home(path: &str) -> Home {
    let outer = tempfile::tempdir().unwrap();
    let folder = HomeFolder::open(&outer.path().join(path)).unwrap();
    let Taken::Ours(held) = folder.take("sync").unwrap() else {
        panic!("a new home is free");
    };
    Home {
        _outer: outer,
        folder,
        held,
    }
}

/// Answers `config get` at once, asks before `config rotate-key`, and holds `user list` until it is let go.
struct Answering {
    go: watch::Receiver<bool>,
}

#[async_trait]
impl Attendant for Answering {
    async fn attend(&self, request: Request, caller: &dyn Caller) -> Result<Answer> {
        match request {
            Request::ConfigGet(key) => {
                caller.event(Event::Note {
                    text: "looking".to_owned(),
                });
                let value = key.clone().unwrap_or_default();
                Ok(Answer::Config([("key".to_owned(), value)].into()))
            }
            Request::ConfigRotateKey => {
                let label = "Private key".to_owned();
                let key = "private-key".to_owned();
                match caller.ask(Question::Secret { key, label }).await {
                    Reply::Secret(secret) => Ok(Answer::Config(
                        [("told".to_owned(), secret.expose().to_owned())].into(),
                    )),
                    Reply::Nobody => Err(Problem::new(Code::SecretRefused, "Nobody.", "")),
                    Reply::Decision(_) | Reply::Refused(_) => Err(Problem::internal("odd")),
                }
            }
            Request::UserList => {
                let mut go = self.go.clone();
                go.wait_for(|go| *go).await.unwrap();
                Ok(Answer::Users(vec![]))
            }
            _ => Err(Problem::internal("not in this test")),
        }
    }
}

fn attendant() -> (watch::Sender<bool>, watch::Sender<Option<Arc<dyn Attendant>>>) {
    let (go, let_go) = watch::channel(false);
    let answering: Arc<dyn Attendant> = Arc::new(Answering { go: let_go });
    (go, watch::Sender::new(Some(answering)))
}

/// A caller who remembers what it was told and knows a secret.
#[derive(Default)]
struct Remembering {
    events: Plain<Vec<Event>>,
    taken: tokio::sync::Notify,
}

impl Progress for Remembering {
    fn event(&self, event: Event) {
        self.events.lock().unwrap().push(event);
        self.taken.notify_one();
    }
}

#[async_trait]
impl Caller for Remembering {
    async fn ask(&self, question: Question) -> Reply {
        let Question::Secret { key, .. } = question else {
            return Reply::Nobody;
        };
        Reply::Secret(SecretText::new(&key, "a-long-enough-secret".to_owned().into()).unwrap())
    }
}

fn config(called: Called) -> String {
    match called {
        Called::Answered(answered) => match *answered {
            Ok(Answer::Config(config)) => format!("{config:?}"),
            Ok(_) => "another answer".to_owned(),
            Err(problem) => problem.code.to_string(),
        },
        Called::NobodyListens => "nobody listens".to_owned(),
        Called::NotTaken => "not taken".to_owned(),
        Called::Broken => "broken".to_owned(),
        Called::Silent => "silent".to_owned(),
        Called::OtherVersion => "other version".to_owned(),
    }
}

#[tokio::test]
async fn a_request_is_answered_with_its_events() {
    let home = home("home");
    let (_go, is) = attendant();
    let door = Door::open(home.held.folder(), is.subscribe()).unwrap();
    let mode = fs::metadata(home.folder.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let caller = Remembering::default();
    let answered = call(&home.folder, Request::ConfigGet(Some("x".to_owned())), &caller).await;
    assert_eq!(config(answered), r#"{"key": "x"}"#);
    assert_eq!(
        *caller.events.lock().unwrap(),
        [Event::Note {
            text: "looking".to_owned()
        }]
    );
    door.close().await;
    assert!(!home.folder.socket().exists());
    assert_eq!(
        config(call(&home.folder, Request::ConfigGet(None), &NoCaller).await),
        "nobody listens"
    );
}

#[tokio::test]
async fn questions_travel_and_so_does_that_nobody_is_there() {
    let home = home("home");
    let (_go, is) = attendant();
    let _door = Door::open(home.held.folder(), is.subscribe()).unwrap();
    let asked = call(&home.folder, Request::ConfigRotateKey, &Remembering::default()).await;
    assert_eq!(config(asked), r#"{"told": "a-long-enough-secret"}"#);
    assert_eq!(
        config(call(&home.folder, Request::ConfigRotateKey, &NoCaller).await),
        "secret-refused"
    );
}

#[tokio::test]
async fn several_are_answered_at_once_and_closing_waits_for_those_taken() {
    let home = home("home");
    let (go, is) = attendant();
    let door = Door::open(home.held.folder(), is.subscribe()).unwrap();
    let folder = home.folder.clone();
    let waiting = tokio::spawn(async move { config(call(&folder, Request::UserList, &NoCaller).await) });
    // While one waits another is answered.
    assert_eq!(
        config(call(&home.folder, Request::ConfigGet(None), &NoCaller).await),
        r#"{"key": ""}"#
    );
    // It is taken once the attendant waits for its sign.
    while go.receiver_count() < 2 {
        tokio::task::yield_now().await;
    }
    let closing = tokio::spawn(door.close());
    go.send_replace(true);
    assert_eq!(waiting.await.unwrap(), "another answer");
    closing.await.unwrap();
}

#[tokio::test]
async fn who_comes_before_the_holder_is_ready_is_told_to_try_again_where_it_never_is() {
    let home = home("home");
    let is = watch::Sender::new(None);
    let _door = Door::open(home.held.folder(), is.subscribe()).unwrap();
    let folder = home.folder.clone();
    let early = tokio::spawn(async move { config(call(&folder, Request::ConfigGet(None), &NoCaller).await) });
    drop(is);
    assert_eq!(early.await.unwrap(), "not taken");
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_says_nothing_is_silent() {
    let home = home("home");
    let _silent = UnixListener::bind(home.folder.socket()).unwrap();
    assert_eq!(
        config(call(&home.folder, Request::ConfigGet(None), &NoCaller).await),
        "silent"
    );
}

#[tokio::test]
async fn a_home_deep_in_the_file_system_has_a_socket_too() {
    let home = home(&format!("{}/home", "long-name-of-a-folder/".repeat(8)));
    let (_go, is) = attendant();
    let _door = Door::open(home.held.folder(), is.subscribe()).unwrap();
    assert_eq!(
        config(call(&home.folder, Request::ConfigGet(None), &NoCaller).await),
        r#"{"key": ""}"#
    );
}

#[test]
fn a_request_with_a_secret_crosses_whole() {
    let secret = SecretText::new("private-key", "a-long-enough-secret".to_owned().into()).unwrap();
    let add = crate::request::IntegrationAdd {
        name: "acme".parse().unwrap(),
        connector: "c".to_owned(),
        settings: vec![],
        secrets: vec![("private-key".to_owned(), secret)],
        network: crate::request::NetworkChange::default(),
    };
    let line = serde_json::to_string(&ToHolder::Request(Request::IntegrationAdd(add))).unwrap();
    let Ok(ToHolder::Request(Request::IntegrationAdd(back))) = serde_json::from_str(&line) else {
        panic!("it did not come back");
    };
    assert_eq!(back.secrets[0].1.expose(), "a-long-enough-secret");
}
