//! `apy ps`: the programs of this user that run with `--inspect`, and the tasks of one of them.
//!
//! Each socket in the folder of `inspection.rs` is a program; one that nobody listens at was left behind and is removed. To ask: connect,
//! send the signal to the process at the other end, read until it closes.

use std::fmt::Write;
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::kill;
use nix::sys::socket::{getsockopt, sockopt};
use nix::unistd::Pid;

use super::inspection::{SIGNAL, folder};
use super::output::{words, write_listing};
use super::status;
use super::style::complain;

/// How long a program may take to answer one question, and how long if many are asked.
const PATIENCE: Duration = Duration::from_secs(10);
const LITTLE_PATIENCE: Duration = Duration::from_secs(1);

/// Lists programs, or shows the tasks of the one with a number; the exit status.
pub fn ps(number: Option<i32>) -> u8 {
    let folder = match folder() {
        Ok(folder) => folder,
        Err(error) => {
            complain(&words(&error));
            return status::FAILURE;
        }
    };
    match number {
        None => write_listing(&list(&folder)),
        Some(number) => show(&folder, number),
    }
}

fn show(folder: &Path, number: i32) -> u8 {
    let path = folder.join(format!("{number}.sock"));
    match ask(&path, PATIENCE) {
        Ok(answer) => write_listing(&format!("{number}  {}\n{answer}", command(number))),
        Err(error) => {
            let problem = match error.kind() {
                ErrorKind::NotFound | ErrorKind::ConnectionRefused => {
                    format!("no program {number} runs with --inspect")
                }
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::UnexpectedEof => {
                    format!("program {number} does not answer: it is inside of one long operation")
                }
                _ => format!("cannot ask program {number}: {}", words(&error)),
            };
            complain(&problem);
            status::FAILURE
        }
    }
}

/// A line for each program, in the order of their numbers.
fn list(folder: &Path) -> String {
    let mut out = String::new();
    for (number, path) in sockets(folder) {
        let state = match ask(&path, LITTLE_PATIENCE) {
            Ok(answer) => answer.lines().next().unwrap_or_default().to_owned(),
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                // Whoever listened here is gone.
                let _ = fs::remove_file(&path);
                continue;
            }
            Err(_) => "no answer".to_owned(),
        };
        let _ = writeln!(out, "{number:>7}  {state:<20}  {}", command(number));
    }
    out
}

fn sockets(folder: &Path) -> Vec<(i32, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let numbered = entries.filter_map(|entry| {
        let path = entry.path();
        let name = path.file_name()?.to_str()?.strip_suffix(".sock")?;
        Some((name.parse().ok()?, path))
    });
    let mut found: Vec<(i32, PathBuf)> = numbered.collect();
    found.sort();
    found
}

/// The answer of the program that listens at a socket.
fn ask(path: &Path, patience: Duration) -> io::Result<String> {
    let mut stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(patience))?;
    let peer = getsockopt(&stream, sockopt::PeerCredentials)?;
    kill(Pid::from_raw(peer.pid()), SIGNAL)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    match answer.is_empty() {
        true => Err(ErrorKind::UnexpectedEof.into()),
        false => Ok(String::from_utf8_lossy(&answer).into_owned()),
    }
}

/// The command line of a process, fit for a terminal.
fn command(number: i32) -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "what the system says of another process"
    )]
    let line = fs::read(format!("/proc/{number}/cmdline")).unwrap_or_default();
    let line = String::from_utf8_lossy(&line).replace('\0', " ");
    let shown = line.trim_end().chars();
    shown
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}
