//! From the bytes of a form to a typed event.

use std::{hint::black_box, sync::Arc};

use openlines::codec;

use super::{Bench, micros_each};
use crate::{Failed, event::Template, process::own_cpu};

/// Rounds, of which the median counts.
const ROUNDS: usize = 21;
const FORM: &str = "application/x-www-form-urlencoded";

pub(super) fn measure(bench: &mut Bench) -> Result<(), Failed> {
    let each_round = (bench.events / 5).max(10);
    for (name, goal, limit, body) in [
        ("form to event, 1.8 KB", "<= 5 us", 5.0, Template::v1().of_size(1_800)),
        ("form to event, 4.3 KB", "<= 10 us", 10.0, Template::v2().of_size(4_300)),
    ] {
        let (mut typing, mut splitting) = (Vec::with_capacity(ROUNDS), Vec::with_capacity(ROUNDS));
        for _ in 0..ROUNDS {
            typing.push(round(each_round, || typed(body.as_bytes()))?);
            splitting.push(round(each_round, || Ok(split(body.as_bytes())))?);
        }
        let (median, beside) = (middle(typing), middle(splitting));
        let pairs = body.split('&').count();
        bench.report.figure(
            name,
            goal,
            format!("{median:.1} us"),
            median <= limit,
            vec![format!(
                "{pairs} pairs, CPU time, median of {ROUNDS} rounds of {each_round}; {beside:.1} us for nothing but the pairs by form_urlencoded"
            )],
        );
    }
    Ok(())
}

/// CPU time of each of so many, in microseconds.
fn round(times: usize, run: impl Fn() -> Result<usize, Failed>) -> Result<f64, Failed> {
    let begun = own_cpu()?;
    for _ in 0..times {
        black_box(run()?);
    }
    Ok(micros_each(own_cpu()?.saturating_sub(begun), times))
}

fn middle(mut rounds: Vec<f64>) -> f64 {
    rounds.sort_unstable_by(f64::total_cmp);
    rounds.get(ROUNDS / 2).copied().unwrap_or(f64::NAN)
}

/// For comparison: how fast is the machine at this moment?
fn split(body: &[u8]) -> usize {
    black_box(form_urlencoded::parse(black_box(body)).collect::<Vec<_>>()).len()
}

fn typed(body: &[u8]) -> Result<usize, Failed> {
    let raw = codec::decode(Some(FORM), black_box(body), &codec::form::Limits::default())?;
    let callback = codec::Callback::read(Arc::new(raw))?;
    let events = codec::events(&callback)?;
    Ok(black_box(events).len())
}
