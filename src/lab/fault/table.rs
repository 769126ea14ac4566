//! The table of product faults.

use super::product::{FaultRow, Need};
use serde::{Deserialize, Serialize};

/// Stands where no check may catch anything.
pub const NO_CHECK: &str = "-";

/// Makes the faults, their keys and the table of one list, so that a fault has its row.
macro_rules! product_faults {
    ($($check:literal { $($fault:ident $key:literal $need:ident $does:literal;)+ })+
     harmless { $($oddity:ident $odd:literal $odd_need:ident $odd_does:literal;)+ }) => {
        /// A migration that goes wrong although the product says Succeeded. Each is caught by exactly one check, but for
        /// what is odd and harmless.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum ProductFault {
            $($(#[doc = $does] $fault,)+)+
            $(#[doc = $odd_does] $oddity,)+
        }

        impl ProductFault {
            /// Its key.
            pub fn key(self) -> &'static str {
                match self {
                    $($(Self::$fault => $key,)+)+
                    $(Self::$oddity => $odd,)+
                }
            }
        }

        /// All product faults, by the check that catches them, in the order of reports.
        pub const PRODUCT_FAULTS: &[FaultRow] = &[
            $($(FaultRow { fault: ProductFault::$fault, does: $does, caught_by: $check, needs: Need::$need },)+)+
        ];

        /// What looks odd after a migration and is none of its faults: every check must pass all the same.
        pub const HARMLESS: &[FaultRow] = &[
            $(FaultRow {
                fault: ProductFault::$oddity, does: $odd_does, caught_by: NO_CHECK, needs: Need::$odd_need,
            },)+
        ];
    };
}

product_faults! {
    "provider-tls" {
        TlsFlagFlipped "tls-flag-flipped" Anything "The Provider's Secret says the opposite of the TLS setting that was asked for.";
        TlsFlagLost "tls-flag-lost" Anything "The Provider's Secret loses the TLS setting.";
        TlsFlagGarbled "tls-flag-garbled" Anything "The Provider's Secret has a TLS setting that is neither true nor false.";
    }
    "power" {
        WrongPower "wrong-power" Anything "The VM is left in the opposite power state.";
        UnaskedStart "unasked-start" Stopped "The VM is started although the source was off.";
        UnaskedStop "unasked-stop" Running "The VM is left off although the source ran.";
        StuckStart "stuck-start" Running "The instance asks for a CPU model that no node has, and never starts.";
    }
    "cpu" {
        LostCore "lost-core" SeveralCores "One core is missing.";
        SocketsForCores "sockets-for-cores" SeveralCores "As many CPUs, but sockets where cores were, or cores where sockets were.";
        DoubledThreads "doubled-threads" Anything "Each core has two threads.";
        LostTopology "lost-topology" SeveralCores "The VM has no CPU topology, so that KubeVirt gives it one CPU.";
    }
    "memory" {
        HalvedMemory "halved-memory" Anything "The guest has half the memory.";
        DecimalMemory "decimal-memory" Anything "The memory is written in decimal units: 2G for 2Gi.";
        LostMemory "lost-memory" Anything "The VM says nothing of the guest's memory.";
    }
    "firmware" {
        WrongFirmware "wrong-firmware" Anything "EFI becomes BIOS, and BIOS becomes EFI.";
        LostSecureBoot "lost-secure-boot" SecureBoot "Secure boot is switched off.";
        UnaskedSecureBoot "unasked-secure-boot" OpenEfi "Nothing is said of secure boot, which KubeVirt then switches on.";
        UnaskedTpm "unasked-tpm" Anything "The VM gets a TPM that the source does not have.";
    }
    "serial" {
        WrongSerial "wrong-serial" Anything "The firmware serial is a new one.";
        PlainSerial "plain-serial" VmwareSerial "The serial is the bare UUID instead of VMware's form.";
        SwappedSerial "swapped-serial" Anything "The first half of the serial's bytes is swapped with the second.";
        LostSerial "lost-serial" Anything "The VM has no serial, so that KubeVirt makes one up.";
    }
    "name" {
        WrongName "wrong-name" Anything "The VM has a made-up name.";
        SuffixedName "suffixed-name" Anything "The VM's name has a random suffix, as if another VM had the name.";
        LostDisplayName "lost-display-name" Renamed "A renamed VM does not tell its name on the source.";
        WrongDisplayName "wrong-display-name" Renamed "A renamed VM tells its new name as the source's.";
    }
    "nics" {
        LostNic "lost-nic" Anything "The last NIC is missing.";
        LostFirstNic "lost-first-nic" SeveralNics "The first NIC is missing.";
        SwappedNics "swapped-nics" SeveralNics "The first two NICs are in the opposite order.";
        WrongMac "wrong-mac" Anything "The first NIC has another MAC address.";
        LostMac "lost-mac" Anything "The last NIC has no MAC address, so that KubeVirt makes one up.";
        ExtraNic "extra-nic" Anything "There is a NIC too many, on the pod network.";
        DoubledNic "doubled-nic" SeveralNics "The last NIC is there twice.";
        LinkUp "link-up" LooseNic "A disconnected NIC is connected.";
        LinkDown "link-down" Anything "The first NIC's link is down.";
    }
    "network" {
        WrongNetwork "wrong-network" Anything "The last NIC is on another network than the map says.";
        PodNetwork "pod-network" SeveralNics "The last NIC falls back to the pod network.";
        SwappedNetworks "swapped-networks" SeveralNics "The first two NICs are each on the other's network.";
        ForeignNetwork "foreign-network" SeveralNics "The last NIC is on the network of that name in another namespace.";
    }
    "storage" {
        LostDisk "lost-disk" Anything "The last disk is not attached.";
        ExtraDisk "extra-disk" Anything "The first disk is attached twice.";
        DoubledDisk "doubled-disk" SeveralDisks "The first disk is attached in the last one's place, too.";
        WrongStorageClass "wrong-storage-class" Anything "The first claim is on another storage class.";
        ShrunkDisk "shrunk-disk" Anything "The first claim is smaller than the source's disk.";
        WrongAccessMode "wrong-access-mode" SharedStorage "The first claim is ReadWriteOnce.";
        WrongVolumeMode "wrong-volume-mode" Offload "The array's copy is in a file system instead of a block volume.";
    }
    "disk-order" {
        SwappedDisks "swapped-disks" SeveralDisks "The last two disks are in the opposite order.";
        ReversedDisks "reversed-disks" SeveralDisks "All disks are in the opposite order.";
        WrongBootDisk "wrong-boot-disk" SeveralDisks "The last disk boots instead of the first.";
        LostBootOrder "lost-boot-order" Anything "No disk is told to boot.";
    }
    "pvc-names" {
        IgnoredTemplate "ignored-template" PrefixedClaims "The claims have default names, as if there were no template.";
        ClaimsFromOne "claims-from-one" PrefixedClaims "The disks are numbered from one in the names of their claims.";
        SwappedClaimNames "swapped-claim-names" PrefixedClaims "The first two claims have each other's names.";
        LostClaimSuffix "lost-claim-suffix" PrefixedClaims "The claims' names are exact although a random suffix was asked for.";
        UnaskedClaimSuffix "unasked-claim-suffix" ExactClaims "The claims' names have a random suffix although exact ones were asked for.";
        ShortClaimSuffix "short-claim-suffix" Offload "The suffix of copied disks' claims is five letters instead of eight digits.";
    }
    "snapshots" {
        LostSnapshot "lost-snapshot" Snapshots "The source's newest snapshot is removed.";
        LostSnapshots "lost-snapshots" Snapshots "All snapshots of the source are removed.";
        LeftSnapshot "left-snapshot" Anything "A snapshot of the migration's own is left on the source.";
        RenamedSnapshot "renamed-snapshot" Snapshots "A snapshot of the source is renamed.";
        RetakenSnapshot "retaken-snapshot" Snapshots "A snapshot of the source is removed and taken anew.";
    }
    "guest-agent" {
        SilentAgent "silent-agent" Agent "The guest agent never connects.";
        DisconnectedAgent "disconnected-agent" Agent "The guest agent is installed and does not answer.";
    }
    "ssh" {
        DeadSsh "dead-ssh" Reachable "The guest runs, and its SSH server does not start.";
        ChangedPassword "changed-password" Reachable "The guest's users have other passwords.";
        HungGuest "hung-guest" Reachable "The VM runs, its agent is connected, and the guest never finishes its boot.";
    }
    "static-ip" {
        LostAddress "lost-address" StaticAddress "The first static address of every NIC is lost.";
        WrongMask "wrong-mask" StaticAddress "Static addresses have a wider mask.";
        LostGateway "lost-gateway" StaticAddress "The gateway of static addresses is lost.";
        DhcpAddress "dhcp-address" StaticAddress "NICs with static addresses are left to DHCP, which happens to give them the same ones.";
        LostSecondaryAddress "lost-secondary-address" StaticAddress "Only the first static address of every NIC is kept.";
        SwappedAddresses "swapped-addresses" SeveralStaticNics "The addresses of two NICs are swapped.";
    }
    "integrity" {
        FlippedByte "flipped-byte" Integrity "A byte of every file is changed.";
        TruncatedFile "truncated-file" Integrity "Every file ends in its middle.";
        LostMarker "lost-marker" Integrity "What was written last before the migration is lost.";
    }
    "guest-command" {
        ConvertedFileSystem "converted-file-system" Xfs "XFS file systems are made anew in another format.";
    }
    "encryption" {
        DecryptedDisk "decrypted-disk" Luks "Encrypted disks are copied decrypted.";
    }
    "node" {
        LostNodeSelector "lost-node-selector" Selector "The template has no node selector.";
        ReplacedNodeSelector "replaced-node-selector" Selector "The template has a default node selector instead of the one asked for.";
        WrongNode "wrong-node" Selector "The instance runs on another node than the one asked for.";
    }
    "labels" {
        LostLabel "lost-label" Labels "One of the labels is missing.";
        WrongLabel "wrong-label" Labels "One of the labels has another value.";
        MisplacedLabels "misplaced-labels" Labels "The labels are on the VM and not on its template.";
    }
    "affinity" {
        LostAffinity "lost-affinity" Affinity "The template has no affinity.";
        WrongWeight "wrong-weight" Affinity "A preference has another weight.";
        RequiredAffinity "required-affinity" Affinity "A preference becomes a requirement.";
        AntiAffinity "anti-affinity" Affinity "Affinity becomes anti-affinity.";
    }
    "warm" {
        SingleCopy "single-copy" Warm "Everything is copied at the cutover.";
        EarlyCutover "early-cutover" CountedWarm "The cutover comes after the first precopy.";
        UnfinishedCopies "unfinished-copies" Warm "All copies but the first never end.";
        LostWarmRecord "lost-warm-record" Warm "The Migration tells nothing of its precopies.";
    }
    "xcopy" {
        SilentFallback "silent-fallback" Offload "The disks are copied by the host although the array could.";
        LateFallback "late-fallback" Offload "The array begins, and the host copies on.";
        UnaskedXcopy "unasked-xcopy" OffloadElsewhere "The array is said to have copied a disk that it does not reach.";
        DisputedXcopy "disputed-xcopy" OffloadTold "The pods say that the host copied, and the tasks that the array did.";
        MuteCopy "mute-copy" Offload "Nobody tells how the disks were copied.";
    }
    "source" {
        RestartedSource "restarted-source" Anything "The source is started again.";
        SuspendedSource "suspended-source" Anything "The source is suspended instead of powered off.";
        RenamedSource "renamed-source" Anything "The source is renamed.";
        ShrunkSource "shrunk-source" Anything "The source's memory is halved.";
        LostSourceDisk "lost-source-disk" Anything "The source's last disk is detached.";
        OrphanedDelta "orphaned-delta" Anything "The source's first disk is left on a snapshot's file without the snapshot.";
        LostSourceNic "lost-source-nic" Anything "The source's last NIC is removed.";
        WrongSourceMac "wrong-source-mac" Anything "The source's first NIC gets another MAC address.";
        TrackedSource "tracked-source" Anything "Change tracking of the source is the opposite of what it was.";
        StrayClone "stray-clone" Anything "A copy of the source is left beside it.";
        DeletedSource "deleted-source" Anything "The source is deleted.";
    }
    "shutdown" {
        HardStop "hard-stop" RecordedStop "The running source is switched off hard instead of being shut down.";
    }
    "expect" {
        LostNesting "lost-nesting" Nested "Nested virtualization is not switched on.";
        SlowDiskBus "slow-disk-bus" Expect "The disks are on SATA instead of virtio.";
        SlowNicModel "slow-nic-model" Expect "The NICs are e1000e instead of virtio.";
        OldMachine "old-machine" Expect "The machine type is pc instead of q35.";
    }
    harmless {
        RenamedGuestNics "renamed-guest-nics" StaticAddress "The NICs have other names inside the guest.";
        LateAddress "late-address" StaticAddress "The secondary addresses appear some time after the guest is up.";
    }
}
