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
        let mut rounds = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            let begun = own_cpu()?;
            for _ in 0..each_round {
                black_box(typed(black_box(body.as_bytes()))?);
            }
            rounds.push(micros_each(own_cpu()?.saturating_sub(begun), each_round));
        }
        rounds.sort_unstable_by(f64::total_cmp);
        let median = rounds.get(ROUNDS / 2).copied().unwrap_or(f64::NAN);
        let pairs = body.split('&').count();
        bench.report.figure(
            name,
            goal,
            format!("{median:.1} us"),
            median <= limit,
            vec![format!("{pairs} pairs, CPU time, median of {ROUNDS} rounds of {each_round}")],
        );
    }
    Ok(())
}

fn typed(body: &[u8]) -> Result<usize, Failed> {
    let raw = codec::decode(Some(FORM), body, &codec::form::Limits::default())?;
    let callback = codec::Callback::read(Arc::new(raw))?;
    let events = codec::events(&callback)?;
    Ok(black_box(events).len())
}
