//! What a command works against: settings, providers, and the way to the cluster and the sources; real ones, or the
//! lab's.

use super::args::EnvironmentArgs;
use super::error::CliError;
use super::options::provider_names;
use crate::cluster::{Cluster, connect, connect_through};
use crate::config::{Environment, Providers, Secret, Settings, SshTunnel};
use crate::http::{Network, RealNetwork};
use crate::lab::Lab;
use crate::lab::clock::Pace;
use crate::lab::world::{Role, World, WorldSpec};
use std::sync::Arc;

/// Everything outside, resolved but not yet called.
pub(super) struct Surroundings {
    pub(super) settings: Settings,
    pub(super) providers: Providers,
    pub(super) network: Arc<dyn Network>,
    pub(super) lab: Option<Lab>,
}

impl Surroundings {
    /// Reads the providers file, or starts the lab if it is asked for (which needs a runtime to run on). Touches nothing
    /// outside the process.
    pub(super) fn resolve(
        args: &EnvironmentArgs,
        settings: Settings,
        environment: &dyn Environment,
    ) -> Result<Self, CliError> {
        if let Some(world) = args.world()? {
            return Self::of_lab(world, settings, environment);
        }
        let providers = Providers::load(&settings.providers, environment)?;
        Ok(Self { settings, providers, network: Arc::new(RealNetwork), lab: None })
    }

    /// The lab brings its own cluster, sources and login, over whatever the user set: a rehearsal must not reach a real
    /// cluster. Storage class and sources are chosen where the user does not.
    fn of_lab(spec: WorldSpec, settings: Settings, environment: &dyn Environment) -> Result<Self, CliError> {
        if settings.ssh.tunnel == SshTunnel::Virtctl {
            return Err(CliError::usage(
                "--lab lives inside this program, where no virtctl reaches it; serve one with `mtvtest lab`, or leave \
                 ssh.tunnel at native",
            ));
        }
        let mut settings = settings;
        let cluster = &spec.cluster;
        let admin = cluster.users.iter().find(|user| user.role == Role::Admin);
        settings.source_providers = provider_names(&settings, Some(&spec));
        settings.storage_class =
            settings.storage_class.or_else(|| cluster.storage_classes.first().map(|class| class.name.clone()));
        settings.mtv_namespace.clone_from(&cluster.mtv_namespace);
        settings.kubeconfig = None;
        settings.context = None;
        settings.insecure_verify_skip = true;
        settings.cluster_username = admin.map(|user| user.name.clone());
        settings.cluster_password = admin.map(|user| Secret::new(user.password.as_str()));
        let world = World::from_spec(spec, Pace::FULL)?;
        let lab = Lab::start(world).map_err(|error| CliError::internal(crate::facts::chain(&error)))?;
        settings.cluster_host = Some(lab.api_url());
        // The lab's cluster is its own remote destination, too.
        settings.remote_ocp_cluster = Some(lab.api_url());
        let providers = Providers::parse(&lab.providers_json(), "the lab's providers", environment)?;
        Ok(Self { settings, providers, network: lab.network(), lab: Some(lab) })
    }

    /// Logs in to the cluster; to the lab as its administrator, through its OAuth server.
    pub(super) async fn connect(&self, environment: &dyn Environment) -> Result<Cluster, CliError> {
        let answer = match &self.lab {
            Some(lab) => connect_through(&self.settings, self.network.as_ref(), lab.api().service()).await,
            None => connect(&self.settings, environment, self.network.as_ref()).await,
        };
        Ok(answer?)
    }

    /// The storage class of the run, and the sources that it uses.
    ///
    /// # Errors
    /// One of them is not given, or a source is not in the providers file.
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
