//! The facts of a VM or template.
//!
//! Source: source-providers.md section 3.2.

use super::engine::{Engine, lacking};
use super::find::{TEMPLATES, VMS};
use super::json::{flag, list, number, text};
use super::power::power_of;
use super::{power_offs, snapshots};
use crate::facts::{Cpu, Firmware, Power, SourceDisk, SourceNic, SourceVm};
use crate::provider::rest::query_value;
use crate::provider::{ProviderError, VmRef};
use futures::future::try_join_all;
use serde_json::Value;

/// What the source knows of the VM now, or of the template.
pub(super) async fn read(engine: &Engine, vm: &VmRef) -> Result<SourceVm, ProviderError> {
    let about = vm.to_string();
    let (collection, object) = match engine.object(VMS.0, &vm.id, &about).await {
        Ok(object) => (VMS.0, object),
        // Where neither is there, it is the VM that is missed.
        Err(error) if error.is_gone() => match engine.object(TEMPLATES.0, &vm.id, &about).await {
            Ok(object) => (TEMPLATES.0, object),
            Err(other) if other.is_gone() => return Err(error),
            Err(other) => return Err(other),
        },
        Err(error) => return Err(error),
    };
    let of = Owner { engine, collection, vm, about };
    let template = collection == TEMPLATES.0;
    let (nics, disks, firmware) = futures::try_join!(of.nics(), of.disks(), of.firmware(&object))?;
    let mut facts = of.assemble(&object, template)?;
    (facts.nics, facts.disks) = (nics, disks);
    (facts.firmware, facts.secure_boot) = firmware;
    if !template {
        let (snapshots, power_offs) = futures::try_join!(snapshots::read(engine, vm), power_offs::read(engine, vm))?;
        facts.snapshots = snapshots;
        facts.power_offs = Some(power_offs);
    }
    Ok(facts)
}

struct Owner<'a> {
    engine: &'a Engine,
    collection: &'static str,
    vm: &'a VmRef,
    about: String,
}

impl Owner<'_> {
    fn assemble(&self, object: &Value, template: bool) -> Result<SourceVm, ProviderError> {
        let topology = |part: &str| -> Result<u32, ProviderError> {
            let count = number(object, &format!("/cpu/topology/{part}")).and_then(|count| u32::try_from(count).ok());
            count.ok_or_else(|| lacking(&self.about, "CPU topology"))
        };
        let power = match text(object, "/status") {
            Some(status) if !template => power_of(status),
            _ => Power::Off,
        };
        Ok(SourceVm {
            id: self.vm.id.clone(),
            name: text(object, "/name").unwrap_or(&self.vm.name).to_owned(),
            // The BIOS UUID of a VM is its id (forklift-api.md section 7, firmware).
            uuid: (!template).then(|| self.vm.id.clone()),
            power,
            cpu: Cpu {
                sockets: topology("sockets")?,
                cores: topology("cores")?,
                threads: topology("threads").unwrap_or(1),
            },
            memory_bytes: number(object, "/memory").ok_or_else(|| lacking(&self.about, "memory"))?,
            firmware: None,
            secure_boot: None,
            tpm: flag(object, "/tpm_enabled"),
            tracks_changes: None,
            nics: Vec::new(),
            disks: Vec::new(),
            snapshots: Vec::new(),
            guest_agent: false,
            windows: text(object, "/os/type").is_some_and(|kind| kind.starts_with("windows")),
            template,
            power_offs: None,
        })
    }

    async fn members(&self, collection: &str, singular: &str) -> Result<Vec<Value>, ProviderError> {
        let path = format!("/{}/{}/{collection}", self.collection, query_value(&self.vm.id));
        Ok(list(&self.engine.read(&path, &self.about).await?, singular).to_vec())
    }

    async fn nics(&self) -> Result<Vec<SourceNic>, ProviderError> {
        let nics = self.members("nics", "nic").await?;
        try_join_all(nics.iter().map(|nic| self.nic(nic))).await
    }

    async fn nic(&self, nic: &Value) -> Result<SourceNic, ProviderError> {
        let network = match text(nic, "/vnic_profile/id") {
            Some(profile) => self.network_of(profile).await?,
            None => String::new(),
        };
        Ok(SourceNic {
            name: text(nic, "/name").unwrap_or_default().to_owned(),
            mac: text(nic, "/mac/address").unwrap_or_default().to_lowercase(),
            network,
            // The product does not look at it here.
            connected: None,
            addresses: Vec::new(),
        })
    }

    /// The network of a vNIC profile, as the inventory names it: `<data center>/<network>`, since networks of several
    /// data centers may have one name (inventory-api.md section 7).
    async fn network_of(&self, profile: &str) -> Result<String, ProviderError> {
        let profile = self.engine.object("vnicprofiles", profile, &self.about).await?;
        let network = text(&profile, "/network/id").ok_or_else(|| lacking(&self.about, "network of a vNIC profile"))?;
        let network = self.engine.object("networks", network, &self.about).await?;
        let name = text(&network, "/name").unwrap_or_default();
        match text(&network, "/data_center/id") {
            None => Ok(name.to_owned()),
            Some(id) => {
                let center = self.engine.object("datacenters", id, &self.about).await?;
                Ok(format!("{}/{name}", text(&center, "/name").unwrap_or_default()))
            }
        }
    }

    async fn disks(&self) -> Result<Vec<SourceDisk>, ProviderError> {
        let attachments = self.members("diskattachments", "disk_attachment").await?;
        try_join_all(attachments.iter().map(|attachment| self.disk(attachment))).await
    }

    async fn disk(&self, attachment: &Value) -> Result<SourceDisk, ProviderError> {
        let id = text(attachment, "/disk/id").or_else(|| text(attachment, "/id"));
        let id = id.ok_or_else(|| lacking(&self.about, "id of a disk"))?;
        let disk = self.engine.object("disks", id, &format!("disk {id} of {}", self.vm)).await?;
        let lun = text(&disk, "/storage_type") == Some("lun");
        let lun_size = number(&disk, "/lun_storage/logical_units/logical_unit/0/size").filter(|_| lun);
        let size = number(&disk, "/provisioned_size").or_else(|| number(&disk, "/total_size"));
        let storage_id = text(&disk, "/storage_domains/storage_domain/0/id").map(str::to_owned);
        let storage = match &storage_id {
            None => String::new(),
            Some(id) => {
                let domain = self.engine.object("storagedomains", id, &format!("storage domain {id}")).await?;
                text(&domain, "/name").unwrap_or(id).to_owned()
            }
        };
        Ok(SourceDisk {
            id: id.to_owned(),
            name: text(&disk, "/alias").or_else(|| text(&disk, "/name")).unwrap_or_default().to_owned(),
            size_bytes: lun_size.or(size).ok_or_else(|| lacking(&self.about, "size of a disk"))?,
            storage,
            storage_id,
            controller: None,
            unit: None,
            bus: None,
            file: None,
            mode: None,
            rdm: lun,
            shared: flag(&disk, "/shareable").unwrap_or(false),
        })
    }

    /// Firmware and secure boot, by the chipset; that of the cluster where the VM has none of its own.
    async fn firmware(&self, object: &Value) -> Result<(Option<Firmware>, Option<bool>), ProviderError> {
        if let own @ (Some(_), _) = firmware_of(text(object, "/bios/type")) {
            return Ok(own);
        }
        let Some(cluster) = text(object, "/cluster/id") else { return Ok((None, None)) };
        let cluster = self.engine.object("clusters", cluster, &format!("cluster {cluster}")).await?;
        Ok(firmware_of(text(&cluster, "/bios_type")))
    }
}

fn firmware_of(bios_type: Option<&str>) -> (Option<Firmware>, Option<bool>) {
    match bios_type {
        Some("q35_secure_boot") => (Some(Firmware::Efi), Some(true)),
        Some("q35_ovmf") => (Some(Firmware::Efi), Some(false)),
        Some("i440fx_sea_bios" | "q35_sea_bios") => (Some(Firmware::Bios), Some(false)),
        _ => (None, None),
    }
}
