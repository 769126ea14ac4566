//! One test as a trial: ignored without its parts, bounded in time, failed by the death of a peer.

use crate::bench::Bench;
use crate::part::Part;
use futures::FutureExt;
use libtest_mimic::{Completion, Failed, Trial};
use mtvtest::wait::pause;
use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

/// A test that takes longer fails, with what its peers said last.
const DEADLINE: Duration = Duration::from_secs(180);

/// Time in which a death is heard of.
const MOURNING: Duration = Duration::from_millis(500);

/// A test of that name, on a runtime of its own.
pub(crate) fn trial<F, B>(name: &str, needs: &'static [Part], body: B) -> Trial
where
    F: Future<Output = ()>,
    B: FnOnce(Bench) -> F + Send + 'static,
{
    trial_unless(name, needs, || None, body)
}

/// As [`trial`], ignored also where `unfit` says why the installed parts cannot do it.
pub(crate) fn trial_unless<F, B>(
    name: &str,
    needs: &'static [Part],
    unfit: impl FnOnce() -> Option<String> + Send + 'static,
    body: B,
) -> Trial
where
    F: Future<Output = ()>,
    B: FnOnce(Bench) -> F + Send + 'static,
{
    Trial::ignorable_test(name, move || {
        if let Some(why) = needs.iter().find_map(|part| part.find().err()) {
            return if required() { Err(Failed::from(why)) } else { Ok(Completion::ignored_with(why)) };
        }
        if let Some(why) = unfit() {
            return Ok(Completion::ignored_with(why));
        }
        judge(DEADLINE, body).map(|()| Completion::Completed).map_err(Failed::from)
    })
}

/// Whether a missing part is a failure: where parts were installed, an ignored test hides something.
fn required() -> bool {
    std::env::var_os("MTVTEST_PEERS_REQUIRED").is_some_and(|value| value == "1")
}

/// Runs a test's body to its end, a peer's death or the deadline, whichever is first.
pub(crate) fn judge<F, B>(deadline: Duration, body: B) -> Result<(), String>
where
    F: Future<Output = ()>,
    B: FnOnce(Bench) -> F,
{
    PLACE.set(Some(String::new()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bench = Bench::new();
    let ended = runtime.block_on(async {
        let body = AssertUnwindSafe(body(bench.clone())).catch_unwind();
        tokio::select! {
            biased;
            ended = body => match ended {
                Ok(()) => Ok(()),
                Err(panic) => Err(explained(words(panic.as_ref()), &bench).await),
            },
            died = bench.death() => Err(format!("{died}{}", bench.last_words())),
            () = pause(deadline) => Err(format!("not done within {} s{}", deadline.as_secs(), bench.last_words())),
        }
    });
    // Tasks of the body end here, so that what they hold is gone before the next test.
    runtime.shutdown_timeout(Duration::from_secs(5));
    ended
}

/// A body often fails because its peer died, before anybody was told so: then the peer's words matter, else the body's.
async fn explained(why: String, bench: &Bench) -> String {
    tokio::select! {
        died = bench.death() => format!("{why}\n{died}{}", bench.last_words()),
        () = pause(MOURNING) => format!("{why}{}", bench.few_words()),
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    format!("{}: {}", PLACE.take().unwrap_or_default(), text.unwrap_or_else(|| "panicked".to_owned()))
}

thread_local! {
    /// In a thread that judges a body: where it panicked.
    static PLACE: Cell<Option<String>> = const { Cell::new(None) };
}

/// A body's panic is told once, in its test's failure; any other is printed as usual.
pub(crate) fn hear_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if PLACE.take().is_some() {
            PLACE.set(panic.location().map(ToString::to_string));
        } else {
            usual(panic);
        }
    }));
}
