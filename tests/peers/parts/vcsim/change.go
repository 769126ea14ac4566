package main

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25/types"
)

func (vcenter *client) machine(ctx context.Context, name string) (*object.VirtualMachine, error) {
	found, err := vcenter.named(ctx, name)
	if err != nil {
		return nil, err
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("%d VMs are named %q", len(found), name)
	}
	return object.NewVirtualMachine(vcenter.Client.Client, found[0].Self), nil
}

func endSessions(ctx context.Context, vcenter *client, _ []string) (any, error) {
	others, err := vcenter.others(ctx)
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, one := range others {
		keys = append(keys, one.Key)
	}
	return len(keys), session.NewManager(vcenter.Client.Client).TerminateSession(ctx, keys)
}

func rename(ctx context.Context, vcenter *client, arguments []string) (any, error) {
	vm, err := vcenter.machine(ctx, arguments[0])
	if err != nil {
		return nil, err
	}
	task, err := vm.Rename(ctx, arguments[1])
	if err != nil {
		return nil, err
	}
	return nil, task.Wait(ctx)
}

func template(ctx context.Context, vcenter *client, arguments []string) (any, error) {
	vm, err := vcenter.machine(ctx, arguments[0])
	if err != nil {
		return nil, err
	}
	return nil, vm.MarkAsTemplate(ctx)
}

// settings are what a test gives a VM; what is left out stays.
type settings struct {
	GuestID, Firmware string
	SecureBoot        *bool
	CPUs, CoresEach   int32
	MemoryMB          int64
	// Network is the name of one more NIC's standard network.
	Network string
	// Tools is the state that VMware Tools report.
	Tools string
	Guest []struct {
		MAC       string
		Addresses []types.NetIpConfigInfoIpAddress
	}
	Routes []types.NetIpRouteConfigInfoIpRoute
	DNS    []string
}

func configure(ctx context.Context, vcenter *client, arguments []string) (any, error) {
	vm, err := vcenter.machine(ctx, arguments[0])
	if err != nil {
		return nil, err
	}
	var wanted settings
	decoder := json.NewDecoder(strings.NewReader(arguments[1]))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&wanted); err != nil {
		return nil, err
	}
	task, err := vm.Reconfigure(ctx, wanted.spec())
	if err != nil {
		return nil, err
	}
	return nil, task.Wait(ctx)
}

func (wanted settings) spec() types.VirtualMachineConfigSpec {
	spec := types.VirtualMachineConfigSpec{
		GuestId: wanted.GuestID, Firmware: wanted.Firmware, NumCPUs: wanted.CPUs, MemoryMB: wanted.MemoryMB,
	}
	if wanted.CoresEach > 0 {
		spec.NumCoresPerSocket = &wanted.CoresEach
	}
	if wanted.SecureBoot != nil {
		spec.BootOptions = &types.VirtualMachineBootOptions{EfiSecureBootEnabled: wanted.SecureBoot}
	}
	if wanted.Network != "" {
		spec.DeviceChange = append(spec.DeviceChange, addedNIC(wanted.Network))
	}
	// The simulator writes what has this prefix to the property of that name.
	set := func(path string, value any) {
		spec.ExtraConfig = append(spec.ExtraConfig, &types.OptionValue{Key: "SET." + path, Value: value})
	}
	if wanted.Tools != "" {
		set("guest.toolsStatus", types.VirtualMachineToolsStatus(wanted.Tools))
	}
	var nics []types.GuestNicInfo
	for _, told := range wanted.Guest {
		nics = append(nics, types.GuestNicInfo{
			MacAddress: told.MAC, Connected: true, IpConfig: &types.NetIpConfigInfo{IpAddress: told.Addresses},
		})
	}
	if nics != nil {
		set("guest.net", types.ArrayOfGuestNicInfo{GuestNicInfo: nics})
	}
	if wanted.Routes != nil || wanted.DNS != nil {
		stack := types.GuestStackInfo{}
		if wanted.Routes != nil {
			stack.IpRouteConfig = &types.NetIpRouteConfigInfo{IpRoute: wanted.Routes}
		}
		if wanted.DNS != nil {
			stack.DnsConfig = &types.NetDnsConfigInfo{IpAddress: wanted.DNS}
		}
		set("guest.ipStack", types.ArrayOfGuestStackInfo{GuestStackInfo: []types.GuestStackInfo{stack}})
	}
	return spec
}

func addedNIC(network string) types.BaseVirtualDeviceConfigSpec {
	device := &types.VirtualVmxnet3{}
	device.Key = -1
	device.AddressType = string(types.VirtualEthernetCardMacTypeGenerated)
	device.Backing = &types.VirtualEthernetCardNetworkBackingInfo{
		VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: network},
	}
	return &types.VirtualDeviceConfigSpec{Operation: types.VirtualDeviceConfigSpecOperationAdd, Device: device}
}

func id(reference *types.ManagedObjectReference) string {
	if reference == nil {
		return ""
	}
	return reference.Value
}

// kind is the name of a value's type in the API.
func kind(value any) string {
	return strings.TrimPrefix(reflect.TypeOf(value).String(), "*types.")
}
