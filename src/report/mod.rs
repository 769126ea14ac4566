//! Readers of events: terminal, JUnit, JSON lines.
