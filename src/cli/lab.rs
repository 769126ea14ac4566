//! `lab`: serves the embedded lab until interrupted, or tells of it.

use super::args::{GlobalArgs, LabArgs, LabCommand, Speed};
use super::lab_faults::faults;
use super::{CliError, ExitCode, log, output};
use crate::config::Environment;
use crate::lab::clock::Pace;
use crate::lab::world::{World, WorldSpec};
use crate::lab::{Lab, ServeOptions, Served, serve};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;
use tokio::signal::unix::{SignalKind, signal};

/// `mtvtest lab`.
pub(super) fn lab(args: &LabArgs, global: GlobalArgs, environment: &dyn Environment) -> Result<ExitCode, CliError> {
    if let Some(LabCommand::Faults(args)) = args.command {
        return faults(args);
    }
    let mut spec = args.world.as_deref().map_or_else(WorldSpec::embedded, WorldSpec::load)?;
    spec.cluster.mtv = args.mtv.clone().unwrap_or(spec.cluster.mtv);
    spec.faults.extend(&args.faults);
    let pace = match args.speed {
        Speed::Full => Pace::FULL,
        Speed::Divided(divisor) => Pace::divided_by(divisor),
    };
    let world = World::from_spec(spec, pace)?;
    let names: Vec<&str> =
        (world.sources.iter().filter(|source| source.has_api())).map(|source| source.name.as_str()).collect();
    let options = serve_options(args, &names)?;
    log::init(global.log_level, output::stderr_screen(false, environment), false, None)?;
    let runtime = super::runtime()?;
    let served = runtime.block_on(Box::pin(serve_until_interrupted(world, options)));
    // Connections that clients keep open must not keep the program.
    runtime.shutdown_background();
    served.map(|()| ExitCode::Success)
}

async fn serve_until_interrupted(world: World, options: ServeOptions) -> Result<(), CliError> {
    let watch = |kind| {
        signal(kind).map_err(|cause| CliError::System { what: "watch for signals, to stop the lab in order", cause })
    };
    let (mut interrupt, mut terminate) = (watch(SignalKind::interrupt())?, watch(SignalKind::terminate())?);
    let lab = Lab::start(world)?;
    let served = serve(&lab, options).await?;
    output::print(&announcement(&served)).map_err(CliError::stdout)?;
    output::say("serving the lab; Ctrl-C ends it");
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    served.stop(&lab).await;
    lab.stop().await;
    Ok(())
}

/// Where to serve what; sources by name, a bare address for the first.
fn serve_options(args: &LabArgs, sources: &[&str]) -> Result<ServeOptions, CliError> {
    let mut addresses: BTreeMap<String, SocketAddr> = BTreeMap::new();
    for chosen in &args.source {
        let name = match &chosen.name {
            Some(name) => sources.iter().find(|known| *known == name),
            None => sources.first(),
        };
        let Some(name) = name else {
            let wanted = chosen.name.as_deref().unwrap_or("any");
            return Err(CliError::usage(format!(
                "--source: the world has no source {wanted:?} with an API of its own; it has: {}",
                sources.join(", ")
            )));
        };
        if addresses.insert((*name).to_owned(), chosen.address).is_some() {
            return Err(CliError::usage(format!("--source: {name} has two addresses; give it one")));
        }
    }
    Ok(ServeOptions {
        directory: args.dir.clone(),
        kubernetes: args.kubernetes,
        oauth: args.oauth,
        inventory: args.inventory,
        downloads: args.downloads,
        sources: addresses,
    })
}

/// Everything a client needs, one a line, and the first command to try.
fn announcement(served: &Served) -> String {
    let mut lines = vec![
        ("kubernetes".to_owned(), format!("https://{}", served.kubernetes)),
        ("oauth".to_owned(), format!("https://{}", served.oauth)),
        ("inventory".to_owned(), format!("https://{}", served.inventory)),
        ("downloads".to_owned(), format!("https://{}", served.downloads)),
    ];
    lines.extend(served.urls.iter().map(|(name, url)| (name.clone(), url.clone())));
    lines.push(("kubeconfig".to_owned(), served.kubeconfig.display().to_string()));
    lines.push(("providers".to_owned(), served.providers.display().to_string()));
    lines.push(("ca".to_owned(), served.ca.display().to_string()));
    let width = lines.iter().map(|(label, _)| label.chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    for (label, value) in lines {
        writeln!(text, "{label:width$}  {value}").ok();
    }
    writeln!(text, "\nkubectl --kubeconfig {} get plans -A", served.kubeconfig.display()).ok();
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::{Cli, Command};
    use clap::Parser;

    fn options(line: &str) -> Result<ServeOptions, CliError> {
        let words = ["mtvtest", "lab"].into_iter().chain(line.split_whitespace());
        let Command::Lab(args) = Cli::try_parse_from(words).unwrap().command else { panic!("not lab") };
        serve_options(&args, &["vc1", "vc2"])
    }

    #[test]
    fn addresses_go_to_their_sources() {
        let chosen = options("--kubernetes 127.0.0.1:6443 --source 127.0.0.1:1 --source vc2=127.0.0.1:2").unwrap();
        assert_eq!(chosen.kubernetes.port(), 6443);
        let ports: Vec<_> = chosen.sources.iter().map(|(name, place)| (name.as_str(), place.port())).collect();
        assert_eq!(ports, [("vc1", 1), ("vc2", 2)]);
    }

    #[test]
    fn unknown_and_repeated_sources_are_refused() {
        let unknown = options("--source vc3=127.0.0.1:1").unwrap_err().to_string();
        assert!(unknown.contains("no source \"vc3\" with an API of its own; it has: vc1, vc2"), "{unknown}");
        assert!(options("--source 127.0.0.1:1 --source vc1=127.0.0.1:2").is_err());
    }

    #[tokio::test]
    async fn the_announcement_names_everything() {
        let folder = tempfile::tempdir().unwrap();
        let world = World::from_spec(WorldSpec::embedded().unwrap(), Pace::FULL).unwrap();
        let lab = Lab::start(world).unwrap();
        let served = serve(&lab, ServeOptions::in_directory(folder.path())).await.unwrap();
        let text = announcement(&served);
        for needed in [&served.kubernetes, &served.oauth, &served.inventory, &"kubectl --kubeconfig ".to_owned()] {
            assert!(text.contains(needed.as_str()), "{needed} in {text}");
        }
        for (name, place) in &served.sources {
            assert!(
                text.lines().any(|line| line.starts_with(name.as_str()) && line.contains(place.as_str())),
                "{text}"
            );
        }
        served.stop(&lab).await;
        lab.stop().await;
    }
}
