//! Rules of a shop as a script: a program in Rust that asks a script for prices, and stays well whatever the script does.
//!
//! Run it with `cargo run --release --example rules`.

use std::error::Error;

use apy::embed::Limits;
use apy::embed::engine::{Data, Engine, HostError};

/// The script, as somebody else wrote it.
const RULES: &str = "
import shop

def total(basket, *, vip=False):
    sum = 0
    for name, count in basket.items():
        sum += shop.price(name) * count
    return round(sum * (0.9 if vip else 1), 2)

def loop():
    while True:
        pass
";

/// The prices that `shop.price` looks up.
fn price(item: &str) -> Result<f64, HostError> {
    match item {
        "tea" => Ok(4.5),
        "cup" => Ok(7.25),
        _ => Err(HostError::new("KeyError", format!("no {item} in the shop"))),
    }
}

/// Runs the rules; what there is to print.
pub fn run() -> Result<String, Box<dyn Error>> {
    let engine = Engine::builder()
        .limits(Limits {
            steps: Some(1_000_000),
            memory: Some(64 << 20),
            ..Limits::NONE
        })
        .function("shop.price(item, /)", |item: String| price(&item))?
        .build();
    let rules = engine.compile("rules.apy", RULES)?;
    let mut session = engine.session()?;
    session.run(&rules)?;

    let basket = Data::from_iter([("cup", 2), ("tea", 3)]);
    let total: f64 = session.call("total", (basket,))?;
    let mut out = format!("two cups and three teas: {total}\n");

    // Whatever goes wrong is an error, and the session goes on.
    for (function, arguments) in [
        ("total", vec![Data::from_iter([("hat", 1)])]),
        ("loop", vec![]),
    ] {
        if let Err(error) = session.call::<f64>(function, arguments) {
            out += &format!("{error}\n");
        }
    }
    let total: f64 = session.eval("total({'tea': 1}, vip=True)")?;
    out += &format!("a tea for a good customer: {total}\n");
    Ok(out)
}

/// Prints it.
fn main() -> Result<(), Box<dyn Error>> {
    print!("{}", run()?);
    Ok(())
}
