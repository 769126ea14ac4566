//! The lab's API server and kube-apiserver, asked the same.
//!
//! A sequence of requests goes to both; the two transcripts, made comparable, must be the same but for what `listed`
//! says, and everything that it says must occur. So the lab can neither drift from the real server unnoticed, nor can
//! the list rot.

mod compare;
mod kinds;
mod listed;
mod normal;
mod sequence;
mod sequences;
mod side;

use crate::bench::Bench;
use crate::control_plane::{ControlPlane, NEEDS};
use crate::trial::trial;
use libtest_mimic::Trial;
use sequence::Sequence;
use side::Side;

pub(crate) fn trials() -> Vec<Trial> {
    let named = |sequence: Sequence| {
        trial(&format!("differential::{}", sequence.name), NEEDS, |bench| same_answers(bench, sequence))
    };
    let mut trials: Vec<Trial> = sequences::all().into_iter().map(named).collect();
    trials.push(Trial::test("differential::every_listed_difference_belongs_to_a_sequence", || {
        let known: Vec<_> = sequences::all().into_iter().map(|sequence| sequence.name).collect();
        let strange = listed::DIFFERENCES.iter().find(|(name, _)| !known.contains(name));
        strange.map_or(Ok(()), |(name, _)| Err(format!("no sequence is named {name:?}").into()))
    }));
    trials
}

/// Runs a sequence on both sides and fails with every difference that is not listed, or listed and gone.
async fn same_answers(bench: Bench, sequence: Sequence) {
    let plane = ControlPlane::shared(&bench);
    let (lab, real) = (Side::lab(), Side::real(plane));
    let namespace = format!("diff-{}", &uuid::Uuid::new_v4().simple().to_string()[..8]);
    let (lab, real) = tokio::join!(lab.transcript(&sequence, &namespace), real.transcript(&sequence, &namespace));
    let lab = normal::transcript(&sequence, &namespace, lab);
    let real = normal::transcript(&sequence, &namespace, real);
    let found = compare::transcripts(&sequence, &lab, &real);
    if let Err(text) = compare::judge(&sequence, &found, listed::of(sequence.name)) {
        panic!("{text}");
    }
}
