//! A script that serves several requests at once: it awaits functions in Rust, and can be stopped from another thread.
//!
//! Run it with `cargo run --release --example service`.

use std::error::Error;
use std::thread;
use std::time::Duration;

use apy::embed::engine::{Engine, Error as Ended, HostError};

/// The script.
const SERVICE: &str = "
import asyncio

async def answer(names):
    return await asyncio.gather(*(fetch(name) for name in names))

async def forgetful():
    fetch('nothing')

async def serve():
    while True:
        await asyncio.sleep(60)
";

/// A request that takes a while.
fn fetch(name: String) -> Result<String, HostError> {
    thread::sleep(Duration::from_millis(20));
    Ok(format!("{name}: {} letters", name.len()))
}

/// Runs the service; what there is to print.
pub fn run() -> Result<String, Box<dyn Error>> {
    let engine = Engine::builder()
        .async_function("fetch(name)", fetch)?
        .build();
    let mut session = engine.session()?;
    session.run(&engine.compile("service.apy", SERVICE)?)?;

    // The two requests run at the same time.
    let answers: Vec<String> = session.call("answer", (vec!["tea", "sugar"],))?;
    let mut out = format!("{}\n", answers.join(", "));

    // An await that was forgotten is told with its place.
    session.call::<()>("forgetful", ())?;
    let warnings = session.take_warnings();
    out += &format!(
        "{}\n",
        warnings.concat().lines().next().unwrap_or("no warning")
    );

    // Another thread ends what runs.
    let interrupt = session.interrupt();
    let stopper = thread::spawn(move || {
        thread::sleep(Duration::from_millis(50));
        interrupt.interrupt();
    });
    let ended = session.call::<()>("serve", ());
    out += match ended {
        Err(Ended::Interrupted(_)) => "the service was stopped\n",
        _ => "the service ended\n",
    };
    stopper.join().expect("it only waits");
    Ok(out)
}

/// Prints it.
fn main() -> Result<(), Box<dyn Error>> {
    print!("{}", run()?);
    Ok(())
}
