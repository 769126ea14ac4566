//! What a command works against: settings, providers, and the way to the cluster and the sources; real ones, or the
//! lab's.

use super::args::{EnvironmentArgs, KeyValue};
use super::error::CliError;
use crate::cluster::{Cluster, connect, connect_through};
use crate::config::{Environment, Providers, Settings, SettingsLayer};
use crate::http::{Network, RealNetwork};
use crate::lab::Lab;
use crate::lab::clock::Pace;
use crate::lab::world::{World, WorldSpec};
use std::path::Path;
use std::sync::Arc;

/// Everything outside, resolved but not yet called.
pub(super) struct Surroundings {
    pub(super) settings: Settings,
    pub(super) providers: Providers,
    pub(super) network: Arc<dyn Network>,
    pub(super) lab: Option<Lab>,
}

impl Surroundings {
    /// Reads settings and providers file; starts the lab if it is asked for. Touches nothing outside the process.
    pub(super) async fn resolve(
        args: &EnvironmentArgs,
        flags: SettingsLayer,
        environment: &dyn Environment,
    ) -> Result<Self, CliError> {
        match &args.lab {
            Some(world) => Self::of_lab(args, flags, world.as_deref(), environment).await,
            None => Self::of_cluster(args, flags, environment),
        }
    }

    fn of_cluster(args: &EnvironmentArgs, flags: SettingsLayer, environment: &dyn Environment) -> Result<Self, CliError> {
        let settings = settings(args, flags, environment, None)?;
        let providers = Providers::load(&settings.providers, environment)?;
        Ok(Self { settings, providers, network: Arc::new(RealNetwork), lab: None })
    }

    /// The lab brings its own cluster, providers and credentials; all other settings keep their sources.
    async fn of_lab(
        args: &EnvironmentArgs,
        flags: SettingsLayer,
        file: Option<&Path>,
        environment: &dyn Environment,
    ) -> Result<Self, CliError> {
        let spec = file.map_or_else(WorldSpec::embedded, WorldSpec::load)?;
        let lab = Lab::start(World::from_spec(spec, Pace::FULL)?).await?;
        let settings = settings(args, flags, environment, Some(&lab))?;
        let providers = Providers::parse(&lab.providers_json(), "the lab's providers", environment)?;
        Ok(Self { settings, providers, network: lab.network(), lab: Some(lab) })
    }

    /// Logs in to the cluster. The lab is logged in to as its administrator, through its OAuth server.
    pub(super) async fn connect(&self, environment: &dyn Environment) -> Result<Cluster, CliError> {
        Ok(match &self.lab {
            Some(lab) => connect_through(&self.settings, self.network.as_ref(), lab.api().service()).await?,
            None => connect(&self.settings, environment, self.network.as_ref()).await?,
        })
    }

    /// The storage class of the run, and the sources that it uses.
    ///
    /// # Errors
    /// One of them is not given and cannot be chosen (the lab's can), or a source is not in the providers file.
    pub(super) fn required(&self) -> Result<(String, Vec<String>), CliError> {
        let class = self.settings.storage_class.clone().ok_or_else(|| {
            CliError::usage("no storage class is given; name one with --storage-class or the setting storage_class")
        })?;
        let sources = self.settings.source_providers.clone();
        if sources.is_empty() {
            let known: Vec<&str> = self.providers.iter().map(|entry| entry.name.as_str()).collect();
            return Err(CliError::usage(format!(
                "no source provider is given; name one with --source-provider or the setting source_provider; the \
                 providers file has {}",
                known.join(", ")
            )));
        }
        for name in &sources {
            self.providers.get(name)?;
        }
        Ok((class, sources))
    }
}

/// Settings of all layers: the lab's own under everything that the user gives.
fn settings(
    args: &EnvironmentArgs,
    flags: SettingsLayer,
    environment: &dyn Environment,
    lab: Option<&Lab>,
) -> Result<Settings, CliError> {
    let mut layers = Vec::new();
    if let Some(lab) = lab {
        let own = lab.settings();
        let layer = SettingsLayer::default()
            .flag_list("the lab", "source_provider", &own.source_providers)
            .flag("the lab", "storage_class", &own.storage_class);
        layers.push(layer);
    }
    layers.extend(args.config.as_deref().map(SettingsLayer::file));
    layers.push(SettingsLayer::environment(environment));
    let pairs: Vec<String> = args.set.iter().map(|KeyValue { key, value }| format!("{key}={value}")).collect();
    layers.push(SettingsLayer::set(&pairs));
    let mut own = flags.flag_list("--source-provider", "source_provider", &args.source_providers);
    if let Some(class) = &args.storage_class {
        own = own.flag("--storage-class", "storage_class", class);
    }
    if let Some(path) = &args.providers {
        own = own.flag("--providers", "providers", &path.to_string_lossy());
    }
    layers.push(own);
    if let Some(lab) = lab {
        // Last, so that no kubeconfig or host of the user's can lead a rehearsal to a real cluster.
        let login = lab.settings();
        layers.push(
            SettingsLayer::default()
                .flag("the lab", "cluster_host", &login.cluster_host)
                .flag("the lab", "cluster_username", &login.cluster_username)
                .flag("the lab", "cluster_password", &login.cluster_password)
                .flag("the lab", "mtv_namespace", &login.mtv_namespace)
                .flag("the lab", "insecure_verify_skip", "true"),
        );
    }
    Ok(Settings::resolve(layers)?)
}
