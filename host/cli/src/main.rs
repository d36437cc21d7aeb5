//! The dovetail binary: argument types to request values, printing, progress. It decides nothing.

mod arenas;
mod args;
mod render;
mod terminal;
mod words;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use dovetail_server::answer::exit;
use dovetail_server::authors::Authoring;
use dovetail_server::{Answer, HomeFolder, Problem, Request, Session};
use tokio::sync::watch;

use crate::args::{Cli, Command, Common, Format};
use crate::render::Pages;
use crate::render::progress::Shown;
use crate::terminal::Terminal;

/// Rows a table of records shows where nobody said how many.
const TABLE_ROWS: usize = 100;

fn main() -> ExitCode {
    // The child that compiles plugins is this binary too: it does that and nothing else.
    if let Some(code) = dovetail_server::compile_child() {
        return code;
    }
    arenas::limit();
    let matches = Cli::command().get_matches();
    let name = command_name(&matches);
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    log_to_stderr(&cli.common);
    let format = cli.common.format;
    let ended = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime.block_on(run(cli, name)),
        Err(error) => Err(Problem::internal(format!(
            "The program cannot start its threads: {error}."
        ))),
    };
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(problem) => ExitCode::from(fail(&problem, format)),
    }
}

/// Prints a problem; its exit code.
fn fail(problem: &Problem, format: Format) -> u8 {
    // Where stderr is closed the exit code still says what happened.
    let _ = render::error::print(&mut anstream::stderr(), problem, format);
    problem.exit()
}

fn log_to_stderr(common: &Common) {
    use tracing::level_filters::LevelFilter;
    let level = match (common.quiet, common.verbose) {
        (true, _) => LevelFilter::ERROR,
        (false, 0) => LevelFilter::WARN,
        (false, 1) => LevelFilter::INFO,
        (false, 2) => LevelFilter::DEBUG,
        (false, _) => LevelFilter::TRACE,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(io::stderr)
        .with_ansi(std::env::var_os("NO_COLOR").is_none() && io::IsTerminal::is_terminal(&io::stderr()))
        .with_target(false)
        .init();
}

async fn run(cli: Cli, name: String) -> Result<u8, Problem> {
    let Cli { common, command } = cli;
    match command {
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "dovetail", &mut script);
            print(&script).map(|()| 0)
        }
        Command::Man { dir } => man_pages(&dir).map(|()| 0),
        Command::Serve { listen } => serve(&common, &listen).await.map(|()| 0),
        command => {
            let command = match words::authoring(command)? {
                Ok(authoring) => return author(&common, authoring).await,
                Err(command) => command,
            };
            let request = words::request(command, &mut io::stdin())?;
            let request = request.ok_or_else(|| Problem::internal("The command stands for no request."))?;
            perform(&common, name, request).await
        }
    }
}

/// An author's command: what tools say goes to stderr as it comes, the answer to stdout.
async fn author(common: &Common, what: Authoring) -> Result<u8, Problem> {
    let quiet = common.quiet;
    let report = move |line: &str| {
        if !quiet {
            anstream::eprintln!("{}", render::plain::plain(line));
        }
    };
    let answer = dovetail_server::authors::perform(what, report).await?;
    show(&answer, common.format)?;
    let problem = answer.problem(false);
    Ok(problem.map_or(0, |problem| fail(&problem, common.format)))
}

fn show(answer: &Answer, format: Format) -> Result<(), Problem> {
    let mut out = Vec::new();
    render::answer(&mut out, answer, format)
        .map_err(|error| Problem::internal(format!("The answer cannot be written: {error}.")))?;
    print(&out)
}

/// The command without its values, as others are told what holds the home: `integration add`.
fn command_name(matches: &clap::ArgMatches) -> String {
    let mut name = Vec::new();
    let mut matches = matches;
    while let Some((command, below)) = matches.subcommand() {
        name.push(command);
        matches = below;
    }
    name.join(" ")
}

fn home(common: &Common) -> Result<HomeFolder, Problem> {
    let path = match &common.home {
        Some(path) => path.clone(),
        None => HomeFolder::default_path()?,
    };
    Ok(HomeFolder::open(&path)?)
}

async fn perform(common: &Common, name: String, request: Request) -> Result<u8, Problem> {
    let format = common.format;
    let terminal = Terminal {
        shown: Shown::fitting(common.quiet),
    };
    let stop = stop_signal()?;
    let mut session = Session::new(home(common)?, name);
    let followed = matches!(
        request,
        Request::Sync { .. } | Request::Import { .. } | Request::RunApproveMatches(_)
    );
    let ended = match request {
        Request::AssetList(_) => records(&mut session, &terminal, &stop, request, format).await,
        request => match session.perform(request, &terminal, &stop).await {
            Ok(answer) => {
                terminal.shown.end();
                show(&answer, format).map(|()| answer)
            }
            Err(problem) => Err(problem),
        },
    };
    session.close().await;
    terminal.shown.end();
    let code = exit(&ended, followed);
    let problem = match &ended {
        Ok(answer) => answer.problem(followed),
        Err(problem) => Some(problem.clone()),
    };
    if let Some(problem) = problem {
        fail(&problem, format);
    }
    Ok(code)
}

/// Lists records page by page, so that a list of a million needs no more memory than one of a hundred.
async fn records(
    session: &mut Session,
    terminal: &Terminal,
    stop: &watch::Receiver<bool>,
    request: Request,
    format: Format,
) -> Result<Answer, Problem> {
    let Request::AssetList(mut query) = request else {
        return Err(Problem::internal(
            "Another request came where `asset list` was expected.",
        ));
    };
    let table = format == Format::Table;
    let mut left = query.limit.unwrap_or(if table { TABLE_ROWS } else { usize::MAX });
    let mut pages = Pages::new(format);
    let mut shown: Option<dovetail_server::answer::AssetPage> = None;
    loop {
        query.limit = Some(left);
        query.count = table;
        let Answer::Assets(mut page) = session
            .perform(Request::AssetList(query.clone()), terminal, stop)
            .await?
        else {
            return Err(Problem::internal("The list was answered with something else."));
        };
        left = left.saturating_sub(page.records.len());
        query.after = page.next;
        if !table {
            let mut out = Vec::new();
            let document = Answer::Assets(page.clone()).document();
            pages
                .page(&mut out, document)
                .map_err(|error| Problem::internal(error.to_string()))?;
            print(&out)?;
        }
        let last = page.next.is_none() || left == 0;
        if table {
            if let Some(before) = shown.take() {
                page.records = before.records.into_iter().chain(page.records).collect();
            }
        } else {
            page.records.clear();
        }
        if last {
            let mut out = Vec::new();
            let answer = Answer::Assets(page);
            let written = if table {
                render::answer(&mut out, &answer, format)
            } else {
                pages.end(&mut out)
            };
            written.map_err(|error| Problem::internal(error.to_string()))?;
            print(&out)?;
            return Ok(answer);
        }
        shown = Some(page);
    }
}

async fn serve(common: &Common, listen: &str) -> Result<(), Problem> {
    let stop = stop_signal()?;
    let quiet = common.quiet;
    let ready = move |address| {
        if !quiet {
            anstream::eprintln!("serving; http://{address}/healthz and /readyz answer");
        }
    };
    dovetail_server::session::serve(home(common)?, listen, stop, ready).await
}

/// Raised by the first SIGINT or SIGTERM. The second ends the process as it would have without us.
fn stop_signal() -> Result<watch::Receiver<bool>, Problem> {
    use tokio::signal::unix::{SignalKind, signal};
    let failed =
        |error: io::Error| Problem::internal(format!("The program cannot listen for signals: {error}."));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let (raise, raised) = watch::channel(false);
    tokio::spawn(async move {
        for first in [true, false] {
            let number = tokio::select! {
                _ = interrupt.recv() => 2,
                _ = terminate.recv() => 15,
            };
            if first {
                raise.send_replace(true);
            } else {
                std::process::exit(128 + number);
            }
        }
    });
    Ok(raised)
}

/// Writes to stdout. Where whoever reads it has enough, that is the end of the program and no failure.
fn print(bytes: &[u8]) -> Result<(), Problem> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => Err(Problem::internal(format!(
            "The answer cannot be written: {error}."
        ))),
        Ok(()) => Ok(()),
    }
}

fn man_pages(dir: &Path) -> Result<(), Problem> {
    let refused = |error: io::Error| {
        Problem::value(
            format!("the man pages cannot be written to {}: {error}", dir.display()),
            "Name a folder that you can write to.",
        )
    };
    std::fs::create_dir_all(dir).map_err(refused)?;
    clap_mangen::generate_to(Cli::command(), dir).map_err(refused)
}

#[cfg(test)]
mod tests;
