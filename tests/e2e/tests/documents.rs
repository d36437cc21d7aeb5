//! The documents tell the truth: their tables are the code's, and their command lines run.

use std::collections::BTreeSet;
use std::path::PathBuf;

use connectwise_simulator::{Role, Simulator};
use dovetail_domain::Code;
use dovetail_server::RunStatus;
use dovetail_server::outcome::TABLE;
use e2e::{Home, Ran, binary, ran, root, simulator, target};
use rustix::process::Signal;

/// Command lines that are only held to be understood, with the exit code that shows it. What is not here has to run and
/// end with 0.
/// Nothing to take back: the documents add each version once.
/// No conflict: somebody has to change the PSA's record in between.
const ONLY_UNDERSTOOD: &[(&str, i32)] = &[
    ("dovetail plugin rollback rename-configurations", 3),
    ("dovetail conflict resolve contact.31.title --take local", 3),
];

/// Every document with command lines in it.
fn documents() -> Vec<PathBuf> {
    let folder = std::fs::read_dir(root().join("docs")).expect("there are docs");
    let pages = folder.map(|entry| entry.expect("an entry").path());
    let mut documents: Vec<PathBuf> = pages
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .collect();
    documents.push(root().join("README.md"));
    documents.sort();
    documents
}

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).expect("there is a README")
}

/// The rows of the table whose head holds these words, cells without the marks of code.
fn table(text: &str, head: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().trim_matches('`').to_owned())
            .collect()
    };
    let mut lines = text.lines().skip_while(|line| *line != head);
    assert!(lines.next().is_some(), "there is no table `{head}`");
    lines
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(cells)
        .collect()
}

#[test]
fn the_table_of_codes_is_the_codes() {
    let written = table(&readme(), "| code | exit | meaning |");
    let known: Vec<Vec<String>> = Code::TABLE
        .iter()
        .map(|(code, exit, meaning)| vec![(*code).to_owned(), exit.to_string(), (*meaning).to_owned()])
        .collect();
    assert_eq!(written, known);
}

#[test]
fn the_table_of_exits_is_complete() {
    let written: Vec<String> = table(&readme(), "| exit | meaning |")
        .into_iter()
        .map(|row| row[0].clone())
        .collect();
    // 0 is no code, and 2 is clap's.
    let ends = Code::TABLE
        .iter()
        .map(|(_, exit, _)| *exit)
        .chain(TABLE.iter().filter_map(|row| row.exit))
        .chain([0, 2]);
    let known: Vec<String> = ends
        .collect::<BTreeSet<u8>>()
        .into_iter()
        .map(|exit| exit.to_string())
        .collect();
    assert_eq!(written, known);
}

#[test]
fn the_table_of_outcomes_is_the_servers() {
    let head = "| run | reason | integration | exit | what it means |";
    let written: Vec<(String, String, String)> = table(&readme(), head)
        .into_iter()
        .map(|row| (row[0].clone(), row[2].clone(), row[3].clone()))
        .collect();
    let word = |status: RunStatus| format!("{status:?}").to_lowercase();
    let known: Vec<(String, String, String)> = TABLE
        .iter()
        .map(|row| {
            let exit = row.exit.map_or("the code's".to_owned(), |exit| exit.to_string());
            (word(row.status), row.integration.as_str().to_owned(), exit)
        })
        .collect();
    assert_eq!(written, known);
}

/// A fenced block.
struct Block {
    language: String,
    lines: Vec<String>,
}

/// The fenced blocks of a document, lines that end with a backslash joined.
fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut inside: Option<Block> = None;
    for line in text.lines() {
        match (&mut inside, line.strip_prefix("```")) {
            (None, Some(language)) => {
                inside = Some(Block {
                    language: language.to_owned(),
                    lines: Vec::new(),
                })
            }
            (Some(_), Some(_)) => found.extend(inside.take()),
            (Some(block), None) => match block.lines.last_mut().filter(|last| last.ends_with('\\')) {
                Some(last) => {
                    last.pop();
                    last.push_str(line.trim_start());
                }
                None => block.lines.push(line.to_owned()),
            },
            (None, None) => {}
        }
    }
    assert!(inside.is_none(), "a block does not end");
    found
}

/// The command lines of a block: after a `$` where the block shows output too.
fn commands(block: &Block) -> Vec<String> {
    let prompt = |line: &String| match block.language.as_str() {
        "sh" => Some(line.clone()),
        "console" | "text" => line.strip_prefix("$ ").map(str::to_owned),
        _ => None,
    };
    block
        .lines
        .iter()
        .filter_map(prompt)
        .filter(|line| line.starts_with("dovetail "))
        .collect()
}

/// Every command line of every document.
pub(crate) fn command_lines() -> Vec<String> {
    let texts = documents()
        .into_iter()
        .map(|path| std::fs::read_to_string(path).expect("it can be read"));
    texts
        .flat_map(|text| blocks(&text).iter().flat_map(commands).collect::<Vec<_>>())
        .collect()
}

/// The words of a command line. Shell beyond quotes is no part of the documents' commands.
fn words(line: &str) -> Vec<String> {
    assert!(
        !line.contains(['|', '>', ';', '&', '$', '*']),
        "`{line}` is more than a command"
    );
    let mut words = Vec::new();
    for (place, piece) in line.split('\'').enumerate() {
        match place % 2 {
            0 => words.extend(piece.split_whitespace().map(str::to_owned)),
            _ => words.push(piece.to_owned()),
        }
    }
    words.remove(0);
    words
}

/// A reader's desk: a home, a simulator in place of ConnectWise, and the files the documents name.
struct Desk {
    home: Home,
    simulator: Simulator,
    authority: String,
    folder: PathBuf,
}

impl Desk {
    async fn new(config: &str, files: &[(String, String)]) -> Desk {
        let (home, simulator) = (Home::new(), simulator().await);
        simulator.control().set_role(Role::writing());
        home.file(
            "private-key.txt",
            &format!("{}\n", simulator.credentials().private_key),
        );
        home.file("rename.json", config);
        for (name, content) in files {
            home.file(name, content);
        }
        home.file("passphrase.txt", "correct horse battery staple\n");
        let authority = home.file("authority.pem", simulator.ca_pem());
        let folder = home
            .path()
            .parent()
            .expect("the home stands in a folder")
            .to_path_buf();
        std::os::unix::fs::symlink(target(), folder.join("target")).expect("a link can be made");
        Desk {
            home,
            simulator,
            authority,
            folder,
        }
    }

    /// What a document names in place of the reader's own, replaced by what is here.
    fn ours(&self, mut words: Vec<String>) -> Vec<String> {
        let credentials = self.simulator.credentials();
        let mut before = String::new();
        for word in &mut words {
            let given = std::mem::replace(&mut before, word.clone());
            let key = word.split_once('=').map_or(word.as_str(), |(key, _)| key);
            *word = match key {
                "site" => format!("site={}", self.simulator.address()),
                "company" => format!("company={}", credentials.company_id),
                "public-key" => format!("public-key={}", credentials.public_key),
                "client-id" => format!("client-id={}", credentials.client_id),
                _ if given == "--ca-file" => self.authority.clone(),
                _ if word.ends_with("/rename.json") => "rename.json".to_owned(),
                "127.0.0.1:8080" => "127.0.0.1:0".to_owned(),
                _ => continue,
            };
        }
        if words.starts_with(&["integration".to_owned(), "add".to_owned()]) {
            for (flag, value) in [
                ("--ca-file", Some(&self.authority)),
                ("--allow-private-network", None),
            ] {
                if !words.iter().any(|word| word == flag) {
                    words.push(flag.to_owned());
                    words.extend(value.cloned());
                }
            }
        }
        words
    }

    async fn run(&self, line: &str) -> Ran {
        let words = self.ours(words(line));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        if words.first() == Some(&"serve") {
            // A server runs until it is told to stop: it is, once it says that it serves.
            let mut server = self.home.start(&words);
            server.line_with("serving").await;
            server.signal(Signal::TERM);
            return server.ended().await;
        }
        let mut command = self.home.command(&words);
        command
            .current_dir(&self.folder)
            .env("DEMO_PRIVATE_KEY", &self.simulator.credentials().private_key);
        ran(&command.output().await.expect("the binary can be started"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_line_of_the_documents_runs() {
    let (mut run, mut understood) = (Vec::new(), Vec::new());
    for document in documents() {
        let name = document
            .file_name()
            .expect("it has a name")
            .to_string_lossy()
            .into_owned();
        let blocks = blocks(&std::fs::read_to_string(&document).expect("it can be read"));
        let config = blocks
            .iter()
            .find(|block| block.language == "json")
            .map(|block| block.lines.join("\n"));
        let config = config.unwrap_or_default();
        // A block of CSV or TOML says the name of the file it is.
        let files: Vec<(String, String)> = blocks
            .iter()
            .filter_map(|block| {
                let name = ["csv ", "toml "]
                    .iter()
                    .find_map(|prefix| block.language.strip_prefix(prefix))?;
                Some((name, block.lines.join("\n")))
            })
            .map(|(name, content)| (name.to_owned(), content + "\n"))
            .collect();
        // What is shown with its output is a story of its own.
        for told in [true, false] {
            let lines: Vec<String> = blocks
                .iter()
                .filter(|block| (block.language == "text") == told)
                .flat_map(commands)
                .collect();
            if lines.is_empty() {
                continue;
            }
            let desk = Desk::new(&config, &files).await;
            for line in lines {
                let ran = desk.run(&line).await;
                match ONLY_UNDERSTOOD.iter().find(|(known, _)| *known == line) {
                    Some((_, exit)) => {
                        assert_eq!(ran.code, *exit, "{name}: `{line}`: {ran:#?}");
                        understood.push(format!("{name}: {line}"));
                    }
                    None => {
                        assert_eq!(ran.code, 0, "{name}: `{line}`: {ran:#?}");
                        run.push(format!("{name}: {line}"));
                    }
                }
            }
        }
    }
    println!("run, each ended with 0:\n  {}", run.join("\n  "));
    println!("only understood:\n  {}", understood.join("\n  "));
    assert!(run.len() > 30, "few command lines were found: {run:#?}");
}

/// The names of the commands below these words, as help lists them; none where they are a command themselves.
pub(crate) fn commands_below(words: &[String]) -> Vec<String> {
    let output = std::process::Command::new(binary())
        .args(words)
        .arg("--help")
        .output()
        .expect("help can be had");
    assert!(output.status.success(), "{words:?}");
    let text = String::from_utf8(output.stdout).expect("help is text");
    let list = text
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty());
    // A description that goes on in a further line stands further in than a command.
    let list = list.filter(|line| !line.starts_with("   "));
    let names = list.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// Every command, by its words.
pub(crate) fn every_command() -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for first in commands_below(&[]) {
        let below = commands_below(std::slice::from_ref(&first));
        match below.is_empty() {
            true => found.push(vec![first]),
            false => found.extend(below.into_iter().map(|second| vec![first.clone(), second])),
        }
    }
    found
}

#[test]
fn commands_named_in_passing_exist() {
    let known = every_command();
    let mut looked_at = 0;
    for document in documents() {
        let text = std::fs::read_to_string(&document).expect("it can be read");
        // Blocks are run; here it is about `dovetail …` within sentences.
        let spoken = text.split("```").step_by(2).collect::<String>();
        for piece in spoken
            .split('`')
            .skip(1)
            .step_by(2)
            .filter_map(|piece| piece.strip_prefix("dovetail "))
        {
            let plain = |word: &&str| {
                word.chars()
                    .all(|letter| letter.is_ascii_lowercase() || letter == '-')
            };
            let named: Vec<&str> = piece
                .split_whitespace()
                .take_while(plain)
                .filter(|word| !word.starts_with('-'))
                .take(2)
                .collect();
            let fits =
                |command: &Vec<String>| command.iter().zip(&named).all(|(known, named)| known == named);
            assert!(
                named.is_empty() || known.iter().any(fits),
                "{}: `dovetail {piece}`",
                document.display()
            );
            looked_at += 1;
        }
    }
    assert!(looked_at > 3, "only {looked_at} were found");
}
