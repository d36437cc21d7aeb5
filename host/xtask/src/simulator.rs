//! The simulator as a process: started with what it is to hold, ended when dropped.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::command::{Outcome, built};

/// A running simulator and what it said about itself.
pub(crate) struct Simulator {
    child: Child,
    said: serde_json::Value,
}

impl Simulator {
    /// Starts it and waits until it says that it is ready.
    pub(crate) fn start(words: &[&str]) -> Outcome<Simulator> {
        Simulator::start_from(&built("connectwise-simulator"), words)
    }

    /// Starts the program at a path.
    pub(crate) fn start_from(program: &Path, words: &[&str]) -> Outcome<Simulator> {
        let mut child = Command::new(program)
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("the simulator could not be started: {error}"))?;
        let mut line = String::new();
        let output = child.stdout.take().ok_or("the simulator has no output")?;
        BufReader::new(output)
            .read_line(&mut line)
            .map_err(|error| error.to_string())?;
        let said =
            serde_json::from_str(&line).map_err(|error| format!("the simulator said {line:?}: {error}"))?;
        Ok(Simulator { child, said })
    }

    /// Has somebody on the PSA's side do something: a path of the control interface with its JSON.
    pub(crate) fn does(&self, path: &str, what: &serde_json::Value) -> Outcome {
        let control = self.said("/control")?.trim_start_matches("http://").to_owned();
        let body = what.to_string();
        let failed = |error: std::io::Error| format!("the simulator's control interface: {error}");
        let mut stream = TcpStream::connect(&control).map_err(failed)?;
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: {control}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        )
        .map_err(failed)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map_err(failed)?;
        match answer.starts_with("HTTP/1.1 200") {
            true => Ok(()),
            false => Err(format!("the simulator answered {path} with {answer}")),
        }
    }

    /// A text of what it said, such as `/address` or `/credentials/private_key`.
    pub(crate) fn said(&self, pointer: &str) -> Outcome<&str> {
        let text = self.said.pointer(pointer).and_then(|text| text.as_str());
        text.ok_or_else(|| format!("the simulator did not say {pointer}"))
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // It is on its way out already where this fails.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
