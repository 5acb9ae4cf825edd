//! What the layers above do for the VM: find and compile modules, hear of Ctrl-C and of used-up time slices.
//!
//! The VM knows nothing of syntax, files or the scheduler; they leave a closure here. A hook that is not set does nothing, or the
//! operation that needs it raises.

use std::ops::Range;
use std::rc::Rc;

use super::import::Importer;
use super::import_lock::ImportThreads;
use super::{CompileRequest, Local, Vm};
use crate::bytecode::{Code, ToldPlace};
use crate::runtime::{Builtin, Raised};

/// Something that may raise at a safepoint.
type Attend = dyn Fn(&mut Vm) -> Result<(), Raised>;

/// Compiles; returns a code object.
pub(in crate::vm) type Compile = dyn Fn(&mut Vm, &CompileRequest<'_>) -> Result<Local, Raised>;

/// A place in a source text.
#[derive(Clone, Debug)]
pub struct SourcePlace {
    /// What the text is called: its file.
    pub file: Rc<str>,
    /// The line, from 1.
    pub line: usize,
    /// The bytes of the line before it.
    pub column: usize,
}

impl SourcePlace {
    /// The place under the name and the line that the user gave to its code.
    fn told(self, told: &ToldPlace) -> SourcePlace {
        SourcePlace {
            file: told.file.clone().unwrap_or(self.file),
            line: self.line.saturating_add_signed(told.lines as isize),
            column: self.column,
        }
    }
}

/// What the facade knows of source texts.
pub trait SourceTexts {
    /// The text of this name that was loaded.
    fn text(&self, vm: &Vm, name: &str) -> Option<Rc<str>>;
    /// The lines of a text that a traceback shows, with marks under the bytes from `start` in the first line to `end` in the last.
    fn marked(&self, text: &str, start: usize, end: usize) -> String;
    /// Which bytes of the text of a call are what is called.
    fn callee(&self, text: &str) -> Option<Range<usize>>;
}

/// Where an offset into a source text is, by the text's number.
type Locate = dyn Fn(&Vm, u32, u32) -> Option<SourcePlace>;

/// Tells the program of an exception that has nowhere to go, and what it came from; whether the program took it.
type Unraisable = dyn Fn(&mut Vm, Local, Option<Local>) -> bool;

/// The name of the task that runs now.
type NameTask = dyn Fn(&mut Vm) -> Option<String>;

/// Hears of an object that nothing refers to any more.
type Abandon = dyn Fn(&mut Vm, Local) -> Result<(), Raised>;

/// Makes the text that a prompt shows of a value.
type Display = dyn Fn(&mut Vm, Local) -> Result<String, Raised>;

/// Hears that time has passed.
type Pulse = dyn Fn(&mut Vm);

/// The hooks of one VM.
pub(in crate::vm) struct Hooks {
    /// How modules are found.
    pub importer: Option<Rc<dyn Importer>>,
    /// The threads that import; unset: there is one.
    pub import_threads: Option<Rc<dyn ImportThreads>>,
    /// How a prompt shows a value; unset: by `repr()`.
    pub display: Option<Rc<Display>>,
    /// How texts become code.
    pub compile: Option<Rc<Compile>>,
    locate: Option<Rc<Locate>>,
    texts: Option<Rc<dyn SourceTexts>>,
    interrupt: Option<Rc<Attend>>,
    /// Hears each time that the budget of safepoints is used up.
    pub pulse: Option<Rc<Pulse>>,
    /// Lets other threads run when the running one has used up its time slice.
    pub slice_end: Option<Rc<Attend>>,
    /// The name of the task that runs now, for reports.
    pub name_task: Option<Rc<NameTask>>,
    /// Closes async generators where the program has no function for it.
    pub abandon: Option<Rc<Abandon>>,
    /// Hears of futures that the collector found, and that had failed.
    pub lost_failure: Option<Rc<Abandon>>,
    /// What hears of exceptions that have nowhere to go.
    pub unraisable: Option<Rc<Unraisable>>,
    /// How reports mention a wait for a timer that has no coroutine.
    pub timer_mention: &'static str,
}

impl Default for Hooks {
    fn default() -> Hooks {
        Hooks {
            importer: None,
            import_threads: None,
            display: None,
            compile: None,
            locate: None,
            texts: None,
            interrupt: None,
            pulse: None,
            slice_end: None,
            name_task: None,
            abandon: None,
            lost_failure: None,
            unraisable: None,
            timer_mention: "a timer",
        }
    }
}

impl Vm {
    /// Says how modules are found.
    pub fn set_importer(&mut self, importer: impl Importer + 'static) {
        self.hooks.importer = Some(Rc::new(importer));
    }

    /// Says how texts are compiled.
    pub fn set_compile(
        &mut self,
        compile: impl Fn(&mut Vm, &CompileRequest<'_>) -> Result<Local, Raised> + 'static,
    ) {
        self.hooks.compile = Some(Rc::new(compile));
    }

    /// Says where source texts are known.
    pub fn set_locate(&mut self, locate: impl Fn(&Vm, u32, u32) -> Option<SourcePlace> + 'static) {
        self.hooks.locate = Some(Rc::new(locate));
    }

    /// Where an offset into a code's source text is.
    pub fn locate(&self, code: &Code, offset: u32) -> Option<SourcePlace> {
        let place = self.hooks.locate.as_deref()?(self, code.file, offset)?;
        Some(match code.told.as_deref() {
            Some(told) => place.told(told),
            None => place,
        })
    }

    /// Sets the lookup of source texts.
    pub fn set_texts(&mut self, texts: impl SourceTexts + 'static) {
        self.hooks.texts = Some(Rc::new(texts));
    }

    /// The text of this name that was loaded.
    pub fn source_text(&self, name: &str) -> Option<Rc<str>> {
        self.hooks.texts.as_ref()?.text(self, name)
    }

    /// The lines of a text that a traceback shows, with marks; see `SourceTexts`.
    pub fn marked_lines(&self, text: &str, start: usize, end: usize) -> String {
        let texts = self.hooks.texts.as_ref();
        texts.map_or_else(String::new, |texts| texts.marked(text, start, end))
    }

    /// Which bytes of the text of a call are what is called.
    pub fn callee(&self, text: &str) -> Option<Range<usize>> {
        self.hooks.texts.as_ref()?.callee(text)
    }

    /// Says how a prompt shows values.
    pub fn set_display(
        &mut self,
        display: impl Fn(&mut Vm, Local) -> Result<String, Raised> + 'static,
    ) {
        self.hooks.display = Some(Rc::new(display));
    }

    /// Says what Ctrl-C does, instead of raising KeyboardInterrupt where the program is.
    pub fn set_interrupt(&mut self, interrupt: impl Fn(&mut Vm) -> Result<(), Raised> + 'static) {
        self.hooks.interrupt = Some(Rc::new(interrupt));
    }

    /// Says what hears each time that the budget of safepoints is used up.
    pub fn set_pulse(&mut self, pulse: impl Fn(&mut Vm) + 'static) {
        self.hooks.pulse = Some(Rc::new(pulse));
    }

    /// Says what happens when the running thread has used up its time slice.
    pub fn set_slice_end(&mut self, slice_end: impl Fn(&mut Vm) -> Result<(), Raised> + 'static) {
        self.hooks.slice_end = Some(Rc::new(slice_end));
    }

    /// Says how reports name the task that runs.
    pub fn set_name_task(&mut self, name_task: impl Fn(&mut Vm) -> Option<String> + 'static) {
        self.hooks.name_task = Some(Rc::new(name_task));
    }

    /// Says what closes an async generator that nothing refers to any more.
    pub fn set_abandon(
        &mut self,
        abandon: impl Fn(&mut Vm, Local) -> Result<(), Raised> + 'static,
    ) {
        self.hooks.abandon = Some(Rc::new(abandon));
    }

    /// Says what hears of failed futures that nothing refers to any more.
    pub fn set_lost_failure(
        &mut self,
        hear: impl Fn(&mut Vm, Local) -> Result<(), Raised> + 'static,
    ) {
        self.hooks.lost_failure = Some(Rc::new(hear));
    }

    /// Says what hears of exceptions that have nowhere to go.
    pub fn set_unraisable(
        &mut self,
        unraisable: impl Fn(&mut Vm, Local, Option<Local>) -> bool + 'static,
    ) {
        self.hooks.unraisable = Some(Rc::new(unraisable));
    }

    /// Tells the program of an exception that has nowhere to go; whether the program took it.
    pub fn tell_unraisable(&mut self, exception: Local, source: Option<Local>) -> bool {
        let unraisable = self.hooks.unraisable.clone();
        unraisable.is_some_and(|tell| tell(self, exception, source))
    }

    /// Says how reports mention a wait for a timer that has no coroutine.
    pub fn mention_timers(&mut self, name: &'static str) {
        self.hooks.timer_mention = name;
    }

    /// Ctrl-C was pressed.
    ///
    /// # Errors
    /// KeyboardInterrupt, if it goes to what runs now.
    pub fn interrupt(&mut self) -> Result<(), Raised> {
        match self.hooks.interrupt.clone() {
            Some(interrupt) => interrupt(self),
            None => Err(self.heap.raise_with(Builtin::KeyboardInterrupt, &[])),
        }
    }

    /// Lets Ctrl-C through: for natives that wait for the system.
    ///
    /// # Errors
    /// KeyboardInterrupt.
    pub fn check_interrupt(&mut self) -> Result<(), Raised> {
        if self.host.interrupted() {
            self.interrupt()?;
        }
        Ok(())
    }
}
