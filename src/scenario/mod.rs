//! Scenario files: model, parsing, validation, expansion, selection.
