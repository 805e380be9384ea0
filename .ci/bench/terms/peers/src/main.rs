//! Finds the terms of one file in the text of another with three libraries of Rust, all
//! overlapping occurrences, and prints for each its megabytes per second of processor time
//! and its hits: `peers TERMS TEXT`, with one term or headline on each line.

use std::{env, error::Error, fs};

use aho_corasick::AhoCorasick;
use daachorse::charwise::CharwiseDoubleArrayAhoCorasick;
use matcher_rs::{ProcessType, SimpleMatcherBuilder};

/// How long each library is measured, in seconds of processor time.
const ENOUGH: f64 = 0.5;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let (Some(terms), Some(text)) = (args.next(), args.next()) else {
        return Err("usage: peers TERMS TEXT".into());
    };
    let (terms, text) = (fs::read_to_string(terms)?, fs::read_to_string(text)?);
    let terms: Vec<&str> = terms.lines().collect();

    let daachorse: CharwiseDoubleArrayAhoCorasick<u32> = CharwiseDoubleArrayAhoCorasick::new(&terms).map_err(|e| e.to_string())?;
    measure("daachorse", &text, || daachorse.find_overlapping_iter(&text).filter(|m| m.end() > 0).count());
    drop(daachorse);

    let aho_corasick = AhoCorasick::new(&terms)?;
    measure("aho-corasick", &text, || aho_corasick.find_overlapping_iter(&text).filter(|m| m.end() > 0).count());
    drop(aho_corasick);

    // It only tells whether a text has a term, so it reads line by line.
    let mut builder = SimpleMatcherBuilder::new();
    for (id, term) in terms.iter().enumerate() {
        builder = builder.add_word(ProcessType::None, id as u32, *term);
    }
    let matcher = builder.build()?;
    let mut results = Vec::new();
    measure("matcher_rs", &text, || {
        let mut hits = 0;
        for line in text.lines() {
            results.clear();
            matcher.process_into(line, &mut results);
            hits += results.len();
        }
        hits
    });
    Ok(())
}

/// Runs a search until it has taken enough time and prints its name, speed and hits.
fn measure(name: &str, text: &str, mut search: impl FnMut() -> usize) {
    let hits = search();
    let (start, mut runs) = (processor_time(), 0);
    while runs < 3 || processor_time() - start < ENOUGH {
        assert_eq!(search(), hits);
        runs += 1;
    }
    let seconds = (processor_time() - start) / f64::from(runs);
    println!("{name} {:.1} {hits}", text.len() as f64 / 1e6 / seconds);
}

/// The processor time that this process has used, in seconds.
fn processor_time() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call fills the struct that it is given.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
