//! Some threads, each of which runs one file at a time, and tells of it in order.
//!
//! Order is that of collection, whatever ends first, so that two runs print the same.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use super::super::args::TestOptions;
use super::collect::Case;
use super::control::Control;
use super::{Done, Event, suite, verdict};

/// What a thread says of a case.
enum Message {
    Event(Event),
    Over,
}

/// Runs all cases; `tell` hears of each event, those of one case together and in the order of `cases`; what runs is told at once.
pub fn run_all(
    cases: &[Case],
    options: &TestOptions,
    control: &Control,
    mut tell: impl FnMut(Event),
) {
    let workers = options.jobs.clamp(1, cases.len().max(1));
    let next = AtomicUsize::new(0);
    let mut waiting: Vec<(Vec<Event>, bool)> = cases.iter().map(|_| (Vec::new(), false)).collect();
    let mut first = 0;
    let (sender, receiver) = channel();
    thread::scope(|scope| {
        for _ in 0..workers {
            let sender = sender.clone();
            let next = &next;
            scope.spawn(move || {
                while !control.is_over() {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(index) else { break };
                    // The receiver lives as long as the scope.
                    let send = |message| drop(sender.send((index, message)));
                    run(case, options, control, &mut |event| {
                        send(Message::Event(event));
                    });
                    send(Message::Over);
                }
            });
        }
        drop(sender);
        for (index, message) in receiver {
            match message {
                Message::Over => waiting[index].1 = true,
                Message::Event(event @ (Event::Running(_) | Event::Expected(..))) => tell(event),
                Message::Event(event) => waiting[index].0.push(event),
            }
            while let Some((events, over)) = waiting.get_mut(first) {
                events.drain(..).for_each(&mut tell);
                if !*over {
                    break;
                }
                first += 1;
            }
        }
    });
    // Those after a case that was never begun.
    waiting
        .into_iter()
        .flat_map(|(events, _)| events)
        .for_each(tell);
}

fn run(case: &Case, options: &TestOptions, control: &Control, tell: &mut dyn FnMut(Event)) {
    let mut tell = |event: Event| {
        if let Event::Done(done) = &event {
            control.count(done);
        }
        tell(event);
    };
    if suite::is_suite(case) {
        suite::run(case, options, control, &mut tell);
        return;
    }
    tell(Event::Expected(1, 0));
    tell(Event::Running(case.name.clone()));
    let (verdict, took) = verdict::of(case, options);
    tell(Event::Done(Done {
        name: case.name.clone(),
        file: case.file.clone(),
        verdict,
        took,
        warnings: Vec::new(),
    }));
}
