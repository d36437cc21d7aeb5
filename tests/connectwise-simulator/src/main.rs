//! The simulator as a program: starts, prints one line of JSON, runs until its input closes or a signal comes.

use clap::Parser;
use connectwise_simulator::{Config, FaultPlan, Role, Simulator, Size};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::io::AsyncReadExt as _;

/// A stand-in for the ConnectWise REST API on 127.0.0.1.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// How many records there are, from 30 to 1,000,000; without it, the demo's set of about 350.
    #[arg(long, conflicts_with = "demo")]
    records: Option<u64>,
    /// Exact numbers in place of the proportions of `--records`.
    #[arg(long, requires = "records")]
    companies: Option<u64>,
    /// Likewise.
    #[arg(long, requires = "records")]
    contacts: Option<u64>,
    /// Likewise.
    #[arg(long, requires = "records")]
    configurations: Option<u64>,
    /// Likewise.
    #[arg(long, requires = "records")]
    tickets: Option<u64>,
    /// The demo's set of records, answered loosely.
    #[arg(long)]
    demo: bool,
    /// The seed of all data.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The HTTPS port; 0 for a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The port of the control interface; 0 for a free one. Without it there is none.
    #[arg(long)]
    control_port: Option<u16>,
    /// A port without TLS; 0 for a free one. Without it there is none.
    #[arg(long)]
    plain_http_port: Option<u16>,
    /// Where to write the certificate authority, as PEM.
    #[arg(long)]
    ca_out: Option<PathBuf>,
    /// Answer with ConnectWise's loose shapes.
    #[arg(long)]
    loose: bool,
    /// The seed of a plan of faults. Without it there are none.
    #[arg(long, value_name = "SEED")]
    faults: Option<u64>,
    /// Let the role write companies, contacts and configurations too.
    #[arg(long)]
    writes: bool,
}

impl Arguments {
    fn size(&self) -> Size {
        let usual = self.records.map_or_else(Size::demo, Size::records);
        Size {
            companies: self.companies.unwrap_or(usual.companies),
            contacts: self.contacts.unwrap_or(usual.contacts),
            configurations: self.configurations.unwrap_or(usual.configurations),
            tickets: self.tickets.unwrap_or(usual.tickets),
            members: usual.members,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("connectwise-simulator: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let simulator = Simulator::start(Config {
        seed: arguments.seed,
        size: arguments.size(),
        loose: arguments.loose || arguments.demo,
        faults: arguments.faults.map(FaultPlan::seeded),
        port: arguments.port,
        plain_http: arguments.plain_http_port,
        control_port: arguments.control_port,
        role: match arguments.writes {
            true => Role::writing(),
            false => Role::default(),
        },
        ..Config::default()
    })
    .await?;
    if let Some(path) = &arguments.ca_out {
        std::fs::write(path, simulator.ca_pem()).map_err(|error| {
            format!(
                "the certificate could not be written to {}: {error}",
                path.display()
            )
        })?;
    }
    let ready = json!({
        "address": simulator.address().to_string(),
        "base_url": simulator.base_url(),
        "port": simulator.address().port(),
        "plain_http": simulator.plain_address().map(|address| format!("http://{address}")),
        "control": simulator.control_address().map(|address| format!("http://{address}")),
        "ca_file": arguments.ca_out,
        "credentials": simulator.credentials(),
    });
    println!("{ready}");
    tokio::select! {
        () = input_closed() => {}
        () = signalled() => {}
    }
    simulator.stop().await;
    // A read of standard input cannot be taken back; leaving at once does not wait for it.
    std::process::exit(0);
}

async fn input_closed() {
    let mut input = tokio::io::stdin();
    let mut bytes = [0; 256];
    while matches!(input.read(&mut bytes).await, Ok(count) if count > 0) {}
}

#[cfg(unix)]
async fn signalled() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

#[cfg(not(unix))]
async fn signalled() {
    drop(tokio::signal::ctrl_c().await);
}
