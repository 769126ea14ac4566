package main

import (
	"context"
	"net/url"
	"sort"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

type client struct{ *govmomi.Client }

func connect(ctx context.Context, address string) (*client, error) {
	parsed, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	opened, err := govmomi.NewClient(ctx, parsed, true)
	if err != nil {
		return nil, err
	}
	return &client{opened}, nil
}

// all reads properties of every object of a kind into a list of such objects.
func (vcenter *client) all(ctx context.Context, kind string, into any, paths ...string) error {
	found, err := view.NewManager(vcenter.Client.Client).
		CreateContainerView(ctx, vcenter.ServiceContent.RootFolder, []string{kind}, true)
	if err != nil {
		return err
	}
	defer found.Destroy(ctx)
	return found.Retrieve(ctx, []string{kind}, paths, into)
}

func (vcenter *client) named(ctx context.Context, name string) ([]mo.VirtualMachine, error) {
	var machines, named []mo.VirtualMachine
	paths := []string{"name", "parent", "config", "runtime.powerState", "runtime.host", "snapshot", "datastore", "resourcePool"}
	if err := vcenter.all(ctx, "VirtualMachine", &machines, paths...); err != nil {
		return nil, err
	}
	for _, machine := range machines {
		if machine.Name == name {
			named = append(named, machine)
		}
	}
	return named, nil
}

type disk struct {
	Key, Controller, Unit int32
	Label, File, Mode     string
	Datastore             string
	Bytes                 int64
	Thin, Eager           bool
}

type nic struct {
	Key              int32
	Kind, MAC, MACBy string
}

type machine struct {
	ID, UUID, Name, Power, Host, Pool, Folder string
	Datastores                                []string
	Template                                  bool
	CPUs, MemoryMB                            int32
	Disks                                     []disk
	NICs                                      []nic
	Extra                                     map[string]any
	Snapshots                                 []snapshot
}

type snapshot struct {
	Name, Description, State string
	Quiesced                 bool
	Children                 []snapshot
}

func inspect(ctx context.Context, vcenter *client, arguments []string) (any, error) {
	found, err := vcenter.named(ctx, arguments[0])
	if err != nil {
		return nil, err
	}
	machines := []machine{}
	for _, vm := range found {
		machines = append(machines, machineOf(vm))
	}
	return machines, nil
}

func machineOf(vm mo.VirtualMachine) machine {
	told := machine{
		ID: vm.Self.Value, Name: vm.Name, Power: string(vm.Runtime.PowerState), Host: id(vm.Runtime.Host),
		Pool: id(vm.ResourcePool), Folder: id(vm.Parent), Extra: map[string]any{},
	}
	for _, store := range vm.Datastore {
		told.Datastores = append(told.Datastores, store.Value)
	}
	if vm.Snapshot != nil {
		told.Snapshots = snapshotsOf(vm.Snapshot.RootSnapshotList)
	}
	if vm.Config == nil {
		return told
	}
	told.UUID = vm.Config.Uuid
	told.Template, told.CPUs, told.MemoryMB = vm.Config.Template, vm.Config.Hardware.NumCPU, vm.Config.Hardware.MemoryMB
	for _, option := range vm.Config.ExtraConfig {
		told.Extra[option.GetOptionValue().Key] = option.GetOptionValue().Value
	}
	for _, device := range vm.Config.Hardware.Device {
		switch device := device.(type) {
		case *types.VirtualDisk:
			told.Disks = append(told.Disks, diskOf(device))
		case types.BaseVirtualEthernetCard:
			card := device.GetVirtualEthernetCard()
			told.NICs = append(told.NICs, nic{card.Key, kind(device), card.MacAddress, card.AddressType})
		}
	}
	return told
}

func diskOf(device *types.VirtualDisk) disk {
	told := disk{Key: device.Key, Controller: device.ControllerKey, Unit: -1, Bytes: device.CapacityInBytes}
	if device.UnitNumber != nil {
		told.Unit = *device.UnitNumber
	}
	if device.DeviceInfo != nil {
		told.Label = device.DeviceInfo.GetDescription().Label
	}
	switch backing := device.Backing.(type) {
	case *types.VirtualDiskFlatVer2BackingInfo:
		told.File, told.Mode, told.Datastore = backing.FileName, backing.DiskMode, id(backing.Datastore)
		told.Thin = backing.ThinProvisioned != nil && *backing.ThinProvisioned
		told.Eager = backing.EagerlyScrub != nil && *backing.EagerlyScrub
	case *types.VirtualDiskRawDiskMappingVer1BackingInfo:
		told.File, told.Mode, told.Datastore = backing.DeviceName, backing.CompatibilityMode, id(backing.Datastore)
	}
	return told
}

func snapshotsOf(trees []types.VirtualMachineSnapshotTree) []snapshot {
	var told []snapshot
	for _, tree := range trees {
		told = append(told, snapshot{
			tree.Name, tree.Description, string(tree.State), tree.Quiesced, snapshotsOf(tree.ChildSnapshotList),
		})
	}
	return told
}

type place struct{ ID, Name string }

func places(ctx context.Context, vcenter *client, _ []string) (any, error) {
	var hosts []mo.HostSystem
	var stores []mo.Datastore
	if err := vcenter.all(ctx, "HostSystem", &hosts, "name"); err != nil {
		return nil, err
	}
	if err := vcenter.all(ctx, "Datastore", &stores, "name"); err != nil {
		return nil, err
	}
	told := struct{ Hosts, Datastores []place }{}
	for _, host := range hosts {
		told.Hosts = append(told.Hosts, place{host.Self.Value, host.Name})
	}
	for _, store := range stores {
		told.Datastores = append(told.Datastores, place{store.Self.Value, store.Name})
	}
	return told, nil
}

type login struct {
	Key, User string
	Calls     int64
}

func (vcenter *client) others(ctx context.Context) ([]types.UserSession, error) {
	var manager mo.SessionManager
	reference := *vcenter.ServiceContent.SessionManager
	collector := property.DefaultCollector(vcenter.Client.Client)
	if err := collector.RetrieveOne(ctx, reference, []string{"sessionList"}, &manager); err != nil {
		return nil, err
	}
	own, err := vcenter.SessionManager.UserSession(ctx)
	if err != nil {
		return nil, err
	}
	var others []types.UserSession
	for _, one := range manager.SessionList {
		if one.Key != own.Key {
			others = append(others, one)
		}
	}
	sort.Slice(others, func(a, b int) bool { return others[a].LoginTime.Before(others[b].LoginTime) })
	return others, nil
}

func sessions(ctx context.Context, vcenter *client, _ []string) (any, error) {
	others, err := vcenter.others(ctx)
	told := []login{}
	for _, one := range others {
		told = append(told, login{one.Key, one.UserName, one.CallCount})
	}
	return told, err
}

type task struct {
	ID, Name, State, Entity, Fault string
	Cancelled                      bool
}

func tasks(ctx context.Context, vcenter *client, _ []string) (any, error) {
	var manager mo.TaskManager
	collector := property.DefaultCollector(vcenter.Client.Client)
	if err := collector.RetrieveOne(ctx, *vcenter.ServiceContent.TaskManager, []string{"recentTask"}, &manager); err != nil {
		return nil, err
	}
	told := []task{}
	for _, reference := range manager.RecentTask {
		var found mo.Task
		if err := collector.RetrieveOne(ctx, reference, []string{"info"}, &found); err != nil {
			return nil, err
		}
		one := task{
			ID: reference.Value, Name: found.Info.Name, State: string(found.Info.State), Entity: id(found.Info.Entity),
			Cancelled: found.Info.Cancelled,
		}
		if found.Info.Error != nil {
			one.Fault = kind(found.Info.Error.Fault)
		}
		told = append(told, one)
	}
	return told, nil
}
