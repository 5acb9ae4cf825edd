//! What of the world a program may use: files, other processes, sockets, the environment.
//!
//! A host has a `World` and passes the VM's questions on to it. Without doors all of the world is there; with doors only what they
//! open (`sandbox.rs`).

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::rc::Rc;

use super::os_files::OsFiles;
use super::os_processes::OsProcesses;
use super::sandbox::{Doors, Guarded, GuardedProcesses, StandardStreams, refused};
use crate::vm::files::{Files, Links};
use crate::vm::processes::Processes;

/// What a program may use.
pub struct World {
    files: Rc<dyn Files>,
    /// None: everything.
    doors: Option<Doors>,
}

impl World {
    /// The world, or what these doors open of it.
    #[must_use]
    pub fn new(doors: Option<Doors>, streams: StandardStreams) -> World {
        let files: Rc<dyn Files> = Rc::new(OsFiles::default());
        World {
            files: match &doors {
                None => files,
                Some(doors) => Rc::new(Guarded::new(files, doors.clone(), streams)),
            },
            doors,
        }
    }

    /// The file system.
    #[must_use]
    pub fn files(&self) -> Rc<dyn Files> {
        Rc::clone(&self.files)
    }

    /// Other processes.
    #[must_use]
    pub fn processes(&self) -> Rc<dyn Processes> {
        match &self.doors {
            Some(doors) if !doors.processes => Rc::new(GuardedProcesses),
            _ => Rc::new(OsProcesses),
        }
    }

    /// Whether modules may be read from a folder, or from a file.
    ///
    /// # Errors
    /// They may not.
    pub fn check_import(&self, path: &Path) -> io::Result<()> {
        match &self.doors {
            Some(_) => self.files.stat(path, Links::Follow).map(|_| ()),
            None => Ok(()),
        }
    }

    /// Whether the program may send signals to itself.
    ///
    /// # Errors
    /// It may not.
    pub fn check_signal(&self) -> io::Result<()> {
        match &self.doors {
            Some(doors) if !doors.processes => Err(refused("--allow-run")),
            _ => Ok(()),
        }
    }

    /// Whether sockets may be used.
    ///
    /// # Errors
    /// They may not; the text says what allows them.
    pub fn check_network(&self) -> io::Result<()> {
        match &self.doors {
            Some(doors) if !doors.network => Err(refused("--allow-net")),
            _ => Ok(()),
        }
    }

    /// The variables of the environment.
    #[must_use]
    pub fn environment(&self) -> Vec<(OsString, OsString)> {
        let all = std::env::vars_os();
        match &self.doors {
            None => all.collect(),
            Some(doors) => all
                .filter(|(name, _)| doors.environment.contains(name))
                .collect(),
        }
    }
}
