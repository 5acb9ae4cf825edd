//! Bytes on their way to a file, and the streams that still hold some: so that no program loses what it wrote.
//!
//! A `Sink` belongs to a buffered writer, a `TextSink` to the text layer above it. Where the file is the system's, dropping them writes
//! what is left: a file object that was forgotten is complete once the collector has found it, and at the end of the program. The
//! registry in `IoState` knows all that live.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, OwnedFd};
use std::rc::{Rc, Weak};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::runtime::Slot;
use crate::runtime::heap::traced;
use crate::vm::files::OpenFile;
use crate::vm::{Extension, Layer, LayerPlace};

/// Bytes that a buffered writer holds.
#[derive(Default)]
pub struct Sink {
    /// Not yet written.
    pub pending: RefCell<Vec<u8>>,
    /// The system's file below, if nothing else is.
    pub file: RefCell<Option<Arc<dyn OpenFile>>>,
}

impl Sink {
    /// Writes what is pending to the system's file; bytes that were written are no longer pending even if the rest fails.
    pub fn write_out(&self) -> io::Result<()> {
        let file = self.file.borrow().clone();
        let Some(file) = file else {
            return Ok(());
        };
        let mut pending = self.pending.borrow_mut();
        let (written, outcome) = write_all(&*file, &pending);
        pending.drain(..written);
        outcome
    }

    /// Adds bytes; writes if there are many.
    fn add(&self, data: &[u8]) {
        self.pending.borrow_mut().extend_from_slice(data);
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // Nobody is left to hear of an error.
        let _ = self.write_out();
    }
}

/// Writes all bytes; how many were written, and what stopped it.
pub fn write_all(file: &dyn OpenFile, data: &[u8]) -> (usize, io::Result<()>) {
    let mut written = 0;
    while written < data.len() {
        match file.write(&data[written..]) {
            Ok(0) => return (written, Err(ErrorKind::WriteZero.into())),
            Ok(count) => written += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return (written, Err(error)),
        }
    }
    (written, Ok(()))
}

/// Encoded text that a text layer holds.
#[derive(Default)]
pub struct TextSink {
    /// Not yet handed to the buffer.
    pub pending: RefCell<Vec<u8>>,
    /// The sink of the buffer below, if that is one of ours.
    pub below: RefCell<Option<Rc<Sink>>>,
}

impl TextSink {
    fn hand_down(&self) {
        let pending = self.pending.take();
        if let Some(below) = self.below.take() {
            below.add(&pending);
        }
    }
}

impl Drop for TextSink {
    fn drop(&mut self) {
        self.hand_down();
    }
}

/// What the module keeps beside its objects.
#[derive(Default)]
pub struct IoState {
    /// The class `UnsupportedOperation`, once it was made.
    pub unsupported: Slot,
    /// `sys.stdin`, `sys.stdout`, `sys.stderr` as they were first.
    pub standard: [Slot; 3],
    /// Whether the program may have replaced a standard stream: `sys` was imported.
    pub sys: Slot,
    /// Files that the program knows by their descriptors only.
    descriptors: RefCell<FxHashMap<i64, Arc<dyn OpenFile>>>,
    sinks: RefCell<Vec<Weak<Sink>>>,
    texts: RefCell<Vec<Weak<TextSink>>>,
    /// How long the lists may grow before dead entries are dropped.
    limit: Cell<usize>,
    /// The sockets that are open, by descriptor.
    sockets: RefCell<FxHashMap<i64, SocketEntry>>,
    /// A buffer for what sockets receive.
    pub scratch: Cell<Vec<u8>>,
    /// Sockets that the program knows by their descriptors only.
    detached: RefCell<FxHashMap<i64, OwnedFd>>,
}

/// An open socket, as long as its object lives.
type SocketEntry = std::sync::Weak<dyn AsFd + Send + Sync>;

impl Layer for IoState {
    const PLACE: LayerPlace = LayerPlace::OpenFiles;
}

traced!(plain Sink);
traced!(TextSink { below } plain { pending });
traced!(IoState { unsupported, standard, sys, sinks, texts } plain { descriptors, limit, sockets, scratch, detached });

impl Extension for IoState {}

impl IoState {
    /// Notes an open socket.
    #[cfg(feature = "net")]
    pub fn note_socket(&self, number: i64, socket: SocketEntry) {
        let mut sockets = self.sockets.borrow_mut();
        if sockets.len() == sockets.capacity() {
            sockets.retain(|_, socket| socket.strong_count() > 0);
        }
        sockets.insert(number, socket);
    }

    /// A descriptor of its own for a socket with this number, if there is one.
    pub fn socket_descriptor(&self, number: i64) -> Option<io::Result<OwnedFd>> {
        let socket = self.sockets.borrow().get(&number)?.upgrade();
        if let Some(socket) = socket {
            return Some(socket.as_fd().try_clone_to_owned());
        }
        let detached = self.detached.borrow();
        Some(detached.get(&number)?.try_clone())
    }

    /// Keeps a socket open that the program knows by its number only.
    pub fn detach(&self, number: i64, socket: OwnedFd) {
        self.detached.borrow_mut().insert(number, socket);
    }

    /// Takes a socket that was detached.
    pub fn take_detached(&self, number: i64) -> Option<OwnedFd> {
        self.detached.borrow_mut().remove(&number)
    }

    /// Keeps a file open until `forget_descriptor`.
    pub fn keep_descriptor(&self, file: Arc<dyn OpenFile>) {
        self.descriptors.borrow_mut().insert(file.number(), file);
    }

    /// The file with this descriptor was closed.
    pub fn forget_descriptor(&self, number: i64) {
        self.descriptors.borrow_mut().remove(&number);
    }

    /// Registers a sink.
    pub fn watch(&self, sink: &Rc<Sink>) {
        let mut sinks = self.sinks.borrow_mut();
        if sinks.len() > self.limit.get().max(64) {
            sinks.retain(|sink| sink.strong_count() > 0);
            self.limit.set(sinks.len() * 2);
        }
        sinks.push(Rc::downgrade(sink));
    }

    /// Registers a text layer's sink.
    pub fn watch_text(&self, text: &Rc<TextSink>) {
        let mut texts = self.texts.borrow_mut();
        if texts.len() > 64 && texts.len().is_power_of_two() {
            texts.retain(|text| text.strong_count() > 0);
        }
        texts.push(Rc::downgrade(text));
    }

    /// Whether a buffered writer lives, as far as is known.
    pub fn has_writers(&self) -> bool {
        !self.sinks.borrow().is_empty()
    }

    /// Whether bytes for a file of the system are held that has this device and inode.
    pub fn holds_bytes_for(&self, device: u64, inode: u64) -> bool {
        self.holds_bytes(|file| {
            let stat = file.stat().ok();
            stat.is_some_and(|stat| stat.device == device && stat.inode == inode)
        })
    }

    /// Whether bytes for any file of the system are held, the standard streams apart.
    pub fn holds_bytes_for_any(&self) -> bool {
        self.holds_bytes(|file| file.number() > 2)
    }

    fn holds_bytes(&self, is_meant: impl Fn(&dyn OpenFile) -> bool) -> bool {
        let is_it = |sink: &Sink| {
            sink.file
                .borrow()
                .as_ref()
                .is_some_and(|file| is_meant(&**file))
        };
        let sinks = self.sinks.borrow();
        let texts = self.texts.borrow();
        let texts = texts.iter().filter_map(Weak::upgrade);
        let mut below = texts.filter_map(|text| {
            let held = !text.pending.borrow().is_empty();
            text.below.borrow().clone().filter(|_| held)
        });
        below.any(|sink| is_it(&sink))
            || sinks
                .iter()
                .filter_map(Weak::upgrade)
                .any(|sink| !sink.pending.borrow().is_empty() && is_it(&sink))
    }

    /// Writes all that is held: the program ends.
    ///
    /// # Errors
    /// What the standard output met. Files that the program forgot fail in silence.
    pub fn flush_all(&self) -> io::Result<()> {
        for text in self.texts.borrow().iter().filter_map(Weak::upgrade) {
            let pending = text.pending.take();
            if let Some(below) = &*text.below.borrow() {
                below.add(&pending);
            }
        }
        let mut outcome = Ok(());
        for sink in self.sinks.borrow().iter().filter_map(Weak::upgrade) {
            let file = sink.file.borrow().clone();
            let is_output = file.is_some_and(|file| file.number() == 1);
            let written = sink.write_out();
            if is_output {
                outcome = outcome.and(written);
            }
        }
        outcome
    }
}
