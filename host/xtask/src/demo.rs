//! The main job as a person would do it: build, start the simulator, connect, choose, sync, look, and change a mapping
//! for one customer. Every command is printed before it is run, and the demo fails where one fails.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::build;
use crate::command::{Outcome, built, target};
use crate::simulator::Simulator;

/// The integration's name in the demo.
const NAME: &str = "acme";

/// Runs the demo. With `--wait`, or where a person is at the terminal, the simulator stays until Enter is pressed.
pub(crate) fn demo(rest: &[String]) -> Outcome {
    build::build()?;
    let folder = target().join("demo");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let authority = folder.join("simulator-ca.pem");
    let simulator = Simulator::start(&[
        "--demo",
        "--loose",
        "--writes",
        "--control-port",
        "0",
        "--ca-out",
        &authority.display().to_string(),
    ])?;
    let demo = Demo {
        home: folder.join("home"),
        key: simulator.said("/credentials/private_key")?.to_owned(),
    };

    say("A simulator of the ConnectWise REST API is running. First: connect to it.");
    let site = format!("site={}", simulator.said("/address")?);
    let company = format!("company={}", simulator.said("/credentials/company_id")?);
    let public_key = format!("public-key={}", simulator.said("/credentials/public_key")?);
    let client_id = format!("client-id={}", simulator.said("/credentials/client_id")?);
    let authority = authority.display().to_string();
    demo.run(&[
        "integration",
        "add",
        NAME,
        "--connector",
        "connectwise",
        "--set",
        &site,
        "--set",
        &company,
        "--set",
        &public_key,
        "--set",
        &client_id,
        "--secret",
        "private-key=env:DEMO_PRIVATE_KEY",
        "--ca-file",
        &authority,
        "--allow-private-network",
    ])?;
    demo.run(&["integration", "connect", NAME])?;

    say("Then: choose what to sync. Recommended options come first.");
    demo.run(&["settings", "show", NAME])?;
    demo.run(&[
        "settings",
        "set",
        NAME,
        "--select",
        "company-types=recommended",
        "--select",
        "company-statuses=recommended",
        "--select",
        "configuration-types=recommended",
        "--select",
        "configuration-statuses=recommended",
        "--select",
        "contact-types=all",
        "--select",
        "ticket-boards=recommended",
    ])?;

    say("Sync, and look at what came of it.");
    demo.run(&["sync", NAME])?;
    demo.run(&["asset", "list", "organization"])?;
    demo.run(&["asset", "list", "configuration", "--limit", "5"])?;
    let customer = demo.first("organization")?;
    demo.run(&["asset", "show", "organization", &customer.id])?;

    say("One customer wants its configurations named differently: an overlay, loaded from a file.");
    let overlay = target()
        .join("guests/components/rename_configurations.wasm")
        .display()
        .to_string();
    demo.run(&["plugin", "inspect", &overlay])?;
    demo.run(&["plugin", "add", &overlay, "--yes"])?;
    let config = folder.join("rename.json");
    write(
        &config,
        "{\"prefix\": \"HD\", \"copy\": {\"from\": \"custom_fields.Rack position\", \"to\": \"asset_tag\"}}\n",
    )?;
    let config = config.display().to_string();
    demo.run(&[
        "mapping",
        "set",
        NAME,
        "--organization",
        &customer.id,
        "--use",
        "rename-configurations",
        "--config",
        &config,
    ])?;
    demo.run(&["sync", NAME])?;
    demo.run(&[
        "asset",
        "list",
        "configuration",
        "--organization",
        &customer.id,
        "--limit",
        "5",
    ])?;

    demo.both_ways(&simulator, &customer)?;

    say("And the PSA's users can be invited.");
    demo.run(&["user", "suggested", NAME])?;
    demo.run(&["integration", "list"])?;
    demo.go_on();
    if rest.iter().any(|word| word == "--wait")
        || (std::io::stdin().is_terminal() && std::io::stdout().is_terminal())
    {
        say("The simulator keeps running, so that you can sync again. Press Enter to end it.");
        let mut line = String::new();
        std::io::stdin()
            .read_line(&mut line)
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn say(text: &str) {
    println!("\n── {text}");
}

fn write(path: &Path, text: &str) -> Outcome {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

struct Demo {
    home: PathBuf,
    key: String,
}

/// A record of the demo.
struct Shown {
    id: String,
    source: u64,
}

/// An organization of the demo.
struct Organization {
    id: String,
}

impl Demo {
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(built("dovetail"));
        command
            .args(words)
            .env("DOVETAIL_HOME", &self.home)
            .env("DEMO_PRIVATE_KEY", &self.key);
        command
    }

    /// Prints a command and runs it.
    fn run(&self, words: &[&str]) -> Outcome {
        let quoted: Vec<String> = words.iter().map(|word| quote(word)).collect();
        println!("\n$ dovetail {}", quoted.join(" "));
        // Order on the screen: what was printed here stands before what the command prints.
        std::io::stdout().flush().map_err(|error| error.to_string())?;
        let status = self
            .command(words)
            .status()
            .map_err(|error| format!("dovetail: {error}"))?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("dovetail {} ended with {status}", quoted.join(" ")))
        }
    }

    /// An edit each way, and one on both sides at once.
    fn both_ways(&self, simulator: &Simulator, customer: &Organization) -> Outcome {
        let contact = self.contact(&customer.id)?;
        let title = |text: &str| {
            let fields = serde_json::json!({"title": text});
            simulator.does(
                "/edit",
                &serde_json::json!({"kind": "contact", "id": contact.source, "fields": fields}),
            )
        };
        say("Edits can go back to the PSA. Switching that on sends nothing of what is there.");
        self.run(&["settings", "set", NAME, "--two-way", "on"])?;
        self.run(&[
            "asset",
            "edit",
            "contact",
            &contact.id,
            "--set",
            "title=Practice Manager",
        ])?;
        self.run(&["sync", NAME])?;

        say("Somebody changes the title in the PSA, and somebody changes it here before the next sync.");
        title("Owner")?;
        self.run(&[
            "asset",
            "edit",
            "contact",
            &contact.id,
            "--set",
            "title=Managing Partner",
        ])?;
        self.run(&["sync", NAME])?;
        self.run(&["conflict", "list"])?;
        let conflict = format!("contact.{}.title", contact.id);
        self.run(&["conflict", "resolve", &conflict, "--take", "local"])?;
        self.run(&["sync", NAME])?;
        self.run(&["asset", "history", "contact", &contact.id])
    }

    /// The first contact of an organization.
    fn contact(&self, organization: &str) -> Outcome<Shown> {
        let contacts = self.list(&["contact", "--organization", organization])?;
        let first = contacts.first().and_then(|record| {
            Some(Shown {
                id: text(record, "/id")?,
                source: text(record, "/source/id")?.parse().ok()?,
            })
        });
        first.ok_or_else(|| "the organization has no contact".to_owned())
    }

    /// The organization with the most configurations, so that there is something to see.
    fn first(&self, kind: &str) -> Outcome<Organization> {
        let configurations = self.list(&["configuration"])?;
        let owners: Vec<String> = configurations
            .iter()
            .filter_map(|record| text(record, "/organization/id"))
            .collect();
        self.list(&[kind])?
            .iter()
            .filter_map(|record| text(record, "/id"))
            .max_by_key(|candidate| owners.iter().filter(|owner| *owner == candidate).count())
            .map(|id| Organization { id })
            .ok_or_else(|| "nothing was synced".to_owned())
    }

    /// What `asset list` lists, without showing it.
    fn list(&self, of: &[&str]) -> Outcome<Vec<serde_json::Value>> {
        let words = [&["asset", "list"], of, &["--format", "json"]].concat();
        let output = self
            .command(&words)
            .output()
            .map_err(|error| format!("dovetail: {error}"))?;
        serde_json::from_slice(&output.stdout)
            .map_err(|error| format!("dovetail {}: {error}", words.join(" ")))
    }

    /// The commands with which a person goes on.
    fn go_on(&self) {
        say("Go on by yourself:");
        println!(
            "\nexport DOVETAIL_HOME={} DEMO_PRIVATE_KEY={}\nexport PATH={}:$PATH",
            quote(&self.home.display().to_string()),
            quote(&self.key),
            quote(
                &built("dovetail")
                    .parent()
                    .unwrap_or(Path::new("."))
                    .display()
                    .to_string()
            ),
        );
        for line in [
            "dovetail asset list contact --organization 1",
            "dovetail asset list configuration --where status=Active --format json",
            "dovetail run list acme",
            "dovetail connector guide connectwise",
            "dovetail mapping show acme",
            "dovetail help",
        ] {
            println!("{line}");
        }
    }
}

/// A text of a record.
fn text(record: &serde_json::Value, path: &str) -> Option<String> {
    record.pointer(path)?.as_str().map(str::to_owned)
}

fn quote(word: &str) -> String {
    let plain = !word.is_empty()
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_./:=,@+".contains(c));
    if plain {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
