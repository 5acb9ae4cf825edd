//! The one place that reads a clock.
//!
//! Real time, or virtual time that stands still while the program runs and jumps to the next timer when it waits. One clock serves
//! `loop.time()`, sleeps, timeouts and the `time` module.

use std::cell::Cell;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Where virtual wall-clock time begins: 2025-01-01 00:00:00 UTC.
const VIRTUAL_EPOCH: f64 = 1_735_689_600.0;

/// Which time a program lives in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeMode {
    /// The world's.
    Real,
    /// Its own: waiting costs nothing.
    Virtual,
}

/// A clock, in seconds.
pub struct Clock {
    mode: Cell<TimeMode>,
    start: Instant,
    started_at: SystemTime,
    /// Virtual seconds since the start.
    now: Cell<f64>,
    /// By how much virtual time, as long as it was used, ran ahead of real time.
    ahead: Cell<f64>,
}

impl Clock {
    /// A clock that starts now.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the system's clocks"
    )]
    pub fn new(mode: TimeMode) -> Clock {
        Clock {
            mode: Cell::new(mode),
            start: Instant::now(),
            started_at: SystemTime::now(),
            now: Cell::new(0.0),
            ahead: Cell::new(0.0),
        }
    }

    /// Which time it shows.
    pub fn mode(&self) -> TimeMode {
        self.mode.get()
    }

    /// Changes to the other time. It goes on from where it was: timers keep their distance.
    pub fn set_mode(&self, mode: TimeMode) {
        let now = self.monotonic();
        self.now.set(now);
        self.ahead.set(now - self.real());
        self.mode.set(mode);
    }

    /// Seconds since the program began; never runs backwards.
    pub fn monotonic(&self) -> f64 {
        match self.mode.get() {
            TimeMode::Real => self.real() + self.ahead.get(),
            TimeMode::Virtual => self.now.get(),
        }
    }

    /// Seconds since 1970.
    pub fn wall(&self) -> f64 {
        match self.mode.get() {
            TimeMode::Real => {
                let began = self
                    .started_at
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default();
                began.as_secs_f64() + self.real()
            }
            TimeMode::Virtual => VIRTUAL_EPOCH + self.now.get(),
        }
    }

    /// Seconds of real time since the start, whichever time the program lives in.
    pub fn real(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// Lets virtual time pass that was really waited for.
    pub fn advance(&self, seconds: f64) {
        if self.mode.get() == TimeMode::Virtual {
            self.now.set(self.now.get() + seconds);
        }
    }

    /// Waits until `when`, as `monotonic` counts; real time in slices, between which `interrupted` may end the wait.
    pub fn wait_until(&self, when: f64, mut interrupted: impl FnMut() -> bool) {
        if self.mode.get() == TimeMode::Virtual {
            self.now.set(self.now.get().max(when));
            return;
        }
        const SLICE: f64 = 0.02;
        loop {
            let left = when - self.monotonic();
            if left <= 0.0 || interrupted() {
                return;
            }
            std::thread::sleep(Duration::from_secs_f64(left.min(SLICE)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn virtual_time_jumps_and_never_runs_backwards() {
        let clock = Clock::new(TimeMode::Virtual);
        clock.wait_until(86_400.0, || false);
        assert_eq!(clock.monotonic(), 86_400.0);
        clock.wait_until(5.0, || false);
        assert_eq!(clock.monotonic(), 86_400.0);
    }

    #[test]
    fn a_change_of_time_goes_on_from_where_it_was() {
        let clock = Clock::new(TimeMode::Virtual);
        clock.wait_until(100.0, || false);
        clock.set_mode(TimeMode::Real);
        let now = clock.monotonic();
        assert!((100.0..150.0).contains(&now), "{now}");
        clock.set_mode(TimeMode::Virtual);
        assert!(clock.monotonic() >= now);
    }
}
