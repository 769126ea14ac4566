package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// serve runs the simulator with TLS until the process is ended.
func serve(arguments []string) error {
	model := simulator.VPX()
	if slices.Contains(arguments, "-esx") {
		model = simulator.ESX()
	}
	model.Autostart = false
	var delays, faults pairs
	flags := flag.NewFlagSet("serve", flag.ExitOnError)
	listen := flags.String("listen", "127.0.0.1:0", "where to listen")
	user := flags.String("username", "", "the one user")
	password := flags.String("password", "", "the user's password")
	idle := flags.Duration("session-timeout", 0, "a session that is idle for this long ends; 0: none does")
	flags.IntVar(&model.Datastore, "ds", model.Datastore, "datastores")
	flags.IntVar(&model.ClusterHost, "host", model.ClusterHost, "hosts of the cluster")
	flags.IntVar(&model.Machine, "vm", model.Machine, "VMs of each pool")
	flags.Bool("esx", false, "a host on its own instead of a vCenter")
	flags.IntVar(&model.Pool, "pool", model.Pool, "resource pools of the cluster")
	flags.IntVar(&model.Folder, "folder", model.Folder, "folders around the datacenter")
	flags.IntVar(&model.Datacenter, "dc", model.Datacenter, "datacenters")
	flags.BoolVar(&simulator.Trace, "trace", false, "write requests and answers to the log, for the mode wsdl")
	flags.IntVar(&simulator.StatusSDK, "status", simulator.StatusSDK, "HTTP status of the answer to the first request")
	flags.Var(&delays, "delay", "METHOD:MILLISECONDS, for calls by method and for tasks by task; LockHandoff:0 keeps "+
		"an object readable while its task is delayed; may be repeated")
	flags.Var(&faults, "fault", "METHOD:FAULT:WORDS, the next call of METHOD is refused; may be repeated")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	milliseconds := map[string]int{}
	for _, delay := range delays {
		number, err := strconv.Atoi(delay.value)
		if err != nil {
			return err
		}
		milliseconds[delay.name] = number
	}
	simulator.TaskDelay.MethodDelay = milliseconds
	model.DelayConfig.MethodDelay = milliseconds
	if err := model.Create(); err != nil {
		return err
	}
	if *idle > 0 {
		model.Map().OptionManager().UpdateOptions(&types.UpdateOptions{ChangedValue: []types.BaseOptionValue{
			&types.OptionValue{Key: "config.vmacore.soap.sessionTimeout", Value: idle.String()},
		}})
	}
	for _, fault := range faults {
		rule, err := refusal(fault.name, fault.value)
		if err != nil {
			return err
		}
		model.Service.AddFaultRule(rule)
	}
	model.Service.Listen = &url.URL{Host: *listen, User: url.UserPassword(*user, *password)}
	model.Service.TLS = new(tls.Config)
	server := model.Service.NewServer()
	fmt.Printf("vcsim: ready at %s\n", server.URL.Host)
	for {
		time.Sleep(time.Hour)
	}
}

// refusal refuses one call.
func refusal(method, kindAndWords string) (*simulator.FaultInjectionRule, error) {
	kind, words, _ := strings.Cut(kindAndWords, ":")
	rule := &simulator.FaultInjectionRule{
		MethodName: method, ObjectType: "*", ObjectName: "*", Probability: 1, MaxCount: 1, Enabled: true,
		FaultType: simulator.FaultTypeCustom, Message: words,
	}
	switch kind {
	case "GenericVmConfigFault":
		rule.Fault = &types.GenericVmConfigFault{Reason: words}
	case "NoPermission":
		rule.FaultType = simulator.FaultTypeNoPermission
	case "TaskInProgress":
		rule.Fault = &types.TaskInProgress{}
	default:
		return nil, fmt.Errorf("no fault %q", kind)
	}
	return rule, nil
}

type pair struct{ name, value string }

// pairs are the NAME:VALUE arguments of a flag.
type pairs []pair

func (*pairs) String() string { return "" }

func (all *pairs) Set(text string) error {
	name, value, found := strings.Cut(text, ":")
	if !found {
		return fmt.Errorf("%q is not NAME:VALUE", text)
	}
	*all = append(*all, pair{name, value})
	return nil
}
