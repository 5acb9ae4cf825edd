//! `--watch`: the tests run again whenever a file changes, until Ctrl-C.
//!
//! Files are looked at a few times a second: that needs nothing of the system and works on any file system.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, SystemTime};

use super::super::args::{Settings, TestOptions};
use super::super::output::write_listing;
use super::super::signals::interrupt_flag;
use super::super::status;
use super::super::style::complain;

const PAUSE: Duration = Duration::from_millis(300);
/// The endings of files that count.
const WATCHED: [&str; 7] = ["apy", "py", "out", "err", "in", "exit", "toml"];

/// Runs the tests, and again after each change; the exit status of the last run.
pub fn watch(options: &TestOptions, settings: &Settings) -> u8 {
    let interrupted = match interrupt_flag() {
        Ok(flag) => flag,
        Err(error) => {
            complain(&format!("cannot listen to Ctrl-C: {error}"));
            return status::USAGE;
        }
    };
    loop {
        let before = state();
        let status = super::once(options, settings);
        if interrupted.load(Ordering::Relaxed) {
            return status;
        }
        write_listing("waiting for changes (Ctrl-C ends it)\n");
        while state() == before {
            thread::sleep(PAUSE);
            if interrupted.load(Ordering::Relaxed) {
                return status;
            }
        }
    }
}

/// When each file was changed.
fn state() -> BTreeMap<PathBuf, SystemTime> {
    let mut files = BTreeMap::new();
    look(Path::new("."), &mut files);
    files
}

fn look(folder: &Path, files: &mut BTreeMap<PathBuf, SystemTime>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() && !hidden {
            look(&path, files);
        } else if kind.is_file()
            && path
                .extension()
                .is_some_and(|ending| WATCHED.iter().any(|watched| ending == *watched))
            && let Ok(changed) = entry.metadata().and_then(|data| data.modified())
        {
            files.insert(path, changed);
        }
    }
}
