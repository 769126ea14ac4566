//! From the engine to the readers, in one order for all of them.

use super::{Event, Stamped};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// A reader of events: terminal, JUnit, JSON lines.
pub trait Reader: Send {
    /// Sees the next event.
    ///
    /// # Errors
    /// The reader cannot go on (its file cannot be written); it is dropped and the run ends broken.
    fn see(&mut self, event: &Stamped) -> std::io::Result<()>;
}

/// The engine's end. Cheap to clone; the bus ends when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct EventSender {
    sender: mpsc::UnboundedSender<(u64, Event)>,
    started: Instant,
}

impl EventSender {
    /// Emits an event. Never blocks; after the bus has ended the event is lost.
    pub fn emit(&self, event: Event) {
        self.sender.send((self.elapsed_ms(), event)).ok();
    }

    /// Milliseconds since the bus was made.
    pub fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// A sender, and the future that hands each event to every reader until all senders are gone. The future answers with
/// the first reader's failure, if one failed; the others are served to the end.
pub fn bus(mut readers: Vec<Box<dyn Reader>>) -> (EventSender, impl Future<Output = std::io::Result<()>> + Send) {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let pump = async move {
        let mut failure = Ok(());
        let mut sequence = 0;
        while let Some((elapsed_ms, event)) = receiver.recv().await {
            let stamped = Stamped { sequence, elapsed_ms, event };
            sequence += 1;
            readers.retain_mut(|reader| match reader.see(&stamped) {
                Ok(()) => true,
                Err(error) => {
                    failure = Err(error);
                    false
                }
            });
        }
        failure
    };
    (EventSender { sender, started: Instant::now() }, pump)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    struct Collect(Arc<Mutex<Vec<u64>>>, bool);

    impl Reader for Collect {
        fn see(&mut self, event: &Stamped) -> std::io::Result<()> {
            if self.1 {
                return Err(std::io::Error::other("disk full"));
            }
            self.0.lock().unwrap().push(event.sequence);
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_failing_reader_does_not_starve_the_others() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (sender, pump) = bus(vec![Box::new(Collect(Arc::default(), true)), Box::new(Collect(seen.clone(), false))]);
        for _ in 0..3 {
            sender.emit(Event::Noted { test: None, note: "x".into() });
        }
        drop(sender);
        assert_eq!(pump.await.unwrap_err().to_string(), "disk full");
        assert_eq!(*seen.lock().unwrap(), [0, 1, 2]);
    }

    #[test]
    fn events_survive_their_file_form() {
        let stamped = Stamped {
            sequence: 1,
            elapsed_ms: 5,
            event: Event::ScenarioFinished {
                test: "a".into(),
                took_ms: 3,
                outcome: super::super::Outcome::Failed { reason: "r".into() },
            },
        };
        let line = serde_json::to_string(&stamped).unwrap();
        assert_eq!(serde_json::from_str::<Stamped>(&line).unwrap(), stamped);
    }
}
