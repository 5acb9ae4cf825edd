//! The signals of this process: what the system's handlers do, and what they leave for the program.
//!
//! A handler only sets flags; the VM looks at them at safepoints, and long natives in their loops. Ctrl-C raises KeyboardInterrupt
//! there; those that come before it was noticed are one, as in CPython. A signal gets a handler when the program first asks for it
//! and keeps it: a handler that is to do what the system would do emulates that.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill};
use nix::unistd::getpid;
use signal_hook::{SigId, flag, low_level};

use super::last_words::{self, Owner};
use crate::vm::signals::{Disposition, INTERRUPT, MaskChange, SignalPipe, Signals as SignalsDoor};

/// Signals that the system lets nobody catch, or that stand for errors of this program.
const UNCAUGHT: [i32; 5] = [4, 8, 9, 11, 19];

/// The signals of this process.
#[derive(Clone)]
pub struct Signals(Rc<Shared>);

struct Shared {
    /// Some signal was caught.
    any: Arc<AtomicBool>,
    caught: RefCell<BTreeMap<i32, Caught>>,
    /// Signals that this process was started to ignore.
    ignored: u64,
    timer: RefCell<Option<Arc<Timer>>>,
}

/// A signal with a handler.
struct Caught {
    arrived: Arc<AtomicBool>,
    /// Whether the handler does what the system would.
    default: Arc<AtomicBool>,
    disposition: Disposition,
}

/// A flag that Ctrl-C sets, for commands that run no program themselves.
///
/// # Errors
/// The system's.
pub fn interrupt_flag() -> io::Result<Arc<AtomicBool>> {
    let pressed = Arc::default();
    flag::register(INTERRUPT, Arc::clone(&pressed))?;
    Ok(pressed)
}

impl Signals {
    /// Takes over Ctrl-C from the system, unless this process was started to ignore it.
    ///
    /// # Errors
    /// The system's.
    pub fn install() -> io::Result<Signals> {
        let signals = Signals::new();
        if !signals.is_ignored(INTERRUPT) {
            signals.set(INTERRUPT, Disposition::Catch)?;
        }
        Ok(signals)
    }

    /// The same for a prompt, which no number of presses ends.
    ///
    /// # Errors
    /// The system's.
    pub fn for_prompt() -> io::Result<Signals> {
        let signals = Signals::new();
        signals.set(INTERRUPT, Disposition::Catch)?;
        Ok(signals)
    }

    fn new() -> Signals {
        Signals(Rc::new(Shared {
            any: Arc::default(),
            caught: RefCell::default(),
            ignored: ignored_at_start().unwrap_or_default(),
            timer: RefCell::default(),
        }))
    }

    fn is_ignored(&self, number: i32) -> bool {
        u64::try_from(number - 1).is_ok_and(|bit| bit < 64 && self.0.ignored >> bit & 1 != 0)
    }

    /// Whether a signal was caught since the last call.
    pub fn any(&self) -> bool {
        self.0.any.load(Ordering::Relaxed) && self.0.any.swap(false, Ordering::SeqCst)
    }

    /// Whether a signal was caught since the last call of `any`.
    pub fn is_any(&self) -> bool {
        self.0.any.load(Ordering::Relaxed)
    }

    /// Takes a press of Ctrl-C that the program has not heard of.
    pub fn take_interrupt(&self) -> bool {
        let caught = self.0.caught.borrow();
        caught.get(&INTERRUPT).is_some_and(|signal| {
            signal.disposition == Disposition::Catch && signal.arrived.swap(false, Ordering::SeqCst)
        })
    }

    /// Forgets what was caught: a new program begins.
    pub fn reset(&self) {
        self.any();
        self.take();
    }

    fn catch(&self, number: i32) -> io::Result<Caught> {
        if !(1..=64).contains(&number) || UNCAUGHT.contains(&number) {
            return Err(Errno::EINVAL.into());
        }
        let caught = Caught {
            arrived: Arc::default(),
            default: Arc::default(),
            disposition: Disposition::Catch,
        };
        if low_level::signal_name(number).is_some() {
            flag::register_conditional_default(number, Arc::clone(&caught.default))?;
        }
        flag::register(number, Arc::clone(&caught.arrived))?;
        flag::register(number, Arc::clone(&self.0.any))?;
        Ok(caught)
    }
}

impl SignalsDoor for Signals {
    fn set(&self, number: i32, disposition: Disposition) -> io::Result<()> {
        if !self.0.caught.borrow().contains_key(&number) {
            if disposition == self.disposition(number) {
                return Ok(());
            }
            let caught = self.catch(number)?;
            self.0.caught.borrow_mut().insert(number, caught);
        }
        if number == Signal::SIGABRT as i32 {
            last_words::leave(match disposition {
                Disposition::Default => Owner::System,
                _ => Owner::Program,
            });
        }
        if let Some(caught) = self.0.caught.borrow_mut().get_mut(&number) {
            caught.disposition = disposition;
            let is_default = disposition == Disposition::Default;
            caught.default.store(is_default, Ordering::SeqCst);
        }
        Ok(())
    }

    fn disposition(&self, number: i32) -> Disposition {
        match self.0.caught.borrow().get(&number) {
            Some(caught) => caught.disposition,
            None if self.is_ignored(number) => Disposition::Ignore,
            None => Disposition::Default,
        }
    }

    fn take(&self) -> Vec<i32> {
        let caught = self.0.caught.borrow();
        let arrived = caught.iter().filter(|(_, signal)| {
            signal.arrived.swap(false, Ordering::SeqCst) && signal.disposition == Disposition::Catch
        });
        arrived.map(|(&number, _)| number).collect()
    }

    fn recall(&self) {
        self.0.any.store(true, Ordering::SeqCst);
    }

    fn raise(&self, number: i32) -> io::Result<()> {
        last_words::forget();
        low_level::raise(number)
    }

    fn pipe(&self, number: i32) -> io::Result<SignalPipe> {
        let (reader, writer) = UnixStream::pair()?;
        reader.set_nonblocking(true)?;
        let id = low_level::pipe::register(number, writer)?;
        Ok(SignalPipe {
            reader,
            guard: Box::new(Registered(id)),
        })
    }

    fn set_timer(&self, seconds: f64, interval: f64) -> (f64, f64) {
        let mut slot = self.0.timer.borrow_mut();
        let before = slot.take().map_or((0.0, 0.0), |timer| timer.stop());
        if seconds > 0.0 {
            *slot = Some(Timer::start(seconds, interval));
        }
        before
    }

    fn timer(&self) -> (f64, f64) {
        let timer = self.0.timer.borrow();
        timer.as_ref().map_or((0.0, 0.0), |timer| timer.left())
    }

    fn mask(&self, change: Option<MaskChange<'_>>) -> io::Result<Vec<i32>> {
        let before = match change {
            None => SigSet::thread_get_mask()?,
            Some(MaskChange::Block(numbers)) => {
                set_of(numbers)?.thread_swap_mask(SigmaskHow::SIG_BLOCK)?
            }
            Some(MaskChange::Unblock(numbers)) => {
                set_of(numbers)?.thread_swap_mask(SigmaskHow::SIG_UNBLOCK)?
            }
            Some(MaskChange::Set(numbers)) => {
                set_of(numbers)?.thread_swap_mask(SigmaskHow::SIG_SETMASK)?
            }
        };
        Ok(before.iter().map(|signal| signal as i32).collect())
    }

    fn wait(&self, numbers: &[i32]) -> io::Result<i32> {
        Ok(set_of(numbers)?.wait()? as i32)
    }
}

fn set_of(numbers: &[i32]) -> io::Result<SigSet> {
    let mut set = SigSet::empty();
    for &number in numbers {
        // Real-time signals, which this package does not know, cannot be blocked.
        if let Ok(signal) = Signal::try_from(number) {
            set.add(signal);
        }
    }
    Ok(set)
}

/// Leaves the signals to the thread that runs the program, so that one that arrives ends its wait.
pub fn leave_to_others() {
    // Where that fails, the program notices a signal a little later.
    let _ = SigSet::all().thread_block();
}

/// The mask of ignored signals of this process; None where the system does not tell.
fn ignored_at_start() -> Option<u64> {
    #[expect(
        clippy::disallowed_methods,
        reason = "what the system says of this process"
    )]
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

/// Takes a handler away when the program does not need it any more.
struct Registered(SigId);

impl Drop for Registered {
    fn drop(&mut self) {
        low_level::unregister(self.0);
    }
}

/// A timer that sends SIGALRM, on a thread of its own.
struct Timer {
    state: Mutex<Running>,
    changed: Condvar,
}

struct Running {
    due: Option<Instant>,
    interval: f64,
}

impl Timer {
    #[expect(
        clippy::disallowed_methods,
        reason = "signals arrive in real time, whichever time the program lives in"
    )]
    fn start(seconds: f64, interval: f64) -> Arc<Timer> {
        let timer = Arc::new(Timer {
            state: Mutex::new(Running {
                due: Some(Instant::now() + span(seconds)),
                interval,
            }),
            changed: Condvar::new(),
        });
        let running = Arc::clone(&timer);
        std::thread::spawn(move || {
            leave_to_others();
            running.run();
        });
        timer
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[expect(clippy::disallowed_methods, reason = "as in `start`")]
    fn run(&self) {
        let mut state = self.lock();
        while let Some(due) = state.due {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                // The process exists.
                let _ = kill(getpid(), Signal::SIGALRM);
                let again = state.interval > 0.0;
                state.due = again.then(|| due + span(state.interval));
                continue;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn stop(&self) -> (f64, f64) {
        let left = self.left();
        self.lock().due = None;
        self.changed.notify_all();
        left
    }

    #[expect(clippy::disallowed_methods, reason = "as in `start`")]
    fn left(&self) -> (f64, f64) {
        let state = self.lock();
        match state.due {
            Some(due) => {
                let left = due.saturating_duration_since(Instant::now());
                (left.as_secs_f64(), state.interval)
            }
            None => (0.0, 0.0),
        }
    }
}

/// A century for what no Duration can say.
fn span(seconds: f64) -> Duration {
    const CENTURY: f64 = 3.2e9;
    Duration::from_secs_f64(seconds.min(CENTURY))
}
