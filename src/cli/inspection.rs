//! `--inspect`: the socket at which a program says what its tasks wait for.
//!
//! The socket is a file of the user's own folder, named by the number of the process; nobody else may open it. `apy ps` (`ps.rs`)
//! connects and sends SIGURG, which the system ignores by default. The program notices the signal where it notices Ctrl-C, makes the
//! tree of its tasks and leaves the writing to a thread. As long as nobody asks nothing runs.

use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::output::words;
use super::signals::{Signals, leave_to_others};
use super::style::complain;
use crate::vm::signals::{Disposition, Signals as _};

/// The signal that says: somebody has connected.
pub const SIGNAL: Signal = Signal::SIGURG;

/// How long a reader may keep the answer waiting.
const PATIENCE: Duration = Duration::from_secs(5);

/// The open socket of a program.
pub struct Inspection {
    listener: UnixListener,
    path: PathBuf,
    asking: Vec<UnixStream>,
}

impl Inspection {
    /// Opens the socket of this process; says why if that fails, and the program runs without it.
    pub fn open_or_complain(signals: &Signals) -> Option<Inspection> {
        match Inspection::open(signals) {
            Ok(inspection) => Some(inspection),
            Err(error) => {
                complain(&format!("--inspect: {}", words(&error)));
                None
            }
        }
    }

    fn open(signals: &Signals) -> io::Result<Inspection> {
        let path = folder()?.join(format!("{}.sock", std::process::id()));
        // A process that had the same number may have left its socket.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
        signals.set(SIGNAL as i32, Disposition::Catch)?;
        Ok(Inspection {
            listener,
            path,
            asking: Vec::new(),
        })
    }

    /// Whether somebody has asked since the last answer.
    pub fn is_asked(&mut self) -> bool {
        while let Ok((stream, _)) = self.listener.accept() {
            self.asking.push(stream);
        }
        !self.asking.is_empty()
    }

    /// Answers all who have asked, on a thread: a slow reader must not hold the program.
    pub fn answer(&mut self, text: String) {
        let asking = std::mem::take(&mut self.asking);
        let answer = move || {
            leave_to_others();
            for mut stream in asking {
                // A reader that has gone has lost interest.
                let _ = stream
                    .set_nonblocking(false)
                    .and_then(|()| stream.set_write_timeout(Some(PATIENCE)))
                    .and_then(|()| stream.write_all(text.as_bytes()));
            }
        };
        // Without a thread the streams are closed, and the readers hear that there is no answer.
        let _ = std::thread::Builder::new().spawn(answer);
    }
}

impl Drop for Inspection {
    fn drop(&mut self) {
        // `apy ps` removes what is left.
        let _ = fs::remove_file(&self.path);
    }
}

/// The folder of the sockets, made if need be: `$XDG_RUNTIME_DIR/apy`, else a folder of the user's in the one for temporary files.
///
/// # Errors
/// The system's; PermissionDenied if others may use the folder, too.
pub fn folder() -> io::Result<PathBuf> {
    let user = fs::metadata("/proc/self")?.uid();
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let folder = match runtime.filter(|folder| folder.is_absolute()) {
        Some(runtime) => runtime.join("apy"),
        None => std::env::temp_dir().join(format!("apy-{user}")),
    };
    match DirBuilder::new().mode(0o700).create(&folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let found = fs::symlink_metadata(&folder)?;
    if !found.is_dir() || found.uid() != user || found.mode() & 0o077 != 0 {
        let message = format!("{} is not a folder of yours alone", folder.display());
        return Err(io::Error::new(ErrorKind::PermissionDenied, message));
    }
    Ok(folder)
}
