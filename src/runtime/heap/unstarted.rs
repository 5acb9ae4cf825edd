//! Coroutines that were made and not started yet, each with the place where it was made, so that none is forgotten in silence.
//!
//! The VM notes a coroutine that is not awaited on the spot. A collection drops the notes of those that were started since; one
//! that nothing reaches any more is *lost*: it lives until the VM has told the user of it (`next_lost`). What something else
//! answers for, such as a task, has `flag::ANSWERED`.

use std::cell::RefCell;
use std::rc::Rc;

use super::Heap;
use super::finalize::noted;
use super::gc::{Gc, Header, flag};
use super::slot::Slot;
use super::trace::Tracer;
use crate::bytecode::Code;
use crate::runtime::code::CodeObj;
use crate::runtime::coroutine::{Coroutine, CoroutineState};
use crate::runtime::value::Value;

/// A coroutine by its bits, and the instruction that made it.
struct Note {
    coroutine: u64,
    /// A `CodeObj`, which the note keeps alive.
    code: Slot,
    at: u32,
}

/// A coroutine that will never run, and the instruction that made it.
struct Lost {
    coroutine: Slot,
    code: Rc<Code>,
    at: u32,
}

/// The notes of one heap.
#[derive(Default)]
pub(super) struct Unstarted {
    notes: RefCell<Vec<Note>>,
    lost: RefCell<Vec<Lost>>,
}

impl Heap {
    /// Notes a new coroutine and where it was made.
    #[inline]
    pub fn note_unstarted(&self, coroutine: Gc<'_, Coroutine>, code: Gc<'_, CodeObj>, at: u32) {
        let mut notes = self.unstarted.notes.borrow_mut();
        if notes.len() == notes.capacity() {
            make_room(&mut notes);
        }
        notes.push(Note {
            coroutine: coroutine.value().bits(),
            code: Slot::new(code.value()),
            at,
        });
    }

    /// Something answers for a coroutine now: drops its note if it is the latest, as that of a new task's is. Other notes go when
    /// there is no room for more.
    #[inline]
    pub fn forget_unstarted(&self, coroutine: Gc<'_, Header>) {
        let mut notes = self.unstarted.notes.borrow_mut();
        notes.pop_if(|note| note.coroutine == coroutine.value().bits());
    }

    /// Changes the place of a note.
    pub fn move_unstarted(
        &self,
        coroutine: Gc<'_, Coroutine>,
        from: (Value<'_>, u32),
        to: (Gc<'_, CodeObj>, u32),
    ) {
        let mut notes = self.unstarted.notes.borrow_mut();
        let bits = coroutine.value().bits();
        let note = notes.iter_mut().rfind(|note| note.coroutine == bits);
        let is_there =
            |note: &&mut Note| note.at == from.1 && note.code.get(self).bits() == from.0.bits();
        if let Some(note) = note.filter(is_there) {
            note.code.set(to.0.value());
            note.at = to.1;
        }
    }

    /// Whether coroutines were lost that the user was not told of.
    #[inline]
    pub fn has_lost(&self) -> bool {
        !self.unstarted.lost.borrow().is_empty()
    }

    /// The next lost coroutine, with the place where it was made.
    pub fn next_lost(&self) -> Option<(Gc<'_, Coroutine>, Rc<Code>, u32)> {
        let mut lost = self.unstarted.lost.borrow_mut();
        if lost.is_empty() {
            return None;
        }
        let first = lost.remove(0);
        Some((first.coroutine.expect(self), first.code, first.at))
    }

    /// The coroutines that wait to be started, oldest first, with the places where they were made.
    pub fn unstarted(&self) -> Vec<(Gc<'_, Coroutine>, Rc<Code>, u32)> {
        let notes = self.unstarted.notes.borrow();
        let open = notes.iter().filter(|note| note.is_open());
        open.map(|note| (note.coroutine(), note.code(self), note.at))
            .collect()
    }

    /// The program is over: whatever was not started is lost.
    pub fn lose_unstarted(&self) {
        let notes = self.unstarted.notes.take();
        let mut lost = self.unstarted.lost.borrow_mut();
        let open = notes.into_iter().filter(Note::is_open);
        lost.extend(open.map(|note| note.lose(self)));
    }
}

/// Drops the notes that say nothing any more; grows if that are few.
#[cold]
fn make_room(notes: &mut Vec<Note>) {
    notes.retain(Note::is_open);
    if notes.len() * 2 >= notes.capacity() {
        notes.reserve(notes.capacity().max(64));
    }
}

impl Note {
    fn coroutine<'h>(&self) -> Gc<'h, Coroutine> {
        let noted = noted(self.coroutine).as_gc();
        noted.expect("coroutines are noted, and nothing else")
    }

    /// Whether the coroutine was not started, and nothing answers for it.
    fn is_open(&self) -> bool {
        let coroutine = self.coroutine();
        coroutine.state.get() == CoroutineState::Created
            && coroutine.parent.is_undef()
            && !coroutine.has_flag(flag::ANSWERED)
    }

    /// The code of the instruction.
    fn code(&self, heap: &Heap) -> Rc<Code> {
        let code: Gc<'_, CodeObj> = self.code.expect(heap);
        Rc::clone(&code.code)
    }

    fn lose(self, heap: &Heap) -> Lost {
        Lost {
            coroutine: Slot::new(self.coroutine().value()),
            code: self.code(heap),
            at: self.at,
        }
    }
}

impl Unstarted {
    /// Reports the lost, which live until the user was told, and the code of what is noted.
    pub(super) fn trace(&self, tracer: &mut Tracer<'_>) {
        for note in self.notes.borrow().iter() {
            tracer.slot(&note.code);
        }
        for lost in self.lost.borrow().iter() {
            tracer.slot(&lost.coroutine);
        }
    }

    /// After the marking: finds the lost, and keeps what they reach.
    pub(super) fn settle(&self, tracer: &mut Tracer<'_>) {
        let mut lost = self.lost.borrow_mut();
        let before = lost.len();
        let mut notes = self.notes.borrow_mut();
        for note in std::mem::take(&mut *notes) {
            if !note.is_open() {
                continue;
            }
            if tracer.reaches(note.coroutine) {
                notes.push(note);
            } else {
                lost.push(note.lose(tracer.heap));
            }
        }
        for lost in &lost[before..] {
            tracer.slot(&lost.coroutine);
        }
        tracer.drain();
    }
}
