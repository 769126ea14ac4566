//! A Linux guest: its shell, its files, and the few commands that tell of it.

mod blocks;
mod commands;
mod config;
mod files;
mod ifconfig;
mod network;
mod shell;

pub(super) use shell::run;
