//! Runs the cases on several threads, each of which waits for one process at a time, and hands the results on in order.
//!
//! Order is that of collection, whatever ends first, so that two runs print the same. With `-x` nothing new starts after a
//! failure; what runs already is waited for.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use super::super::args::TestOptions;
use super::collect::Case;
use super::{Done, verdict};

/// Runs all cases; `tell` hears of each in the order of `cases`. Gives those that ran.
pub fn run_all(cases: Vec<Case>, options: &TestOptions, mut tell: impl FnMut(&Done)) -> Vec<Done> {
    let workers = options.jobs.clamp(1, cases.len().max(1));
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let mut waiting: Vec<Option<Done>> = cases.iter().map(|_| None).collect();
    let mut told = 0;
    let (sender, receiver) = channel();
    thread::scope(|scope| {
        for _ in 0..workers {
            let sender = sender.clone();
            let (cases, next, stop) = (&cases, &next, &stop);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(index) else { break };
                    let (verdict, took) = verdict::of(case, options);
                    let failed = matches!(verdict, verdict::Verdict::Failed(_));
                    stop.fetch_or(failed && options.fail_fast, Ordering::Relaxed);
                    // The receiver lives as long as the scope.
                    let _ = sender.send((index, verdict, took));
                }
            });
        }
        drop(sender);
        for (index, verdict, took) in receiver {
            waiting[index] = Some(Done {
                case: cases[index].clone(),
                verdict,
                took,
            });
            while let Some(Some(done)) = waiting.get(told) {
                tell(done);
                told += 1;
            }
        }
    });
    // Cases are taken in order, so what ran has no gaps.
    waiting.into_iter().flatten().collect()
}
