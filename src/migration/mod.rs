//! The product's rules: maps, plan, execution.
