use std::time::Instant;
fn main() {
    let mut total = 0.0;
    let mut bytes_total = 0;
    let mut bad = 0;
    let quiet = std::env::args().any(|a| a == "-q");
    for path in std::env::args().skip(1).filter(|a| a != "-q") {
        let bytes = std::fs::read(&path).unwrap();
        let Ok(text) = apy::syntax::decode_source(&bytes) else {
            println!("{path}: not utf8");
            continue;
        };
        let t = Instant::now();
        let parsed = apy::syntax::parse_module(&text);
        total += t.elapsed().as_secs_f64();
        bytes_total += text.len();
        let file = apy::diagnostics::SourceFile::new("x", text.as_str());
        if !parsed.diagnostics.is_empty() {
            bad += 1;
        }
        if !quiet {
            for d in parsed.diagnostics.iter().take(4) {
                let lc = file.line_column(d.span().start);
                println!(
                    "{path}:{}:{}: {}: {}\n    {}",
                    lc.line,
                    lc.column,
                    d.exception(),
                    d.message,
                    file.line_text(lc.line)
                        .chars()
                        .take(150)
                        .collect::<String>()
                );
            }
        }
    }
    println!(
        "{bad} bad, {bytes_total} bytes, {total} s, {} MB/s",
        bytes_total as f64 / total / 1e6
    );
}
