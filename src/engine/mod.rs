//! The orchestrator: session, fixtures, steps, scheduling, unwind.
